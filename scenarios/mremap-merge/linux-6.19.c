// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <linux/rmap.h>
#include <errno.h>

/*
 * Override: linux-6.16, and what takes the copy in gets its anon_vmas (61f67c230a5e). There, the
 * range says what it is a copy of; here, that has to be looked for.
 */

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

static struct vm_area_struct *source_of(const struct vma_merge_struct *vmg)
{
	struct vm_area_struct *vma = find_vma(vmg->mm, 0);

	while (vma && vma->anon_vma != vmg->anon_vma)
		vma = find_vma(vmg->mm, vma->vm_end);
	return vma;
}

int vma_expand(struct vma_merge_struct *vmg)
{
	struct vm_area_struct *next = vmg->next, *from = NULL, *dup;
	bool over_next = next && next != vmg->vma && vmg->end == next->vm_end;

	if (over_next && next->anon_vma)
		from = next;
	else if (vmg->anon_vma)
		from = source_of(vmg);
	if (from && dup_anon_vma(vmg->vma, from, &dup)) {
		vmg->state = VMA_MERGE_ERROR_NOMEM;
		return -ENOMEM;
	}
	return commit_merge(vmg, NULL, over_next ? next : NULL, NULL, 0, true);
}
