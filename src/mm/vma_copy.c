// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"

/* An object of its own for the copy, in all trees, or NULL without memory. */
static struct vm_area_struct *copy_alone(struct vm_area_struct *vma, unsigned long addr,
					 unsigned long len, pgoff_t pgoff)
{
	struct vm_area_struct *copy = vmsim_vma_dup(vma, vma->vm_mm);

	if (!copy)
		return NULL;
	copy->vm_start = addr;
	copy->vm_end = addr + len;
	copy->vm_pgoff = pgoff;
	copy->anon_vma = vma->anon_vma;
	if (anon_vma_clone(copy, vma)) {
		vmsim_vma_free(copy);
		return NULL;
	}
	vmsim_vma_opened(copy);
	vmsim_vma_insert(vma->vm_mm, copy);
	vmsim_vma_link_file(copy, NULL);
	return copy;
}

/* Two mappings of which one is to stay behind must not become one. */
static void keep_apart(struct vma_merge_struct *vmg, const struct vm_area_struct *source)
{
	if (vmg->prev == source)
		vmg->prev = NULL;
	if (vmg->next == source)
		vmg->next = NULL;
}

/**
 * copy_vma() - makes a mapping to which pages of another one can move
 * @vmap: the mapping; set to the one that it has become a part of, where that happens
 * @addr: where the new one starts; nothing is mapped there
 * @len: its size
 * @pgoff: what its first page is
 * @need_rmap_locks: set where reverse-map walks may meet the new mapping before the old one, so
 *		     that pages may move only while there is none
 * @keep_source: the old one stays, empty
 *
 * A mapping without pages yet is numbered anew, so that it fits its new neighbours: then, and only
 * then, it can become one with its own copy.
 *
 * Context: mmap_lock held for writing.
 * Source: mm/vma.c, Linux 6.12.
 * Return: the new mapping, perhaps a part of a neighbour; NULL without memory.
 */
__vmsim_overridable struct vm_area_struct *copy_vma(struct vm_area_struct **vmap,
						    unsigned long addr, unsigned long len,
						    pgoff_t pgoff, bool *need_rmap_locks,
						    bool keep_source)
{
	struct vm_area_struct *vma = *vmap, *merged;
	struct vma_merge_struct vmg = vmsim_vmg_of(vma, addr, addr + len);
	bool untouched = vma_is_anonymous(vma) && !vma->anon_vma;
	unsigned long old_start = vma->vm_start;

	vmg.pgoff = untouched ? addr >> PAGE_SHIFT : pgoff;
	vmg.next = find_vma_prev(vma->vm_mm, addr, &vmg.prev);
	if (vmg.next && vmg.next->vm_start < addr + len)
		return NULL;
	if (untouched && keep_source)
		keep_apart(&vmg, vma);
	merged = vma_merge_new_range(&vmg);
	*need_rmap_locks = false;
	if (!merged)
		return copy_alone(vma, addr, len, vmg.pgoff);
	if (merged->vm_start <= old_start && old_start < merged->vm_end) {
		VM_BUG_ON_VMA(!untouched || keep_source, merged);
		*vmap = vma = merged;
	}
	*need_rmap_locks = merged->vm_pgoff <= vma->vm_pgoff;
	return merged;
}
