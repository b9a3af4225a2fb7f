// SPDX-License-Identifier: GPL-2.0-only
#include "ops.h"
#include <linux/pagemap.h>
#include <linux/rmap.h>
#include <mm/internal.h>

/* Functions of mm/rmap.c on any page that is mapped, for comparisons: what they return, and in which order. */

static bool tell_place(struct folio *folio, struct vm_area_struct *vma, unsigned long addr, void *arg)
{
	int *left = arg;

	(void)folio;
	tree_result("at ", (long)addr);
	tree_result("of ", vma->vm_mm->pid);
	return --*left;
}

static void walk_some(struct folio *folio, u8 random)
{
	int left = 1 + random % 8;
	struct rmap_walk_control rwc = { .arg = &left, .rmap_one = tell_place };

	rmap_walk(folio, &rwc);
}

static void ask_who_used(struct folio *folio, u8 random)
{
	unsigned long vm_flags = 0;

	/* Each time somebody asks, pages that are locked in memory would be counted once more. */
	if (!folio_evictable(folio))
		return;
	tree_result("", folio_referenced(folio, random & 1, NULL, &vm_flags));
	tree_result("flags ", (long)vm_flags);
}

static void clean(struct folio *folio)
{
	int cleaned = folio_mkclean(folio);

	tree_result("", cleaned);
	if (cleaned)
		folio_mark_dirty(folio);
}

/* Pages of programs' own would have to be swapped out. */
static void unmap(struct folio *folio, u8 random)
{
	static const enum ttu_flags flags[] = { 0, TTU_SYNC, TTU_BATCH_FLUSH, TTU_IGNORE_MLOCK };
	enum ttu_flags chosen = flags[random % ARRAY_SIZE(flags)];
	struct address_space *mapping = folio_mapping(folio);

	if (!mapping || (!folio_evictable(folio) && !(chosen & TTU_IGNORE_MLOCK)))
		return;
	if (random & 0x80) {
		i_mmap_lock_read(mapping);
		try_to_unmap(folio, chosen | TTU_RMAP_LOCKED);
		i_mmap_unlock_read(mapping);
	} else {
		try_to_unmap(folio, chosen);
	}
	if (random & 0x40)
		try_to_unmap_flush_dirty();
	try_to_unmap_flush();
	tree_result("left ", folio_mapcount(folio));
}

static void look_for_family(struct folio *folio)
{
	struct anon_vma *anon_vma = folio_get_anon_vma(folio);

	tree_result("family ", anon_vma != NULL);
	if (anon_vma)
		put_anon_vma(anon_vma);
}

/* In each mapping of the process: where the page would be, and whether there is a table. */
static void look_for_places(const struct act *act, struct folio *folio)
{
	struct mm_struct *mm = act->space->mm;
	struct vm_area_struct *vma;
	u64 places = 0;

	mmap_read_lock(mm);
	for (vma = vmsim_vma_first(&mm->mm_mt); vma; vma = vmsim_vma_next(vma)) {
		unsigned long addr = page_address_in_vma(&folio->page, vma);
		bool found = addr >= vma->vm_start && addr < vma->vm_end;
		const pmd_t *pmd = mm_find_pmd(mm, found ? addr : vma->vm_start);

		places = places * 31 + addr + (pmd && !pmd_none(*pmd));
	}
	mmap_read_unlock(mm);
	tree_result("places ", (long)places);
}

void op_rmap(struct act *act)
{
	unsigned int way = act->op->n % 6;
	struct folio *folio;
	unsigned long pfn;

	act_say("rmap, way %u/%x", way, act->op->to);
	if (!scan.nr)
		return;
	pfn = chk_pfn(scan.at[(act->op->x << 8 | act->op->y) % scan.nr].pte);
	if (pfn == tree.m->zero_pfn)
		return;
	folio = pfn_folio(pfn);
	vmsim_enter();
	folio_get(folio);
	folio_lock(folio);
	if (way == 0)
		walk_some(folio, act->op->to);
	else if (way == 1)
		ask_who_used(folio, 1);
	else if (way == 2)
		clean(folio);
	else if (way == 3)
		unmap(folio, act->op->to);
	else if (way == 4)
		look_for_family(folio);
	folio_unlock(folio);
	/* Who does not have the lock has it taken; mmap_lock comes before it. */
	if (way == 1)
		ask_who_used(folio, 0);
	else if (way == 5)
		look_for_places(act, folio);
	folio_put(folio);
	vmsim_leave();
}
