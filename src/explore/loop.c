// SPDX-License-Identifier: GPL-2.0-only
#include "explore/session.h"
#include <stdlib.h>

/*
 * The decisions of one execution. They are taken in the context of the thread that raised the
 * event, and go straight from thread to thread; the main context runs only before and after.
 */

#define DECISIONS								\
	(VMSIM_EV_BIT(POINT) | VMSIM_EV_BIT(PTE_READ) | VMSIM_EV_BIT(PTE_SET) |	\
	 VMSIM_EV_BIT(TABLE_SET) | VMSIM_EV_BIT(LOCK) | VMSIM_EV_BIT(UNLOCK) |	\
	 VMSIM_EV_BIT(PTL_LOCK) | VMSIM_EV_BIT(PTL_RELEASED) | VMSIM_EV_BIT(REF) | \
	 VMSIM_EV_BIT(MAP_ADD) | VMSIM_EV_BIT(MAP_REMOVE) | VMSIM_EV_BIT(MAP_ZERO) | \
	 VMSIM_EV_BIT(FLAG) | VMSIM_EV_BIT(FOLIO_DIRTY) | VMSIM_EV_BIT(FOLIO_CLEAN) | \
	 VMSIM_EV_BIT(CACHE_ADD) | VMSIM_EV_BIT(CACHE_REMOVE) |			\
	 VMSIM_EV_BIT(STORE_READ) | VMSIM_EV_BIT(STORE_WRITE) |			\
	 VMSIM_EV_BIT(FLUSH_BEGIN) | VMSIM_EV_BIT(FLUSH_END) |			\
	 VMSIM_EV_BIT(FLUSH_PENDING) | VMSIM_EV_BIT(IPI_SEND) | VMSIM_EV_BIT(IRQ) | \
	 VMSIM_EV_BIT(LOAD) | VMSIM_EV_BIT(STORE) | VMSIM_EV_BIT(FAULT) |	\
	 VMSIM_EV_BIT(SYSCALL) | VMSIM_EV_BIT(SYSCALL_RET) | VMSIM_EV_BIT(ATOMIC) | \
	 VMSIM_EV_BIT(READ) | VMSIM_EV_BIT(WRITE) |				\
	 VMSIM_EV_BIT(RESCHED) | VMSIM_EV_BIT(RCU_CALL) | VMSIM_EV_BIT(RCU_READ))

/* Those of them at which something is left behind for others to find: what PCT aims at. */
#define MARKS									\
	(VMSIM_EV_BIT(POINT) | VMSIM_EV_BIT(PTE_SET) | VMSIM_EV_BIT(TABLE_SET) | \
	 VMSIM_EV_BIT(PTL_RELEASED) | VMSIM_EV_BIT(UNLOCK) | VMSIM_EV_BIT(MAP_ZERO) | \
	 VMSIM_EV_BIT(FOLIO_DIRTY) | VMSIM_EV_BIT(FOLIO_CLEAN) | VMSIM_EV_BIT(CACHE_REMOVE) | \
	 VMSIM_EV_BIT(STORE_WRITE) | VMSIM_EV_BIT(FLUSH_BEGIN) | VMSIM_EV_BIT(FLUSH_END) | \
	 VMSIM_EV_BIT(STORE) | VMSIM_EV_BIT(SYSCALL_RET))

/* More vCPU preemptions than this in one execution show nothing new. */
#define MAX_HV_PREEMPTIONS 2

uint64_t vmsim_explorer_kinds(const struct vmsim_explorer *explorer)
{
	/* A script may wait for any event. */
	if (explorer->script)
		return (UINT64_C(1) << VMSIM_EV_COUNT) - 1;
	return DECISIONS | (explorer->strategy->footprints ? footprint_kinds() : 0);
}

/* A thread leaves its CPU only where a kernel would schedule. */
static bool can_leave_cpu(const struct vmsim_actor *actor)
{
	const struct task_struct *task = actor->task;

	return actor->done || (!task->preempt_count && !task->rcu_depth && !task->cpu->irq_off);
}

static struct vmsim_actor *actor_on(const struct vmsim_cpu *cpu)
{
	return cpu->curr ? cpu->curr->actor : NULL;
}

/* The thread that keeps @actor off their CPU, NULL if none does. */
struct vmsim_actor *actor_in_the_way(const struct vmsim_actor *actor)
{
	struct vmsim_actor *there = actor_on(actor->cpu);

	return there && there != actor && !can_leave_cpu(there) ? there : NULL;
}

/* Whether what @actor waits for has come. To look is no step of anybody's. */
static bool is_ready(const struct vmsim_actor *actor)
{
	struct task_struct *self = vmsim_self;
	bool ready;

	if (!actor->ready)
		return true;
	self->in_watcher++;
	ready = actor->ready(actor->ready_arg);
	self->in_watcher--;
	return ready;
}

static bool can_run(const struct vmsim_actor *actor)
{
	if (actor->done || vmsim_hv_away(&actor->cpu->hv_state))
		return false;
	if (actor_in_the_way(actor))
		return false;
	return is_ready(actor);
}

