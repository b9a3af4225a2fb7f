// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include "folio/folio.h"
#include <linux/pagemap.h>

/*
 * What a file answers to faults. Behaviour of mm/filemap.c, Linux 6.12.
 */

static bool beyond_end(const struct address_space *mapping, pgoff_t index)
{
	return index >= DIV_ROUND_UP(READ_ONCE(mapping->host->i_size), PAGE_SIZE);
}

/* The locked folio of that index, made if need be. Referenced. */
static struct folio *get_locked(struct address_space *mapping, pgoff_t index, vm_fault_t *ret)
{
	for (;;) {
		struct folio *folio = filemap_get_folio(mapping, index);

		if (IS_ERR(folio)) {
			*ret |= VM_FAULT_MAJOR;
			return filemap_grab_folio(mapping, index);
		}
		folio_lock(folio);
		if (likely(folio->mapping == mapping))
			return folio;
		/* Truncated, or dropped from the cache, before we had the lock. */
		folio_unlock(folio);
		folio_put(folio);
	}
}

/* For who takes only what is ready: waits for nobody and reads nothing. */
static bool lock_if_ready(struct folio *folio, struct address_space *mapping, pgoff_t index)
{
	if (!folio_test_uptodate(folio) || folio_test_locked(folio) || !folio_trylock(folio))
		return false;
	if (likely(folio->mapping == mapping && folio_test_uptodate(folio) &&
		   !beyond_end(mapping, index)))
		return true;
	folio_unlock(folio);
	return false;
}

/*
 * The locked folio of that index, referenced, if nobody has to be waited for. Where it is not
 * cached a kernel would most often have begun to read it, and not wait either.
 */
static struct folio *get_ready(struct address_space *mapping, pgoff_t index)
{
	struct folio *folio = filemap_get_folio(mapping, index);

	if (IS_ERR(folio))
		return NULL;
	if (lock_if_ready(folio, mapping, index))
		return folio;
	folio_put(folio);
	return NULL;
}

static vm_fault_t fault_without_waiting(struct vm_fault *vmf)
{
	struct folio *folio = get_ready(vmf->vma->vm_file->f_mapping, vmf->pgoff);

	if (!folio)
		return VM_FAULT_RETRY;
	vmf->page = folio_page(folio, vmf->pgoff - folio->index);
	return VM_FAULT_LOCKED;
}

/**
 * filemap_fault() - gets the page of a fault into the page cache
 * @vmf: the fault; @vmf->page receives the page, referenced and locked
 *
 * Return: VM_FAULT_LOCKED, with VM_FAULT_MAJOR where it was not cached; VM_FAULT_SIGBUS: beyond
 * the end of the file; VM_FAULT_OOM; VM_FAULT_RETRY: it would have to wait, and
 * FAULT_FLAG_RETRY_NOWAIT says that it must not. mmap_lock is held even then.
 */
__vmsim_overridable vm_fault_t filemap_fault(struct vm_fault *vmf)
{
	struct address_space *mapping = vmf->vma->vm_file->f_mapping;
	vm_fault_t ret = 0;
	struct folio *folio;
	int err = 0;

	if (unlikely(beyond_end(mapping, vmf->pgoff)))
		return VM_FAULT_SIGBUS;
	if (vmf->flags & FAULT_FLAG_RETRY_NOWAIT)
		return fault_without_waiting(vmf);
	folio = get_locked(mapping, vmf->pgoff, &ret);
	if (IS_ERR(folio))
		return VM_FAULT_OOM;
	if (unlikely(!folio_test_uptodate(folio)))
		err = vmsim_folio_fill(folio);
	/* The file may have shrunk before the lock was taken. */
	if (unlikely(err || beyond_end(mapping, vmf->pgoff))) {
		folio_unlock(folio);
		folio_put(folio);
		return err == -ENOMEM ? VM_FAULT_OOM : VM_FAULT_SIGBUS;
	}
	vmf->page = folio_page(folio, vmf->pgoff - folio->index);
	return ret | VM_FAULT_LOCKED;
}

