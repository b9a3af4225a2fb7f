// SPDX-License-Identifier: GPL-2.0-only
#include "explore/dpor.h"
#include <errno.h>
#include <stdlib.h>

/*
 * The tree of DPOR: which schedules are executed. At a place that is reached for the first time the
 * running thread goes on; others are tried there only when a race, found later, asks for it.
 *
 * What an actor waits for needs no order of its own: an attempt to take a lock that is held touches
 * nothing, and so never branches (an empty step). A thread that yields after having only read waits
 * until somebody writes what it has read, or until nobody else can go on.
 */

static uint64_t actors_of(const struct dpor *d, const struct candidate *candidates, int n)
{
	uint64_t actors = 0;

	for (int i = 0; i < n; i++)
		actors |= 1ULL << step_actor(d->x, &candidates[i]);
	return actors;
}

static int candidate_of(const struct dpor *d, unsigned int actor,
			const struct candidate *candidates, int n)
{
	for (int i = 0; i < n; i++)
		if (step_actor(d->x, &candidates[i]) == actor)
			return i;
	return -1;
}

static struct dpor_node *push(struct dpor *d)
{
	size_t capacity = d->capacity;

	GROW(d->node, d->capacity, d->depth + 1);
	if (d->capacity != capacity) {
		d->clock = realloc(d->clock, d->capacity * d->width * sizeof(*d->clock));
		d->weak = realloc(d->weak, d->capacity * d->width * sizeof(*d->weak));
		if (!d->clock || !d->weak)
			abort();
	}
	d->node[d->depth] = (struct dpor_node) { .step = (uint32_t)d->depth };
	d->length = d->depth + 1;
	return &d->node[d->depth];
}

/* Steps. */

static void node_step(struct dpor *d, size_t node)
{
	unsigned int nr = d->node[node].actor;

	d->step = node;
	d->in_step = true;
	d->yielded = d->x->threads.yielded;
	d->x->footprint.known = false;
	step_begin(d->x, nr, &d->before);
}

/*
 * That a CPU is away matters to a flush alone, which then defers: it is taken away right before a
 * flush looks, and nowhere else.
 */
static void note_flush(struct dpor *d, struct dpor_node *step)
{
	for (unsigned int cpu = 0; cpu < d->nr_cpus && d->x->preempts; cpu++) {
		unsigned int actor = d->nr_threads + d->nr_cpus + cpu;

		for (uint32_t i = step->own_accesses; i < step->accesses_end; i++)
			if (step->actor != actor &&
			    d->access[i].object == step_hypervisor_object(d->x, actor))
				step->backtrack |= step->can & 1ULL << actor;
	}
}

/* Whether it always does depends on the others: see judge_drop(). */
static bool leaves_some(const struct access *access)
{
	return access->mode == ACCESS_WRITE && access->change < 0 && access->left > 0;
}

static void keep_footprint(struct dpor *d, struct dpor_node *step)
{
	const struct footprint *footprint = &d->x->footprint;

	GROW(d->access, d->access_capacity, d->nr_accesses + footprint->n);
	for (size_t i = 0; i < footprint->n; i++) {
		struct access *access = &d->access[d->nr_accesses++];

		*access = footprint->at[i];
		if (leaves_some(access))
			access->mode = ACCESS_DROP;
	}
	step->accesses_end = (uint32_t)d->nr_accesses;
}

/* Spins. */

static bool only_reads(const struct dpor *d, const struct dpor_node *step)
{
	for (uint32_t i = step->own_accesses; i < step->accesses_end; i++)
		if (!access_only_reads(&d->access[i]))
			return false;
	return true;
}

/* The steps of an actor since it yielded last, up to and with that of @node, only read. */
static bool loop_only_reads(const struct dpor *d, size_t node, uint64_t loop)
{
	for (size_t i = node + 1; i && i >= loop; i = d->node[i - 1].before)
		if (!only_reads(d, &d->node[i - 1]))
			return false;
	return true;
}

static bool step_ends_spin(const struct dpor *d, const struct dpor_node *step, unsigned int actor)
{
	uint64_t loop = dpor_actor_cell(d, actor, CELL_LOOP);

	for (size_t i = dpor_actor_cell(d, actor, CELL_LAST); i && i >= loop;
	     i = d->node[i - 1].before) {
		const struct dpor_node *read = &d->node[i - 1];

		if (dpor_steps_conflict(d, read, step))
			return true;
	}
	return false;
}

