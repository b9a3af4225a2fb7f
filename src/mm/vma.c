// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"

/*
 * The mappings of an address space, ordered by address. They never overlap, so that comparing the
 * starts is enough.
 */
static int vma_order(struct vm_area_struct *a, struct vm_area_struct *b)
{
	return a->vm_start < b->vm_start ? -1 : a->vm_start > b->vm_start;
}

RB_GENERATE_INTERNAL(vmsim_vma_tree, vm_area_struct, vm_node, vma_order, static __maybe_unused)

struct vm_area_struct *vmsim_vma_first(struct vmsim_vma_tree *tree)
{
	return RB_MIN(vmsim_vma_tree, tree);
}

struct vm_area_struct *vmsim_vma_next(struct vm_area_struct *vma)
{
	return RB_NEXT(vmsim_vma_tree, , vma);
}

struct vm_area_struct *vmsim_vma_prev(struct vm_area_struct *vma)
{
	return RB_PREV(vmsim_vma_tree, , vma);
}

void vmsim_vma_tree_add(struct vmsim_vma_tree *tree, struct vm_area_struct *vma)
{
	VM_BUG_ON_VMA(RB_INSERT(vmsim_vma_tree, tree, vma), vma);
}

void vmsim_vma_tree_del(struct vmsim_vma_tree *tree, struct vm_area_struct *vma)
{
	RB_REMOVE(vmsim_vma_tree, tree, vma);
}

void vmsim_vma_insert(struct mm_struct *mm, struct vm_area_struct *vma)
{
	vmsim_vma_tree_add(&mm->mm_vmas, vma);
	mm->map_count++;
	vmsim_event(VMA_ADD, (uintptr_t)vma, vma->vm_start, vma->vm_end);
}

void vmsim_vma_remove(struct mm_struct *mm, struct vm_area_struct *vma)
{
	vmsim_vma_tree_del(&mm->mm_vmas, vma);
	mm->map_count--;
	vmsim_event(VMA_REMOVE, (uintptr_t)vma, vma->vm_start, vma->vm_end);
}

/* The first mapping that ends above @addr; @below: the last one that ends at or below it. */
static struct vm_area_struct *search(struct mm_struct *mm, unsigned long addr,
				     struct vm_area_struct **below)
{
	struct vm_area_struct *at = RB_ROOT(&mm->mm_vmas);
	struct vm_area_struct *found = NULL;

	*below = NULL;
	while (at) {
		if (addr < at->vm_end) {
			found = at;
			at = RB_LEFT(at, vm_node);
		} else {
			*below = at;
			at = RB_RIGHT(at, vm_node);
		}
	}
	return found;
}

/**
 * find_vma() - the first mapping that ends above an address
 * @mm: address space
 * @addr: address; it need not lie in the mapping
 *
 * Context: mmap_lock held.
 * Source: mm/mmap.c, Linux 6.12.
 * Return: the mapping, or NULL.
 */
__vmsim_overridable struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *below;

	mmap_assert_locked(mm);
	return search(mm, addr, &below);
}

/**
 * find_vma_prev() - find_vma(), and the mapping before it
 * @mm: address space
 * @addr: address
 * @pprev: receives the last mapping that ends at or below @addr, or NULL
 *
 * Context: mmap_lock held.
 * Source: mm/mmap.c, Linux 6.12.
 * Return: as find_vma().
 */
__vmsim_overridable struct vm_area_struct *find_vma_prev(struct mm_struct *mm, unsigned long addr,
							 struct vm_area_struct **pprev)
{
	mmap_assert_locked(mm);
	return search(mm, addr, pprev);
}

/**
 * find_vma_intersection() - the first mapping that touches a range
 * @mm: address space
 * @start_addr: start of the range
 * @end_addr: its end
 *
 * Context: mmap_lock held.
 * Source: mm/mmap.c, Linux 6.12.
 * Return: the mapping, or NULL.
 */
__vmsim_overridable struct vm_area_struct *find_vma_intersection(struct mm_struct *mm,
								 unsigned long start_addr,
								 unsigned long end_addr)
{
	struct vm_area_struct *vma = find_vma(mm, start_addr);

	return vma && vma->vm_start < end_addr ? vma : NULL;
}

/**
 * vma_lookup() - the mapping that holds an address
 * @mm: address space
 * @addr: address
 *
 * Context: mmap_lock held.
 * Source: include/linux/mm.h, Linux 6.12.
 * Return: the mapping, or NULL.
 */
__vmsim_overridable struct vm_area_struct *vma_lookup(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	return vma && vma->vm_start <= addr ? vma : NULL;
}

/**
 * mas_find() - the next mapping of a walk
 * @mas: where the walk stands
 * @max: highest address at which the mapping may start
 *
 * Our walks go over trees of mappings by address, also where the kernel numbers the mappings that
 * it took out.
 *
 * Source: lib/maple_tree.c, Linux 6.12.
 * Return: the mapping, or NULL at the end.
 */
__vmsim_overridable struct vm_area_struct *mas_find(struct ma_state *mas, unsigned long max)
{
	struct vm_area_struct *next = mas->at ? vmsim_vma_next(mas->at) :
						vmsim_vma_first(mas->tree);

	if (!next || next->vm_start > max)
		return NULL;
	mas->at = next;
	return next;
}
