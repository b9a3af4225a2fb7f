// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

/* Override, a mutation: the child's address space is forgotten, with what it has got so far. */

struct mm_struct *dup_mm(struct task_struct *tsk, struct mm_struct *oldmm)
{
	struct mm_struct *mm = mm_alloc();

	(void)tsk;
	return mm && !dup_mmap(mm, oldmm) ? mm : NULL;
}