static void enabled_by(struct dpor *d, unsigned int actor, size_t node, bool reader)
{
	dpor_actor_cell_set(d, actor, CELL_ENABLER, node + 1);
	dpor_wake_join(d, actor, node, reader);
}

static void note_spins(struct dpor *d, size_t node)
{
	const struct dpor_node *step = &d->node[node];
	bool yields;

	for (uint64_t left = d->spinning & ~(1ULL << step->actor); left; left &= left - 1) {
		unsigned int actor = (unsigned int)__builtin_ctzll(left);

		if (!step_ends_spin(d, step, actor))
			continue;
		d->spinning &= ~(1ULL << actor);
		enabled_by(d, actor, node, false);
	}
	d->spinning &= ~(1ULL << step->actor);
	if (!step_by_thread(d->x, step->actor))
		return;
	if (dpor_actor_cell(d, step->actor, CELL_YIELDED))
		dpor_actor_cell_set(d, step->actor, CELL_LOOP, node + 1);
	yields = d->x->threads.yielded >> step->actor & 1;
	dpor_actor_cell_set(d, step->actor, CELL_YIELDED, yields);
	if (yields && loop_only_reads(d, node, dpor_actor_cell(d, step->actor, CELL_LOOP)))
		d->spinning |= 1ULL << step->actor;
}

/* Waits. */

static void note_wait(struct dpor *d, size_t node, unsigned int actor, uint64_t can)
{
	struct dpor_node *step = &d->node[node];
	const struct thread_states *threads = &d->x->threads;
	const struct wait *wait = &threads->wait[actor];
	uint64_t bit = 1ULL << actor;
	uint64_t waited_for = dpor_actor_cell(d, actor, CELL_WAITS_FOR);
	uint64_t waits_for = 0;

	if (threads->waiting & bit)
		waits_for = vmsim_rcu_waits_for(d->x->machine, wait->ready, wait->arg);
	dpor_actor_cell_set(d, actor, CELL_WAITS_FOR, waits_for);
	if (actor == step->actor)
		return;
	if (waited_for & ~waits_for)
		dpor_wake_join(d, actor, node, true);
	if ((d->yielded | step->can) & bit) {
		/* It could have come before what stops it now. */
		if (step->enabled & ~can & bit && !step_by_hypervisor(d->x, step->actor))
			step->backtrack |= bit & ~step->sleep;
	} else if (can & bit) {
		enabled_by(d, actor, node, waited_for & ~waits_for);
	}
}

/* Of those who could go on before the step, and can now, there is nothing to say. */
static void note_waits(struct dpor *d, size_t node, uint64_t can)
{
	const struct dpor_node *step = &d->node[node];
	uint64_t left = (step->can ^ can) | d->x->threads.waiting | 1ULL << step->actor;

	for (left &= (1ULL << d->nr_threads) - 1; left; left &= left - 1)
		note_wait(d, node, (unsigned int)__builtin_ctzll(left), can);
}

/* @can: actors that can go on now. */
static void step_end(struct dpor *d, uint64_t can)
{
	struct dpor_node *step;

	if (!d->in_step)
		return;
	d->in_step = false;
	step = &d->node[d->step];
	step->spinning = d->spinning;
	step_complete(d->x, step->actor, &d->before);
	keep_footprint(d, step);
	note_flush(d, step);
	dpor_order_step(d, d->step);
	note_waits(d, d->step, can);
	note_spins(d, d->step);
}

/* Nodes. */

/* Who slept before the last step, and is not concerned by it, sleeps on. */
static void inherit_sleep(struct dpor *d, struct dpor_node *node, const struct dpor_node *step)
{
	node->sleepers = (uint32_t)d->nr_sleepers;
	for (uint32_t i = 0; i < step->nr_sleepers; i++) {
		struct dpor_sleeper sleeper = d->sleeper[step->sleepers + i];

		if (!(node->can & 1ULL << sleeper.actor) ||
		    dpor_sleeper_is_concerned(d, &sleeper, step))
			continue;
		GROW(d->sleeper, d->sleeper_capacity, d->nr_sleepers + 1);
		d->sleeper[d->nr_sleepers++] = sleeper;
		node->sleep |= 1ULL << sleeper.actor;
	}
	node->nr_sleepers = (uint32_t)d->nr_sleepers - node->sleepers;
}

