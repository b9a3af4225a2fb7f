// SPDX-License-Identifier: GPL-2.0-only
#include <linux/rbtree_augmented.h>
#include <bsd/sys/tree.h>

/*
 * The kernel's red-black trees over libbsd's macros. These want a member that has an element's
 * links, pointers to elements in it, and a head that knows the root; the head lives as long as a
 * change does, and carries the callbacks to where the macros say that an element has new children.
 */
struct element {
	struct rb_node links;
};

struct tree {
	struct element *rbh_root;
	const struct rb_augment_callbacks *augment;
};

#undef RB_LEFT
#undef RB_RIGHT
#undef RB_PARENT
#undef RB_COLOR
#undef RB_AUGMENT
#define RB_LEFT(elm, field) (*(struct element **)&(elm)->field.rb_left)
#define RB_RIGHT(elm, field) (*(struct element **)&(elm)->field.rb_right)
#define RB_PARENT(elm, field) (*(struct element **)&(elm)->field.__rb_parent)
#define RB_COLOR(elm, field) ((elm)->field.__rb_color)
#define RB_AUGMENT(elm) refresh(head, elm)

/* This one only: the callback ends at the parent. */
static void refresh(const struct tree *tree, struct element *element)
{
	if (tree->augment)
		tree->augment->propagate(&element->links, element->links.__rb_parent);
}

/* Callers find the place of a node themselves. */
static int no_order(const struct element *a, const struct element *b)
{
	(void)a, (void)b;
	return 0;
}

RB_GENERATE_INTERNAL(tree, element, links, no_order, static __maybe_unused)

static struct element *element_of(const struct rb_node *node)
{
	return (struct element *)node;
}

static struct rb_node *node_of(struct element *element)
{
	return (struct rb_node *)element;
}

static void insert(struct rb_node *node, struct rb_root *root,
		   const struct rb_augment_callbacks *augment)
{
	struct tree tree = { element_of(root->rb_node), augment };

	node->__rb_color = RB_RED;
	tree_RB_INSERT_COLOR(&tree, element_of(node));
	root->rb_node = node_of(tree.rbh_root);
}

static void erase(struct rb_node *node, struct rb_root *root,
		  const struct rb_augment_callbacks *augment)
{
	struct tree tree = { element_of(root->rb_node), augment };
	struct element *above = RB_PARENT(element_of(node), links);

	tree_RB_REMOVE(&tree, element_of(node));
	root->rb_node = node_of(tree.rbh_root);
	/*
	 * Of a node with two children the macro itself refreshes all above the place that became
	 * empty. Of others only the parent.
	 */
	for (; augment && above; above = RB_PARENT(above, links))
		refresh(&tree, above);
}

/**
 * rb_insert_color() - balances a tree after rb_link_node()
 * @node: the new node
 * @root: its tree
 *
 * Context: whatever keeps others from the tree. Source: lib/rbtree.c, Linux 6.12; here and below.
 */
__vmsim_overridable void rb_insert_color(struct rb_node *node, struct rb_root *root)
{
	insert(node, root, NULL);
}

/** rb_insert_augmented() - rb_insert_color() where nodes know something of those below */
__vmsim_overridable void rb_insert_augmented(struct rb_node *node, struct rb_root *root,
					     const struct rb_augment_callbacks *augment)
{
	insert(node, root, augment);
}

/** rb_erase() - takes a node out of its tree; what the node itself says is then undefined */
__vmsim_overridable void rb_erase(struct rb_node *node, struct rb_root *root)
{
	erase(node, root, NULL);
}

/** rb_erase_augmented() - rb_erase() where nodes know something of those below */
__vmsim_overridable void rb_erase_augmented(struct rb_node *node, struct rb_root *root,
					    const struct rb_augment_callbacks *augment)
{
	erase(node, root, augment);
}

/** rb_next() - the next node in order, or NULL */
__vmsim_overridable struct rb_node *rb_next(const struct rb_node *node)
{
	return RB_EMPTY_NODE(node) ? NULL : node_of(tree_RB_NEXT(element_of(node)));
}

/** rb_prev() - the node before in order, or NULL */
__vmsim_overridable struct rb_node *rb_prev(const struct rb_node *node)
{
	return RB_EMPTY_NODE(node) ? NULL : node_of(tree_RB_PREV(element_of(node)));
}

static struct rb_node *outermost(const struct rb_root *root, int side)
{
	struct tree tree = { element_of(root->rb_node), NULL };

	return node_of(tree_RB_MINMAX(&tree, side));
}

/** rb_first() - the first node in order, or NULL */
__vmsim_overridable struct rb_node *rb_first(const struct rb_root *root)
{
	return outermost(root, RB_NEGINF);
}

/** rb_last() - the last node in order, or NULL */
__vmsim_overridable struct rb_node *rb_last(const struct rb_root *root)
{
	return outermost(root, RB_INF);
}
