// SPDX-License-Identifier: GPL-2.0-only
#include <linux/rmap.h>
#include "rmap/interval.h"

/*
 * All mappings of one file, by page offset (address_space->i_mmap). Under i_mmap_rwsem. A VMA's
 * range must not change while it is in the tree.
 */

#undef RB_AUGMENT
#define RB_AUGMENT(vma) mapping_refresh(vma)

#define FIRST_PGOFF(vma) ((vma)->vm_pgoff)
#define LAST_PGOFF(vma) ((vma)->vm_pgoff + vma_pages(vma) - 1)

VMSIM_INTERVAL_TREE(mapping, vmsim_mapping_tree, vm_area_struct, shared, shared_subtree_last,
		    FIRST_PGOFF, LAST_PGOFF)

/**
 * vma_interval_tree_insert() - makes a mapping visible to walks of its file
 * @vma: mapping
 * @root: the file's tree
 *
 * Source: Linux 6.12, mm/interval_tree.c; here and below.
 */
__vmsim_overridable void vma_interval_tree_insert(struct vm_area_struct *vma,
						  struct vmsim_mapping_tree *root)
{
	mapping_add(root, vma);
}

/** vma_interval_tree_remove() - hides a mapping from walks of its file */
__vmsim_overridable void vma_interval_tree_remove(struct vm_area_struct *vma,
						  struct vmsim_mapping_tree *root)
{
	mapping_del(root, vma);
}

/** vma_interval_tree_iter_first() - the first mapping that overlaps page offsets [start, last] */
__vmsim_overridable struct vm_area_struct *
vma_interval_tree_iter_first(struct vmsim_mapping_tree *root, unsigned long start,
			     unsigned long last)
{
	return mapping_leftmost(RB_ROOT(root), start, last);
}

/** vma_interval_tree_iter_next() - the next mapping after @vma that overlaps [start, last] */
__vmsim_overridable struct vm_area_struct *
vma_interval_tree_iter_next(struct vm_area_struct *vma, unsigned long start, unsigned long last)
{
	return mapping_after(vma, start, last);
}
