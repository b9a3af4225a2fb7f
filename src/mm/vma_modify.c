// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include <linux/rmap.h>

/*
 * Mappings that grow, shrink and fall together. Both reverse maps order mappings by their page
 * offsets: a mapping whose range changes is taken out and put back, and walkers stay out meanwhile
 * (mm/vma.c, Linux 6.12: vma_prepare(), vma_complete()). Lock order: mmap_lock, i_mmap_rwsem,
 * anon_vma.
 */

static void anon_trees_remove(struct vm_area_struct *vma)
{
	struct anon_vma_chain *avc;

	list_for_each_entry(avc, &vma->anon_vma_chain, same_vma)
		anon_vma_interval_tree_remove(avc, &avc->anon_vma->rb_root);
}

static void anon_trees_insert(struct vm_area_struct *vma)
{
	struct anon_vma_chain *avc;

	list_for_each_entry(avc, &vma->anon_vma_chain, same_vma)
		anon_vma_interval_tree_insert(avc, &avc->anon_vma->rb_root);
}

static void edit_begin(struct vm_area_struct *vma)
{
	if (vma->vm_file) {
		i_mmap_lock_write(vma->vm_file->f_mapping);
		vma_interval_tree_remove(vma, &vma->vm_file->f_mapping->i_mmap);
	}
	if (vma->anon_vma) {
		anon_vma_lock_write(vma->anon_vma);
		anon_trees_remove(vma);
	}
}

static void edit_end(struct vm_area_struct *vma)
{
	if (vma->anon_vma) {
		anon_trees_insert(vma);
		anon_vma_unlock_write(vma->anon_vma);
	}
	if (vma->vm_file) {
		vma_interval_tree_insert(vma, &vma->vm_file->f_mapping->i_mmap);
		i_mmap_unlock_write(vma->vm_file->f_mapping);
	}
	vmsim_event(VMA_ADD, (uintptr_t)vma, vma->vm_start, vma->vm_end);
}

/* The upper part of @vma from @addr on, as an object of its own that nobody sees yet. */
static struct vm_area_struct *upper_part(struct vm_area_struct *vma, unsigned long addr)
{
	struct vm_area_struct *upper = vmsim_vma_dup(vma, vma->vm_mm);

	if (!upper)
		return NULL;
	upper->vm_start = addr;
	upper->vm_pgoff += (addr - vma->vm_start) >> PAGE_SHIFT;
	upper->anon_vma = vma->anon_vma;
	if (anon_vma_clone(upper, vma)) {
		vmsim_vma_free(upper);
		return NULL;
	}
	vmsim_vma_opened(upper);
	return upper;
}

struct vm_area_struct *vmsim_vma_split(struct vm_area_struct *vma, unsigned long addr)
{
	struct vm_area_struct *upper;

	VM_BUG_ON_VMA(addr <= vma->vm_start || addr >= vma->vm_end, vma);
	upper = upper_part(vma, addr);
	if (!upper)
		return ERR_PTR(-ENOMEM);
	edit_begin(vma);
	if (upper->vm_file)
		vma_interval_tree_insert(upper, &upper->vm_file->f_mapping->i_mmap);
	vma->vm_end = addr;
	edit_end(vma);
	vmsim_vma_insert(vma->vm_mm, upper);
	return upper;
}

/*
 * What mappings must have in common before anybody asks where they lie. Whether they count as
 * written is not worth a mapping: the caller says it of the whole.
 */
static bool same_kind(const struct vm_area_struct *vma, const struct vmsim_span *span)
{
	const char *name = span->vma ? span->vma->anon_name : NULL;

	return !((vma->vm_flags ^ span->flags) & ~VM_SOFTDIRTY) && vma->vm_file == span->file &&
	       vma->anon_name == name;
}

static bool has_one_anon_vma(const struct vm_area_struct *vma)
{
	const struct list_head *chain = &vma->anon_vma_chain;

	return !list_empty(chain) && chain->next == chain->prev;
}

/*
 * A mapping with pages of one anon_vma must not take in pages of another. One without any joins
 * one that has a single anon_vma: more would mean that it was inherited at a fork
 * (is_mergeable_anon_vma(), mm/vma.c).
 */
static bool anon_fits(const struct anon_vma *a, const struct anon_vma *b,
		      const struct vm_area_struct *neighbour)
{
	if (a == b)
		return true;
	return (!a || !b) && (!neighbour || has_one_anon_vma(neighbour));
}

