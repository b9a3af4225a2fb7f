// SPDX-License-Identifier: GPL-2.0-only
#include "explore/candidates.h"
#include "order/order.h"
#include <errno.h>
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

/* What primitives have to tell of where stores are buffered. */
#define STORE_BUFFERS (VMSIM_EV_BIT(BARRIER) | VMSIM_EV_BIT(DRAIN))

/* Those of them at which something is left behind for others to find: what PCT aims at. */
#define MARKS									\
	(VMSIM_EV_BIT(POINT) | VMSIM_EV_BIT(PTE_SET) | VMSIM_EV_BIT(TABLE_SET) | \
	 VMSIM_EV_BIT(PTL_RELEASED) | VMSIM_EV_BIT(UNLOCK) | VMSIM_EV_BIT(MAP_ZERO) | \
	 VMSIM_EV_BIT(FOLIO_DIRTY) | VMSIM_EV_BIT(FOLIO_CLEAN) | VMSIM_EV_BIT(CACHE_REMOVE) | \
	 VMSIM_EV_BIT(STORE_WRITE) | VMSIM_EV_BIT(FLUSH_BEGIN) | VMSIM_EV_BIT(FLUSH_END) | \
	 VMSIM_EV_BIT(STORE) | VMSIM_EV_BIT(SYSCALL_RET))

const char *vmsim_explorer_thread_name(const struct task_struct *task)
{
	return task->actor ? task->actor->name : NULL;
}

bool vmsim_explorer_is_full(const struct vmsim_explorer *explorer)
{
	return explorer->options->granularity == VMSIM_GRANULARITY_FULL;
}

bool vmsim_explorer_executing(const struct vmsim_explorer *explorer)
{
	return explorer->running;
}

int vmsim_explorer_thread(const struct task_struct *task)
{
	return task->actor ? (int)task->actor->index : -1;
}

uint64_t vmsim_explorer_kinds(const struct vmsim_explorer *explorer)
{
	/*
	 * A script may wait for any event. At full granularity, instrumented code must do the same
	 * whoever watches: its accesses are the decisions.
	 */
	if (explorer->script || vmsim_explorer_is_full(explorer))
		return VMSIM_EV_ALL;
	return DECISIONS | (explorer->strategy->footprints ? footprint_kinds() : 0) |
	       (explorer->options->memory_model ? STORE_BUFFERS : 0);
}

static void deliver_interrupt(struct vmsim_cpu *cpu)
{
	struct task_struct *self = vmsim_self;

	vmsim_self = &cpu->idle;
	cpu->attention = 0;
	vmsim_ipi_take(cpu);
	vmsim_self = self;
}

/* Puts @actor on its CPU, where another one was. */
static noinline void switch_cpu(struct vmsim_cpu *cpu, struct vmsim_actor *actor)
{
	struct task_struct *self = vmsim_self;

	cpu->curr = actor->task;
	vmsim_self = &cpu->idle;
	vmsim_order_drain(cpu);
	if (actor->task->mm && cpu->loaded_mm != actor->task->mm)
		vmsim_switch_mm(cpu, actor->task->mm);
	vmsim_self = self;
}

/*
 * Where the strategy goes from thread to thread at random, nobody can predict whether it is the one
 * that runs already: then a switch to itself is cheaper than to find out.
 */
static inline __attribute__((always_inline)) void go_to(struct vmsim_explorer *x,
							struct vmsim_actor *to)
{
	struct vmsim_actor *from = x->running;

	x->threads.yielded = 0;
	if (unlikely(to->cpu->curr != to->task))
		switch_cpu(to->cpu, to);
	if (!x->roams && to == from)
		return;
	x->running = to;
	vmsim_self = to->task;
	coroutine_switch(from ? &from->co : &x->main, &to->co);
	/* Whoever switched to a fiber has set it; of pthreads, each has its own. */
	if (!from)
		vmsim_self = &vmsim_no_task;
	else if (unlikely(x->backend == VMSIM_BACKEND_PTHREAD))
		vmsim_self = from->task;
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
	explorer->at_rest &= ~(1u << explorer->running->index);
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
		if (!actor_done(x, i) && &x->actor[i] != x->rcu)
			at += snprintf(text + at, size - at, " %s waits", x->actor[i].name);
}

