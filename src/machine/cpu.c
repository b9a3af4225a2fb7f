// SPDX-License-Identifier: GPL-2.0-only
#include "machine/internal.h"
#include <errno.h>
#include <linux/irqflags.h>
#include <linux/preempt.h>

/*
 * While interrupts are off, the thread is inside the library: nobody serves its CPU meanwhile.
 */
__vmsim_overridable void local_irq_disable(void)
{
	struct vmsim_cpu *cpu = vmsim_this_cpu();

	if (cpu->irq_off)
		return;
	vmsim_settle();
	vmsim_enter();
	cpu->irq_off = true;
	vmsim_rcu_reader_enter(current);
	vmsim_event(IRQ, cpu->id, 0, 0);
}

__vmsim_overridable void local_irq_enable(void)
{
	struct vmsim_cpu *cpu = vmsim_this_cpu();

	if (!cpu->irq_off)
		return;
	vmsim_rcu_reader_exit(current);
	cpu->irq_off = false;
	vmsim_poll();
	vmsim_event(IRQ, cpu->id, 1, 0);
	vmsim_leave();
}

__vmsim_overridable bool irqs_disabled(void)
{
	return current->cpu->irq_off;
}

__vmsim_overridable void preempt_disable(void)
{
	struct task_struct *self = current;

	vmsim_settle();
	if (self->preempt_count++ == 0)
		vmsim_rcu_reader_enter(self);
}

__vmsim_overridable void preempt_enable(void)
{
	struct task_struct *self = current;

	WARN_ON(self->preempt_count <= 0);
	if (--self->preempt_count == 0)
		vmsim_rcu_reader_exit(self);
}

/** cpu_online() - does the machine have such a CPU? They do not come and go */
__vmsim_overridable bool cpu_online(unsigned int cpu)
{
	return cpu < vmsim_this_machine()->nr_online;
}

static struct vmsim_cpu *cpu_get(struct vmsim_machine *machine, unsigned int cpu, int *err)
{
	struct vmsim_machine *m = vmsim_machine_get(machine);

	*err = !m ? -EBADF : cpu >= m->nr_online ? -EINVAL : 0;
	return *err ? NULL : &m->cpu[cpu];
}

void vmsim_cpu_set_away(struct vmsim_cpu *cpu)
{
	__atomic_store_n(&cpu->hv_state, VMSIM_HV_AWAY, __ATOMIC_SEQ_CST);
	vmsim_set_cpu(cpu, &cpu->idle.machine->away, true);
	__atomic_store_n(&cpu->attention, 1, __ATOMIC_SEQ_CST);
}

void vmsim_cpu_set_running(struct vmsim_cpu *cpu)
{
	u32 was = __atomic_exchange_n(&cpu->hv_state, VMSIM_HV_COMING, __ATOMIC_SEQ_CST);

	if (was == VMSIM_HV_AWAY_FLUSH)
		vmsim_tlb_resume(cpu);
	__atomic_store_n(&cpu->hv_state, VMSIM_HV_RUNNING, __ATOMIC_SEQ_CST);
	vmsim_set_cpu(cpu, &cpu->idle.machine->away, false);
}

/**
 * vmsim_cpu_preempt() - the hypervisor takes a CPU away
 * @machine: the machine
 * @cpu: the CPU
 *
 * Its thread stops at its next safepoint. Interrupts for it stay pending; under
 * VMSIM_TLB_PV_DEFER flushes are put off to vmsim_cpu_resume().
 *
 * Return: 0; -EBADF; -EINVAL: no such CPU; -EALREADY.
 */
VMSIM_API int vmsim_cpu_preempt(struct vmsim_machine *machine, unsigned int cpu)
{
	struct vmsim_cpu *target;
	int err;

	target = cpu_get(machine, cpu, &err);
	if (err)
		return err;
	if (vmsim_hv_away(&target->hv_state))
		return -EALREADY;
	vmsim_cpu_set_away(target);
	return 0;
}

/**
 * vmsim_cpu_resume() - the hypervisor gives a CPU back
 * @machine: the machine
 * @cpu: the CPU
 *
 * Return: 0; -EBADF; -EINVAL: no such CPU; -EALREADY: it is not preempted.
 */
VMSIM_API int vmsim_cpu_resume(struct vmsim_machine *machine, unsigned int cpu)
{
	struct vmsim_cpu *target;
	int err;

	target = cpu_get(machine, cpu, &err);
	if (err)
		return err;
	if (!vmsim_hv_away(&target->hv_state))
		return -EALREADY;
	vmsim_cpu_set_running(target);
	return 0;
}