static bool fits_after(const struct vm_area_struct *prev, const struct vmsim_span *span)
{
	const struct anon_vma *own = span->vma ? span->vma->anon_vma : NULL;

	return prev && prev->vm_end == span->start && same_kind(prev, span) &&
	       prev->vm_pgoff + vma_pages(prev) == span->pgoff &&
	       anon_fits(own, prev->anon_vma, prev);
}

static bool fits_before(const struct vm_area_struct *next, const struct vmsim_span *span)
{
	const struct anon_vma *own = span->vma ? span->vma->anon_vma : NULL;

	return next && next->vm_start == span->end && same_kind(next, span) &&
	       span->pgoff + ((span->end - span->start) >> PAGE_SHIFT) == next->vm_pgoff &&
	       anon_fits(own, next->anon_vma, next);
}

/* @keep will hold pages of @from's anon_vma: it must be found through it. */
static int take_anon_vma(struct vm_area_struct *keep, struct vm_area_struct *from)
{
	int err;

	if (!from || !from->anon_vma || keep->anon_vma)
		return 0;
	keep->anon_vma = from->anon_vma;
	err = anon_vma_clone(keep, from);
	if (err)
		keep->anon_vma = NULL;
	return err;
}

/* @gone's range belongs to another mapping now, which the reverse maps know. */
static void dissolve(struct vm_area_struct *gone)
{
	if (gone->vm_file)
		vmsim_vma_unlink_file(gone);
	if (gone->anon_vma)
		unlink_anon_vmas(gone);
	vmsim_vma_free(gone);
}

/*
 * @keep takes over @gone1 and @gone2 (each may be NULL) and becomes [start, end). The absorbed ones
 * stay in the reverse maps until @keep stands there with its new range, so that no page of theirs
 * is without a mapping in between.
 */
static struct vm_area_struct *absorb(struct vm_area_struct *keep, unsigned long start,
				     unsigned long end, struct vm_area_struct *gone1,
				     struct vm_area_struct *gone2)
{
	struct mm_struct *mm = keep->vm_mm;
	unsigned long old_start = keep->vm_start;
	int err = take_anon_vma(keep, gone1);

	if (!err)
		err = take_anon_vma(keep, gone2);
	if (err)
		return ERR_PTR(err);
	if (gone1)
		vmsim_vma_remove(mm, gone1);
	if (gone2)
		vmsim_vma_remove(mm, gone2);
	edit_begin(keep);
	if (start < old_start)
		keep->vm_pgoff -= (old_start - start) >> PAGE_SHIFT;
	keep->vm_start = start;
	keep->vm_end = end;
	edit_end(keep);
	if (gone1)
		dissolve(gone1);
	if (gone2)
		dissolve(gone2);
	return keep;
}

struct vm_area_struct *vmsim_vma_merge(const struct vmsim_span *span)
{
	struct vm_area_struct *prev, *next;
	bool left, right;

	if (span->vma) {
		prev = vmsim_vma_prev(span->vma);
		next = vmsim_vma_next(span->vma);
	} else {
		next = find_vma_prev(span->mm, span->start, &prev);
	}
	left = fits_after(prev, span);
	right = fits_before(next, span);
	if (left && right && !anon_fits(prev->anon_vma, next->anon_vma, NULL))
		right = false;
	if (left)
		return absorb(prev, prev->vm_start, right ? next->vm_end : span->end,
			      span->vma, right ? next : NULL);
	if (right)
		return absorb(next, span->start, next->vm_end, span->vma, NULL);
	return NULL;
}

struct vm_area_struct *vmsim_vma_modify_flags(struct vm_area_struct *vma, unsigned long start,
					      unsigned long end, vm_flags_t newflags)
{
	struct vmsim_span span = { .mm = vma->vm_mm, .flags = newflags, .file = vma->vm_file };
	struct vm_area_struct *merged;

	if (start > vma->vm_start)
		vma = vmsim_vma_split(vma, start);
	if (!IS_ERR(vma) && end < vma->vm_end) {
		struct vm_area_struct *upper = vmsim_vma_split(vma, end);

		if (IS_ERR(upper))
			return upper;
	}
	if (IS_ERR(vma))
		return vma;
	span.start = start;
	span.end = end;
	span.pgoff = vma->vm_pgoff;
	span.vma = vma;
	merged = vmsim_vma_merge(&span);
	return IS_ERR_OR_NULL(merged) ? vma : merged;
}
