// SPDX-License-Identifier: GPL-2.0-only
#include "check/checker.h"
#include "check/census.h"
#include "mm/mm_internal.h"

/*
 * O9: at rest, the anon_vma that a mapped page names is one that mappings are in. When the last one
 * has left it is freed, and whoever looks for the page's entries looks into something else (R8, R20).
 */

static bool is_in(struct vm_area_struct *vma, const struct anon_vma *anon_vma)
{
	struct anon_vma_chain *avc;

	list_for_each_entry(avc, &vma->anon_vma_chain, same_vma)
		if (avc->anon_vma == anon_vma)
			return true;
	return false;
}

bool chk_anon_vma_lives(struct vmsim_checker *chk, const struct anon_vma *anon_vma,
			struct vm_area_struct *likely_in)
{
	struct vm_area_struct *vma;
	struct mm_struct *mm;

	if (likely_in && is_in(likely_in, anon_vma))
		return true;
	list_for_each_entry(mm, &chk->machine->mms, mm_list)
		for (vma = vmsim_vma_first(&mm->mm_mt); vma; vma = vmsim_vma_next(vma))
			if (is_in(vma, anon_vma))
				return true;
	return false;
}

static void check_entry(void *arg, struct mm_struct *mm, pte_t *ptep, unsigned long addr)
{
	struct chk_census *census = arg;
	u64 pte = chk_read_pte(ptep);
	struct chk_text text, entry;
	struct page *page;

	if (!chk_maps_normal(census->chk, pte))
		return;
	page = pfn_to_page(chk_pfn(pte));
	if (!chk_frame_allocated(page) || !chk_is_anon(page) || chk_is_ksm(page) ||
	    chk_anon_vma_lives(census->chk, chk_anon_vma(page), chk_vma_at(mm, addr)))
		return;
	chk_report(census->chk, VMSIM_ORACLE_O9, "R8",
		   "entry at %lx of process %d: expected a page whose anon_vma is that of some "
		   "mapping, found none that is in it; %s; %s", addr, mm->pid,
		   chk_pte(&entry, pte), chk_page(&text, page));
}

static void o9_quiescent(struct vmsim_checker *chk, struct chk_census *census)
{
	(void)chk;
	chk_each_entry(census, check_entry);
}

const struct chk_oracle chk_o9 = {
	.id = VMSIM_ORACLE_O9,
	.quiescent = o9_quiescent,
};