static bool can_interrupt(const struct vmsim_cpu *cpu)
{
	return cpu->mailbox && !cpu->irq_off && !vmsim_hv_away(&cpu->hv_state);
}

static int add_threads(struct vmsim_explorer *x, struct candidate *out)
{
	bool all_yielded = true;
	int n = 0;

	for (unsigned int i = 0; i < x->nr_actors; i++)
		if (!x->actor[i].yielded && can_run(&x->actor[i]))
			all_yielded = false;
	for (unsigned int i = 0; i < x->nr_actors; i++)
		if ((all_yielded || !x->actor[i].yielded) && can_run(&x->actor[i]))
			out[n++] = (struct candidate) { 't', (uint16_t)i };
	return n;
}

static int add_cpu_events(struct vmsim_explorer *x, struct candidate *out)
{
	struct vmsim_machine *m = x->machine;
	int n = 0;

	for (unsigned int i = 0; i < m->nr_cpus; i++)
		if (can_interrupt(&m->cpu[i]))
			out[n++] = (struct candidate) { 'i', (uint16_t)i };
	for (unsigned int i = 0; i < m->nr_cpus; i++) {
		if (vmsim_hv_away(&m->cpu[i].hv_state))
			out[n++] = (struct candidate) { 'u', (uint16_t)i };
		else if (x->hv_preemptions < MAX_HV_PREEMPTIONS)
			out[n++] = (struct candidate) { 'p', (uint16_t)i };
	}
	return n;
}

static void deliver_interrupt(struct vmsim_cpu *cpu)
{
	struct task_struct *self = vmsim_self;

	vmsim_self = &cpu->idle;
	cpu->attention = 0;
	vmsim_ipi_take(cpu);
	vmsim_self = self;
}

/* Puts @actor on its CPU. */
static void put_on_cpu(struct vmsim_actor *actor)
{
	struct vmsim_cpu *cpu = actor->cpu;
	struct task_struct *self = vmsim_self;

	if (cpu->curr == actor->task)
		return;
	cpu->curr = actor->task;
	vmsim_self = &cpu->idle;
	if (actor->task->mm && cpu->loaded_mm != actor->task->mm)
		vmsim_switch_mm(cpu, actor->task->mm);
	vmsim_self = self;
}

static void go_to(struct vmsim_explorer *x, struct vmsim_actor *to)
{
	struct vmsim_actor *from = x->running;

	for (unsigned int i = 0; i < x->nr_actors; i++)
		if (&x->actor[i] != to)
			x->actor[i].yielded = false;
	to->yielded = false;
	put_on_cpu(to);
	if (to == from)
		return;
	x->running = to;
	vmsim_self = to->task;
	coroutine_switch(from ? &from->co : &x->main, &to->co);
	vmsim_self = from ? from->task : &vmsim_no_task;
}

static void go_to_main(struct vmsim_explorer *x)
{
	struct vmsim_actor *from = x->running;

	x->running = NULL;
	coroutine_switch(&from->co, &x->main);
	vmsim_self = from->task;
}

void vmsim_explorer_abandon(struct vmsim_explorer *explorer)
{
	if (!explorer->running)
		longjmp(explorer->escape, 1);
	go_to_main(explorer);
	abort();
}

void vmsim_explorer_fail(struct vmsim_explorer *explorer, const struct vmsim_violation *violation)
{
	if (!explorer->failed) {
		explorer->failed = true;
		explorer->violation = *violation;
		explorer->violation.step = explorer->steps;
		debug_violation(explorer);
	}
	if (explorer->running && !vmsim_self->in_watcher)
		vmsim_explorer_abandon(explorer);
}

static void fail_progress(struct vmsim_explorer *x, const char *what)
{
	vmsim_violate(x->machine, "O20", "", "%s", what);
}

static void describe_waiters(struct vmsim_explorer *x, char *text, size_t size)
{
	int at = snprintf(text, size, "deadlock:");

	for (unsigned int i = 0; i < x->nr_actors && at > 0 && (size_t)at < size; i++)
		if (!x->actor[i].done && !x->actor[i].daemon)
			at += snprintf(text + at, size - at, " %s waits", x->actor[i].name);
}

static bool rcu_can_run(const void *arg)
{
	return vmsim_rcu_ready((struct vmsim_machine *)arg);
}

/* Threads have ended; the one for RCU is not in the middle of a callback. */
static bool all_done(const struct vmsim_explorer *x)
{
	for (unsigned int i = 0; i < x->nr_actors; i++) {
		const struct vmsim_actor *actor = &x->actor[i];

		if (actor->daemon ? actor->started && actor->ready != rcu_can_run : !actor->done)
			return false;
	}
	return true;
}

/* Taking more CPUs away helps nobody who waits. */
static bool can_progress(const struct candidate *candidates, int n)
{
	for (int i = 0; i < n; i++)
		if (candidates[i].kind != 'p')
			return true;
	return false;
}

