/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_RBTREE_TYPES_H
#define _VMSIM_LINUX_RBTREE_TYPES_H

#include <linux/types.h>

/**
 * struct rb_node - what an object has for each red-black tree that it may be in
 * @rb_left, @rb_right: the children; kernel code reads them
 * @__rb_parent: see rb_parent()
 * @__rb_color: only src/rmap/rbtree.c knows what it means
 */
struct rb_node {
	struct rb_node *rb_left;
	struct rb_node *rb_right;
	struct rb_node *__rb_parent;
	int __rb_color;
};

struct rb_root {
	struct rb_node *rb_node;
};

/* A tree that knows its first node. */
struct rb_root_cached {
	struct rb_root rb_root;
	struct rb_node *rb_leftmost;
};

#define RB_ROOT_CACHED ((struct rb_root_cached){ { NULL }, NULL })

#endif
