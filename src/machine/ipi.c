// SPDX-License-Identifier: GPL-2.0-only
#include "machine/internal.h"
#include "order/order.h"
#include <sched.h>

/*
 * Interrupts are calls in mailboxes, taken at safepoints: when a CPU enables interrupts, enters or
 * leaves the library, waits, or accesses memory. A CPU whose thread runs user code, or that has no
 * thread, is served by whoever waits for it: the state word of the CPU is the lock for that.
 */

void vmsim_ipi_take(struct vmsim_cpu *cpu)
{
	u64 senders = __atomic_exchange_n(&cpu->mailbox, 0, __ATOMIC_SEQ_CST);

	vmsim_set_cpu(cpu, &cpu->idle.machine->mail, false);

	while (senders) {
		unsigned int from = (unsigned int)__builtin_ctzll(senders);
		struct vmsim_ipi *ipi = cpu->calls[from];

		senders &= senders - 1;
		vmsim_event(IPI_RUN, cpu->id, (uintptr_t)ipi, 0);
		vmsim_order_interrupt(cpu, true);
		ipi->func(ipi->info);
		vmsim_order_interrupt(cpu, false);
		vmsim_event(IPI_DONE, cpu->id, (uintptr_t)ipi, 0);
		__atomic_fetch_sub(&ipi->unacked, 1, __ATOMIC_RELEASE);
	}
}

/* Runs what @cpu has to take, as that CPU. */
static void take_as(struct vmsim_cpu *cpu)
{
	struct task_struct *self = vmsim_self;

	vmsim_self = &cpu->idle;
	vmsim_ipi_take(cpu);
	vmsim_self = self;
}

/* The slow path of a safepoint. */
void vmsim_attend(void)
{
	struct task_struct *self = vmsim_self;
	struct vmsim_cpu *cpu = self->cpu;

	if (cpu->irq_off || self->actor || self == &cpu->idle)
		return;
	if (self->kernel_depth == 0) {
		vmsim_enter();
		vmsim_leave();
		return;
	}
	while (vmsim_hv_away(&cpu->hv_state))
		sched_yield();
	/* Cleared first: a sender that comes later sets it again. */
	__atomic_store_n(&cpu->attention, 0, __ATOMIC_SEQ_CST);
	vmsim_ipi_take(cpu);
}

static void post(struct vmsim_cpu *cpu, unsigned int from, struct vmsim_ipi *ipi)
{
	cpu->calls[from] = ipi;
	__atomic_fetch_or(&cpu->mailbox, BIT_ULL(from), __ATOMIC_SEQ_CST);
	vmsim_set_cpu(cpu, &cpu->idle.machine->mail, true);
	__atomic_store_n(&cpu->attention, 1, __ATOMIC_SEQ_CST);
}

/* Serves @cpu if its thread is outside the library, and if the hypervisor lets it run. */
static void try_proxy(struct vmsim_cpu *cpu)
{
	struct vmsim_machine *m = vmsim_this_machine();
	u32 outside = VMSIM_CPU_OUTSIDE;

	if (vmsim_hv_away(&cpu->hv_state))
		return;
	if (!__atomic_compare_exchange_n(&cpu->state, &outside, VMSIM_CPU_PROXIED, false,
					 __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
		return;
	__atomic_fetch_add(&m->stats.ipis_proxied, 1, __ATOMIC_RELAXED);
	take_as(cpu);
	__atomic_store_n(&cpu->state, VMSIM_CPU_OUTSIDE, __ATOMIC_RELEASE);
}

static bool all_acked(const void *arg)
{
	const struct vmsim_ipi *ipi = arg;

	return __atomic_load_n(&ipi->unacked, __ATOMIC_ACQUIRE) == 0;
}

static void wait_native(struct vmsim_ipi *ipi, u64 targets)
{
	struct vmsim_machine *m = vmsim_this_machine();

	for (unsigned int spins = 0; !all_acked(ipi); spins++) {
		for (u64 left = targets; left; left &= left - 1) {
			struct vmsim_cpu *cpu = &m->cpu[__builtin_ctzll(left)];

			if (__atomic_load_n(&cpu->mailbox, __ATOMIC_RELAXED))
				try_proxy(cpu);
		}
		vmsim_poll();
		if (spins > 64)
			sched_yield();
	}
}

/**
 * vmsim_ipi_send() - interrupts CPUs
 * @mask: which; the sender's own CPU is left out
 * @func: what they run, with interrupts off
 * @info: its argument
 * @wait: return only when all have run it. The call lives on the sender's stack, so there is no
 *        other way yet.
 *
 * Context: interrupts on, no spinlock that a handler takes. The sender takes interrupts itself
 * while it waits.
 */
void vmsim_ipi_send(const struct cpumask *mask, smp_call_func_t func, void *info, bool wait)
{
	struct task_struct *self = vmsim_self;
	struct vmsim_machine *m = self->machine;
	struct vmsim_ipi ipi = { .func = func, .info = info };
	u64 targets = __READ_ONCE(mask->bits[0]);

	(void)wait;
	WARN_ON(self->cpu->irq_off);
	vmsim_order_drain(self->cpu);
	targets &= ~BIT_ULL(self->cpu->id);
	if (m->nr_online < 64)
		targets &= BIT_ULL(m->nr_online) - 1;
	if (!targets)
		return;
	vmsim_settle();
	__atomic_store_n(&ipi.unacked, (u32)__builtin_popcountll(targets), __ATOMIC_RELAXED);
	__atomic_fetch_add(&m->stats.ipis, __builtin_popcountll(targets), __ATOMIC_RELAXED);
	for (u64 left = targets; left; left &= left - 1) {
		struct vmsim_cpu *cpu = &m->cpu[__builtin_ctzll(left)];

		post(cpu, self->cpu->id, &ipi);
		vmsim_event(IPI_SEND, cpu->id, (uintptr_t)&ipi, 0);
	}
	if (self->actor)
		vmsim_wait_until(all_acked, &ipi);
	else
		wait_native(&ipi, targets);
	vmsim_event(IPI_DONE, self->cpu->id, (uintptr_t)&ipi, 1);
}

__vmsim_overridable void smp_call_function_many(const struct cpumask *mask, smp_call_func_t func,
						void *info, bool wait)
{
	vmsim_ipi_send(mask, func, info, wait);
}

__vmsim_overridable void smp_call_function(smp_call_func_t func, void *info, int wait)
{
	struct cpumask everybody = { { ~0UL } };

	vmsim_ipi_send(&everybody, func, info, wait);
}

__vmsim_overridable unsigned int smp_processor_id(void)
{
	return current->cpu->id;
}
