// SPDX-License-Identifier: GPL-2.0-only
#include "../move-ptes.h"

/* Override: move_ptes() before Linux 4.9 (5d1904204c99): no entry is flushed under its lock. */

int move_ptes(struct vm_area_struct *vma, pmd_t *old_pmd, unsigned long old_addr,
	      unsigned long old_end, struct vm_area_struct *new_vma, pmd_t *new_pmd,
	      unsigned long new_addr, bool need_rmap_locks)
{
	(void)new_vma;
	return move_ptes_then_flush(vma, old_pmd, old_addr, old_end, new_pmd, new_addr,
				    need_rmap_locks, NULL);
}
