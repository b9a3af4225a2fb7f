// SPDX-License-Identifier: GPL-2.0-only
#include <linux/rmap.h>
#include <linux/interval_tree_generic.h>

/*
 * All mappings of one file (address_space->i_mmap, under i_mmap_rwsem), and all VMAs of one
 * anon_vma (under the rwsem of its root), by page offset. A VMA's range must not change while it is
 * in them. Behaviour of mm/interval_tree.c, Linux 6.12.
 */

static unsigned long first_pgoff(const struct vm_area_struct *vma)
{
	return vma->vm_pgoff;
}

static unsigned long last_pgoff(const struct vm_area_struct *vma)
{
	return vma->vm_pgoff + vma_pages(vma) - 1;
}

#define AVC_FIRST(avc) first_pgoff((avc)->vma)
#define AVC_LAST(avc) last_pgoff((avc)->vma)

INTERVAL_TREE_DEFINE(struct vm_area_struct, shared.rb, unsigned long, shared.rb_subtree_last,
		     first_pgoff, last_pgoff, __vmsim_overridable, vma_interval_tree)
INTERVAL_TREE_DEFINE(struct anon_vma_chain, rb, unsigned long, rb_subtree_last, AVC_FIRST,
		     AVC_LAST, __vmsim_overridable, anon_vma_interval_tree)

/**
 * vma_interval_tree_insert_after() - makes a copy of a mapping visible to walks of its file
 * @node: the copy
 * @prev: the mapping, with the same page offsets; walks meet it right before @node
 * @root: the file's tree
 *
 * Context: i_mmap_rwsem held for writing.
 */
__vmsim_overridable void vma_interval_tree_insert_after(struct vm_area_struct *node,
							struct vm_area_struct *prev,
							struct rb_root_cached *root)
{
	struct rb_node *above = &prev->shared.rb, **place = &above->rb_right;

	VM_BUG_ON_VMA(node->vm_pgoff != prev->vm_pgoff || last_pgoff(node) != last_pgoff(prev),
		      node);
	for (; *place; place = &above->rb_left)
		above = *place;
	node->shared.rb_subtree_last = last_pgoff(node);
	rb_link_node(&node->shared.rb, above, place);
	/* Up to where the value is high enough already: at @prev, if not before. */
	vma_interval_tree_augment.propagate(above, NULL);
	rb_insert_augmented(&node->shared.rb, &root->rb_root, &vma_interval_tree_augment);
}