void loop_stuck(struct vmsim_explorer *x)
{
	char text[256];

	describe_waiters(x, text, sizeof(text));
	fail_progress(x, text);
}

bool rcu_can_run(const void *arg)
{
	return vmsim_rcu_ready((struct vmsim_machine *)arg);
}

/*
 * Threads have ended; the one for RCU is not in the middle of a callback. This becomes true only
 * where a thread ends, or has run callbacks.
 */
bool loop_all_done(const struct vmsim_explorer *x)
{
	return x->threads.live == x->rcu_bit && x->at_rest & x->rcu_bit;
}

/* Taking more CPUs away helps nobody who waits. */
static bool can_progress(const struct candidate *candidates, int n)
{
	for (int i = 0; i < n; i++)
		if (candidates[i].kind != 'p')
			return true;
	return false;
}

/* A store reaches memory. */
static void drain_store(struct vmsim_explorer *x, uint16_t id)
{
	struct task_struct *self = vmsim_self;

	vmsim_self = &x->machine->cpu[id / ORDER_SLOTS].idle;
	vmsim_order_drain_one(x->machine, id);
	vmsim_self = self;
}

/* Something that is no thread's step. */
static void happen(struct vmsim_explorer *x, struct candidate pick)
{
	struct vmsim_cpu *cpu = &x->machine->cpu[pick.kind == 'd' ? 0 : pick.id];

	if (pick.kind == 'd') {
		drain_store(x, pick.id);
	} else if (pick.kind == 'i') {
		deliver_interrupt(cpu);
		if (x->failed)
			vmsim_explorer_abandon(x);
	} else if (pick.kind == 'p') {
		x->hv_preemptions++;
		vmsim_cpu_set_away(cpu);
	} else {
		vmsim_cpu_set_running(cpu);
	}
}

void loop_endless(struct vmsim_explorer *x)
{
	fail_progress(x, "livelock: the step limit is reached");
}

static void count_step(struct vmsim_explorer *x)
{
	if (unlikely(++x->steps > x->options->step_limit))
		loop_endless(x);
}

/* What happens next; NULL: nothing, and the execution ends here. */
static inline __attribute__((always_inline)) const struct candidate *
take_pick(struct vmsim_explorer *x)
{
	int n = candidates_now(x), chosen;

	if (unlikely(!can_progress(x->candidate, n))) {
		loop_stuck(x);
		return NULL;
	}
	count_step(x);
	chosen = x->strategy->pick(x, x->candidate, n);
	footprint_reset(&x->footprint);
	if (unlikely(chosen < 0)) {
		x->abandoned = true;
		if (x->running)
			vmsim_explorer_abandon(x);
		return NULL;
	}
	pick_record(&x->recorded, x->candidate[chosen].kind, x->candidate[chosen].id);
	return &x->candidate[chosen];
}

/* Takes decisions until a thread is to run, and runs it. Returns when the caller is to go on. */
static noinline void decide(struct vmsim_explorer *x)
{
	const struct candidate *pick;

	if (unlikely(x->strategy->advance)) {
		go_to_main(x);
		return;
	}
	while ((pick = take_pick(x)) && unlikely(pick->kind != 't'))
		happen(x, *pick);
	if (likely(pick))
		go_to(x, &x->actor[pick->id]);
}

/* Nothing can happen that could not when the strategy picked last. */
static inline bool nothing_new(struct vmsim_explorer *x)
{
	candidates_now(x);
	return !x->relisted;
}

/* The thread that runs is picked again. */
static bool pick_again(struct vmsim_explorer *x)
{
	count_step(x);
	pick_record(&x->recorded, 't', (uint16_t)x->running->index);
	return true;
}

/*
 * The thread that runs goes on where the strategy would pick it. No part of its caller, in whose
 * frame the numbers would stay: frames are a part of states.
 */
static noinline bool stands(struct vmsim_explorer *x)
{
	return x->steps + 1 < x->standing.steps && x->marks < x->standing.marks &&
	       !x->relisted && nothing_new(x) && pick_again(x);
}

