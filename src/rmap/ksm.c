// SPDX-License-Identifier: GPL-2.0-only
#include "rmap/internal.h"
#include "machine/internal.h"
#include <linux/ksm.h>
#include <linux/slab.h>

/*
 * From a page of KSM to the mappings that have it. They belong to any processes and may have it at
 * any offset: so the page has a node, in its mapping's place, and that has an item for each address
 * that was merged into it. An item holds an anon_vma, through which children are found that
 * inherited the address by a fork.
 *
 * A node outlives its page until somebody looks, as in mm/ksm.c, Linux 6.12. Nodes and items change
 * under the machine's ksm_lock; those of a page in use under its folio lock, too.
 */

struct vmsim_ksm_node {
	struct list_head list;		/* in the machine's */
	struct list_head items;
	struct folio *folio;
};

struct vmsim_ksm_item {
	struct list_head list;
	struct anon_vma *anon_vma;	/* with a reference */
	const struct mm_struct *mm;	/* only compared: it may be gone, and another one there */
	unsigned long address;
	struct vmsim_ksm_node *spare;	/* for a page that has none yet */
};

static struct vmsim_ksm_node *node_of(const struct folio *folio)
{
	return (void *)((unsigned long)READ_ONCE(folio->mapping) & ~PAGE_MAPPING_FLAGS);
}

static void set_node(struct folio *folio, struct vmsim_ksm_node *node)
{
	VM_WARN_ON_FOLIO(folio_test_anon(folio) && PageAnonExclusive(&folio->page), folio);
	WRITE_ONCE(folio->mapping, (void *)((unsigned long)node | PAGE_MAPPING_KSM));
}

void vmsim_ksm_begin(struct folio *folio)
{
	set_node(folio, NULL);
}

struct vmsim_ksm_item *vmsim_ksm_item_alloc(void)
{
	struct vmsim_ksm_item *item = kzalloc(sizeof(*item), GFP_KERNEL);

	if (!item)
		return NULL;
	item->spare = kzalloc(sizeof(*item->spare), GFP_KERNEL);
	if (item->spare)
		return item;
	kfree(item);
	return NULL;
}

void vmsim_ksm_item_free(struct vmsim_ksm_item *item)
{
	if (item->anon_vma)
		put_anon_vma(item->anon_vma);
	kfree(item->spare);
	kfree(item);
}

void vmsim_ksm_item_set(struct vmsim_ksm_item *item, const struct vm_area_struct *vma,
			unsigned long address)
{
	get_anon_vma(vma->anon_vma);
	item->anon_vma = vma->anon_vma;
	item->mm = vma->vm_mm;
	item->address = address;
}

/* The address may have been merged before, and written since. */
static bool has_item(const struct vmsim_ksm_node *node, const struct vmsim_ksm_item *item)
{
	const struct vmsim_ksm_item *other;

	list_for_each_entry(other, &node->items, list)
		if (other->anon_vma == item->anon_vma && other->address == item->address)
			return true;
	return false;
}

static struct vmsim_ksm_node *add_node(struct folio *folio, struct vmsim_ksm_node *node)
{
	INIT_LIST_HEAD(&node->items);
	node->folio = folio;
	list_add(&node->list, &vmsim_this_machine()->ksm_nodes);
	set_node(folio, node);
	return node;
}

void vmsim_ksm_append(struct folio *folio, struct vmsim_ksm_item *item)
{
	struct vmsim_ksm_node *node = node_of(folio);

	VM_BUG_ON_FOLIO(!folio_test_locked(folio) || !folio_test_ksm(folio), folio);
	if (!node) {
		node = add_node(folio, item->spare);
		item->spare = NULL;
	}
	if (has_item(node, item))
		vmsim_ksm_item_free(item);
	else
		list_add(&item->list, &node->items);
}

static void node_free(struct vmsim_ksm_node *node)
{
	struct vmsim_ksm_item *item, *next;

	list_for_each_entry_safe(item, next, &node->items, list)
		vmsim_ksm_item_free(item);
	list_del(&node->list);
	kfree(node);
}

/* Was the page freed? Its frame may be another one by now. */
static bool is_stale(const struct vmsim_ksm_node *node)
{
	return !folio_test_ksm(node->folio) || node_of(node->folio) != node;
}

void vmsim_ksm_prune(void)
{
	struct vmsim_ksm_node *node, *next;

	list_for_each_entry_safe(node, next, &vmsim_this_machine()->ksm_nodes, list)
		if (is_stale(node))
			node_free(node);
}

static bool is_wanted(const struct vmsim_ksm_item *item, const struct vm_area_struct *vma,
		      bool inherited)
{
	return item->address >= vma->vm_start && item->address < vma->vm_end &&
	       (item->mm != vma->vm_mm) == inherited;
}

/* Shows the mappings that have the item's address. False: the walk is over. */
static bool visit_item(struct folio *folio, struct rmap_walk_control *rwc,
		       const struct vmsim_ksm_item *item, bool inherited)
{
	struct anon_vma_chain *avc;
	bool more = true;

	if (!vmsim_rmap_lock(rwc, &item->anon_vma->root->rwsem))
		return false;
	anon_vma_interval_tree_foreach(avc, &item->anon_vma->rb_root, 0, ~0UL) {
		if (!is_wanted(item, avc->vma, inherited))
			continue;
		more = vmsim_rmap_visit(folio, rwc, avc->vma, item->address);
		if (!more)
			break;
	}
	anon_vma_unlock_read(item->anon_vma);
	return more;
}

/**
 * rmap_walk_ksm() - calls a function for every VMA that may map a page of KSM
 * @folio: the folio, locked
 * @rwc: what to call, when to stop, how to lock
 *
 * First those that were merged, then those that inherited an address by a fork: one that did and
 * was merged, too, is shown twice.
 * Source: mm/ksm.c, Linux 6.12.
 */
__vmsim_overridable void rmap_walk_ksm(struct folio *folio, struct rmap_walk_control *rwc)
{
	struct vmsim_ksm_node *node = node_of(folio);
	const struct vmsim_ksm_item *item;

	VM_BUG_ON_FOLIO(!folio_test_ksm(folio), folio);
	VM_BUG_ON_FOLIO(!folio_test_locked(folio), folio);
	for (int inherited = 0; node && inherited < 2; inherited++)
		list_for_each_entry(item, &node->items, list)
			if (!visit_item(folio, rwc, item, inherited))
				return;
}

/* Would such a walk find the address? Nobody is inside the library. */
bool vmsim_ksm_finds(const struct folio *folio, const struct vm_area_struct *vma,
		     unsigned long address)
{
	const struct vmsim_ksm_node *node = node_of(folio);
	const struct vmsim_ksm_item *item;
	struct anon_vma_chain *avc;

	if (!node)
		return false;
	list_for_each_entry(item, &node->items, list) {
		if (item->address != address)
			continue;
		anon_vma_interval_tree_foreach(avc, &item->anon_vma->rb_root, 0, ~0UL)
			if (avc->vma == vma)
				return true;
	}
	return false;
}
