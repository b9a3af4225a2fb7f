// SPDX-License-Identifier: GPL-2.0-only
#include "check/checker.h"
#include "check/census.h"
#include "rmap/internal.h"

/*
 * O8: at rest, a walk of the reverse map of a page finds every entry that maps it, and a page that
 * says that it is mapped has such an entry.
 */

static bool file_walk_finds(struct address_space *mapping, pgoff_t pgoff,
			    const struct vm_area_struct *wanted)
{
	struct vm_area_struct *vma;

	vma_interval_tree_foreach(vma, &mapping->i_mmap, pgoff, pgoff)
		if (vma == wanted)
			return true;
	return false;
}

static bool anon_walk_finds(struct anon_vma *anon_vma, pgoff_t pgoff,
			    const struct vm_area_struct *wanted)
{
	struct anon_vma_chain *avc;

	anon_vma_interval_tree_foreach(avc, &anon_vma->rb_root, pgoff, pgoff)
		if (avc->vma == wanted)
			return true;
	return false;
}

/* Why no walk finds the entry at @addr; NULL: one does. */
static const char *why_hidden(struct vmsim_checker *chk, struct mm_struct *mm, unsigned long addr,
			      struct page *page)
{
	struct folio *folio = page_folio(page);
	unsigned long mapping = (unsigned long)folio->mapping;
	pgoff_t pgoff = folio->index + folio_page_idx(folio, page);
	struct vm_area_struct *vma = chk_vma_at(mm, addr);

	if (!vma)
		return "no VMA at that address";
	if (!mapping)
		return "the page has no mapping";
	if (chk_is_ksm(page))
		return vmsim_ksm_finds(folio, vma, addr) ?
		       NULL : "KSM does not know of the address";
	if (linear_page_index(vma, addr) != pgoff)
		return "the VMA has another page at that address";
	if (mapping & PAGE_MAPPING_ANON && !chk_anon_vma_lives(chk, chk_anon_vma(page), vma))
		return "the page's anon_vma is gone";
	if (mapping & PAGE_MAPPING_ANON)
		return anon_walk_finds(chk_anon_vma(page), pgoff, vma) ?
		       NULL : "the VMA is not in the page's anon_vma";
	return file_walk_finds((void *)mapping, pgoff, vma) ?
	       NULL : "the VMA is not among the mappings of the file";
}

static void check_entry(void *arg, struct mm_struct *mm, pte_t *ptep, unsigned long addr)
{
	struct chk_census *census = arg;
	u64 pte = chk_read_pte(ptep);
	struct chk_text text, entry;
	const char *why;

	if (!chk_maps_normal(census->chk, pte) || !chk_frame_allocated(pfn_to_page(chk_pfn(pte))))
		return;
	why = why_hidden(census->chk, mm, addr, pfn_to_page(chk_pfn(pte)));
	if (why)
		chk_report(census->chk, VMSIM_ORACLE_O8, "R20",
			   "entry at %lx of process %d: expected a walk that finds it, found none: "
			   "%s; %s; %s", addr, mm->pid, why, chk_pte(&entry, pte),
			   chk_page(&text, pfn_to_page(chk_pfn(pte))));
}

static void check_mapped(struct chk_census *census, struct page *page)
{
	struct folio *folio = (struct folio *)page;
	struct chk_text text;

	if (!chk_frame_allocated(page) || chk_is_table(page) || !folio_mapped(folio))
		return;
	for (long i = 0; i < folio_nr_pages(folio); i++)
		if (page_to_pfn(page) + (unsigned long)i < census->frames &&
		    census->entries[page_to_pfn(page) + (unsigned long)i])
			return;
	chk_report(census->chk, VMSIM_ORACLE_O8, "R6",
		   "the page says that it is mapped: expected an entry, found none; %s",
		   chk_page(&text, page));
}

static void o8_quiescent(struct vmsim_checker *chk, struct chk_census *census)
{
	(void)chk;
	chk_each_entry(census, check_entry);
	chk_each_head(census, check_mapped);
}

const struct chk_oracle chk_o8 = {
	.id = VMSIM_ORACLE_O8,
	.quiescent = o8_quiescent,
};
