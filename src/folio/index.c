// SPDX-License-Identifier: GPL-2.0-only
#include "folio/folio.h"
#include <linux/slab.h>

/*
 * A sparse array of words: a tree of nodes with 64 places each, as high as the highest index in
 * it needs. Nodes are only added while the array lives, so that readers need no lock; a new root
 * has the old one in its first place.
 */

#define NODE_SHIFT 6
#define NODE_SLOTS (1u << NODE_SHIFT)

/* @shift: how far an index is shifted right to give a place in this node; 0 = words. */
struct vmsim_index_node {
	unsigned int shift;
	unsigned long slot[NODE_SLOTS];
};

static unsigned long *place(struct vmsim_index_node *node, pgoff_t at)
{
	return &node->slot[(at >> node->shift) % NODE_SLOTS];
}

/* False: @at lies beyond what a tree with this root can hold. */
static bool reaches(const struct vmsim_index_node *root, pgoff_t at)
{
	return at >> root->shift < NODE_SLOTS;
}

/* A disk has them, too: no exploration wants to see it without. */
static struct vmsim_index_node *node_new(unsigned int shift)
{
	struct vmsim_index_node *node = kzalloc(sizeof(*node), GFP_NOWAIT | __GFP_NOFAIL);

	if (node)
		node->shift = shift;
	return node;
}

static struct vmsim_index_node *child(struct vmsim_index_node *node, pgoff_t at)
{
	return (struct vmsim_index_node *)__atomic_load_n(place(node, at), __ATOMIC_ACQUIRE);
}

/* Changes are told of by CACHE_ADD and CACHE_REMOVE, looks by READ of the index as a whole. */
static unsigned long looked(const struct vmsim_index *index, unsigned long value)
{
	vmsim_event(READ, (uintptr_t)index, value, sizeof(value));
	(void)index;
	return value;
}

unsigned long vmsim_index_load(const struct vmsim_index *index, pgoff_t at)
{
	struct vmsim_index_node *node = __atomic_load_n(&index->root, __ATOMIC_ACQUIRE);

	if (!node || !reaches(node, at))
		return looked(index, 0);
	while (node && node->shift)
		node = child(node, at);
	return looked(index, node ? __atomic_load_n(place(node, at), __ATOMIC_ACQUIRE) : 0);
}

/* Puts roots on top until the tree reaches @at. */
static struct vmsim_index_node *grow(struct vmsim_index *index, pgoff_t at)
{
	struct vmsim_index_node *root = index->root;

	if (!root) {
		root = node_new(0);
		if (root)
			__atomic_store_n(&index->root, root, __ATOMIC_RELEASE);
	}
	while (root && !reaches(root, at)) {
		struct vmsim_index_node *above = node_new(root->shift + NODE_SHIFT);

		if (above) {
			above->slot[0] = (unsigned long)root;
			__atomic_store_n(&index->root, above, __ATOMIC_RELEASE);
		}
		root = above;
	}
	return root;
}

static struct vmsim_index_node *descend(struct vmsim_index_node *node, pgoff_t at)
{
	struct vmsim_index_node *below = child(node, at);

	if (below)
		return below;
	below = node_new(node->shift - NODE_SHIFT);
	if (below)
		__atomic_store_n(place(node, at), (unsigned long)below, __ATOMIC_RELEASE);
	return below;
}

unsigned long *vmsim_index_slot(struct vmsim_index *index, pgoff_t at)
{
	struct vmsim_index_node *node = grow(index, at);

	while (node && node->shift)
		node = descend(node, at);
	return node ? place(node, at) : NULL;
}

/* The lowest node on the way to @at that exists: its words, or a gap of its children's size. */
static unsigned long load_or_gap(const struct vmsim_index *index, pgoff_t at, pgoff_t *gap)
{
	struct vmsim_index_node *node = __atomic_load_n(&index->root, __ATOMIC_ACQUIRE);
	unsigned long value;

	*gap = 0;
	if (!node || !reaches(node, at))
		return 0;
	for (;;) {
		value = __atomic_load_n(place(node, at), __ATOMIC_ACQUIRE);
		*gap = BIT(node->shift);
		if (!value || !node->shift)
			return value;
		node = (struct vmsim_index_node *)value;
	}
}

unsigned long vmsim_index_next(const struct vmsim_index *index, pgoff_t *at, pgoff_t last)
{
	pgoff_t i = *at;

	while (i <= last) {
		pgoff_t gap;
		unsigned long value = load_or_gap(index, i, &gap);

		if (value) {
			*at = i;
			return looked(index, value);
		}
		/* No gap size: nothing is stored from here on. A wrap: nothing can be. */
		if (!gap || round_down(i, gap) + gap < i)
			break;
		i = round_down(i, gap) + gap;
	}
	return looked(index, 0);
}

static void free_tree(struct vmsim_index_node *node)
{
	for (unsigned int i = 0; i < NODE_SLOTS && node->shift; i++)
		if (node->slot[i])
			free_tree((struct vmsim_index_node *)node->slot[i]);
	kfree(node);
}

void vmsim_index_destroy(struct vmsim_index *index)
{
	if (index->root)
		free_tree(index->root);
	index->root = NULL;
}
