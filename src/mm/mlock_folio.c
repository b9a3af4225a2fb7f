// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include <linux/memcontrol.h>
#include <linux/mm_inline.h>
#include <linux/swap.h>
#include <mm/internal.h>

/*
 * Folios that mlock() keeps in memory. PG_mlocked says that some VM_LOCKED mapping has it; as long
 * as reclaim may look at the folio, mlock_count says how many do. The count may be too low: then
 * reclaim finds a mapping that is VM_LOCKED, and sets things right.
 *
 * The kernel collects folios by CPU, and does this for many of them at once.
 */

static void cull(struct folio *folio)
{
	folio_set_unevictable(folio);
	folio->mlock_count = folio_test_mlocked(folio) ? 1 : 0;
	count_vm_events(UNEVICTABLE_PGCULLED, folio_nr_pages(folio));
}

static void rescue(struct lruvec *lruvec, struct folio *folio)
{
	lruvec_del_folio(lruvec, folio);
	folio_clear_unevictable(folio);
	lruvec_add_folio(lruvec, folio);
	count_vm_events(UNEVICTABLE_PGRESCUED, folio_nr_pages(folio));
}

static void count_mlocked(struct folio *folio)
{
	zone_stat_mod_folio(folio, NR_MLOCK, folio_nr_pages(folio));
	count_vm_events(UNEVICTABLE_PGMLOCKED, folio_nr_pages(folio));
}

/* PG_mlocked may be gone again by now: another CPU's munlock(). */
static void add_mlock(struct lruvec *lruvec, struct folio *folio)
{
	if (folio_evictable(folio)) {
		if (folio_test_unevictable(folio))
			rescue(lruvec, folio);
	} else if (folio_test_unevictable(folio)) {
		folio->mlock_count++;
	} else {
		lruvec_del_folio(lruvec, folio);
		folio_clear_active(folio);
		cull(folio);
		lruvec_add_folio(lruvec, folio);
	}
}

/**
 * mlock_folio() - one more VM_LOCKED mapping has a folio
 * @folio: the folio
 *
 * Context: the PTL of the entry, or the folio cannot go away for another reason.
 * Source: Linux 6.12, mm/mlock.c; here and below.
 */
__vmsim_overridable void mlock_folio(struct folio *folio)
{
	struct lruvec *lruvec;

	if (!folio_test_set_mlocked(folio))
		count_mlocked(folio);
	/* Who has taken it off looks at PG_mlocked when it comes back. */
	if (!folio_test_clear_lru(folio))
		return;
	lruvec = folio_lruvec_relock_irq(folio, NULL);
	add_mlock(lruvec, folio);
	folio_set_lru(folio);
	unlock_page_lruvec_irq(lruvec);
}

/**
 * mlock_new_folio() - the first mapping of a new folio is VM_LOCKED
 * @folio: folio that reclaim does not know yet
 */
__vmsim_overridable void mlock_new_folio(struct folio *folio)
{
	struct lruvec *lruvec;

	VM_BUG_ON_FOLIO(folio_test_lru(folio), folio);
	folio_set_mlocked(folio);
	count_mlocked(folio);
	lruvec = folio_lruvec_relock_irq(folio, NULL);
	if (!folio_evictable(folio))
		cull(folio);
	lruvec_add_folio(lruvec, folio);
	folio_set_lru(folio);
	unlock_page_lruvec_irq(lruvec);
}

/* Who took it off the lists put it back as unevictable, or will. */
static void clear_mlocked(struct folio *folio, bool isolated)
{
	bool stranded = !isolated && folio_test_unevictable(folio);

	if (!folio_test_clear_mlocked(folio))
		return;
	zone_stat_mod_folio(folio, NR_MLOCK, -folio_nr_pages(folio));
	count_vm_events(stranded ? UNEVICTABLE_PGSTRANDED : UNEVICTABLE_PGMUNLOCKED,
			folio_nr_pages(folio));
}

/* Does a VM_LOCKED mapping remain, as far as the count knows? */
static bool drop_mlock(struct folio *folio)
{
	if (!folio_test_unevictable(folio))
		return false;
	if (folio->mlock_count)
		folio->mlock_count--;
	return folio->mlock_count;
}

/**
 * munlock_folio() - one VM_LOCKED mapping fewer has a folio
 * @folio: the folio
 *
 * Context: as mlock_folio().
 */
__vmsim_overridable void munlock_folio(struct folio *folio)
{
	struct lruvec *lruvec;

	if (!folio_test_clear_lru(folio)) {
		clear_mlocked(folio, false);
		return;
	}
	lruvec = folio_lruvec_relock_irq(folio, NULL);
	if (!drop_mlock(folio)) {
		clear_mlocked(folio, true);
		if (folio_test_unevictable(folio) && folio_evictable(folio))
			rescue(lruvec, folio);
	}
	folio_set_lru(folio);
	unlock_page_lruvec_irq(lruvec);
}

/** mlock_drain_local() - what this CPU has collected is done now: nothing is collected */
__vmsim_overridable void mlock_drain_local(void)
{
}

/** mlock_drain_remote() - the same for a CPU that is no longer online */
__vmsim_overridable void mlock_drain_remote(int cpu)
{
	(void)cpu;
}

/** need_mlock_drain() - has the CPU collected something? */
__vmsim_overridable bool need_mlock_drain(int cpu)
{
	(void)cpu;
	return false;
}
