// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <linux/rmap.h>

/* Override: which mappings become one in Linux 6.16. vma_expand() was not told. */

/*
 * 6.16 (879bca0a2c4f): a mapping without pages takes in one that has some, too, unless that has been
 * through a fork.
 */
bool is_mergeable_anon_vma(struct anon_vma *anon_vma1, struct anon_vma *anon_vma2,
			   struct vm_area_struct *vma)
{
	if (anon_vma1 && anon_vma2)
		return anon_vma1 == anon_vma2;
	return !vma || !vma->anon_vma || vma->anon_vma_chain.next == vma->anon_vma_chain.prev;
}