/* The next folio from *@index on that is ready, referenced and locked; moves *@index to it. */
static struct folio *next_ready(struct address_space *mapping, pgoff_t *index, pgoff_t last)
{
	struct folio *folio;

	while (*index <= last && (folio = vmsim_pagecache_next(mapping, index, last))) {
		if (lock_if_ready(folio, mapping, *index))
			return folio;
		folio_put(folio);
		(*index)++;
	}
	return NULL;
}

/**
 * filemap_map_pages() - maps cached pages around a fault
 * @vmf: the fault; its PTE table exists
 * @start_pgoff: first page of the window
 * @end_pgoff: last page of the window; all of it lies in one PTE table
 *
 * Return: VM_FAULT_NOPAGE: the page of the fault was among them; else 0.
 */
__vmsim_overridable vm_fault_t filemap_map_pages(struct vm_fault *vmf, pgoff_t start_pgoff,
						 pgoff_t end_pgoff)
{
	struct vm_area_struct *vma = vmf->vma;
	struct address_space *mapping = vma->vm_file->f_mapping;
	unsigned long base = vma->vm_start - (vma->vm_pgoff << PAGE_SHIFT);
	struct folio *folio;
	pgoff_t index = start_pgoff;
	vm_fault_t ret = 0;
	long mapped = 0;
	int counter = 0;
	pte_t *table;

	folio = next_ready(mapping, &index, end_pgoff);
	if (!folio)
		return 0;
	table = pte_offset_map_lock(vma->vm_mm, vmf->pmd, base + (start_pgoff << PAGE_SHIFT),
				    &vmf->ptl);
	while (folio) {
		struct page *page = folio_page(folio, index - folio->index);
		unsigned long addr = base + (index << PAGE_SHIFT);

		vmf->pte = table ? table + (index - start_pgoff) : NULL;
		if (table && pte_none(ptep_get(vmf->pte))) {
			folio_get(folio);
			set_pte_range(vmf, folio, page, 1, addr);
			counter = mm_counter_file(folio);
			mapped++;
			if (addr == vmf->address) {
				vmf->page = page;
				ret = VM_FAULT_NOPAGE;
			}
		}
		folio_unlock(folio);
		folio_put(folio);
		index++;
		folio = table ? next_ready(mapping, &index, end_pgoff) : NULL;
	}
	vmf->pte = NULL;
	if (mapped)
		add_mm_counter(vma->vm_mm, counter, mapped);
	if (table)
		pte_unmap_unlock(table, vmf->ptl);
	return ret;
}

/**
 * filemap_page_mkwrite() - a page is about to be written to through a mapping
 * @vmf: the fault; @vmf->page is the page, referenced
 *
 * The file system prepares itself ("buffers"), and the folio counts as dirty from now on: whoever
 * cleans it finds the entry that will be writable in a moment, because that needs the folio lock.
 *
 * Return: VM_FAULT_LOCKED: go on, the folio is locked; VM_FAULT_NOPAGE: it has left the file.
 */
__vmsim_overridable vm_fault_t filemap_page_mkwrite(struct vm_fault *vmf)
{
	struct folio *folio = page_folio(vmf->page);

	folio_lock(folio);
	if (folio->mapping != vmf->vma->vm_file->f_mapping) {
		folio_unlock(folio);
		return VM_FAULT_NOPAGE;
	}
	vmsim_folio_attach_buffers(folio);
	folio_mark_dirty(folio);
	return VM_FAULT_LOCKED;
}

static const struct vm_operations_struct tracked_vm_ops = {
	.fault = filemap_fault,
	.map_pages = filemap_map_pages,
	.page_mkwrite = filemap_page_mkwrite,
};

static const struct vm_operations_struct untracked_vm_ops = {
	.fault = filemap_fault,
	.map_pages = filemap_map_pages,
};

const struct vm_operations_struct *vmsim_file_vm_ops(const struct file *file)
{
	return file->f_mapping->dirty_tracked ? &tracked_vm_ops : &untracked_vm_ops;
}
