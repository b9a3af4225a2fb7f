/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_RBTREE_H
#define _VMSIM_LINUX_RBTREE_H

#include <linux/kernel.h>
#include <linux/rbtree_types.h>

/*
 * Red-black trees with the kernel's interface (include/linux/rbtree.h, Linux 6.12); balanced by
 * libbsd's <bsd/sys/tree.h> (src/rmap/rbtree.c). The kernel's RB_ROOT is missing: libbsd has
 * another macro of this name.
 */
#define rb_parent(node) ((node)->__rb_parent)
#define rb_entry(ptr, type, member) container_of(ptr, type, member)
#define rb_entry_safe(ptr, type, member)					\
({										\
	typeof(ptr) __rb_ptr = (ptr);						\
	__rb_ptr ? rb_entry(__rb_ptr, type, member) : NULL;			\
})
#define RB_EMPTY_ROOT(root) (__READ_ONCE((root)->rb_node) == NULL)
/* A node that is in no tree is its own parent. */
#define RB_CLEAR_NODE(node) ((void)((node)->__rb_parent = (node)))
#define RB_EMPTY_NODE(node) ((node)->__rb_parent == (node))

__vmsim_export void rb_insert_color(struct rb_node *node, struct rb_root *root);
__vmsim_export void rb_erase(struct rb_node *node, struct rb_root *root);
__vmsim_export struct rb_node *rb_next(const struct rb_node *node);
__vmsim_export struct rb_node *rb_prev(const struct rb_node *node);
__vmsim_export struct rb_node *rb_first(const struct rb_root *root);
__vmsim_export struct rb_node *rb_last(const struct rb_root *root);

/* Hangs a node in where *@link is NULL; to be followed by rb_insert_color() or its like. */
static inline void rb_link_node(struct rb_node *node, struct rb_node *parent,
				struct rb_node **link)
{
	node->rb_left = node->rb_right = NULL;
	node->__rb_parent = parent;
	*link = node;
}

#define rb_first_cached(root) ((root)->rb_leftmost)

static inline void rb_insert_color_cached(struct rb_node *node, struct rb_root_cached *root,
					  bool leftmost)
{
	if (leftmost)
		root->rb_leftmost = node;
	rb_insert_color(node, &root->rb_root);
}

/* Returns the new first node if that is what changed. */
static inline struct rb_node *rb_erase_cached(struct rb_node *node, struct rb_root_cached *root)
{
	bool first = root->rb_leftmost == node;

	if (first)
		root->rb_leftmost = rb_next(node);
	rb_erase(node, &root->rb_root);
	return first ? root->rb_leftmost : NULL;
}

#endif
