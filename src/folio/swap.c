// SPDX-License-Identifier: GPL-2.0-only
#include "folio/folio.h"
#include <linux/swap.h>
#include <linux/vmstat.h>
#include "order/order.h"

/* How folios end (6.12, mm/swap.c). */

#define LRU_FLAGS (BIT(PG_lru) | BIT(PG_active) | BIT(PG_unevictable))

/* Off the lists, and no longer mlocked: nobody else knows the folio any more. */
static void leave_lru(struct folio *folio)
{
	if (unlikely(folio->flags & BIT(PG_mlocked))) {
		folio_clear_mlocked(folio);
		zone_stat_mod_folio(folio, NR_MLOCK, -folio_nr_pages(folio));
		count_vm_events(UNEVICTABLE_PGCLEARED, folio_nr_pages(folio));
	}
	if (folio->flags & BIT(PG_lru)) {
		vmsim_order_drain(vmsim_this_cpu());
		__WRITE_ONCE(folio->flags, folio->flags & ~LRU_FLAGS);
	}
}

/* Frees a folio whose last reference is gone. */
__vmsim_overridable void __folio_put(struct folio *folio)
{
	leave_lru(folio);
	vmsim_free_block(&folio->page, folio_order(folio));
}

/**
 * folios_put_refs() - drops references to the folios of a batch
 * @folios: the batch; empty afterwards
 * @refs: how many of each; NULL = one
 */
__vmsim_overridable void folios_put_refs(struct folio_batch *folios, unsigned int *refs)
{
	unsigned int nr = folio_batch_count(folios);

	for (unsigned int n = 0; n < nr; n++)
		folio_put_refs(folios->folios[n], refs ? (int)refs[n] : 1);
	folio_batch_init(folios);
}

/**
 * release_pages() - drops references to pages, folios, or tagged pages (E71)
 * @arg: the array
 * @nr: number of its entries; an entry that says so is followed by a count of references
 */
__vmsim_overridable void release_pages(release_pages_arg arg, int nr)
{
	for (int at = 0; at < nr; at++) {
		struct encoded_page *entry = arg.encoded_pages[at];
		struct folio *folio = page_folio(encoded_page_ptr(entry));
		unsigned long count = 1;

		if (encoded_page_flags(entry) & ENCODED_PAGE_BIT_NR_PAGES_NEXT) {
			BUG_ON(++at == nr);
			count = encoded_nr_pages(arg.encoded_pages[at]);
		}
		folio_put_refs(folio, (int)count);
	}
}

/**
 * folio_mark_accessed() - the folio was used
 * @folio: the folio
 *
 * A second use would activate it; without LRU lists there is nowhere to move it to.
 */
__vmsim_overridable void folio_mark_accessed(struct folio *folio)
{
	if (!folio_test_referenced(folio))
		folio_set_referenced(folio);
}
