// SPDX-License-Identifier: GPL-2.0-only
#include <linux/rmap.h>
#include "rmap/interval.h"

/* All VMAs of one anon_vma, by page offset. Under the rwsem of its root. */

#undef RB_AUGMENT
#define RB_AUGMENT(avc) chain_refresh(avc)

#define FIRST_PGOFF(avc) ((avc)->vma->vm_pgoff)
#define LAST_PGOFF(avc) ((avc)->vma->vm_pgoff + vma_pages((avc)->vma) - 1)

VMSIM_INTERVAL_TREE(chain, vmsim_anon_tree, anon_vma_chain, rb, rb_subtree_last,
		    FIRST_PGOFF, LAST_PGOFF)

/**
 * anon_vma_interval_tree_insert() - makes a VMA visible to walks of an anon_vma
 * @avc: link between the two
 * @root: the anon_vma's tree
 *
 * Source: Linux 6.12, mm/interval_tree.c; here and below.
 */
__vmsim_overridable void anon_vma_interval_tree_insert(struct anon_vma_chain *avc,
						       struct vmsim_anon_tree *root)
{
	chain_add(root, avc);
}

/** anon_vma_interval_tree_remove() - hides a VMA from walks of an anon_vma */
__vmsim_overridable void anon_vma_interval_tree_remove(struct anon_vma_chain *avc,
						       struct vmsim_anon_tree *root)
{
	chain_del(root, avc);
}

/** anon_vma_interval_tree_iter_first() - the first link whose VMA overlaps [start, last] */
__vmsim_overridable struct anon_vma_chain *
anon_vma_interval_tree_iter_first(struct vmsim_anon_tree *root, unsigned long start,
				  unsigned long last)
{
	return chain_leftmost(RB_ROOT(root), start, last);
}

/** anon_vma_interval_tree_iter_next() - the next link after @avc that overlaps [start, last] */
__vmsim_overridable struct anon_vma_chain *
anon_vma_interval_tree_iter_next(struct anon_vma_chain *avc, unsigned long start,
				 unsigned long last)
{
	return chain_after(avc, start, last);
}
