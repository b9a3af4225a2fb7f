// SPDX-License-Identifier: GPL-2.0-only
#include "machine/internal.h"
#include "order/order.h"
#include <linux/rcupdate.h>

/*
 * One RCU for the machine. A CPU is a reader while its thread is in a read section, or has
 * preemption or interrupts off; its rcu_state is odd then, and different the next time. Readers
 * cannot be switched away from their CPU, so the state is the CPU's. A grace period has passed when
 * every CPU that was a reader at its beginning has left that state.
 *
 * Not liburcu: its readers are threads in read sections, and know neither interrupts nor the
 * explorer, for which the end of a grace period is a decision (docs/dependencies.md).
 */

void vmsim_rcu_reader_enter(struct task_struct *task)
{
	struct vmsim_cpu *cpu = task->cpu;

	if (task->rcu_nesting++ != 0)
		return;
	/* An exchange, for its barrier: the state is seen before what the reader reads. */
	if (!vmsim_exploring(task->machine))
		__atomic_exchange_n(&cpu->rcu_state, cpu->rcu_state + 1, __ATOMIC_SEQ_CST);
	else
		__WRITE_ONCE(cpu->rcu_state, cpu->rcu_state + 1);
}

void vmsim_rcu_reader_exit(struct task_struct *task)
{
	struct vmsim_cpu *cpu = task->cpu;

	if (--task->rcu_nesting == 0)
		__atomic_store_n(&cpu->rcu_state, cpu->rcu_state + 1, __ATOMIC_RELEASE);
}

__vmsim_overridable void rcu_read_lock(void)
{
	struct task_struct *self = current;

	vmsim_settle();
	self->rcu_depth++;
	vmsim_rcu_reader_enter(self);
	vmsim_event(RCU_READ, self->rcu_depth, 0, 0);
}

__vmsim_overridable void rcu_read_unlock(void)
{
	struct task_struct *self = current;

	WARN_ON(self->rcu_depth <= 0);
	self->rcu_depth--;
	vmsim_rcu_reader_exit(self);
	vmsim_event(RCU_READ, self->rcu_depth, 0, 0);
}

__vmsim_overridable bool rcu_read_lock_held(void)
{
	return current->rcu_nesting > 0;
}

static void take_snapshot(struct vmsim_machine *m, u64 *snapshot)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (unsigned int i = 0; i < m->nr_cpus; i++)
		snapshot[i] = __atomic_load_n(&m->cpu[i].rcu_state, __ATOMIC_SEQ_CST);
}

static bool has_passed(struct vmsim_machine *m, const u64 *snapshot)
{
	for (unsigned int i = 0; i < m->nr_cpus; i++)
		if ((snapshot[i] & 1) &&
		    __atomic_load_n(&m->cpu[i].rcu_state, __ATOMIC_ACQUIRE) == snapshot[i])
			return false;
	return true;
}

struct grace {
	struct vmsim_machine *machine;
	u64 snapshot[VMSIM_MAX_CPUS];
};

static bool grace_over(const void *arg)
{
	const struct grace *grace = arg;

	return has_passed(grace->machine, grace->snapshot);
}

bool vmsim_rcu_is_grace(bool (*ready)(const void *arg))
{
	return ready == grace_over;
}

static u64 readers_left(struct vmsim_machine *m, const u64 *snapshot)
{
	u64 left = 0;

	for (unsigned int i = 0; i < m->nr_cpus; i++)
		if ((snapshot[i] & 1) && m->cpu[i].rcu_state == snapshot[i])
			left |= BIT_ULL(i);
	return left;
}

u64 vmsim_rcu_waits_for(struct vmsim_machine *machine, bool (*ready)(const void *arg),
			const void *arg)
{
	if (ready == grace_over)
		return readers_left(machine, ((const struct grace *)arg)->snapshot);
	/* Other waits for grace periods are for those of callbacks. */
	return arg == machine && machine->rcu.batch ? readers_left(machine, machine->rcu.snapshot)
						    : 0;
}

__vmsim_overridable void synchronize_rcu(void)
{
	struct grace grace = { .machine = vmsim_this_machine() };

	BUG_ON(current->rcu_nesting > 0);
	vmsim_settle();
	__atomic_fetch_add(&grace.machine->rcu.waiters, 1, __ATOMIC_RELAXED);
	take_snapshot(grace.machine, grace.snapshot);
	vmsim_wait_until(grace_over, &grace);
	vmsim_order_drain_all(grace.machine);
	__atomic_fetch_sub(&grace.machine->rcu.waiters, 1, __ATOMIC_RELAXED);
	vmsim_event(RCU_SYNC, 0, 0, 0);
}

