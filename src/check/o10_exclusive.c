// SPDX-License-Identifier: GPL-2.0-only
#include "check/checker.h"
#include "check/census.h"

/*
 * O10: what an exclusive anonymous page is (R12). An entry that allows writing maps an exclusive
 * page; an exclusive page is mapped once, and is not KSM's. No entry allows writing to the page of
 * zeroes, which everybody has.
 *
 * A fork takes the flag away first and the right to write after that, under one lock: who takes
 * flags away is judged when it drops the lock of the table.
 */

/* What a thread is in the middle of, by its number (chk_actor()). */
struct chk_demotion {
	unsigned int ptls;	/* page-table locks that it holds */
	bool demoted;		/* a page has ceased to be exclusive under them */
};

static struct chk_demotion *demotion_of(struct vmsim_checker *chk, int actor)
{
	struct chk_demotion *of = chk_map_get(&chk->demotions, (u64)actor);

	if (of)
		return of;
	of = chk_alloc(chk, sizeof(*of));
	if (of && !chk_map_put(&chk->demotions, (u64)actor, of))
		chk_out_of_memory(chk);
	return of;
}

static bool is_exclusive(const struct page *page)
{
	return __READ_ONCE(page->flags) & BIT(PG_anon_exclusive);
}

static int mappings_of(const struct page *page)
{
	return __READ_ONCE(page->_mapcount.counter) + 1;
}

static bool allows_writing(const struct vmsim_checker *chk, u64 pte)
{
	return chk_hw_present(pte) && pte & _PAGE_RW && chk_maps_normal(chk, pte);
}

static bool is_everybodys(const struct vmsim_checker *chk, u64 pte)
{
	return chk_hw_present(pte) && pte & _PAGE_RW && chk_pfn(pte) == chk->machine->zero_pfn;
}

static void report_writable(struct vmsim_checker *chk, u64 pte, const char *when)
{
	const struct page *page = pfn_to_page(chk_pfn(pte));
	struct chk_text entry, text;

	chk_report(chk, VMSIM_ORACLE_O10, "R12",
		   "%s allows writing: expected its page exclusive, found it maybe shared; %s; %s",
		   when, chk_pte(&entry, pte), chk_page(&text, page));
}

static void report_mapped(struct vmsim_checker *chk, const struct page *page, int mappings)
{
	struct chk_text text;

	chk_report(chk, VMSIM_ORACLE_O10, "R12",
		   "an exclusive page: expected one mapping, found %d; %s", mappings,
		   chk_page(&text, page));
}

static void report_ksm(struct vmsim_checker *chk, const struct page *page)
{
	struct chk_text text;

	chk_report(chk, VMSIM_ORACLE_O10, "R12",
		   "an exclusive page: expected none of KSM's, found %s", chk_page(&text, page));
}

static bool breaks_the_rule(const struct vmsim_checker *chk, u64 pte)
{
	const struct page *page;

	if (is_everybodys(chk, pte))
		return true;
	if (!allows_writing(chk, pte))
		return false;
	page = pfn_to_page(chk_pfn(pte));
	return chk_is_anon(page) && !is_exclusive(page);
}

/* What the hardware sets in an entry that allows writing gives nobody anything new. */
static void pte_set(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	u64 old = event->arg[1], now = event->arg[2];

	if (allows_writing(chk, old) && chk_pfn(old) == chk_pfn(now))
		return;
	if (breaks_the_rule(chk, now))
		report_writable(chk, now, "an entry");
}

static void became_exclusive(struct vmsim_checker *chk, const struct page *page)
{
	if (mappings_of(page) > 1)
		report_mapped(chk, page, mappings_of(page));
	if (chk_is_ksm(page))
		report_ksm(chk, page);
}

static void flag(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	const struct page *page = (void *)event->arg[0];
	struct chk_demotion *of;

	if (event->arg[1] != PG_anon_exclusive || !chk_is_anon(page))
		return;
	if (event->arg[2]) {
		became_exclusive(chk, page);
		return;
	}
	chk_lock(chk);
	of = demotion_of(chk, chk_actor(event));
	if (of)
		of->demoted = of->ptls > 0;
	chk_unlock(chk);
}

