// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include "folio/folio.h"
#include <mm/internal.h>
#include <linux/pagemap.h>
#include <vmsim/process.h>
#include <asm/tlb.h>
#include <errno.h>

/*
 * When a range of a file becomes one huge page, the page tables that mapped it page by page have to
 * go, so that the next fault finds an empty entry (Linux 6.12, mm/khugepaged.c). Only this part of
 * a collapse is built.
 *
 * Whose tables they are does not ask for mmap_lock: "this entry leads to a table", once read, is
 * true for who holds the lock of the entry, or the reverse map's for writing, and for nobody else.
 */

/* The entry that the PTE table of @addr hangs from; NULL: there is no such table. */
static pmd_t *entry_of_table(struct mm_struct *mm, unsigned long addr)
{
	pmd_t *pmd = mm_find_pmd(mm, addr);
	pmd_t value;

	if (!pmd)
		return NULL;
	value = pmdp_get_lockless(pmd);
	return pmd_present(value) && !pmd_leaf(value) && !pmd_bad(value) ? pmd : NULL;
}

static bool is_exiting(const struct mm_struct *mm)
{
	return atomic_read(&mm->mm_users) == 0;
}

/* Under the locks of the entry and of the table; not if anonymous pages may be in it by now. */
static bool unhook(struct vm_area_struct *vma, unsigned long addr, pmd_t *pmd, pgtable_t *table)
{
	struct mm_struct *mm = vma->vm_mm;
	spinlock_t *pml = pmd_lock(mm, pmd);
	spinlock_t *ptl = pte_lockptr(mm, pmd);
	bool unhooked;

	if (ptl != pml)
		spin_lock_nested(ptl, SINGLE_DEPTH_NESTING);
	unhooked = likely(!READ_ONCE(vma->anon_vma));
	if (unhooked) {
		*table = pmd_pgtable(pmdp_collapse_flush(vma, addr, pmd));
		pmdp_get_lockless_sync();
	}
	if (ptl != pml)
		spin_unlock(ptl);
	spin_unlock(pml);
	return unhooked;
}

static void retract_from(struct vm_area_struct *vma, unsigned long addr)
{
	struct mm_struct *mm = vma->vm_mm;
	pmd_t *pmd = entry_of_table(mm, addr);
	pgtable_t table;

	if (!pmd || is_exiting(mm) || !unhook(vma, addr, pmd, &table))
		return;
	mm_dec_nr_ptes(mm);
	pte_free_defer(mm, table);
}

/**
 * retract_page_tables() - takes the page tables of a range of a file out of all address spaces
 * @mapping: the file
 * @pgoff: first page; the range is as long as a page table's
 *
 * Mappings that do not have the range in a table of its own keep theirs, and those that may have
 * anonymous pages in it.
 *
 * Context: no page of the range is mapped, and none can be: who keeps that so in the kernel is the
 * lock of the huge page, which is in the cache already.
 */
__vmsim_overridable void retract_page_tables(struct address_space *mapping, pgoff_t pgoff)
{
	struct vm_area_struct *vma;

	i_mmap_lock_read(mapping);
	vma_interval_tree_foreach(vma, &mapping->i_mmap, pgoff, pgoff) {
		unsigned long addr = vma->vm_start + ((pgoff - vma->vm_pgoff) << PAGE_SHIFT);

		/* Made by the first write to private memory. */
		if (READ_ONCE(vma->anon_vma))
			continue;
		if (IS_ALIGNED(addr, PMD_SIZE) && vma->vm_end >= addr + PMD_SIZE)
			retract_from(vma, addr);
	}
	i_mmap_unlock_read(mapping);
}

/* A part of a file, all of it cached, locked and referenced up to @next. */
struct frozen {
	struct address_space *mapping;
	pgoff_t start, next, end;
};

static void thaw(struct frozen *range)
{
	pgoff_t index = range->start;

	while (index < range->next) {
		struct folio *folio = vmsim_pagecache_load(range->mapping, index);

		index = folio_next_index(folio);
		folio_unlock(folio);
		folio_put(folio);
	}
}

/* Nobody maps a page of the range from here on: that takes its lock. */
static int freeze(struct frozen *range)
{
	for (range->next = range->start; range->next < range->end;) {
		struct folio *folio = filemap_grab_folio(range->mapping, range->next);

		if (IS_ERR(folio))
			return (int)PTR_ERR(folio);
		range->next = folio_next_index(folio);
		try_to_unmap(folio, TTU_IGNORE_MLOCK);
		if (folio_mapped(folio))
			return -EBUSY;
	}
	return 0;
}

static int retract(struct file *file, pgoff_t start)
{
	struct address_space *mapping = file->f_mapping;
	pgoff_t pages = DIV_ROUND_UP(READ_ONCE(mapping->host->i_size), PAGE_SIZE);
	struct frozen range = {
		.mapping = mapping, .start = start, .end = min(start + PTRS_PER_PTE, pages),
	};
	int err;

	/* Of a range without pages there is no lock to take. */
	if (start >= pages)
		return -EINVAL;
	err = freeze(&range);
	if (!err)
		retract_page_tables(mapping, start);
	thaw(&range);
	return err;
}

/**
 * vmsim_file_retract() - takes the page tables of a range of a file out of all address spaces
 * @file: id of the file
 * @offset: of the range, a multiple of what a page table maps (2 MiB), which is its length, too
 *
 * The pages of the range are brought into the cache and unmapped, as for a huge page that takes
 * their place; they stay what they are. Nobody makes the file longer meanwhile.
 *
 * Return: 0; -EINVAL: @offset is no such multiple, or beyond the end; -ENOENT: no such file;
 * -EBUSY: a page stays mapped; -ENOMEM; -ESRCH: the caller is not attached.
 */
VMSIM_API int vmsim_file_retract(int file, uint64_t offset)
{
	struct file *f;
	long err = vmsim_syscall_enter("retract", (unsigned long)file, offset);

	if (err)
		return (int)err;
	f = vmsim_file_get(vmsim_this_machine(), file);
	if (!f)
		err = -ENOENT;
	else if (!IS_ALIGNED(offset, PMD_SIZE))
		err = -EINVAL;
	else
		err = retract(f, offset >> PAGE_SHIFT);
	if (f)
		vmsim_file_put(f);
	return (int)vmsim_syscall_leave("retract", err);
}
