/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_RBTREE_AUGMENTED_H
#define _VMSIM_LINUX_RBTREE_AUGMENTED_H

#include <linux/rbtree.h>

/**
 * struct rb_augment_callbacks - keep a value of each node that depends on all below it
 * @propagate: computes it anew for @node, its parent and so on, up to but without @stop; may end
 *	early where it finds the right value
 * @copy, @rotate: what the kernel's own balancing calls; ours asks @propagate, for a node at a time
 *
 * Source: include/linux/rbtree_augmented.h, Linux 6.12.
 */
struct rb_augment_callbacks {
	void (*propagate)(struct rb_node *node, struct rb_node *stop);
	void (*copy)(struct rb_node *old, struct rb_node *new);
	void (*rotate)(struct rb_node *old, struct rb_node *new);
};

/* The values above the place of @node are right already, as the caller's way down has made them. */
__vmsim_export void rb_insert_augmented(struct rb_node *node, struct rb_root *root,
					const struct rb_augment_callbacks *augment);
__vmsim_export void rb_erase_augmented(struct rb_node *node, struct rb_root *root,
				       const struct rb_augment_callbacks *augment);

/* Callbacks for a member that has the maximum of RBCOMPUTE(node) over a node and all below it. */
#define RB_DECLARE_CALLBACKS_MAX(RBSTATIC, RBNAME, RBSTRUCT, RBFIELD, RBTYPE, RBAUGMENTED,	\
				 RBCOMPUTE)							\
static void RBNAME##_propagate(struct rb_node *rb, struct rb_node *stop)			\
{												\
	for (; rb != stop; rb = rb_parent(rb)) {						\
		RBSTRUCT *node = rb_entry(rb, RBSTRUCT, RBFIELD);				\
		RBSTRUCT *left = rb_entry_safe(rb->rb_left, RBSTRUCT, RBFIELD);			\
		RBSTRUCT *right = rb_entry_safe(rb->rb_right, RBSTRUCT, RBFIELD);		\
		RBTYPE highest = RBCOMPUTE(node);						\
												\
		if (left && left->RBAUGMENTED > highest)					\
			highest = left->RBAUGMENTED;						\
		if (right && right->RBAUGMENTED > highest)					\
			highest = right->RBAUGMENTED;						\
		if (node->RBAUGMENTED == highest)						\
			break;									\
		node->RBAUGMENTED = highest;							\
	}											\
}												\
RBSTATIC const struct rb_augment_callbacks RBNAME = { .propagate = RBNAME##_propagate };

static inline void rb_insert_augmented_cached(struct rb_node *node, struct rb_root_cached *root,
					      bool leftmost,
					      const struct rb_augment_callbacks *augment)
{
	if (leftmost)
		root->rb_leftmost = node;
	rb_insert_augmented(node, &root->rb_root, augment);
}

static inline void rb_erase_augmented_cached(struct rb_node *node, struct rb_root_cached *root,
					     const struct rb_augment_callbacks *augment)
{
	if (root->rb_leftmost == node)
		root->rb_leftmost = rb_next(node);
	rb_erase_augmented(node, &root->rb_root, augment);
}

#endif
