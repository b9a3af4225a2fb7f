/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TEST_MM_WALK_RECOUNT_H
#define TEST_MM_WALK_RECOUNT_H

#include "fork_test.h"
#include "folio/folio.h"

/*
 * Two ways from pages to entries: a scan of all tables of all address spaces, and a walk of the
 * reverse map. They must find the same entries, each once.
 */
#define MAX_ENTRIES 8192

struct entry_place {
	struct mm_struct *mm;
	unsigned long addr;
	struct page *page;
	unsigned int met;
};

static struct entry_place entry_places[MAX_ENTRIES];
static unsigned int nr_entry_places;

static inline void note_entry(void *arg, struct mm_struct *mm, pte_t *ptep, unsigned long addr)
{
	u64 pte = chk_read_pte(ptep);

	(void)arg;
	if (!chk_maps_normal(vmsim_this_machine()->checker, pte) ||
	    !chk_is_anon(pfn_to_page(chk_pfn(pte))))
		return;
	assert_true(nr_entry_places < MAX_ENTRIES);
	entry_places[nr_entry_places++] = (struct entry_place) {
		.mm = mm, .addr = addr, .page = pfn_to_page(chk_pfn(pte)),
	};
}

static inline void note_table(void *arg, struct mm_struct *mm, struct page *table,
			      unsigned int level)
{
	(void)arg, (void)mm, (void)table, (void)level;
}

static inline bool meet_entry(struct folio *folio, struct vm_area_struct *vma, unsigned long addr,
			      void *arg)
{
	DEFINE_FOLIO_VMA_WALK(pvmw, folio, vma, addr, 0);

	(void)arg;
	while (page_vma_mapped_walk(&pvmw)) {
		bool known = false;

		for (unsigned int i = 0; i < nr_entry_places; i++) {
			struct entry_place *at = &entry_places[i];

			if (at->mm != vma->vm_mm || at->addr != pvmw.address)
				continue;
			assert_ptr_equal(at->page, &folio->page);
			at->met++;
			known = true;
		}
		assert_true(known);
	}
	return true;
}

/* Anonymous pages. Nobody else is inside the library. Returns how many entries there are. */
static inline unsigned int recount_walks(void)
{
	struct vmsim_machine *m = vmsim_machine_get(world.machine);
	struct rmap_walk_control rwc = {
		.rmap_one = meet_entry, .anon_lock = folio_lock_anon_vma_read,
	};
	struct chk_walk scan = { .pte = note_entry, .table = note_table };
	struct mm_struct *mm;

	nr_entry_places = 0;
	vmsim_enter();
	list_for_each_entry(mm, &m->mms, mm_list)
		chk_walk_mm(mm, &scan);
	for (unsigned int i = 0; i < nr_entry_places; i++)
		if (!entry_places[i].met)
			rmap_walk(page_folio(entry_places[i].page), &rwc);
	vmsim_leave();
	for (unsigned int i = 0; i < nr_entry_places; i++)
		assert_int_equal(entry_places[i].met, 1);
	return nr_entry_places;
}

#endif
