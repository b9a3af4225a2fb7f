// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

/* Override: the parent's entry is write-protected, the child's copy of it is not (A02). */

void __copy_present_ptes(struct vm_area_struct *dst_vma, struct vm_area_struct *src_vma,
			 pte_t *dst_pte, pte_t *src_pte, pte_t pte, unsigned long addr, int nr)
{
	if (is_cow_mapping(src_vma->vm_flags) && pte_write(pte))
		wrprotect_ptes(src_vma->vm_mm, addr, src_pte, (unsigned int)nr);
	if (src_vma->vm_flags & VM_SHARED)
		pte = pte_mkclean(pte);
	set_ptes(dst_vma->vm_mm, addr, dst_pte, pte_mkold(pte), (unsigned int)nr);
}
