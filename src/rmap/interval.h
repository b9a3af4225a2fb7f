/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_RMAP_INTERVAL_H
#define VMSIM_RMAP_INTERVAL_H

#include <linux/kernel.h>
#include <bsd/sys/tree.h>

/*
 * A tree of intervals [START(node), LAST(node)] that finds all that overlap a given one. It is a
 * red-black tree ordered by START, in which each node knows the highest LAST of its subtree.
 *
 * name: prefix of what is made here; tree, type, field: as for RB_GENERATE(); top: the member that
 * holds the highest LAST. The including file must define RB_AUGMENT(node) as name##_refresh(node)
 * after all its #include lines.
 */
#define VMSIM_INTERVAL_TREE(name, tree, type, field, top, START, LAST)			\
static void name##_refresh(struct type *node)						\
{											\
	struct type *left = RB_LEFT(node, field), *right = RB_RIGHT(node, field);	\
	unsigned long highest = LAST(node);						\
											\
	if (left && left->top > highest)						\
		highest = left->top;							\
	if (right && right->top > highest)						\
		highest = right->top;							\
	node->top = highest;								\
}											\
											\
/*											\
 * Of equal starts the one that came last is the last. mremap() counts on it: a walk	\
 * that meets the old mapping first misses no page that moves to the new one meanwhile.	\
 */											\
static int name##_compare(const struct type *added, const struct type *there)		\
{											\
	return START(added) < START(there) ? -1 : 1;					\
}											\
											\
RB_GENERATE_INTERNAL(tree, type, field, name##_compare, static __maybe_unused)		\
											\
static void name##_refresh_up(struct type *node)					\
{											\
	for (; node; node = RB_PARENT(node, field))					\
		name##_refresh(node);							\
}											\
											\
static void name##_add(struct tree *root, struct type *node)				\
{											\
	node->top = LAST(node);								\
	RB_INSERT(tree, root, node);							\
	name##_refresh_up(node);							\
}											\
											\
static void name##_del(struct tree *root, struct type *node)				\
{											\
	struct type *above = RB_PARENT(node, field);					\
											\
	/* With two children the macro itself refreshes from the successor's place up. */ \
	RB_REMOVE(tree, root, node);							\
	name##_refresh_up(above);							\
}											\
											\
/*											\
 * The first node in order, at or below @node, that ends at @start or later, if it also	\
 * begins at @last or before. If it does not, no node after it does.			\
 */											\
static struct type *name##_leftmost(struct type *node, unsigned long start, unsigned long last) \
{											\
	while (node && node->top >= start) {						\
		struct type *left = RB_LEFT(node, field);				\
											\
		if (left && left->top >= start) {					\
			node = left;							\
			continue;							\
		}									\
		if (START(node) > last)							\
			break;								\
		if (LAST(node) >= start)						\
			return node;							\
		node = RB_RIGHT(node, field);						\
	}										\
	return NULL;									\
}											\
											\
static struct type *name##_after(struct type *node, unsigned long start, unsigned long last) \
{											\
	struct type *found = name##_leftmost(RB_RIGHT(node, field), start, last);	\
											\
	while (!found && RB_PARENT(node, field)) {					\
		struct type *above = RB_PARENT(node, field);				\
		bool was_left = node == RB_LEFT(above, field);				\
											\
		node = above;								\
		if (!was_left)								\
			continue;							\
		if (START(node) > last)							\
			break;								\
		if (LAST(node) >= start)						\
			return node;							\
		found = name##_leftmost(RB_RIGHT(node, field), start, last);		\
	}										\
	return found;									\
}

#endif
