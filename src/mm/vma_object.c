// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include "folio/folio.h"
#include <linux/rmap.h>

/**
 * vm_area_alloc() - an empty mapping of nothing, in no tree
 * @mm: whose it is to be
 *
 * Return: the mapping, or NULL without memory. Source: kernel/fork.c, Linux 6.12; here and below.
 */
__vmsim_overridable struct vm_area_struct *vm_area_alloc(struct mm_struct *mm)
{
	struct vm_area_struct *vma = kzalloc(sizeof(*vma), GFP_KERNEL);

	if (!vma)
		return NULL;
	vma->vm_mm = mm;
	INIT_LIST_HEAD(&vma->anon_vma_chain);
	return vma;
}

/*
 * A copy, in no tree and no anon_vma, with a reference of its own to the file. Its owner may be
 * another address space.
 */
struct vm_area_struct *vmsim_vma_dup(const struct vm_area_struct *orig, struct mm_struct *mm)
{
	struct vm_area_struct *vma = vm_area_alloc(mm);

	if (!vma)
		return NULL;
	vma->vm_start = orig->vm_start;
	vma->vm_end = orig->vm_end;
	vma->vm_pgoff = orig->vm_pgoff;
	vma->vm_page_prot = orig->vm_page_prot;
	vma->vm_flags = orig->vm_flags;
	vma->vm_ops = orig->vm_ops;
	vma->vm_private_data = orig->vm_private_data;
	vma->anon_name = orig->anon_name;
	vma->vm_file = orig->vm_file;
	if (vma->vm_file)
		atomic_long_inc(&vma->vm_file->f_count);
	return vma;
}

/* Tells the mapping's owner that there is one more of it: a part, or that of a child. */
void vmsim_vma_opened(struct vm_area_struct *vma)
{
	if (vma->vm_ops && vma->vm_ops->open)
		vma->vm_ops->open(vma);
}

/** vm_area_free() - the memory of a mapping that is in no tree, and has no file any more */
__vmsim_overridable void vm_area_free(struct vm_area_struct *vma)
{
	kfree(vma);
}

/* The mapping is in no tree any more. Drops its reference to the file. */
void vmsim_vma_free(struct vm_area_struct *vma)
{
	if (vma->vm_file)
		vmsim_file_put(vma->vm_file);
	vm_area_free(vma);
}

/* The end of a mapping that was somebody's: its owner hears of it. */
void vmsim_vma_bury(struct vm_area_struct *vma)
{
	if (vma->vm_ops && vma->vm_ops->close)
		vma->vm_ops->close(vma);
	vmsim_vma_free(vma);
}

/*
 * Lets reverse-map walks of the file see the mapping. Where there is an @after, they meet it after
 * that one, and miss nothing that is copied from there meanwhile.
 */
void vmsim_vma_link_file(struct vm_area_struct *vma, struct vm_area_struct *after)
{
	struct address_space *mapping;

	if (!vma->vm_file)
		return;
	mapping = vma->vm_file->f_mapping;
	i_mmap_lock_write(mapping);
	if (after)
		vma_interval_tree_insert_after(vma, after, &mapping->i_mmap);
	else
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
