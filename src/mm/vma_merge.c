// SPDX-License-Identifier: GPL-2.0-only
#include "mm/vma_range.h"
#include <mm/vma.h>

/*
 * Mappings that become one. Behaviour of mm/vma.c, Linux 6.12: there is never more than one mapping
 * of a range that could be one, except where pages of two families would meet. mmap_lock is held
 * for writing.
 */

/**
 * is_mergeable_anon_vma() - may pages of both be found through one mapping?
 * @anon_vma1: of what is merged, or NULL
 * @anon_vma2: of its neighbour, or NULL
 * @vma: the neighbour; NULL: how it came to its anon_vma does not matter
 *
 * A mapping whose anon_vma is not its only one has been through a fork: nobody joins it who is not
 * of the same anon_vma.
 *
 * Source: mm/vma.c, Linux 6.12.
 */
__vmsim_overridable bool is_mergeable_anon_vma(struct anon_vma *anon_vma1,
					       struct anon_vma *anon_vma2,
					       struct vm_area_struct *vma)
{
	const struct list_head *chain = vma ? &vma->anon_vma_chain : NULL;

	if (anon_vma1 == anon_vma2)
		return true;
	if (anon_vma1 && anon_vma2)
		return false;
	return !chain || (!list_empty(chain) && chain->next == chain->prev);
}

/*
 * What mappings must have in common before anybody asks where they lie. Whether they count as
 * written is not worth a mapping: the caller says it of the whole.
 */
static bool same_kind(const struct vma_merge_struct *vmg, const struct vm_area_struct *vma)
{
	return !((vma->vm_flags ^ vmg->flags) & ~VM_SOFTDIRTY) && vma->vm_file == vmg->file &&
	       vma->anon_name == vmg->anon_name;
}

/* Whose owner wants to hear of its end, a merge does not end. */
static bool may_vanish(const struct vm_area_struct *vma)
{
	return !vma->vm_ops || !vma->vm_ops->close;
}

static unsigned long pages_of(const struct vma_merge_struct *vmg)
{
	return (vmg->end - vmg->start) >> PAGE_SHIFT;
}

static bool joins_prev(const struct vma_merge_struct *vmg)
{
	struct vm_area_struct *prev = vmg->prev;

	return prev && prev->vm_end == vmg->start && same_kind(vmg, prev) &&
	       prev->vm_pgoff + vma_pages(prev) == vmg->pgoff &&
	       is_mergeable_anon_vma(vmg->anon_vma, prev->anon_vma, prev);
}

/* Where the range joins both, they must fit each other, too. */
static bool joins_next(const struct vma_merge_struct *vmg, bool with_prev)
{
	struct vm_area_struct *next = vmg->next;

	if (!next || next->vm_start != vmg->end || !same_kind(vmg, next) ||
	    vmg->pgoff + pages_of(vmg) != next->vm_pgoff ||
	    !is_mergeable_anon_vma(vmg->anon_vma, next->anon_vma, next))
		return false;
	return !with_prev || is_mergeable_anon_vma(vmg->prev->anon_vma, next->anon_vma, NULL);
}

/**
 * dup_anon_vma() - lets pages of one mapping be found through another one
 * @dst: mapping that grows
 * @src: mapping that it grows over
 * @dup: set to @dst where that took anything
 *
 * Source: mm/vma.c, Linux 6.12.
 * Return: 0 or -ENOMEM.
 */
__vmsim_overridable int dup_anon_vma(struct vm_area_struct *dst, struct vm_area_struct *src,
				     struct vm_area_struct **dup)
{
	int err;

	if (!src->anon_vma || dst->anon_vma)
		return 0;
	dst->anon_vma = src->anon_vma;
	err = anon_vma_clone(dst, src);
	if (err)
		dst->anon_vma = NULL;
	else
		*dup = dst;
	return err;
}

/* @gone's range belongs to another mapping now, which the reverse maps know. */
static void dissolve(struct vm_area_struct *gone)
{
	vmsim_vma_unlink_file(gone);
	if (gone->anon_vma)
		unlink_anon_vmas(gone);
	vmsim_vma_free(gone);
}

/**
 * commit_merge() - lets mappings change their ranges, and go
 * @vmg: @vmg->vma becomes what @vmg says
 * @adjust: its neighbour that gives way, or NULL
 * @remove: a mapping that it takes over, or NULL
 * @remove2: another one, or NULL
 * @adj_start: how far @adjust's start moves
 * @expanded: of no meaning here, where there is no position in the tree
 *
 * What goes stays in the reverse maps until @vmg->vma stands there, so that no page of it is without
 * a mapping in between.
 *
 * Source: mm/vma.c, Linux 6.12.
 * Return: 0.
 */
