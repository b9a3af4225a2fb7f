// SPDX-License-Identifier: GPL-2.0-only
#include "trees.h"
#include <linux/rmap.h>

/*
 * Which entries map which frame: by a scan of all page tables, which knows nothing of mappings, and
 * by a walk of the reverse map of each folio. Both must find the same.
 */

struct scan scan;

static void found_entry(void *arg, struct mm_struct *mm, pte_t *ptep, unsigned long addr)
{
	u64 pte = chk_read_pte(ptep);
	unsigned long pfn = chk_pfn(pte);
	struct mapped *mapped;

	(void)arg;
	if (scan.nr == ARRAY_SIZE(scan.at))
		tree_fail("more entries than pages: the next is at %lx of %d", addr, mm->pid);
	if (!(pte & (_PAGE_PRESENT | _PAGE_PROTNONE)) || !pfn_valid(pfn))
		tree_fail("garbage in the entry at %lx of %d: %lx", addr, mm->pid, pte);
	mapped = &scan.at[scan.nr];
	*mapped = (struct mapped) { .mm = mm, .addr = addr, .pte = pte, .next = scan.first[pfn] };
	scan.first[pfn] = (int)scan.nr++;
	scan.entries[pfn]++;
}

static void found_table(void *arg, struct mm_struct *mm, struct page *table, unsigned int level)
{
	if (page_ptdesc(table)->pt_mm != mm)
		tree_fail("among the tables of %d is one of another", mm->pid);
	scan.tables++;
	/* As in a kernel, the upper ones count for nothing. */
	*(u64 *)arg += level <= 3 && level < tree.m->config.levels;
}

static void scan_tables(void)
{
	u64 tables = 0;
	const struct chk_walk walk = { .pte = found_entry, .table = found_table, .arg = &tables };
	struct mm_struct *mm;

	memset(scan.first, -1, sizeof(scan.first));
	memset(scan.entries, 0, sizeof(scan.entries));
	scan.nr = 0;
	scan.tables = 0;
	list_for_each_entry(mm, &tree.m->mms, mm_list) {
		tables = 0;
		chk_walk_mm(mm, &walk);
		if (tables * PAGE_SIZE != (u64)mm->pgtables_bytes.counter)
			tree_fail("page tables of %d: expected %lu, found %ld", mm->pid, tables,
				  mm->pgtables_bytes.counter >> PAGE_SHIFT);
	}
}

/* The walk's answer is looked up in the scan's. */
static void compare(struct folio *folio, struct mm_struct *mm, unsigned long addr)
{
	for (int i = scan.first[folio_pfn(folio)]; i >= 0; i = scan.at[i].next) {
		if (scan.at[i].mm != mm || scan.at[i].addr != addr)
			continue;
		if (scan.at[i].walked)
			tree_fail("frame %lx: the walk finds %lx of %d twice", folio_pfn(folio),
				  addr, mm->pid);
		scan.at[i].walked = true;
		return;
	}
	tree_fail("frame %lx: the walk finds %lx of %d, the scan does not", folio_pfn(folio), addr,
		  mm->pid);
}

static bool one_vma(struct folio *folio, struct vm_area_struct *vma, unsigned long addr, void *arg)
{
	DEFINE_FOLIO_VMA_WALK(pvmw, folio, vma, addr, 0);

	(void)arg;
	while (page_vma_mapped_walk(&pvmw))
		compare(folio, vma->vm_mm, pvmw.address);
	return true;
}

static void walk(struct folio *folio)
{
	struct rmap_walk_control rwc = { .rmap_one = one_vma };
	bool lock = !folio_test_anon(folio);

	if (lock && !folio_trylock(folio))
		tree_fail("frame %lx is locked", folio_pfn(folio));
	rmap_walk(folio, &rwc);
	if (lock)
		folio_unlock(folio);
}

/* Of an anonymous folio that nothing maps, what it says of its mappings means nothing. */
static bool has_reverse_map(const struct page *page)
{
	if (!chk_frame_allocated(page) || chk_is_table(page) || PageReserved(page))
		return false;
	return scan.entries[page_to_pfn(page)] || chk_file_mapping(page);
}

void tree_scan(void)
{
	scan_tables();
	for (unsigned long pfn = 0; pfn < tree.m->frames_used; pfn++)
		if (has_reverse_map(pfn_to_page(pfn)))
			walk(pfn_folio(pfn));
	for (unsigned int i = 0; i < scan.nr; i++) {
		unsigned long pfn = chk_pfn(scan.at[i].pte);

		if (!scan.at[i].walked && pfn != tree.m->zero_pfn)
			tree_fail("frame %lx: the scan finds %lx of %d, the walk does not", pfn,
				  scan.at[i].addr, scan.at[i].mm->pid);
	}
}

u64 tree_entry(const struct space *space, unsigned int page)
{
	const pte_t *ptep = chk_find_pte(space->mm, TREE_ADDR(page));

	return ptep ? chk_read_pte(ptep) : 0;
}
