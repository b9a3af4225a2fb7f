// SPDX-License-Identifier: GPL-2.0-only
#include <linux/rmap.h>

/*
 * Override: before 2555283eb40d in Linux 6.0 there was one count of both, an anon_vma's children and
 * the mappings whose new pages it takes (its degree). Below two, it was thought, there can be no such
 * mapping. But who has taken one over makes no child of it.
 */

bool vmsim_anon_vma_is_free(const struct anon_vma *anon_vma, const struct vm_area_struct *src)
{
	unsigned long degree = anon_vma->num_children + anon_vma->num_active_vmas;

	return anon_vma != src->anon_vma && degree < 2;
}