/* The thread that runs goes on, and nobody needs to be asked. */
static inline bool goes_on(struct vmsim_explorer *x, enum vmsim_event_kind kind)
{
	uint64_t decisions = x->strategy->decisions;

	if (likely(!decisions))
		return x->standing.steps && stands(x);
	/* The strategy has no interest in picking. */
	return !(decisions & BIT_ULL(kind)) && !vmsim_hv_away(&x->running->cpu->hv_state) &&
	       pick_again(x);
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

	if (x->script_at >= x->script_len)
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
#define SOMETIMES (VMSIM_EV_BIT(RCU_READ) | VMSIM_EV_BIT(MAP_REMOVE))

static bool is_decision(const struct vmsim_event *event)
{
	if (event->kind == VMSIM_EV_RCU_READ)
		return event->arg[0] == 0;
	if (event->kind == VMSIM_EV_MAP_REMOVE)
		return event->arg[2] != 0;
	return true;
}

uint64_t vmsim_explorer_details(const struct vmsim_explorer *explorer)
{
	if (explorer->script)
		return VMSIM_EV_ALL;
	return SOMETIMES | (explorer->strategy->footprints ? footprint_kinds() : 0);
}

/* The thread that runs may be left here. */
static inline bool passes(struct vmsim_explorer *x, enum vmsim_event_kind kind)
{
	struct task_struct *self = vmsim_self;

	if (!x->running || !self->actor)
		return false;
	if (unlikely(x->failed))
		vmsim_explorer_abandon(x);
	if (self->atomic_step || !(DECISIONS & BIT_ULL(kind)))
		return false;
	self->unsettled = VMSIM_SETTLED;
	x->at_mark = MARKS & BIT_ULL(kind);
	x->marks += x->at_mark;
	return !goes_on(x, kind);
}

void vmsim_explorer_step(struct vmsim_explorer *explorer, enum vmsim_event_kind kind)
{
	if (passes(explorer, kind))
		decide(explorer);
}

bool vmsim_explorer_event(struct vmsim_explorer *explorer, const struct vmsim_event *event)
{
	/* Not of the set-up; but also of what a CPU does without a thread: interrupts. */
	if (explorer->strategy->footprints && (explorer->running || explorer->happening))
		footprint_event(&explorer->footprint, event);
	if (explorer->script && explorer->running && vmsim_self->actor)
		script_watch(explorer, event);
	/* A failure ends the execution here, too. */
	return (is_decision(event) || explorer->failed) && passes(explorer, event->kind);
}

void vmsim_explorer_decide(struct vmsim_explorer *explorer)
{
	decide(explorer);
}

#define CELL 8

void vmsim_explorer_touch(struct vmsim_explorer *explorer, uint64_t addr, size_t size, bool write)
{
	if (!explorer->strategy->footprints || !explorer->running)
		return;
	for (uint64_t cell = addr / CELL; cell * CELL < addr + size; cell++)
		footprint_add(&explorer->footprint, object_name(OBJECT_CELL, cell),
			      write ? ACCESS_WRITE : ACCESS_READ);
}

void vmsim_explorer_settle(struct vmsim_explorer *explorer)
{
	bool write = vmsim_self->unsettled == VMSIM_UNSETTLED_WRITE;

	if (!explorer->running)
		return;
	if (explorer->failed)
		vmsim_explorer_abandon(explorer);
	vmsim_self->unsettled = VMSIM_SETTLED;
	explorer->at_mark = write;
	explorer->marks += write;
	if (!goes_on(explorer, write ? VMSIM_EV_PLAIN_WRITE : VMSIM_EV_PLAIN_READ))
		decide(explorer);
}

void vmsim_explorer_wait(bool (*ready)(const void *arg), const void *arg)
{
	struct vmsim_actor *self = vmsim_self->actor;
	struct vmsim_explorer *x = self->explorer;

	BUG_ON(vmsim_self->atomic_step);
	vmsim_order_drain(vmsim_self->cpu);
	x->at_mark = false;
	vmsim_self->unsettled = VMSIM_SETTLED;
	actor_waits(self, ready, arg);
	decide(x);
	x->threads.waiting &= ~(1u << self->index);
}

void vmsim_explorer_yield(void)
{
	struct vmsim_actor *self = vmsim_self->actor;

	vmsim_self->unsettled = VMSIM_SETTLED;
	self->explorer->threads.yielded |= 1u << self->index;
	decide(self->explorer);
}

/*
 * Who is asked to let others run, or gets no memory, starts over afterwards, and would do so
 * without end if the answer stayed yes. After this many to a question in one execution it is no,
 * and no decision.
 */
#define MAX_YESES 2

static bool ask_main(struct vmsim_explorer *x)
{
	x->asking = x->running;
	go_to_main(x);
	x->asking = NULL;
	return x->answer;
}

static bool ask(struct vmsim_explorer *x)
{
	bool yes;

	if (x->strategy->advance)
		return ask_main(x);
	yes = x->strategy->choice(x);
	if (x->misfit[0]) {
		x->abandoned = true;
		vmsim_explorer_abandon(x);
	}
	pick_record(&x->recorded, 'n', yes);
	return yes;
}

bool vmsim_explorer_choice(enum vmsim_question question)
{
	struct vmsim_explorer *x = vmsim_self->actor->explorer;
	bool yes;

	if (x->yeses[question] == MAX_YESES)
		return false;
	yes = ask(x);
	x->yeses[question] += yes;
	return yes;
}

bool vmsim_explorer_asks(const struct vmsim_explorer *explorer, enum vmsim_question question)
{
	return (explorer->options->ask | VMSIM_ASK_BIT(RESCHED)) >> question & 1;
}

/* Callbacks, as a kernel's softirq thread runs them. */
static void run_callbacks(struct vmsim_actor *self)
{
	struct vmsim_explorer *x = self->explorer;

	x->threads.waiting &= ~(1u << self->index);
	vmsim_rcu_run_ready(x->machine);
	vmsim_order_drain(self->cpu);
	actor_waits(self, rcu_can_run, x->machine);
}

/* A program that is told that there is no memory may leave it at that. */
static bool gave_up(const struct vmsim_explorer *x, int result)
{
	return result == -ENOMEM && x->yeses[VMSIM_ASK_ALLOC];
}

static void run_program(struct vmsim_actor *self)
{
	struct vmsim_explorer *x = self->explorer;
	int result = self->fn(&x->world);

	if (result < 0 && !gave_up(x, result))
		vmsim_violate(x->machine, "CHECK", "", "thread %s returned %d", self->name, result);
	vmsim_order_drain(self->cpu);
	x->threads.live &= ~(1u << self->index);
}

/* One turn of the loop for each execution; of the thread for callbacks, for each time they run. */
void actor_entry(void *arg)
{
	struct vmsim_actor *self = arg;
	struct vmsim_explorer *x = self->explorer;
	unsigned int bit = 1u << self->index;

	vmsim_self = self->task;
	for (;;) {
		x->at_rest &= ~bit;
		errno = 0;
		if (self->fn)
			run_program(self);
		else
			run_callbacks(self);
		self->task->unsettled = VMSIM_SETTLED;
		x->at_rest |= bit;
		x->at_mark = false;
		if (unlikely(loop_all_done(x)))
			go_to_main(x);
		else
			decide(x);
	}
}

/* Runs the threads until all have ended, or until a rule breaks. In the main context. */
void execution_run(struct vmsim_explorer *x)
{
	x->steps = 0;
	x->marks = 0;
	x->at_mark = false;
	x->hv_preemptions = 0;
	memset(x->yeses, 0, sizeof(x->yeses));
	x->running = NULL;
	decide(x);
}

int loop_candidates(struct vmsim_explorer *x, struct candidate *out)
{
	int n;

	if (x->asking) {
		out[0] = (struct candidate) { 'n', 0 };
		out[1] = (struct candidate) { 'n', 1 };
		return 2;
	}
	n = candidates_find(x, out);
	return can_progress(out, n) ? n : 0;
}

void loop_step(struct vmsim_explorer *x, struct candidate pick)
{
	footprint_reset(&x->footprint);
	x->stepped = 0;
	if (pick.kind == 'n') {
		x->stepped = 1u << x->asking->index;
		x->answer = pick.id;
		go_to(x, x->asking);
	} else if (pick.kind == 't') {
		x->stepped = 1u << pick.id;
		go_to(x, &x->actor[pick.id]);
	} else if (!setjmp(x->escape)) {
		x->happening = true;
		happen(x, pick);
	}
	x->happening = false;
	vmsim_self = &vmsim_no_task;
}
