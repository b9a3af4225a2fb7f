/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_VMSIM_VMA_H
#define _VMSIM_LINUX_VMSIM_VMA_H

/* Walks over mappings, and their flags: parts of <linux/mm.h>. */
#include <linux/mm_types.h>

enum maple_status {
	ma_active,
	ma_start,
	ma_pause,
};

/**
 * struct ma_state - where a walk over mappings stands
 * @tree: the mappings, by address; those of an address space, or those taken out of it
 * @index, @last: first and last address of the mapping, or of the hole, that it stands at
 * @status: ma_start: it stands nowhere yet, and begins at @index
 *
 * The kernel walks a maple tree; the names and the uses are the same. A walk keeps addresses, not
 * mappings: these may change while it goes on.
 */
struct ma_state {
	struct vmsim_vma_tree *tree;
	unsigned long index, last;
	enum maple_status status;
};

#define VMSIM_MA_STATE(_tree, _index, _last) \
	{ .tree = (_tree), .index = (_index), .last = (_last), .status = ma_start }
#define MA_STATE(name, mt, first, end) struct ma_state name = VMSIM_MA_STATE(mt, first, end)

__vmsim_export struct vm_area_struct *mas_walk(struct ma_state *mas);
__vmsim_export struct vm_area_struct *mas_find(struct ma_state *mas, unsigned long max);
__vmsim_export struct vm_area_struct *mas_next(struct ma_state *mas, unsigned long max);
__vmsim_export struct vm_area_struct *mas_prev(struct ma_state *mas, unsigned long min);

static inline void mas_set_range(struct ma_state *mas, unsigned long start, unsigned long last)
{
	mas->index = start;
	mas->last = last;
	mas->status = ma_start;
}

static inline void mas_set(struct ma_state *mas, unsigned long index)
{
	mas_set_range(mas, index, index);
}

static inline void mas_reset(struct ma_state *mas)
{
	mas->status = ma_start;
}

/* Others may change the tree before the walk goes on, behind where it stands. */
static inline void mas_pause(struct ma_state *mas)
{
	mas->status = ma_pause;
}

#define mas_for_each(mas, entry, max) while (((entry) = mas_find(mas, max)) != NULL)

/* A walk over the mappings of an address space. */
struct vma_iterator {
	struct ma_state mas;
};

#define VMA_ITERATOR(name, mm, addr) \
	struct vma_iterator name = { .mas = VMSIM_MA_STATE(&(mm)->mm_mt, addr, addr) }

static inline void vma_iter_init(struct vma_iterator *vmi, struct mm_struct *mm,
				 unsigned long addr)
{
	vmi->mas = (struct ma_state) VMSIM_MA_STATE(&mm->mm_mt, addr, addr);
}

static inline void vma_iter_set(struct vma_iterator *vmi, unsigned long addr)
{
	mas_set(&vmi->mas, addr);
}

static inline void vma_iter_invalidate(struct vma_iterator *vmi)
{
	mas_pause(&vmi->mas);
}

static inline unsigned long vma_iter_addr(struct vma_iterator *vmi)
{
	return vmi->mas.index;
}

static inline unsigned long vma_iter_end(struct vma_iterator *vmi)
{
	return vmi->mas.last + 1;
}

/* The first mapping that ends above where the walk begins, or the next one; it starts below @max. */
static inline struct vm_area_struct *vma_find(struct vma_iterator *vmi, unsigned long max)
{
	return mas_find(&vmi->mas, max - 1);
}

static inline struct vm_area_struct *vma_next(struct vma_iterator *vmi)
{
	return mas_find(&vmi->mas, ~0UL);
}

static inline struct vm_area_struct *vma_prev(struct vma_iterator *vmi)
{
	return mas_prev(&vmi->mas, 0);
}

static inline struct vm_area_struct *vma_iter_load(struct vma_iterator *vmi)
{
	return mas_walk(&vmi->mas);
}

#define for_each_vma(__vmi, __vma) while (((__vma) = vma_next(&(__vmi))) != NULL)
#define for_each_vma_range(__vmi, __vma, __end) \
	while (((__vma) = vma_find(&(__vmi), (__end))) != NULL)

/* Mappings have no lock of their own (CONFIG_PER_VMA_LOCK=n). */
static inline void vma_start_write(struct vm_area_struct *vma)
{
	(void)vma;
}

/*
 * Flags change with mmap_lock held for writing. Walks of the reverse maps look at them without it,
 * hence the marked stores.
 */
static inline void vm_flags_init(struct vm_area_struct *vma, vm_flags_t flags)
{
	WRITE_ONCE(vma->vm_flags, flags);
}

static inline void vm_flags_reset(struct vm_area_struct *vma, vm_flags_t flags)
{
	vm_flags_init(vma, flags);
}

static inline void vm_flags_reset_once(struct vm_area_struct *vma, vm_flags_t flags)
{
	vm_flags_init(vma, flags);
}

static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	vm_flags_init(vma, vma->vm_flags | flags);
}

static inline void vm_flags_clear(struct vm_area_struct *vma, vm_flags_t flags)
{
	vm_flags_init(vma, vma->vm_flags & ~flags);
}

static inline void vm_flags_mod(struct vm_area_struct *vma, vm_flags_t set, vm_flags_t clear)
{
	vm_flags_init(vma, (vma->vm_flags | set) & ~clear);
}

#endif
