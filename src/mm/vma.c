// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include <limits.h>

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
	vmsim_vma_tree_add(&mm->mm_mt, vma);
	mm->map_count++;
	vmsim_event(VMA_ADD, (uintptr_t)vma, vma->vm_start, vma->vm_end);
}

void vmsim_vma_remove(struct mm_struct *mm, struct vm_area_struct *vma)
{
	vmsim_vma_tree_del(&mm->mm_mt, vma);
	mm->map_count--;
	vmsim_event(VMA_REMOVE, (uintptr_t)vma, vma->vm_start, vma->vm_end);
}

/* The first mapping that ends above @addr; @below: the last one that ends at or below it. */
static struct vm_area_struct *search(struct vmsim_vma_tree *tree, unsigned long addr,
				     struct vm_area_struct **below)
{
	struct vm_area_struct *at = RB_ROOT(tree);
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
	return search(&mm->mm_mt, addr, &below);
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
	return search(&mm->mm_mt, addr, pprev);
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

/* The walk stands at @vma; where that is NULL, it stays where it was. */
static struct vm_area_struct *stand_at(struct ma_state *mas, struct vm_area_struct *vma)
{
	if (!vma)
		return NULL;
	vmsim_stand_at(mas, vma->vm_start, vma->vm_end - 1);
	return vma;
}

/**
 * mas_walk() - what there is where a walk stands
 * @mas: the walk; stands at the whole mapping, or the whole hole, afterwards
 *
 * Source: lib/maple_tree.c, Linux 6.12.
 * Return: the mapping that holds @mas->index, or NULL: a hole does.
 */
__vmsim_overridable struct vm_area_struct *mas_walk(struct ma_state *mas)
{
	struct vm_area_struct *below, *vma = search(mas->tree, mas->index, &below);

	if (vma && vma->vm_start <= mas->index)
		return stand_at(mas, vma);
	vmsim_stand_at(mas, below ? below->vm_end : 0, vma ? vma->vm_start - 1 : ULONG_MAX);
	return NULL;
}

/**
 * mas_find() - the next mapping of a walk
 * @mas: the walk; one that begins may find the mapping that holds @mas->index
 * @max: highest address at which the mapping may start
 *
 * Our walks go over trees of mappings by address, also where the kernel numbers the mappings that
 * it took out.
 *
 * Source: lib/maple_tree.c, Linux 6.12.
 * Return: the mapping, or NULL at the end; the walk stays then.
 */
__vmsim_overridable struct vm_area_struct *mas_find(struct ma_state *mas, unsigned long max)
{
	struct vm_area_struct *below, *vma;

	if (mas->status != ma_start && mas->last == ULONG_MAX)
		return NULL;
	vma = search(mas->tree, mas->status == ma_start ? mas->index : mas->last + 1, &below);
	return stand_at(mas, vma && vma->vm_start <= max ? vma : NULL);
}

/**
 * mas_next() - the mapping behind where a walk stands
 * @mas: the walk
 * @max: highest address at which the mapping may start
 *
 * Source: lib/maple_tree.c, Linux 6.12.
 * Return: as mas_find().
 */
__vmsim_overridable struct vm_area_struct *mas_next(struct ma_state *mas, unsigned long max)
{
	if (mas->status == ma_start)
		mas_walk(mas);
	return mas_find(mas, max);
}

/**
 * mas_prev() - the mapping before where a walk stands
 * @mas: the walk
 * @min: the mapping ends above it
 *
 * Source: lib/maple_tree.c, Linux 6.12.
 * Return: the mapping, or NULL: there is none, and the walk begins at @min again.
 */
__vmsim_overridable struct vm_area_struct *mas_prev(struct ma_state *mas, unsigned long min)
{
	struct vm_area_struct *below;

	search(mas->tree, mas->index, &below);
	if (below && below->vm_end > min)
		return stand_at(mas, below);
	mas_set(mas, min);
	return NULL;
}
