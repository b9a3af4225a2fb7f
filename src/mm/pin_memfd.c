// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include <linux/memfd.h>
#include <linux/shmem_fs.h>

/* Pins of a file's pages that need no mapping (mm/gup.c, Linux 6.12). */

/* The folio of a page, made if need be, with a reference. */
static struct folio *get_folio(struct file *memfd, pgoff_t index)
{
	for (;;) {
		struct folio *folio = filemap_get_folio(memfd->f_mapping, index);

		if (IS_ERR(folio))
			folio = memfd_alloc_folio(memfd, index);
		if (PTR_ERR(folio) != -EEXIST)
			return folio;
	}
}

/**
 * memfd_pin_folios() - pins folios of a file that lives in memory alone
 * @memfd: the file
 * @start: first byte
 * @end: last byte
 * @folios: receives the folios, each once
 * @max_folios: how many at most
 * @offset: receives where in the first folio @start is
 *
 * They are held for long: unpin_folios() gives them back.
 *
 * Context: may sleep.
 * Source: mm/gup.c, Linux 6.12.
 * Return: how many folios; -EINVAL: no such file or range; -ENOMEM.
 */
__vmsim_overridable long memfd_pin_folios(struct file *memfd, loff_t start, loff_t end,
					  struct folio **folios, unsigned int max_folios,
					  pgoff_t *offset)
{
	pgoff_t index = (pgoff_t)start >> PAGE_SHIFT;
	unsigned int nr = 0;

	if (start < 0 || start > end || !max_folios || !memfd || !shmem_file(memfd) ||
	    end >= i_size_read(file_inode(memfd)))
		return -EINVAL;
	for (; nr < max_folios && index <= (pgoff_t)end >> PAGE_SHIFT; nr++) {
		struct folio *folio = get_folio(memfd, index);
		int err = IS_ERR(folio) ? (int)PTR_ERR(folio) : 0;

		if (!err) {
			err = try_grab_folio(folio, 1, FOLL_PIN) ? -EINVAL : 0;
			folio_put(folio);
		}
		if (err) {
			unpin_folios(folios, nr);
			return err;
		}
		if (!nr)
			*offset = offset_in_folio(folio, start);
		folios[nr] = folio;
		index = folio_next_index(folio);
	}
	return nr;
}
