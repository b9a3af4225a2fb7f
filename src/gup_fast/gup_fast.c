// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <linux/seqlock.h>

/**
 * gup_fast_unpin_user_pages() - gives pins back that a fork has overlapped
 * @pages: the pages
 * @npages: how many
 *
 * They may be shared by now, which is why they are given back: nothing is asserted.
 */
__vmsim_overridable void gup_fast_unpin_user_pages(struct page **pages, unsigned long npages)
{
	for (unsigned long i = 0; i < npages; i++)
		gup_put_folio(page_folio(pages[i]), 1, FOLL_PIN);
}

/**
 * gup_fast() - pages of the caller's address space, without a lock
 * @start: first address
 * @end: end of the range, below the end of what programs may use
 * @gup_flags: FOLL_*; FOLL_GET or FOLL_PIN
 * @pages: receives the pages
 *
 * fork() cannot be locked out. It makes write_protect_seq odd while it shares pages; pins during
 * which the sequence has changed are given back (R13).
 *
 * Source: mm/gup.c, Linux 6.12.
 * Return: how many pages from @start on were found; maybe none.
 */
__vmsim_overridable unsigned long gup_fast(unsigned long start, unsigned long end,
					   unsigned int gup_flags, struct page **pages)
{
	const seqcount_t *forks = &current->mm->write_protect_seq;
	unsigned int seen = 0;
	unsigned long irqs;
	int nr = 0;

	if (gup_flags & FOLL_PIN) {
		seen = raw_read_seqcount(forks);
		if (seen & 1)
			return 0;
	}
	local_irq_save(irqs);
	gup_fast_pgd_range(start, end, gup_flags, pages, &nr);
	local_irq_restore(irqs);
	if (!(gup_flags & FOLL_PIN))
		return (unsigned long)nr;
	if (read_seqcount_retry(forks, seen)) {
		gup_fast_unpin_user_pages(pages, (unsigned long)nr);
		return 0;
	}
	sanity_check_pinned_pages(pages, (unsigned long)nr);
	return (unsigned long)nr;
}
