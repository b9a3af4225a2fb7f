// SPDX-License-Identifier: GPL-2.0-only
#include "check/checker.h"
#include "pgtable/table.h"

/*
 * Walks of live page tables without events and without the accessors of the code under test: all
 * flavours keep 64-bit entries with the same bits, and nine address bits per level.
 */

static unsigned int top_level(void)
{
	return vmsim_this_machine()->config.levels;
}

static unsigned int entries_of(unsigned int level)
{
	return level == top_level() ? PTRS_PER_PGD : PTRS_PER_PTE;
}

static u64 entry_at(const void *table, unsigned int index)
{
	return __atomic_load_n((const u64 *)table + index, __ATOMIC_RELAXED);
}

struct page *chk_table_below(u64 entry)
{
	struct page *page;

	if (!chk_hw_present(entry) || entry & _PAGE_PSE || !vmsim_has_cell(chk_pfn(entry)))
		return NULL;
	page = pfn_to_page(chk_pfn(entry));
	return chk_is_table(page) ? page : NULL;
}

unsigned int chk_path(struct mm_struct *mm, unsigned long addr, const u64 *path[CHK_LEVELS])
{
	const void *table = mm->pgd;
	unsigned int n = 0;

	for (unsigned int level = top_level(); table; level--) {
		unsigned int index = (unsigned int)(addr >> vmsim_level_shift(level)) &
				     (entries_of(level) - 1);
		struct page *below = NULL;

		if (level > 1)
			below = chk_table_below(entry_at(table, index));
		path[n++] = (const u64 *)table + index;
		table = below ? page_address(below) : NULL;
	}
	return n;
}

pte_t *chk_find_pte(struct mm_struct *mm, unsigned long addr)
{
	const u64 *path[CHK_LEVELS];
	unsigned int n = chk_path(mm, addr, path);

	return n == top_level() ? (pte_t *)(uintptr_t)path[n - 1] : NULL;
}

struct vm_area_struct *chk_vma_at(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = RB_ROOT(&mm->mm_mt);

	while (vma && (addr < vma->vm_start || addr >= vma->vm_end))
		vma = addr < vma->vm_start ? RB_LEFT(vma, vm_node) : RB_RIGHT(vma, vm_node);
	return vma;
}

#define GROUP 32

/* Tables are almost empty: groups of entries that are all empty are passed over together. */
static bool group_is_empty(const void *table, unsigned int index)
{
	typedef u64 wide __attribute__((vector_size(32)));
	const wide *part = (const void *)((const u64 *)table + index);
	wide any = part[0];

	for (unsigned int i = 1; i < GROUP * sizeof(u64) / sizeof(wide); i++)
		any |= part[i];
	return !(any[0] | any[1] | any[2] | any[3]);
}

/* The first entry from @index on that is not empty; @nr if there is none. */
static unsigned int next_entry(const void *table, unsigned int index, unsigned int nr)
{
	while (index < nr) {
		if (index % GROUP == 0 && index + GROUP <= nr && group_is_empty(table, index))
			index += GROUP;
		else if (!entry_at(table, index))
			index++;
		else
			return index;
	}
	return nr;
}

#define for_each_entry(i, table, nr) \
	for (unsigned int i = next_entry(table, 0, nr); i < (nr); i = next_entry(table, i + 1, nr))

static void walk_ptes(struct mm_struct *mm, const struct chk_walk *walk, void *table,
		      unsigned long base)
{
	for_each_entry(i, table, PTRS_PER_PTE)
		walk->pte(walk->arg, mm, (pte_t *)table + i, base + i * PAGE_SIZE);
}

static void walk_table(struct mm_struct *mm, const struct chk_walk *walk, void *table,
		       unsigned int level, unsigned long base)
{
	if (level == 1) {
		walk_ptes(mm, walk, table, base);
		return;
	}
	for_each_entry(i, table, entries_of(level)) {
		struct page *below = chk_table_below(entry_at(table, i));

		if (!below)
			continue;
		walk->table(walk->arg, mm, below, level - 1);
		walk_table(mm, walk, page_address(below), level - 1,
			   base + ((unsigned long)i << vmsim_level_shift(level)));
	}
}

void chk_walk_mm(struct mm_struct *mm, const struct chk_walk *walk)
{
	if (!mm->pgd)
		return;
	walk->table(walk->arg, mm, virt_to_page(mm->pgd), top_level());
	walk_table(mm, walk, mm->pgd, top_level(), 0);
}
