// SPDX-License-Identifier: GPL-2.0-only
#include "folio/folio.h"
#include <linux/memcontrol.h>
#include <linux/swap.h>
#include <mm/internal.h>

/*
 * Which folios reclaim may look at (mm/swap.c, Linux 6.12). There are no lists: of being on one
 * there is the flag, by which who takes a folio off keeps others away from it.
 */

struct lruvec *vmsim_lruvec(void)
{
	return &vmsim_this_machine()->lruvec;
}

void vmsim_lruvec_init(struct vmsim_machine *m)
{
	static const struct vmsim_lock_class class = { .name = "lruvec->lru_lock" };

	vmsim_spin_init(&m->lruvec.lru_lock, &class, NULL);
}

/**
 * folio_add_lru() - reclaim may look at a new folio
 * @folio: folio that nobody else knows yet
 */
__vmsim_overridable void folio_add_lru(struct folio *folio)
{
	if (vmsim_ordered())
		(void)vmsim_set_bit_unseen(PG_lru, &folio->flags, VMSIM_RMW_UNORDERED);
	else
		__WRITE_ONCE(folio->flags, folio->flags | BIT(PG_lru));
}

/**
 * folio_add_lru_vma() - the same, and tells of a mapping that mlock() keeps in memory
 * @folio: new folio
 * @vma: the first mapping of it
 *
 * Source: Linux 6.12, mm/swap.c.
 */
__vmsim_overridable void folio_add_lru_vma(struct folio *folio, struct vm_area_struct *vma)
{
	if (unlikely((vma->vm_flags & (VM_LOCKED | VM_SPECIAL)) == VM_LOCKED))
		mlock_new_folio(folio);
	else
		folio_add_lru(folio);
}

/** lru_add_drain() - what this CPU has put off is done now */
__vmsim_overridable void lru_add_drain(void)
{
	mlock_drain_local();
}