/*
 * Callbacks run as early as they can: the execution may end without them. Otherwise who runs goes
 * on; interrupts are taken when nobody does.
 */
static unsigned int preferred(const struct dpor *d, uint64_t actors)
{
	const struct vmsim_actor *running = d->x->running;
	uint64_t callbacks = 1ULL << d->x->rcu->index;
	uint64_t interrupts = actors >> d->nr_threads & ((1ULL << d->nr_cpus) - 1);

	if (actors & callbacks)
		return d->x->rcu->index;
	if (running && actors & 1ULL << running->index)
		return running->index;
	if (interrupts)
		return d->nr_threads + (unsigned int)__builtin_ctzll(interrupts);
	return (unsigned int)__builtin_ctzll(actors);
}

/* CPUs that are not away are not taken away for nothing. */
static uint64_t going_away(const struct dpor *d)
{
	uint64_t cpus = (1ULL << d->nr_cpus) - 1;

	return d->x->preempts ? (cpus & ~d->x->machine->away) << (d->nr_threads + d->nr_cpus) : 0;
}

/*
 * Shards: at the first SHARED_NODES nodes of a path at which several actors could go on, all of
 * them are explored, by sleep sets alone; that part of the tree is the same for all shards. What
 * lies below belongs to the shard that the path hashes to. So no class belongs to two.
 */
#define SHARED_NODES 5

static bool is_known_foreign(const struct dpor *d)
{
	return d->shared == SHARED_NODES && !shard_has(d->x->options, d->shard_hash);
}

static void share(const struct dpor *d, struct dpor_node *node, uint64_t awake)
{
	if (d->x->options->shards <= 1 || d->shared == SHARED_NODES || !(awake & (awake - 1)))
		return;
	node->shared = true;
	node->backtrack = awake;
}

static void count_shared(struct dpor *d, const struct dpor_node *node)
{
	if (!node->shared)
		return;
	d->shared++;
	d->shard_hash = (d->shard_hash ^ node->actor) * UINT64_C(0x100000001b3) + 1;
}

/* A place that no execution has been at. False: whoever can go on sleeps. */
static bool node_begin(struct dpor *d, uint64_t can)
{
	struct dpor_node *node = push(d);
	uint64_t awake;

	node->can = can;
	node->enabled = can & ~d->spinning ? can & ~d->spinning : can;
	node->accesses = node->own_accesses = node->accesses_end = (uint32_t)d->nr_accesses;
	if (d->depth)
		inherit_sleep(d, node, &d->node[d->step]);
	awake = node->enabled & ~node->sleep & ~going_away(d);
	if (!awake) {
		d->length = d->depth;
		return false;
	}
	node->actor = (uint8_t)preferred(d, awake);
	node->backtrack = 1ULL << node->actor;
	share(d, node, awake);
	return true;
}

static int wrong(struct vmsim_explorer *x, const char *what)
{
	snprintf(x->misfit, sizeof(x->misfit), "dpor: %s", what);
	return -1;
}

/* A step that the execution before has done, too: it is known what it touches. */
static int pick_known(struct dpor *d, const struct candidate *candidates, int n)
{
	int chosen = candidate_of(d, d->node[d->depth].actor, candidates, n);

	if (chosen < 0)
		return wrong(d->x, "the scenario does not do the same every time");
	count_shared(d, &d->node[d->depth]);
	d->step = d->depth++;
	return chosen;
}

static int dpor_pick(struct vmsim_explorer *x, const struct candidate *candidates, int n)
{
	struct dpor *d = x->strategy_state;
	uint64_t can;
	int chosen;

	if (d->depth < d->first_new)
		return pick_known(d, candidates, n);
	can = actors_of(d, candidates, n);
	step_end(d, can);
	if (d->depth == d->length && is_known_foreign(d))
		return -1;
	if (d->depth == d->length && !node_begin(d, can)) {
		d->blocked++;
		return -1;
	}
	chosen = candidate_of(d, d->node[d->depth].actor, candidates, n);
	if (chosen < 0)
		return wrong(x, "the scenario does not do the same every time");
	count_shared(d, &d->node[d->depth]);
	node_step(d, d->depth++);
	return chosen;
}

