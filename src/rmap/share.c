// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <linux/rmap.h>

/**
 * folio_try_share_anon_rmap_pte() - an exclusive page ceases to be one, outside of fork
 * @folio: the folio
 * @page: its page, exclusive
 *
 * GUP-fast pins exclusive pages without a lock. It finds the entry changed after it has taken its
 * pin, or the pin is found here: for that the entry is cleared before, and both sides have a full
 * barrier between. Whoever sees the entry again sees that the page is not exclusive (R11).
 *
 * Context: page-table lock held, entry cleared and flushed; the caller restores it, where this
 * fails as it was.
 * Source: include/linux/rmap.h, Linux 6.12.
 * Return: 0; -EBUSY: the page may be pinned, and stays exclusive.
 */
__vmsim_overridable int folio_try_share_anon_rmap_pte(struct folio *folio, struct page *page)
{
	VM_WARN_ON_FOLIO(!folio_test_anon(folio), folio);
	VM_WARN_ON_FOLIO(!PageAnonExclusive(page), folio);
	smp_mb();
	if (unlikely(folio_maybe_dma_pinned(folio)))
		return -EBUSY;
	ClearPageAnonExclusive(page);
	smp_mb__after_atomic();
	return 0;
}