static void map_add(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	const struct page *page = (void *)event->arg[0];
	int mappings = (int)event->arg[2];

	if (mappings > 1 && chk_is_anon(page) && is_exclusive(page))
		report_mapped(chk, page, mappings);
}

static void ptl_lock(struct vmsim_checker *chk, int actor)
{
	struct chk_demotion *of;

	chk_lock(chk);
	of = demotion_of(chk, actor);
	if (of)
		of->ptls++;
	chk_unlock(chk);
}

/* True where pages have ceased to be exclusive meanwhile. */
static bool ptl_leave(struct vmsim_checker *chk, int actor)
{
	struct chk_demotion *of;
	bool demoted;

	chk_lock(chk);
	of = demotion_of(chk, actor);
	demoted = of && of->demoted;
	if (of && of->ptls && --of->ptls == 0)
		of->demoted = false;
	chk_unlock(chk);
	return demoted;
}

static void ptl_unlock(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	const struct page *table = (void *)event->arg[1];
	const u64 *entry;

	if (!ptl_leave(chk, chk_actor(event)) || !table || !chk_is_table(table) ||
	    page_ptdesc(table)->pt_level != 1)
		return;
	entry = page_address(table);
	for (unsigned int i = 0; i < PTRS_PER_PTE; i++) {
		u64 pte = __atomic_load_n(entry + i, __ATOMIC_RELAXED);

		if (breaks_the_rule(chk, pte))
			report_writable(chk, pte, "an entry whose lock is dropped");
	}
}

static void o10_event(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	switch (event->kind) {
	case VMSIM_EV_PTE_SET:
		pte_set(chk, event);
		break;
	case VMSIM_EV_FLAG:
		flag(chk, event);
		break;
	case VMSIM_EV_MAP_ADD:
		map_add(chk, event);
		break;
	case VMSIM_EV_PTL_LOCK:
		ptl_lock(chk, chk_actor(event));
		break;
	default:
		ptl_unlock(chk, event);
	}
}

static void check_entry(void *arg, struct mm_struct *mm, pte_t *ptep, unsigned long addr)
{
	struct chk_census *census = arg;
	u64 pte = chk_read_pte(ptep);

	(void)mm, (void)addr;
	if (breaks_the_rule(census->chk, pte))
		report_writable(census->chk, pte, "at rest, an entry");
}

static void check_page(struct chk_census *census, struct page *page)
{
	const struct folio *folio = (struct folio *)page;
	bool large = __READ_ONCE(folio->flags) & BIT(PG_head);
	unsigned long pages = large ? 1UL << (__READ_ONCE(folio->_flags_1) & 0xff) : 1;

	if (!chk_frame_allocated(page) || chk_is_table(page) || !chk_is_anon(page))
		return;
	if (chk_is_ksm(page) && is_exclusive(page))
		report_ksm(census->chk, page);
	for (unsigned long i = 0; i < pages; i++) {
		unsigned long pfn = page_to_pfn(page) + i;

		if (is_exclusive(page + i) && pfn < census->frames && census->entries[pfn] > 1)
			report_mapped(census->chk, page + i, (int)census->entries[pfn]);
	}
}

static void o10_quiescent(struct vmsim_checker *chk, struct chk_census *census)
{
	(void)chk;
	chk_each_entry(census, check_entry);
	chk_each_head(census, check_page);
}

const struct chk_oracle chk_o10 = {
	.id = VMSIM_ORACLE_O10,
	.kinds = VMSIM_EV_BIT(PTE_SET) | VMSIM_EV_BIT(FLAG) | VMSIM_EV_BIT(MAP_ADD) |
		 VMSIM_EV_BIT(PTL_LOCK) | VMSIM_EV_BIT(PTL_UNLOCK),
	.event = o10_event,
	.quiescent = o10_quiescent,
};