__vmsim_overridable int commit_merge(struct vma_merge_struct *vmg, struct vm_area_struct *adjust,
				     struct vm_area_struct *remove, struct vm_area_struct *remove2,
				     long adj_start, bool expanded)
{
	struct vmsim_range_change change = { .vma = vmg->vma, .adjust = adjust };

	(void)expanded;
	if (remove)
		vmsim_vma_remove(vmg->mm, remove);
	if (remove2)
		vmsim_vma_remove(vmg->mm, remove2);
	vmsim_range_change_begin(&change);
	vmg->vma->vm_start = vmg->start;
	vmg->vma->vm_end = vmg->end;
	vmg->vma->vm_pgoff = vmg->pgoff;
	if (adjust) {
		adjust->vm_start += adj_start;
		adjust->vm_pgoff += adj_start >> PAGE_SHIFT;
	}
	vmsim_range_change_end(&change);
	if (remove)
		dissolve(remove);
	if (remove2)
		dissolve(remove2);
	return 0;
}

/**
 * vma_expand() - lets a mapping grow, over the next one, too
 * @vmg: @vmg->vma is to become [@vmg->start, @vmg->end); @vmg->next goes if it ends there
 *
 * Source: mm/vma.c, Linux 6.12.
 * Return: 0; -ENOMEM: nothing has changed, and @vmg->state says why.
 */
__vmsim_overridable int vma_expand(struct vma_merge_struct *vmg)
{
	struct vm_area_struct *next = vmg->next, *dup = NULL;
	bool over_next = next && next != vmg->vma && vmg->end == next->vm_end;

	mmap_assert_write_locked(vmg->mm);
	if (over_next && dup_anon_vma(vmg->vma, next, &dup)) {
		vmg->state = VMA_MERGE_ERROR_NOMEM;
		return -ENOMEM;
	}
	return commit_merge(vmg, NULL, over_next ? next : NULL, NULL, 0, true);
}

/**
 * vma_merge_new_range() - lets neighbours take over a range that nothing maps yet
 * @vmg: the range, what it is to be, and its neighbours
 *
 * Source: mm/vma.c, Linux 6.12.
 * Return: the mapping that has it, or NULL: none fits, or there is no memory (@vmg->state).
 */
__vmsim_overridable struct vm_area_struct *vma_merge_new_range(struct vma_merge_struct *vmg)
{
	struct vma_merge_struct grown = *vmg;
	bool left, right;

	mmap_assert_write_locked(vmg->mm);
	VM_BUG_ON(vmg->vma);
	vmg->state = VMA_MERGE_NOMERGE;
	if (vmg->flags & VM_SPECIAL)
		return NULL;
	left = joins_prev(vmg);
	right = joins_next(vmg, left) && (!left || may_vanish(vmg->next));
	if (!left && !right)
		return NULL;
	grown.vma = left ? vmg->prev : vmg->next;
	if (left) {
		grown.start = vmg->prev->vm_start;
		grown.pgoff = vmg->prev->vm_pgoff;
	}
	if (right)
		grown.end = vmg->next->vm_end;
	if (vma_expand(&grown)) {
		vmg->state = grown.state;
		return NULL;
	}
	*vmg = grown;
	vmg->state = VMA_MERGE_SUCCESS;
	return vmg->vma;
}

/* The range, and with @both the mapping behind it, becomes a part of the one before. */
static struct vm_area_struct *merge_left(struct vma_merge_struct *vmg, bool both)
{
	struct vm_area_struct *vma = vmg->vma, *prev = vmg->prev, *next = vmg->next, *dup = NULL;
	bool whole = vmg->end == vma->vm_end;
	long shift = (long)(vmg->end - vma->vm_start);

	if (dup_anon_vma(prev, both && next->anon_vma ? next : vma, &dup))
		return NULL;
	vmg->vma = prev;
	vmg->start = prev->vm_start;
	vmg->pgoff = prev->vm_pgoff;
	if (both)
		vmg->end = next->vm_end;
	commit_merge(vmg, whole ? NULL : vma, whole ? vma : NULL, both ? next : NULL,
		     whole ? 0 : shift, true);
	return prev;
}

/* The range becomes a part of the mapping behind it. Where something is left, that shrinks. */
static struct vm_area_struct *merge_right(struct vma_merge_struct *vmg)
{
	struct vm_area_struct *vma = vmg->vma, *next = vmg->next, *dup = NULL;
	unsigned long start = vmg->start;

	if (dup_anon_vma(next, vma, &dup))
		return NULL;
	if (start == vma->vm_start) {
		vmg->vma = next;
		vmg->end = next->vm_end;
		commit_merge(vmg, NULL, vma, NULL, 0, true);
	} else {
		vmg->start = vma->vm_start;
		vmg->end = start;
		vmg->pgoff = vma->vm_pgoff;
		commit_merge(vmg, next, NULL, NULL, -(long)(vma->vm_end - start), false);
	}
	return next;
}

