// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"

/* Takes the last CPU that has no thread: the first ones are the most likely to be attached to. */
static struct vmsim_cpu *claim_free_cpu(struct vmsim_machine *m)
{
	for (unsigned int id = m->nr_online; id-- > 0;) {
		struct vmsim_cpu *cpu = &m->cpu[id];
		struct task_struct *none = NULL;

		if (__atomic_compare_exchange_n(&cpu->curr, &none, &cpu->idle, false,
						__ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
			return cpu;
	}
	return NULL;
}

int vmsim_borrow_cpu(struct vmsim_machine *m, struct vmsim_borrowed *borrowed)
{
	borrowed->before = vmsim_self;
	borrowed->cpu = NULL;
	if (vmsim_self->machine != m) {
		borrowed->cpu = claim_free_cpu(m);
		if (!borrowed->cpu)
			return -EBUSY;
		vmsim_self = &borrowed->cpu->idle;
	}
	return vmsim_enter();
}

void vmsim_return_cpu(struct vmsim_borrowed *borrowed)
{
	vmsim_leave();
	if (!borrowed->cpu)
		return;
	vmsim_self = borrowed->before;
	__atomic_store_n(&borrowed->cpu->curr, NULL, __ATOMIC_RELEASE);
}
