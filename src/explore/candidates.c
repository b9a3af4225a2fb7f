// SPDX-License-Identifier: GPL-2.0-only
#include "explore/candidates.h"
#include "order/order.h"

/*
 * What can happen next. Threads and CPUs are sets of bits, so that only their members are looked
 * at.
 */

static inline bool stores_outstanding(const struct vmsim_explorer *x)
{
	return unlikely(x->machine->order) && x->machine->order->outstanding;
}

/* More vCPU preemptions than this in one execution show nothing new. */
#define MAX_HV_PREEMPTIONS 2

bool actor_can_leave_cpu(const struct vmsim_actor *actor)
{
	const struct task_struct *task = actor->task;

	return actor_done(actor->explorer, actor->index) ||
	       (!task->preempt_count && !task->rcu_depth && !task->cpu->irq_off);
}

/* The thread that keeps @actor off their CPU, NULL if none does. */
struct vmsim_actor *actor_in_the_way(const struct vmsim_actor *actor)
{
	struct vmsim_actor *there = actor->cpu->curr ? actor->cpu->curr->actor : NULL;

	return there && there != actor && !actor_can_leave_cpu(there) ? there : NULL;
}

/* Those of @waiting who see that their condition holds. To look is no step of anybody's. */
static unsigned int come_true(const struct vmsim_explorer *x, unsigned int waiting)
{
	struct task_struct *self = vmsim_self;
	unsigned int ready = 0;

	for (unsigned int left = waiting; left; left &= left - 1) {
		const struct wait *wait = &x->threads.wait[__builtin_ctz(left)];
		struct task_struct *task = x->actor[__builtin_ctz(left)].task;
		const u64 *armed = vmsim_look_begin(task);

		vmsim_self = task;
		if (wait->ready(wait->arg))
			ready |= left & -left;
		vmsim_look_end(task, armed);
	}
	vmsim_self = self;
	return ready;
}

static bool has_cpu(const struct vmsim_actor *actor)
{
	if (vmsim_hv_away(&actor->cpu->hv_state))
		return false;
	return actor->cpu->curr == actor->task || !actor_in_the_way(actor);
}

/* Those of @actors that are kept off their CPUs. */
static unsigned int without_cpu(const struct vmsim_explorer *x, unsigned int actors)
{
	unsigned int without = 0;

	for (unsigned int left = actors; left; left &= left - 1)
		if (!has_cpu(&x->actor[__builtin_ctz(left)]))
			without |= left & -left;
	return without;
}

/* Those that others may keep off their CPUs. A thread for callbacks that rests keeps nobody off. */
static unsigned int competing(const struct vmsim_explorer *x)
{
	if (unlikely(x->machine->away))
		return ~0u;
	return x->at_rest & x->rcu_bit ? x->crowded_threads | (x->crowded & x->rcu_bit) :
					 x->crowded;
}

/* Those whose condition is worth a look. Most of the time, there are no callbacks. */
static unsigned int hopeful(const struct vmsim_explorer *x)
{
	unsigned int waiting = x->threads.waiting;

	return x->machine->rcu.pending ? waiting : waiting & ~x->rcu_bit;
}

/*
 * Threads that can go on. Those that let others go first do so unless there are no others; a store
 * that has not reached memory is one.
 */
static unsigned int runnable(const struct vmsim_explorer *x)
{
	const struct thread_states *threads = &x->threads;
	unsigned int actors = threads->live & ~threads->waiting;
	unsigned int waiting = hopeful(x);

	if (waiting)
		actors |= come_true(x, waiting);
	if (actors & competing(x))
		actors &= ~without_cpu(x, actors & competing(x));
	if (unlikely(threads->yielded) &&
	    (actors & ~threads->yielded || stores_outstanding(x)))
		actors &= ~threads->yielded;
	return actors;
}

static int add_drains(const struct vmsim_explorer *x, struct candidate *out)
{
	uint16_t id[MAX_DRAINS];
	unsigned int n = vmsim_order_drains(x->machine->order, id, MAX_DRAINS);

	for (unsigned int i = 0; i < n; i++)
		out[i] = (struct candidate) { 'd', id[i] };
	return (int)n;
}

/* CPUs that can take an interrupt. */
static u64 interruptible(const struct vmsim_machine *m)
{
	u64 cpus = m->mail & ~m->away;

	for (u64 left = cpus; left; left &= left - 1)
		if (m->cpu[__builtin_ctzll(left)].irq_off)
			cpus &= ~(left & -left);
	return cpus;
}

static int add_hypervisor(const struct vmsim_explorer *x, struct candidate *out)
{
	const struct vmsim_machine *m = x->machine;
	bool may_take = x->preempts && x->hv_preemptions < MAX_HV_PREEMPTIONS;
	int n = 0;

	for (unsigned int i = 0; i < m->nr_online; i++) {
		if (m->away >> i & 1)
			out[n++] = (struct candidate) { 'u', (uint16_t)i };
		else if (may_take)
			out[n++] = (struct candidate) { 'p', (uint16_t)i };
	}
	return n;
}

static int add_threads(unsigned int threads, struct candidate *out)
{
	int n = 0;

	for (unsigned int left = threads; left; left &= left - 1)
		out[n++] = (struct candidate) { 't', (uint16_t)__builtin_ctz(left) };
	return n;
}

static int add_interrupts(u64 cpus, struct candidate *out)
{
	int n = 0;

	for (u64 left = cpus; left; left &= left - 1)
		out[n++] = (struct candidate) { 'i', (uint16_t)__builtin_ctzll(left) };
	return n;
}

int candidates_find(const struct vmsim_explorer *x, struct candidate *out)
{
	int n = add_threads(runnable(x), out);

	n += add_interrupts(interruptible(x->machine), out + n);
	if (stores_outstanding(x))
		n += add_drains(x, out + n);
	if (x->preempts || x->machine->away)
		n += add_hypervisor(x, out + n);
	return n;
}

/* Until who lives or waits changes, or something to let in comes up. */
static bool lasts(const struct vmsim_explorer *x)
{
	const struct thread_states *threads = &x->threads;

	return !hopeful(x) && !threads->yielded &&
	       !(threads->live & ~threads->waiting & competing(x));
}

static int list(struct vmsim_explorer *x, unsigned int threads, u64 interrupts)
{
	x->relisted = true;
	x->listed.threads = threads;
	x->listed.interrupts = interrupts;
	x->listed.n = add_threads(threads, x->candidate);
	x->listed.n += add_interrupts(interrupts, x->candidate + x->listed.n);
	return x->listed.n;
}

/* There are other things that can happen. */
static int list_all(struct vmsim_explorer *x)
{
	x->relisted = true;
	x->listed = (struct listed) { 0 };
	return candidates_find(x, x->candidate);
}

int candidates_look(struct vmsim_explorer *x)
{
	const struct vmsim_machine *m = x->machine;
	unsigned int threads;
	u64 interrupts;

	if (unlikely(x->preempts | m->away | (uintptr_t)m->order))
		return list_all(x);
	threads = runnable(x);
	interrupts = m->mail ? interruptible(m) : 0;
	x->listed.live = x->threads.live;
	x->listed.waiting = x->threads.waiting;
	x->listed.lasts = !interrupts && lasts(x);
	if (threads == x->listed.threads && interrupts == x->listed.interrupts)
		return x->listed.n;
	return list(x, threads, interrupts);
}

bool can_go_on(const struct candidate *candidates, int n, int thread)
{
	for (int i = 0; i < n; i++)
		if (candidates[i].kind == 't' && candidates[i].id == thread)
			return true;
	return false;
}
