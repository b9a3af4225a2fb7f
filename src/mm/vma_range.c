// SPDX-License-Identifier: GPL-2.0-only
#include "mm/vma_range.h"

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

/* One lock for both: mappings whose border moves have the same family, if they have one at all. */
static struct anon_vma *family_of(const struct vmsim_range_change *change)
{
	if (change->vma->anon_vma || !change->adjust)
		return change->vma->anon_vma;
	return change->adjust->anon_vma;
}

void vmsim_range_change_begin(struct vmsim_range_change *change)
{
	change->mapping = change->vma->vm_file ? change->vma->vm_file->f_mapping : NULL;
	change->anon_vma = family_of(change);
	if (change->mapping) {
		i_mmap_lock_write(change->mapping);
		if (change->insert)
			vma_interval_tree_insert(change->insert, &change->mapping->i_mmap);
		vma_interval_tree_remove(change->vma, &change->mapping->i_mmap);
		if (change->adjust)
			vma_interval_tree_remove(change->adjust, &change->mapping->i_mmap);
	}
	if (change->anon_vma) {
		anon_vma_lock_write(change->anon_vma);
		anon_trees_remove(change->vma);
		if (change->adjust)
			anon_trees_remove(change->adjust);
	}
}

static void tell(struct vm_area_struct *vma)
{
	vmsim_event(VMA_ADD, (uintptr_t)vma, vma->vm_start, vma->vm_end);
	(void)vma;
}

void vmsim_range_change_end(struct vmsim_range_change *change)
{
	if (change->anon_vma) {
		anon_trees_insert(change->vma);
		if (change->adjust)
			anon_trees_insert(change->adjust);
		anon_vma_unlock_write(change->anon_vma);
	}
	if (change->mapping) {
		if (change->adjust)
			vma_interval_tree_insert(change->adjust, &change->mapping->i_mmap);
		vma_interval_tree_insert(change->vma, &change->mapping->i_mmap);
		i_mmap_unlock_write(change->mapping);
	}
	tell(change->vma);
	if (change->adjust)
		tell(change->adjust);
}