/* Takes decisions until a thread is to run, and runs it. Returns when the caller is to go on. */
static void decide(struct vmsim_explorer *x)
{
	struct candidate candidate[MAX_CANDIDATES];
	char text[256];

	if (x->running && all_done(x))
		go_to_main(x);
	for (;;) {
		int threads = add_threads(x, candidate);
		int n = threads + add_cpu_events(x, candidate + threads);
		struct candidate pick;
		int chosen;

		if (!can_progress(candidate, n)) {
			describe_waiters(x, text, sizeof(text));
			fail_progress(x, text);
		}
		if (++x->steps > x->options->step_limit)
			fail_progress(x, "livelock: the step limit is reached");
		chosen = x->strategy->pick(x, candidate, n);
		x->footprint.n = 0;
		x->abandoned = chosen < 0;
		if (chosen < 0 && !x->running)
			return;
		if (chosen < 0)
			vmsim_explorer_abandon(x);
		pick = candidate[chosen];
		pick_record(&x->recorded, pick.kind, pick.id);
		if (pick.kind == 't') {
			go_to(x, &x->actor[pick.id]);
			return;
		}
		if (pick.kind == 'i') {
			deliver_interrupt(&x->machine->cpu[pick.id]);
			if (x->failed)
				vmsim_explorer_abandon(x);
		} else if (pick.kind == 'p') {
			x->hv_preemptions++;
			vmsim_cpu_set_away(&x->machine->cpu[pick.id]);
		} else {
			vmsim_cpu_set_running(&x->machine->cpu[pick.id]);
		}
	}
}

static bool names_match(const struct script_step *step, const struct vmsim_event *event)
{
	return event->kind != VMSIM_EV_POINT ||
	       !strcmp(step->point, (const char *)(uintptr_t)event->arg[0]);
}

/* Counts the event that the current line of a script waits for. */
static void script_watch(struct vmsim_explorer *x, const struct vmsim_event *event)
{
	const struct script_step *step;

	if (!x->script || x->script_at >= x->script_len)
		return;
	step = &x->script[x->script_at];
	if (step->kind == 't' && step->until == (int)event->kind &&
	    step->id == x->running->index && names_match(step, event))
		x->script_seen++;
}

/*
 * Of read sections only the end matters: from there on, the thread may leave its CPU. A map count
 * that becomes zero is told of by MAP_ZERO right away, and nobody comes in between.
 */
static bool is_decision(const struct vmsim_event *event)
{
	if (event->kind == VMSIM_EV_RCU_READ)
		return event->arg[0] == 0;
	if (event->kind == VMSIM_EV_MAP_REMOVE)
		return event->arg[2] != 0;
	return DECISIONS & BIT_ULL(event->kind);
}

void vmsim_explorer_event(struct vmsim_explorer *explorer, const struct vmsim_event *event)
{
	struct task_struct *self = vmsim_self;

	/* Not of the set-up; but also of what a CPU does without a thread: interrupts. */
	if (explorer->strategy->footprints && explorer->running)
		footprint_event(&explorer->footprint, event);
	if (!explorer->running || !self->actor)
		return;
	script_watch(explorer, event);
	if (explorer->failed)
		vmsim_explorer_abandon(explorer);
	if (self->atomic_step || !is_decision(event))
		return;
	explorer->at_mark = MARKS & BIT_ULL(event->kind);
	explorer->marks += explorer->at_mark;
	decide(explorer);
}

void vmsim_explorer_wait(bool (*ready)(const void *arg), const void *arg)
{
	struct vmsim_actor *self = vmsim_self->actor;

	BUG_ON(vmsim_self->atomic_step);
	self->explorer->at_mark = false;
	self->ready = ready;
	self->ready_arg = arg;
	decide(self->explorer);
	self->ready = NULL;
}

void vmsim_explorer_yield(void)
{
	struct vmsim_actor *self = vmsim_self->actor;

	self->yielded = true;
	decide(self->explorer);
}

bool vmsim_explorer_choice(void)
{
	struct vmsim_explorer *x = vmsim_self->actor->explorer;
	bool yes = x->strategy->choice(x);

	if (x->misfit[0]) {
		x->abandoned = true;
		vmsim_explorer_abandon(x);
	}
	pick_record(&x->recorded, 'n', yes);
	return yes;
}

/* The thread that runs RCU callbacks, as a kernel's softirq thread does. */
static void run_rcu(struct vmsim_machine *m)
{
	for (;;) {
		vmsim_wait_until(rcu_can_run, m);
		vmsim_rcu_run_ready(m);
	}
}

void actor_entry(void *arg)
{
	struct vmsim_actor *self = arg;
	struct vmsim_explorer *x = self->explorer;
	int result;

	vmsim_self = self->task;
	self->started = true;
	if (self->daemon)
		run_rcu(x->machine);
	result = self->fn(&x->world);
	if (result < 0)
		vmsim_violate(x->machine, "CHECK", "", "thread %s returned %d", self->name, result);
	self->done = true;
	decide(x);
	abort();
}

/* Runs the threads until all have ended, or until a rule breaks. In the main context. */
void execution_run(struct vmsim_explorer *x)
{
	x->steps = 0;
	x->marks = 0;
	x->at_mark = false;
	x->hv_preemptions = 0;
	x->running = NULL;
	decide(x);
}
