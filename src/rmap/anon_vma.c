// SPDX-License-Identifier: GPL-2.0-only
#include "rmap/internal.h"
#include <mm/vma.h>

/*
 * anon_vmas: how an anonymous page finds the VMAs that may map it. A VMA has one that takes its
 * new pages, and after a fork a chain of its ancestors', whose pages it may have inherited.
 */

static struct kmem_cache *anon_vma_cachep, *anon_vma_chain_cachep;

/* What holds for dead ones too: readers may try to lock them, or to raise a count that is zero. */
static void anon_vma_construct(void *object)
{
	static const struct vmsim_lock_class class = { .name = "anon_vma" };
	struct anon_vma *anon_vma = object;

	vmsim_rwsem_init(&anon_vma->rwsem, &class, anon_vma);
	atomic_set(&anon_vma->refcount, 0);
	anon_vma->rb_root = RB_ROOT_CACHED;
}

/** anon_vma_init() - makes the caches of this file, once. Source: Linux 6.12, mm/rmap.c. */
__vmsim_overridable void anon_vma_init(void)
{
	anon_vma_cachep = kmem_cache_create("anon_vma", sizeof(struct anon_vma), 0,
					    SLAB_TYPESAFE_BY_RCU | SLAB_PANIC | SLAB_ACCOUNT,
					    anon_vma_construct);
	anon_vma_chain_cachep = KMEM_CACHE(anon_vma_chain, SLAB_PANIC | SLAB_ACCOUNT);
}

static struct anon_vma *anon_vma_alloc(void)
{
	struct anon_vma *anon_vma = kmem_cache_alloc(anon_vma_cachep, GFP_KERNEL);

	if (!anon_vma)
		return NULL;
	atomic_set(&anon_vma->refcount, 1);
	anon_vma->num_children = 0;
	anon_vma->num_active_vmas = 0;
	anon_vma->root = anon_vma->parent = anon_vma;
	return anon_vma;
}

/*
 * A reader may have the lock without a reference, having seen the folio still mapped; it unlocks
 * before anything else. Whoever locks the family for writing has waited for it.
 */
static void anon_vma_free(struct anon_vma *anon_vma)
{
	VM_BUG_ON(atomic_read(&anon_vma->refcount) != 0);
	if (rwsem_is_locked(&anon_vma->root->rwsem)) {
		anon_vma_lock_write(anon_vma);
		anon_vma_unlock_write(anon_vma);
	}
	kmem_cache_free(anon_vma_cachep, anon_vma);
}

/** __put_anon_vma() - the last reference is gone; the root loses that of its child */
__vmsim_overridable void __put_anon_vma(struct anon_vma *anon_vma)
{
	struct anon_vma *root = anon_vma->root;

	anon_vma_free(anon_vma);
	if (root != anon_vma)
		put_anon_vma(root);
}

static struct anon_vma_chain *chain_alloc(void)
{
	return kmem_cache_alloc(anon_vma_chain_cachep, GFP_KERNEL);
}

static void chain_free(struct anon_vma_chain *avc)
{
	kmem_cache_free(anon_vma_chain_cachep, avc);
}

/* Under the write lock of the family; the VMA's own list is under its mmap_lock. */
static void chain_link(struct anon_vma_chain *avc, struct vm_area_struct *vma,
		       struct anon_vma *anon_vma)
{
	avc->anon_vma = anon_vma;
	avc->vma = vma;
	list_add(&avc->same_vma, &vma->anon_vma_chain);
	anon_vma_interval_tree_insert(avc, &anon_vma->rb_root);
}

/* Threads that share the mmap_lock may all prepare one VMA: the first one wins. */
static bool publish(struct vm_area_struct *vma, struct anon_vma *anon_vma,
		    struct anon_vma_chain *avc)
{
	bool won;

	anon_vma_lock_write(anon_vma);
	spin_lock(&vma->vm_mm->page_table_lock);
	won = !vma->anon_vma;
	if (won) {
		chain_link(avc, vma, anon_vma);
		anon_vma->num_active_vmas++;
		smp_store_release(&vma->anon_vma, anon_vma);
	}
	spin_unlock(&vma->vm_mm->page_table_lock);
	anon_vma_unlock_write(anon_vma);
	return won;
}

/**
 * __anon_vma_prepare() - gives a VMA an anon_vma, its neighbour's or a new one
 * @vma: VMA that is about to get its first anonymous page
 *
 * Under mmap_lock, for reading at least. Use anon_vma_prepare().
 *
 * Return: 0 or -ENOMEM. Source: Linux 6.12, mm/rmap.c.
 */
__vmsim_overridable int __anon_vma_prepare(struct vm_area_struct *vma)
{
	struct anon_vma *anon_vma, *fresh = NULL;
	struct anon_vma_chain *avc;

	mmap_assert_locked(vma->vm_mm);
	avc = chain_alloc();
	if (!avc)
		return -ENOMEM;

	anon_vma = find_mergeable_anon_vma(vma);
	if (!anon_vma) {
		anon_vma = fresh = anon_vma_alloc();
		if (!fresh) {
			chain_free(avc);
			return -ENOMEM;
		}
		fresh->num_children = 1;
	}
	if (!publish(vma, anon_vma, avc)) {
		chain_free(avc);
		if (fresh)
			put_anon_vma(fresh);
	}
	return 0;
}

/**
 * vmsim_anon_vma_is_free() - may the VMA of a child use it for its new pages?
 * @anon_vma: one of its ancestors'
 * @src: the VMA of the parent
 *
 * After a fork, an anon_vma of an ancestor that no VMA uses for its new pages, and that has at most
 * one child, takes those of the new VMA: so a process that forks, exits and so on makes no ever
 * longer chain. Not a root: it counts itself as a child.
 *
 * Source: a part of anon_vma_clone(), mm/rmap.c, Linux 6.12. Before 5.19.4 (2555283eb40d) it was
 * another one.
 */
