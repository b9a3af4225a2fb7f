// SPDX-License-Identifier: GPL-2.0-only
/* GUP-fast that leaves interrupts on: nothing that frees tables waits for it (R2). */
#define RECHECK_PTE true
#define RECHECK_PMD true
#include "../gup-fast-walk.h"
#include <linux/seqlock.h>

struct folio *try_grab_folio_fast(struct page *page, int refs, unsigned int flags)
{
	struct folio *folio = is_zero_page(page) ? NULL : try_get_folio(page, refs);

	if (folio && flags & FOLL_PIN)
		folio_ref_add(folio, refs * (int)(GUP_PIN_COUNTING_BIAS - 1));
	return folio;
}

unsigned long gup_fast(unsigned long start, unsigned long end, unsigned int gup_flags,
		       struct page **pages)
{
	unsigned int seen = raw_read_seqcount(&current->mm->write_protect_seq);
	int nr = 0;

	if (seen & 1)
		return 0;
	gup_fast_pgd_range(start, end, gup_flags, pages, &nr);
	if (gup_flags & FOLL_PIN && read_seqcount_retry(&current->mm->write_protect_seq, seen)) {
		gup_fast_unpin_user_pages(pages, (unsigned long)nr);
		return 0;
	}
	return (unsigned long)nr;
}
