// SPDX-License-Identifier: GPL-2.0-only
#include "../move-ptes.h"

/*
 * Override: move_ptes() of Linux 4.9 to 4.19: dirty entries are flushed under their lock, so that
 * writeback finds them written or gone. The others are not (CVE-2018-18281; eb66ae030829 in 4.20).
 */

static bool is_dirty(pte_t pte)
{
	return pte_present(pte) && pte_dirty(pte);
}

int move_ptes(struct vm_area_struct *vma, pmd_t *old_pmd, unsigned long old_addr,
	      unsigned long old_end, struct vm_area_struct *new_vma, pmd_t *new_pmd,
	      unsigned long new_addr, bool need_rmap_locks)
{
	(void)new_vma;
	return move_ptes_then_flush(vma, old_pmd, old_addr, old_end, new_pmd, new_addr,
				    need_rmap_locks, is_dirty);
}