void vmsim_rcu_init(struct vmsim_machine *machine)
{
	machine->rcu.waiting_tail = &machine->rcu.waiting;
}

/* Begins a grace period for what waits, if none is under way. */
static void advance(struct vmsim_machine *m)
{
	struct vmsim_rcu_state *rcu = &m->rcu;

	if (rcu->batch || !rcu->waiting)
		return;
	rcu->batch = rcu->waiting;
	rcu->waiting = NULL;
	rcu->waiting_tail = &rcu->waiting;
	take_snapshot(m, rcu->snapshot);
}

__vmsim_overridable void call_rcu(struct rcu_head *head, rcu_callback_t func)
{
	struct vmsim_rcu_state *rcu = &vmsim_this_machine()->rcu;

	head->func = func;
	head->next = NULL;
	vmsim_order_drain(vmsim_this_cpu());
	vmsim_raw_lock(&rcu->lock);
	*rcu->waiting_tail = head;
	rcu->waiting_tail = &head->next;
	__atomic_fetch_add(&rcu->pending, 1, __ATOMIC_RELAXED);
	advance(vmsim_this_machine());
	vmsim_raw_unlock(&rcu->lock);
	vmsim_event(RCU_CALL, (uintptr_t)head, 0, 0);
}

/* The callbacks whose grace period is over, taken off the lists; NULL if there are none. */
static struct rcu_head *take_ready(struct vmsim_machine *m)
{
	struct vmsim_rcu_state *rcu = &m->rcu;
	struct rcu_head *ready = NULL;

	vmsim_raw_lock(&rcu->lock);
	advance(m);
	if (rcu->batch && has_passed(m, rcu->snapshot)) {
		/* Every CPU has passed through a barrier meanwhile. */
		vmsim_order_drain_all(m);
		ready = rcu->batch;
		rcu->batch = NULL;
		advance(m);
	}
	vmsim_raw_unlock(&rcu->lock);
	return ready;
}

/* True if a callback could run now. For the explorer, which asks when it likes: nothing changes. */
bool vmsim_rcu_ready(struct vmsim_machine *machine)
{
	struct vmsim_rcu_state *rcu = &machine->rcu;

	if (!__READ_ONCE(rcu->pending))
		return false;
	return rcu->batch && has_passed(machine, rcu->snapshot);
}

/*
 * Of the numbers of readers only whether they are odd matters, and whether the grace period for
 * callbacks still waits for the CPU: where no other one has noted them.
 */
void vmsim_rcu_forget(struct vmsim_machine *machine)
{
	struct vmsim_rcu_state *rcu = &machine->rcu;
	u64 left = rcu->batch ? readers_left(machine, rcu->snapshot) : 0;

	if (rcu->waiters)
		return;
	for (unsigned int i = 0; i < machine->nr_cpus; i++) {
		machine->cpu[i].rcu_state &= 1;
		rcu->snapshot[i] = left >> i & 1;
	}
}

void vmsim_rcu_run_ready(struct vmsim_machine *machine)
{
	struct vmsim_rcu_state *rcu = &machine->rcu;
	struct rcu_head *head = take_ready(machine);

	if (!head)
		return;
	while (head) {
		struct rcu_head *next = head->next;

		vmsim_event(RCU_DONE, (uintptr_t)head, 0, 0);
		head->func(head);
		__atomic_fetch_sub(&rcu->pending, 1, __ATOMIC_ACQ_REL);
		head = next;
	}
}

static bool batch_can_run(const void *arg)
{
	struct vmsim_machine *m = (struct vmsim_machine *)arg;
	struct vmsim_rcu_state *rcu = &m->rcu;
	bool can;

	vmsim_raw_lock(&rcu->lock);
	advance(m);
	can = !rcu->batch || has_passed(m, rcu->snapshot);
	vmsim_raw_unlock(&rcu->lock);
	return can;
}

/* Returns when every callback queued before has run. */
__vmsim_overridable void rcu_barrier(void)
{
	struct vmsim_machine *m = vmsim_this_machine();

	BUG_ON(current->rcu_nesting > 0);
	while (__atomic_load_n(&m->rcu.pending, __ATOMIC_ACQUIRE)) {
		vmsim_wait_until(batch_can_run, m);
		vmsim_rcu_run_ready(m);
	}
}
