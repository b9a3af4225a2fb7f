// SPDX-License-Identifier: GPL-2.0-only
#include "rmap/internal.h"
#include <linux/ksm.h>

/*
 * From a folio to every VMA that may map it. Locks: the folio lock for a file's folio, so that its
 * mapping stays; i_mmap_rwsem or the anon_vma's rwsem, so that the VMAs do.
 */

/* Shows one VMA to the user of the walk. False: the walk is over. */
bool vmsim_rmap_visit(struct folio *folio, struct rmap_walk_control *rwc,
		      struct vm_area_struct *vma, unsigned long address)
{
	cond_resched();
	if (rwc->invalid_vma && rwc->invalid_vma(vma, rwc->arg))
		return true;
	if (!rwc->rmap_one(folio, vma, address, rwc->arg))
		return false;
	return !(rwc->done && rwc->done(folio));
}

static bool visit(struct folio *folio, struct rmap_walk_control *rwc, struct vm_area_struct *vma)
{
	unsigned long address = vma_address(vma, folio_pgoff(folio), folio_nr_pages(folio));

	VM_BUG_ON_VMA(address == (unsigned long)-EFAULT, vma);
	return vmsim_rmap_visit(folio, rwc, vma, address);
}

/* Takes @sem for reading; false where the walk must not wait and would have to. */
bool vmsim_rmap_lock(struct rmap_walk_control *rwc, struct rw_semaphore *sem)
{
	if (down_read_trylock(sem))
		return true;
	if (rwc->try_lock) {
		rwc->contended = true;
		return false;
	}
	down_read(sem);
	return true;
}

static struct anon_vma *walk_lock_anon(struct folio *folio, struct rmap_walk_control *rwc)
{
	struct anon_vma *anon_vma;

	if (rwc->anon_lock)
		return rwc->anon_lock(folio, rwc);
	/* The caller has seen to it that the anon_vma stays. */
	anon_vma = folio_anon_vma(folio);
	return anon_vma && vmsim_rmap_lock(rwc, &anon_vma->root->rwsem) ? anon_vma : NULL;
}

static void visit_anon(struct folio *folio, struct rmap_walk_control *rwc,
		       struct anon_vma *anon_vma)
{
	pgoff_t first = folio_pgoff(folio), last = first + folio_nr_pages(folio) - 1;
	struct anon_vma_chain *avc;

	anon_vma_interval_tree_foreach(avc, &anon_vma->rb_root, first, last)
		if (!visit(folio, rwc, avc->vma))
			break;
}

static void visit_file(struct folio *folio, struct rmap_walk_control *rwc,
		       struct address_space *mapping)
{
	pgoff_t first = folio_pgoff(folio), last = first + folio_nr_pages(folio) - 1;
	struct vm_area_struct *vma;

	vma_interval_tree_foreach(vma, &mapping->i_mmap, first, last)
		if (!visit(folio, rwc, vma))
			break;
}

static void walk_anon(struct folio *folio, struct rmap_walk_control *rwc)
{
	struct anon_vma *anon_vma = walk_lock_anon(folio, rwc);

	if (!anon_vma)
		return;
	visit_anon(folio, rwc, anon_vma);
	anon_vma_unlock_read(anon_vma);
}

static void walk_file(struct folio *folio, struct rmap_walk_control *rwc)
{
	struct address_space *mapping = folio_mapping(folio);

	VM_BUG_ON_FOLIO(!folio_test_locked(folio), folio);
	if (!mapping || !vmsim_rmap_lock(rwc, &mapping->i_mmap_rwsem))
		return;
	visit_file(folio, rwc, mapping);
	i_mmap_unlock_read(mapping);
}

/**
 * rmap_walk() - calls a function for every VMA that may map a folio
 * @folio: folio; locked if it is a file's, or of KSM
 * @rwc: what to call, when to stop, how to lock
 *
 * Source: Linux 6.12, mm/rmap.c.
 */
__vmsim_overridable void rmap_walk(struct folio *folio, struct rmap_walk_control *rwc)
{
	if (unlikely(folio_test_ksm(folio)))
		rmap_walk_ksm(folio, rwc);
	else if (folio_test_anon(folio))
		walk_anon(folio, rwc);
	else
		walk_file(folio, rwc);
}

/** rmap_walk_locked() - rmap_walk() for a caller that holds the lock over the VMAs; not of KSM */
__vmsim_overridable void rmap_walk_locked(struct folio *folio, struct rmap_walk_control *rwc)
{
	VM_BUG_ON_FOLIO(folio_test_ksm(folio), folio);
	if (folio_test_anon(folio)) {
		VM_BUG_ON_FOLIO(!folio_anon_vma(folio), folio);
		visit_anon(folio, rwc, folio_anon_vma(folio));
	} else if (folio_mapping(folio)) {
		visit_file(folio, rwc, folio_mapping(folio));
	}
}