/**
 * vma_merge_existing_range() - lets neighbours take over a part of a mapping that changes
 * @vmg: @vmg->vma is the mapping, of which [@vmg->start, @vmg->end) becomes what @vmg says.
 *	 @vmg->prev is the mapping before it, or itself where the range begins inside of it
 *
 * Source: mm/vma.c, Linux 6.12.
 * Return: the mapping that has the range now, or NULL: none fits, or there is no memory
 * (@vmg->state); then nothing has changed.
 */
__vmsim_overridable struct vm_area_struct *vma_merge_existing_range(struct vma_merge_struct *vmg)
{
	struct vm_area_struct *vma = vmg->vma, *merged;
	bool left, right;

	mmap_assert_write_locked(vmg->mm);
	vmg->state = VMA_MERGE_NOMERGE;
	if (vmg->flags & VM_SPECIAL)
		return NULL;
	left = vmg->start == vma->vm_start && joins_prev(vmg);
	if (vmg->end == vma->vm_end)
		vmg->next = vmsim_vma_next(vma);
	right = vmg->end == vma->vm_end && joins_next(vmg, left);
	if (!left && !right)
		return NULL;
	if (vmg->start == vma->vm_start && vmg->end == vma->vm_end && !may_vanish(vma))
		return NULL;
	right = right && (!left || may_vanish(vmg->next));
	merged = left ? merge_left(vmg, right) : merge_right(vmg);
	vmg->state = merged ? VMA_MERGE_SUCCESS : VMA_MERGE_ERROR_NOMEM;
	return merged;
}

struct vma_merge_struct vmsim_vmg_of(struct vm_area_struct *vma, unsigned long start,
				     unsigned long end)
{
	return (struct vma_merge_struct) {
		.mm = vma->vm_mm,
		.start = start,
		.end = end,
		.pgoff = linear_page_index(vma, start),
		.flags = vma->vm_flags,
		.file = vma->vm_file,
		.anon_vma = vma->anon_vma,
		.anon_name = vma->anon_name,
	};
}

/**
 * vma_merge_extend() - lets a mapping grow into the hole behind it
 * @vmi: walk; stands at the mapping afterwards
 * @vma: the mapping
 * @delta: by how much
 *
 * It becomes one with what follows, if that fits.
 *
 * Source: mm/vma.c, Linux 6.12.
 * Return: the mapping; NULL: no memory.
 */
__vmsim_overridable struct vm_area_struct *vma_merge_extend(struct vma_iterator *vmi,
							    struct vm_area_struct *vma,
							    unsigned long delta)
{
	struct vma_merge_struct vmg = vmsim_vmg_of(vma, vma->vm_end, vma->vm_end + delta);
	struct vm_area_struct *merged;

	vmg.prev = vma;
	vmg.next = vmsim_vma_next(vma);
	merged = vma_merge_new_range(&vmg);
	if (merged)
		vmsim_vma_iter_at(vmi, merged);
	return merged;
}

/*
 * Could the two be one VMA, were it not for what mprotect() changes? Then pages of both may go to
 * one anon_vma, and a later merge of the VMAs is not in the way.
 */
static bool mergeable(const struct vm_area_struct *low, const struct vm_area_struct *high)
{
	return low->vm_end == high->vm_start && low->vm_file == high->vm_file &&
	       !((low->vm_flags ^ high->vm_flags) &
		 ~(vm_flags_t)(VM_ACCESS_FLAGS | VM_SOFTDIRTY)) &&
	       low->vm_pgoff + vma_pages(low) == high->vm_pgoff;
}

/* The neighbour's, if it has been in no fork: its pages are nobody else's. */
static struct anon_vma *anon_vma_of(struct vm_area_struct *neighbour)
{
	struct list_head *chain = &neighbour->anon_vma_chain;
	struct anon_vma *anon_vma = smp_load_acquire(&neighbour->anon_vma);

	if (anon_vma && chain->next != chain && chain->next == chain->prev)
		return anon_vma;
	return NULL;
}

/**
 * find_mergeable_anon_vma() - a neighbour's anon_vma that can take the pages of a mapping
 * @vma: mapping without one
 *
 * Context: mmap_lock, for reading at least. Source: Linux 6.12, mm/vma.c.
 * Return: the anon_vma, or NULL.
 */
__vmsim_overridable struct anon_vma *find_mergeable_anon_vma(struct vm_area_struct *vma)
{
	struct vm_area_struct *high = find_vma(vma->vm_mm, vma->vm_end);
	struct vm_area_struct *low = vma->vm_start ? find_vma(vma->vm_mm, vma->vm_start - 1) : NULL;
	struct anon_vma *found = NULL;

	if (high && mergeable(vma, high))
		found = anon_vma_of(high);
	if (!found && low && mergeable(low, vma))
		found = anon_vma_of(low);
	return found;
}
