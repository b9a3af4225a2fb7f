// SPDX-License-Identifier: GPL-2.0-only
#include "folio/folio.h"
#include "machine/contents.h"
#include <linux/highmem.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <errno.h>

/*
 * The backing store of a file keeps of each page what the machine keeps of a frame: its version,
 * 4 KiB (the index has their address), or nothing. Pages that were never written are zero.
 *
 * A page is read while its folio is new and locked, and written while its folio is under
 * writeback; so the two never meet. The lock is for the index.
 */

static enum vmsim_contents contents(void)
{
	return vmsim_this_machine()->config.contents;
}

static void page_read(const struct vmsim_store *store, struct page *page, pgoff_t index)
{
	unsigned long word = vmsim_index_load(&store->pages, index);

	if (contents() == VMSIM_CONTENTS_VERSION)
		vmsim_frame_store(page, 0, sizeof(u64), word);
	else if (word)
		vmsim_contents_copy(page_address(page), (void *)word, PAGE_SIZE);
	else
		vmsim_frame_clear(page);
}

/* The word of a page that is about to be written, with its memory; NULL: there is none. */
static unsigned long *page_slot(struct vmsim_store *store, pgoff_t index)
{
	unsigned long *slot;
	void *bytes;

	spin_lock(&store->lock);
	slot = vmsim_index_slot(&store->pages, index);
	if (slot && !__READ_ONCE(*slot) && contents() == VMSIM_CONTENTS_BYTES) {
		bytes = kzalloc(PAGE_SIZE, GFP_NOWAIT | __GFP_NOFAIL);
		__atomic_store_n(slot, (unsigned long)bytes, __ATOMIC_RELEASE);
		if (!bytes)
			slot = NULL;
	}
	spin_unlock(&store->lock);
	return slot;
}

static int page_write(struct vmsim_store *store, struct page *page, pgoff_t index)
{
	unsigned long *slot;

	if (contents() == VMSIM_CONTENTS_NONE)
		return 0;
	slot = page_slot(store, index);
	if (!slot)
		return -ENOMEM;
	if (contents() == VMSIM_CONTENTS_VERSION)
		__WRITE_ONCE(*slot, vmsim_frame_load(page, 0, sizeof(u64)));
	else
		vmsim_contents_copy((void *)*slot, page_address(page), PAGE_SIZE);
	return 0;
}

/*
 * The contents have moved when STORE_READ or STORE_WRITE is raised, and nobody else ran meanwhile:
 * to its watchers a page is moved in one step.
 */
int vmsim_store_read(struct address_space *mapping, struct folio *folio)
{
	pgoff_t index = folio_pgoff(folio);

	current->atomic_step++;
	for (long i = 0; i < folio_nr_pages(folio); i++) {
		page_read(mapping->store, folio_page(folio, i), index + i);
		vmsim_event(FRAME_WRITE, (uintptr_t)folio_page(folio, i), 0, 0);
	}
	current->atomic_step--;
	vmsim_event(STORE_READ, (uintptr_t)folio, (uintptr_t)mapping, index);
	return 0;
}

int vmsim_store_write(struct address_space *mapping, struct folio *folio)
{
	pgoff_t index = folio_pgoff(folio);
	int err = 0;

	current->atomic_step++;
	for (long i = 0; i < folio_nr_pages(folio) && !err; i++) {
		err = page_write(mapping->store, folio_page(folio, i), index + i);
		if (!err)
			vmsim_event(FRAME_READ, (uintptr_t)folio_page(folio, i), 0, 0);
	}
	current->atomic_step--;
	if (!err)
		vmsim_event(STORE_WRITE, (uintptr_t)folio, (uintptr_t)mapping, index);
	return err;
}

void vmsim_store_peek(struct address_space *mapping, pgoff_t index, unsigned int offset,
		      void *buf, unsigned int length)
{
	unsigned long word = vmsim_index_load(&mapping->store->pages, index);

	if (contents() == VMSIM_CONTENTS_BYTES && word)
		vmsim_bytes_read((const char *)word + offset, buf, length);
	else
		vmsim_version_read(word, buf, length);
}

void vmsim_store_destroy(struct vmsim_store *store)
{
	pgoff_t index = 0;
	unsigned long word;

	while (contents() == VMSIM_CONTENTS_BYTES &&
	       (word = vmsim_index_next(&store->pages, &index, ~0UL))) {
		kfree((void *)word);
		index++;
	}
	vmsim_index_destroy(&store->pages);
}
