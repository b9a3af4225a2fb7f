// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include "folio/folio.h"
#include <linux/rmap.h>

/* An empty mapping of nothing, in no tree. */
struct vm_area_struct *vmsim_vma_alloc(struct mm_struct *mm)
{
	struct vm_area_struct *vma = kzalloc(sizeof(*vma), GFP_KERNEL);

	if (!vma)
		return NULL;
	vma->vm_mm = mm;
	INIT_LIST_HEAD(&vma->anon_vma_chain);
	return vma;
}

/* The mapping is in no tree any more. Drops its reference to the file. */
void vmsim_vma_free(struct vm_area_struct *vma)
{
	if (vma->vm_file)
		vmsim_file_put(vma->vm_file);
	kfree(vma);
}

/* Lets reverse-map walks of the file see the mapping. */
void vmsim_vma_link_file(struct vm_area_struct *vma)
{
	struct address_space *mapping;

	if (!vma->vm_file)
		return;
	mapping = vma->vm_file->f_mapping;
	i_mmap_lock_write(mapping);
	vma_interval_tree_insert(vma, &mapping->i_mmap);
	i_mmap_unlock_write(mapping);
}

void vmsim_vma_unlink_file(struct vm_area_struct *vma)
{
	struct address_space *mapping;

	if (!vma->vm_file)
		return;
	mapping = vma->vm_file->f_mapping;
	i_mmap_lock_write(mapping);
	vma_interval_tree_remove(vma, &mapping->i_mmap);
	i_mmap_unlock_write(mapping);
}
