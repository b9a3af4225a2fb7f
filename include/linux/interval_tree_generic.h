/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_INTERVAL_TREE_GENERIC_H
#define _VMSIM_LINUX_INTERVAL_TREE_GENERIC_H

#include <linux/rbtree_augmented.h>

/*
 * Makes a tree of intervals that finds all that overlap a given one: PREFIX_insert(), _remove(),
 * _iter_first() and _iter_next(). It is a red-black tree ordered by START, in which each node has
 * the highest LAST of its subtree.
 *
 * ITSTRUCT, ITRB: type of the nodes, and their struct rb_node; ITTYPE, ITSUBTREE: type and name of
 * the member that has the highest LAST; ITSTART(node), ITLAST(node): the interval, both ends in it;
 * ITSTATIC: what stands before each function.
 *
 * Of equal starts the one that came last is the last. mremap() counts on it: a walk that meets the
 * old mapping first misses no page that moves to the new one meanwhile.
 *
 * Source of the interface: include/linux/interval_tree_generic.h, Linux 6.12.
 */
#define INTERVAL_TREE_DEFINE(ITSTRUCT, ITRB, ITTYPE, ITSUBTREE, ITSTART, ITLAST, ITSTATIC,	\
			     ITPREFIX)								\
RB_DECLARE_CALLBACKS_MAX(static, ITPREFIX##_augment, ITSTRUCT, ITRB, ITTYPE, ITSUBTREE, ITLAST)	\
												\
ITSTATIC void ITPREFIX##_insert(ITSTRUCT *node, struct rb_root_cached *root)			\
{												\
	struct rb_node **place = &root->rb_root.rb_node, *above = NULL;				\
	ITTYPE start = ITSTART(node), last = ITLAST(node);					\
	bool first = true;									\
												\
	while (*place) {									\
		ITSTRUCT *at = rb_entry(*place, ITSTRUCT, ITRB);				\
		bool before = start < ITSTART(at);						\
												\
		if (at->ITSUBTREE < last)							\
			at->ITSUBTREE = last;							\
		above = *place;									\
		place = before ? &above->rb_left : &above->rb_right;				\
		first = first && before;							\
	}											\
	node->ITSUBTREE = last;									\
	rb_link_node(&node->ITRB, above, place);						\
	rb_insert_augmented_cached(&node->ITRB, root, first, &ITPREFIX##_augment);		\
}												\
												\
ITSTATIC void ITPREFIX##_remove(ITSTRUCT *node, struct rb_root_cached *root)			\
{												\
	rb_erase_augmented_cached(&node->ITRB, root, &ITPREFIX##_augment);			\
}												\
												\
/*												\
 * The first node in order, at or below @rb, that ends at @start or later, if it also begins	\
 * at @last or before. If it does not, no node after it does.					\
 */												\
static ITSTRUCT *ITPREFIX##_leftmost(struct rb_node *rb, ITTYPE start, ITTYPE last)		\
{												\
	while (rb && rb_entry(rb, ITSTRUCT, ITRB)->ITSUBTREE >= start) {			\
		ITSTRUCT *node = rb_entry(rb, ITSTRUCT, ITRB);					\
												\
		if (rb->rb_left &&								\
		    rb_entry(rb->rb_left, ITSTRUCT, ITRB)->ITSUBTREE >= start) {		\
			rb = rb->rb_left;							\
			continue;								\
		}										\
		if (ITSTART(node) > last)							\
			break;									\
		if (ITLAST(node) >= start)							\
			return node;								\
		rb = rb->rb_right;								\
	}											\
	return NULL;										\
}												\
												\
ITSTATIC ITSTRUCT *ITPREFIX##_iter_first(struct rb_root_cached *root, ITTYPE start, ITTYPE last) \
{												\
	return ITPREFIX##_leftmost(root->rb_root.rb_node, start, last);				\
}												\
												\
ITSTATIC ITSTRUCT *ITPREFIX##_iter_next(ITSTRUCT *node, ITTYPE start, ITTYPE last)		\
{												\
	struct rb_node *rb = &node->ITRB, *above;						\
	ITSTRUCT *found = ITPREFIX##_leftmost(rb->rb_right, start, last);			\
												\
	for (; !found && (above = rb_parent(rb)) != NULL; rb = above) {				\
		if (rb != above->rb_left)							\
			continue;								\
		node = rb_entry(above, ITSTRUCT, ITRB);						\
		if (ITSTART(node) > last)							\
			break;									\
		if (ITLAST(node) >= start)							\
			return node;								\
		found = ITPREFIX##_leftmost(above->rb_right, start, last);			\
	}											\
	return found;										\
}

#endif