static bool dpor_choice(struct vmsim_explorer *x)
{
	struct dpor *d = x->strategy_state;

	if (d->depth == d->length) {
		struct dpor_node *node = push(d);

		node->choice = true;
		node->step = (uint32_t)d->step;
	}
	return d->node[d->depth++].answer;
}

/* Executions. */

static void dpor_begin(struct vmsim_explorer *x, uint64_t seed)
{
	struct dpor *d = x->strategy_state;

	(void)seed;
	d->depth = 0;
	d->shared = 0;
	d->shard_hash = 0;
	d->step = 0;
	d->in_step = false;
	d->x->footprint.known = true;
	d->yielded = 0;
	d->spinning = d->length ? d->node[d->first_new].spinning : 0;
}

static void add_pending(struct dpor *d, uint64_t object, enum access_mode mode)
{
	GROW(d->access, d->access_capacity, d->nr_accesses + 1);
	d->access[d->nr_accesses++] = (struct access) { .object = object, .mode = mode };
}

static struct dpor_node *pending_begin(struct dpor *d, unsigned int actor)
{
	struct dpor_node *node = push(d);

	node->actor = (uint8_t)actor;
	node->accesses = node->own_accesses = (uint32_t)d->nr_accesses;
	return node;
}

static void pending_end(struct dpor *d, struct dpor_node *node)
{
	node->accesses_end = (uint32_t)d->nr_accesses;
	dpor_order_pending(d, d->depth);
	d->nr_accesses = node->accesses;
}

static void note_waiting_thread(struct dpor *d, unsigned int actor)
{
	uint64_t readers = dpor_actor_cell(d, actor, CELL_WAITS_FOR);
	struct dpor_node *node;

	if (readers) {
		dpor_order_pending_grace(d, actor, readers);
		return;
	}
	node = pending_begin(d, actor);
	add_pending(d, object_name(OBJECT_LOCK, (uintptr_t)d->x->threads.wait[actor].arg),
		    ACCESS_ACQUIRE);
	pending_end(d, node);
}

static void note_interrupt(struct dpor *d, unsigned int cpu)
{
	struct dpor_node *node = pending_begin(d, d->nr_threads + cpu);

	add_pending(d, object_name(OBJECT_MAILBOX, cpu), ACCESS_ACQUIRE);
	add_pending(d, object_name(OBJECT_IRQ, cpu), ACCESS_ACQUIRE);
	pending_end(d, node);
}

/*
 * Who waits when the execution has ended too early never got to the step that it waited for. Had it
 * come first, the others might be the ones that wait.
 */
static void note_pending(struct dpor *d)
{
	for (unsigned int i = 0; i < d->nr_threads; i++)
		if (d->x->threads.waiting >> i & 1)
			note_waiting_thread(d, i);
	for (unsigned int i = 0; i < d->nr_cpus; i++)
		if (d->x->machine->cpu[i].mailbox)
			note_interrupt(d, i);
}

static void dpor_end(struct vmsim_explorer *x)
{
	struct dpor *d = x->strategy_state;

	step_end(d, 0);
	d->length = d->depth;
	if (!shard_has(d->x->options, d->shard_hash))
		x->abandoned = true;
	d->classes += !x->abandoned;
	/* What would have followed is not known: any other step may prevent the failure. */
	if (x->failed && d->length) {
		note_pending(d);
		d->length = d->depth;
		d->node[d->step].fatal = true;
		d->node[d->step].backtrack |= d->node[d->step].enabled;
	}
}

/* The step of the last node is done with: it sleeps while the others at that place are explored. */
static void put_to_sleep(struct dpor *d, struct dpor_node *node)
{
	node->sleep |= 1ULL << node->actor;
	d->nr_sleepers = node->sleepers + node->nr_sleepers;
	/* Whether a step breaks a rule may depend on every other one. */
	if (node->fatal)
		return;
	node->nr_sleepers++;
	GROW(d->sleeper, d->sleeper_capacity, d->nr_sleepers + 1);
	d->sleeper[d->nr_sleepers++] = (struct dpor_sleeper) {
		.actor = node->actor,
		.accesses = node->accesses,
		.accesses_end = node->accesses_end,
	};
}

