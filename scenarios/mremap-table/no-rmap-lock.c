// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

/*
 * Override: whole tables move without the locks of the reverse map, as before 97113eb39fa7 in Linux
 * 5.14 where the new mapping comes after the old one in its order.
 */

void take_rmap_locks(struct vm_area_struct *vma)
{
	(void)vma;
}

void drop_rmap_locks(struct vm_area_struct *vma)
{
	(void)vma;
}