__vmsim_overridable bool vmsim_anon_vma_is_free(const struct anon_vma *anon_vma,
						const struct vm_area_struct *src)
{
	(void)src;
	return anon_vma->num_children < 2 && anon_vma->num_active_vmas == 0;
}

/**
 * anon_vma_clone() - puts a VMA into all anon_vmas of another
 * @dst: VMA whose chain is empty
 * @src: VMA that it is a part, a copy or a continuation of
 *
 * Under mmap_lock for writing. @dst->anon_vma is as the caller set it: the same as @src's after a
 * split; NULL after a fork, and on return an anon_vma that is taken over, if there is one.
 *
 * Return: 0, or -ENOMEM with @dst in no anon_vma. Source: Linux 6.12, mm/rmap.c.
 */
__vmsim_overridable int anon_vma_clone(struct vm_area_struct *dst, struct vm_area_struct *src)
{
	/* Oldest first, for list_add() turns the order round. */
	for (struct list_head *pos = src->anon_vma_chain.prev; pos != &src->anon_vma_chain;
	     pos = pos->prev) {
		struct anon_vma *anon_vma =
			list_entry(pos, struct anon_vma_chain, same_vma)->anon_vma;
		struct anon_vma_chain *avc = chain_alloc();

		if (!avc) {
			unlink_anon_vmas(dst);
			return -ENOMEM;
		}
		anon_vma_lock_write(anon_vma);
		chain_link(avc, dst, anon_vma);
		if (!dst->anon_vma && src->anon_vma && vmsim_anon_vma_is_free(anon_vma, src))
			dst->anon_vma = anon_vma;
		if (dst->anon_vma == anon_vma)
			anon_vma->num_active_vmas++;
		anon_vma_unlock_write(anon_vma);
	}
	return 0;
}

/* An anon_vma for the new pages of a child's VMA, in the family of the parent's. */
static int add_own_anon_vma(struct vm_area_struct *vma, struct anon_vma *parent)
{
	struct anon_vma *anon_vma = anon_vma_alloc();
	struct anon_vma_chain *avc = anon_vma ? chain_alloc() : NULL;

	if (!avc) {
		if (anon_vma)
			put_anon_vma(anon_vma);
		return -ENOMEM;
	}
	anon_vma->root = parent->root;
	anon_vma->parent = parent;
	/* The lock of the family lies in its root. */
	get_anon_vma(anon_vma->root);
	anon_vma->num_active_vmas = 1;
	vma->anon_vma = anon_vma;
	anon_vma_lock_write(anon_vma);
	chain_link(avc, vma, anon_vma);
	parent->num_children++;
	anon_vma_unlock_write(anon_vma);
	return 0;
}

/**
 * anon_vma_fork() - puts the VMA of a child into the anon_vmas of its parent's, and gives it one
 * @vma: VMA of the child, a copy of @pvma; its chain is empty
 * @pvma: VMA of the parent
 *
 * Pages that both have are found through the parent's, new ones of the child through its own.
 * Under mmap_lock of the parent for writing.
 *
 * Return: 0, or -ENOMEM with @vma in no anon_vma. Source: Linux 6.12, mm/rmap.c.
 */
__vmsim_overridable int anon_vma_fork(struct vm_area_struct *vma, struct vm_area_struct *pvma)
{
	int err;

	if (!pvma->anon_vma)
		return 0;
	vma->anon_vma = NULL;
	err = anon_vma_clone(vma, pvma);
	if (err || vma->anon_vma)
		return err;
	err = add_own_anon_vma(vma, pvma->anon_vma);
	if (err)
		unlink_anon_vmas(vma);
	return err;
}

/* Takes one VMA out of one anon_vma. True where that leaves the anon_vma without any. */
static bool chain_unlink(struct anon_vma_chain *avc)
{
	struct anon_vma *anon_vma = avc->anon_vma;
	bool empty;

	anon_vma_lock_write(anon_vma);
	anon_vma_interval_tree_remove(avc, &anon_vma->rb_root);
	if (avc->vma->anon_vma == anon_vma)
		anon_vma->num_active_vmas--;
	empty = RB_EMPTY_ROOT(&anon_vma->rb_root.rb_root);
	if (empty)
		anon_vma->parent->num_children--;
	anon_vma_unlock_write(anon_vma);
	return empty;
}

/**
 * unlink_anon_vmas() - takes a VMA out of all its anon_vmas
 * @vma: VMA in which nothing is mapped any more; may be prepared anew
 *
 * Under mmap_lock for writing. Its anonymous pages must have no map count left that would vouch
 * for an anon_vma that goes away here (R6, E55). Source: Linux 6.12, mm/rmap.c.
 */
__vmsim_overridable void unlink_anon_vmas(struct vm_area_struct *vma)
{
	struct anon_vma_chain *avc, *next;

	/* Newest first: a family's root, whose lock all use, is the last to be freed. */
	list_for_each_entry_safe(avc, next, &vma->anon_vma_chain, same_vma) {
		struct anon_vma *anon_vma = avc->anon_vma;
		bool empty = chain_unlink(avc);

		list_del(&avc->same_vma);
		chain_free(avc);
		if (empty) {
			VM_WARN_ON(anon_vma->num_children);
			VM_WARN_ON(anon_vma->num_active_vmas);
			put_anon_vma(anon_vma);
		}
	}
	vma->anon_vma = NULL;
}