static bool next_actor(struct dpor *d, struct dpor_node *node)
{
	uint64_t left;

	put_to_sleep(d, node);
	left = node->backtrack & ~node->sleep;
	/* Nobody can tell whether a step that touched nothing has happened. */
	if (!left || (node->accesses == node->accesses_end && !node->fatal))
		return false;
	node->fatal = false;
	node->actor = (uint8_t)__builtin_ctzll(left);
	node->accesses = node->own_accesses = node->accesses_end;
	return true;
}

static bool next_answer(struct dpor *d, struct dpor_node *node)
{
	struct dpor_node *step = &d->node[node->step];

	if (node->answer)
		return false;
	node->answer = true;
	step->own_accesses = step->accesses_end;
	d->nr_sleepers = step->sleepers + step->nr_sleepers;
	return true;
}

/* From the end of the last path back to where something else can be tried. */
static bool dpor_more(struct vmsim_explorer *x)
{
	struct dpor *d = x->strategy_state;

	if (!d->started) {
		d->started = true;
		return true;
	}
	for (; d->length; d->length--) {
		struct dpor_node *node = &d->node[d->length - 1];

		d->first_new = node->step;
		dpor_order_undo(d, node->step);
		if (node->choice ? next_answer(d, node) : next_actor(d, node)) {
			d->nr_accesses = d->node[node->step].accesses_end;
			return true;
		}
	}
	d->exhausted = true;
	return false;
}

/* Of all there is, the part that has been seen: each branch counts as much as its siblings. */
static double part_seen(const struct dpor *d)
{
	double seen = 0, weight = 1;

	for (size_t i = 0; i < d->length; i++) {
		const struct dpor_node *node = &d->node[i];
		int all = node->choice ? 2 : __builtin_popcountll(node->backtrack);
		int done = node->choice ? node->answer :
					  __builtin_popcountll(node->backtrack & node->sleep);

		weight /= all;
		seen += weight * done;
	}
	return seen + weight;
}

static void dpor_cover(const struct vmsim_explorer *x, struct vmsim_coverage *coverage)
{
	const struct dpor *d = x->strategy_state;

	coverage->exhausted = d->exhausted;
	coverage->preemptions = VMSIM_UNBOUNDED;
	coverage->classes = d->classes;
	coverage->blocked = d->blocked;
	coverage->estimate = (double)d->classes / (d->exhausted ? 1 : part_seen(d));
}

static int dpor_create(struct vmsim_explorer *x)
{
	struct dpor *d;

	d = calloc(1, sizeof(*d));
	if (!d)
		return -ENOMEM;
	x->strategy_state = d;
	d->x = x;
	d->nr_cpus = x->machine->nr_cpus;
	d->nr_threads = x->scenario->nr_threads + 1;
	d->width = d->nr_threads + d->nr_cpus * (x->preempts ? 2 : 1);
	if (d->width > DPOR_ACTORS) {
		wrong(x, "too many threads and CPUs");
		return -EOPNOTSUPP;
	}
	if (x->options->memory_model) {
		wrong(x, "not built yet: store buffers");
		return -EOPNOTSUPP;
	}
	return dpor_order_create(d);
}

static void dpor_destroy(struct vmsim_explorer *x)
{
	struct dpor *d = x->strategy_state;

	if (!d)
		return;
	dpor_order_destroy(d);
	free(d->node);
	free(d->sleeper);
	free(d);
	x->strategy_state = NULL;
}

/* Where nothing is touched, nothing is decided. */
#define UNTOUCHING								\
	(VMSIM_EV_BIT(POINT) | VMSIM_EV_BIT(FAULT) | VMSIM_EV_BIT(SYSCALL) |	\
	 VMSIM_EV_BIT(SYSCALL_RET) | VMSIM_EV_BIT(RESCHED) | VMSIM_EV_BIT(FLUSH_BEGIN) | \
	 VMSIM_EV_BIT(FLUSH_END) | VMSIM_EV_BIT(BARRIER))

const struct strategy strategy_dpor = {
	.decisions = ~UNTOUCHING,
	.footprints = true,
	.shards = true,
	.create = dpor_create,
	.destroy = dpor_destroy,
	.more = dpor_more,
	.begin = dpor_begin,
	.pick = dpor_pick,
	.choice = dpor_choice,
	.end = dpor_end,
	.cover = dpor_cover,
};
