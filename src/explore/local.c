// SPDX-License-Identifier: GPL-2.0-only
#include "explore/checkpoint.h"
#include "explore/grow.h"
#include "explore/local.h"
#include "explore/step.h"
#include <stdlib.h>

/* A power of two. */
#define GUESSES (1u << 18)
#define FIRST_SLOTS 4096
/* A power of two: bits for the chunks of memory in which somebody accesses something. */
#define WATCHED (1u << 15)

/**
 * struct use - a way in which an actor accesses an object: a set of such accesses
 * @object: its name; for a lock the address, as for the data at the same place
 * @is_lock: as a lock
 * @found: there
 * @quiet: CPUs that had no interrupt to take when the step began
 * @before: what the actor holds when the step begins
 * @during: what it holds at any time in the step
 * @next: another use of the object, from 1
 * @alone: nobody else gets in the way, as far as is known
 * @relied: a local step contained it
 */
struct use {
	uint64_t object;
	uint8_t actor, mode, found;
	bool is_lock;
	uint64_t quiet;
	hold_set before, during;
	uint32_t next;
	bool alone, relied;
};

/* Numbers of uses, from 1, by a hash. */
struct index {
	uint32_t *slot;
	size_t slots;
};

struct local {
	struct hold_sets sets;
	struct use *use;
	size_t n, capacity;
	struct index exact, by_object;	/* each use; the youngest use of each object */
	uint64_t watched[WATCHED / 64];
	bool wrong, bounded;
	bool untold;			/* frames are written to, and no event tells */
	unsigned int checkpoints;
	unsigned int first_interrupt, nr_cpus;	/* the actors that are interrupts of CPUs */
	uint64_t *told;			/* addresses written to since the last checkpoint */
	size_t nr_told, told_capacity;
	struct access *ran;		/* accesses since the last checkpoint */
	size_t nr_ran, ran_capacity;
	uint32_t *met;			/* numbers of the uses in the last step */
	size_t nr_met, met_capacity;
	uint64_t guess[GUESSES];	/* keys of threads; lowest bit: the next step was local */
};

struct local *local_create(unsigned int nr_threads, unsigned int nr_cpus, bool bounded)
{
	struct local *local = calloc(1, sizeof(*local));

	if (!local)
		return NULL;
	local->bounded = bounded;
	local->first_interrupt = nr_threads;
	local->nr_cpus = nr_cpus;
	local->exact.slots = local->by_object.slots = FIRST_SLOTS;
	local->exact.slot = calloc(FIRST_SLOTS, sizeof(uint32_t));
	local->by_object.slot = calloc(FIRST_SLOTS, sizeof(uint32_t));
	if (local->exact.slot && local->by_object.slot && holds_init(&local->sets))
		return local;
	local_destroy(local);
	return NULL;
}

void local_destroy(struct local *local)
{
	if (!local)
		return;
	holds_free(&local->sets);
	free(local->use);
	free(local->told);
	free(local->ran);
	free(local->met);
	free(local->exact.slot);
	free(local->by_object.slot);
	free(local);
}

/* The index. */

static uint64_t mix(uint64_t word)
{
	word *= UINT64_C(0x9e3779b97f4a7c15);
	return word ^ word >> 29;
}

static uint64_t hash_object(const struct use *use)
{
	return mix(use->object);
}

static uint64_t hash_use(const struct use *use)
{
	uint64_t rest = (uint64_t)use->actor | (uint64_t)use->mode << 8 |
			(uint64_t)use->is_lock << 16 | (uint64_t)use->before << 17 |
			(uint64_t)use->during << 33 | (uint64_t)use->found << 49;

	return mix(use->object ^ mix(rest ^ mix(use->quiet)));
}

static bool same_object(const struct use *a, const struct use *b)
{
	return a->object == b->object;
}

static bool same_use(const struct use *a, const struct use *b)
{
	return a->object == b->object && a->actor == b->actor && a->mode == b->mode &&
	       a->is_lock == b->is_lock && a->found == b->found && a->quiet == b->quiet &&
	       a->before == b->before && a->during == b->during;
}

static uint32_t *find(const struct local *local, const struct index *index, const struct use *use,
		      uint64_t hash, bool (*same)(const struct use *a, const struct use *b))
{
	size_t at = hash & (index->slots - 1);

	while (index->slot[at] && !same(&local->use[index->slot[at] - 1], use))
		at = (at + 1) & (index->slots - 1);
	return &index->slot[at];
}

static uint32_t *find_use(const struct local *local, const struct use *use)
{
	return find(local, &local->exact, use, hash_use(use), same_use);
}

static uint32_t *find_object(const struct local *local, const struct use *use)
{
	return find(local, &local->by_object, use, hash_object(use), same_object);
}

static void clear_index(struct index *index)
{
	free(index->slot);
	index->slots *= 2;
	index->slot = calloc(index->slots, sizeof(*index->slot));
	if (!index->slot)
		abort();
}

static unsigned int chunk_bit(uint64_t address)
{
	return address / IMAGE_CHUNK % WATCHED;
}

static void watch(struct local *local, uint64_t object)
{
	local->watched[chunk_bit(object) / 64] |= 1ULL << chunk_bit(object) % 64;
}

static void grow_indices(struct local *local)
{
	do {
		clear_index(&local->exact);
		clear_index(&local->by_object);
	} while (local->n * 2 >= local->exact.slots);
	for (uint32_t i = 0; i < local->n; i++) {
		*find_use(local, &local->use[i]) = i + 1;
		*find_object(local, &local->use[i]) = i + 1;
		watch(local, local->use[i].object);
	}
}

/* Who gets in whose way. */

/*
 * Who begins to wait for all readers, and who ceases to be one: the wait is no longer for him, in
 * whichever order.
 */
static bool wait_and_leave(const struct use *a, const struct use *b)
{
	return object_kind(a->object) == OBJECT_READER &&
	       ((a->mode == ACCESS_RELEASE && b->mode == ACCESS_READ) ||
		(a->mode == ACCESS_READ && b->mode == ACCESS_RELEASE));
}

/* Who looks at a lock's word sees whether it is held; who changes other bits of it does not. */
static bool conflict(const struct use *a, const struct use *b)
{
	if (wait_and_leave(a, b))
		return false;
	if (a->is_lock == b->is_lock)
		return modes_conflict(a->mode, b->mode);
	return (a->is_lock ? b : a)->mode == ACCESS_READ;
}

static bool is_kept_out(const struct local *local, const struct use *other, const struct use *use)
{
	return holds_exclude(holds_get(&local->sets, use->before),
			     holds_get(&local->sets, other->during));
}

static bool is_send(const struct use *use)
{
	return object_kind(use->object) == OBJECT_MAILBOX && use->mode == ACCESS_RELEASE_SHARED;
}

/* Somebody else could send the CPU an interrupt before a step that has @use in it. */
static bool can_be_sent(const struct local *local, unsigned int cpu, const struct use *use)
{
	const struct use mailbox = { .object = object_name(OBJECT_MAILBOX, cpu) };

	for (uint32_t i = *find_object(local, &mailbox); i; i = local->use[i - 1].next) {
		const struct use *other = &local->use[i - 1];

		if (is_send(other) && other->actor != use->actor &&
		    !is_kept_out(local, other, use))
			return true;
	}
	return false;
}

/* @other could happen before a step that has @use in it. */
static bool can_precede(const struct local *local, const struct use *other, const struct use *use)
{
	unsigned int cpu = other->actor - local->first_interrupt;

	if (is_kept_out(local, other, use))
		return false;
	return cpu >= local->nr_cpus || !(use->quiet >> cpu & 1) || can_be_sent(local, cpu, use);
}

/* In the same word, the one finds nothing, the other something. */
static bool find_differently(const struct use *a, const struct use *b)
{
	static const uint8_t other[] = {
		[FOUND_ZERO_4] = FOUND_VALUE_4, [FOUND_VALUE_4] = FOUND_ZERO_4,
		[FOUND_ZERO_8] = FOUND_VALUE_8, [FOUND_VALUE_8] = FOUND_ZERO_8,
	};

	return a->found && b->found == other[a->found];
}

/*
 * The reader finds what will stay: nobody, the reader included, is known to write to the word once
 * this is there. (It would not do to ask only what others have found when they wrote: that depends
 * on who was first, and so on what was left out.)
 */
static bool finds_last(const struct local *local, const struct use *use)
{
	if (use->mode != ACCESS_READ || !use->found)
		return false;
	for (uint32_t i = *find_object(local, use); i; i = local->use[i - 1].next)
		if (conflict(use, &local->use[i - 1]) &&
		    !find_differently(use, &local->use[i - 1]))
			return false;
	return true;
}

static bool is_met(const struct local *local, const struct use *use)
{
	for (uint32_t i = *find_object(local, use); i; i = local->use[i - 1].next) {
		const struct use *other = &local->use[i - 1];

		if (other->actor != use->actor && conflict(use, other) &&
		    can_precede(local, other, use))
			return true;
	}
	return false;
}

static bool is_alone(const struct local *local, const struct use *use)
{
	return !is_met(local, use) || finds_last(local, use);
}

static void reconsider(struct local *local, struct use *use)
{
	use->alone = use->alone && is_alone(local, use);
	if (use->relied && !use->alone) {
		use->relied = false;
		local->wrong = true;
	}
}

/* A new use may get in the way of others; who sends interrupts, in that of all whom these meet. */
static void reconsider_others(struct local *local, const struct use *new)
{
	if (is_send(new)) {
		for (uint32_t i = 0; i < local->n; i++)
			reconsider(local, &local->use[i]);
		return;
	}
	for (uint32_t i = *find_object(local, new); i; i = local->use[i - 1].next)
		reconsider(local, &local->use[i - 1]);
}

static struct use *add(struct local *local, const struct use *like)
{
	uint32_t *youngest;
	struct use *use;

	if (local->n * 2 >= local->exact.slots)
		grow_indices(local);
	GROW(local->use, local->capacity, local->n + 1);
	youngest = find_object(local, like);
	use = &local->use[local->n];
	*use = *like;
	use->next = *youngest;
	*find_use(local, like) = (uint32_t)++local->n;
	*youngest = (uint32_t)local->n;
	watch(local, use->object);
	use->alone = is_alone(local, use);
	reconsider_others(local, use);
	return use;
}

/* Steps. */

static bool is_lock(const struct access *access)
{
	return object_kind(access->object) == OBJECT_LOCK;
}

/* An attempt that succeeded tells not whether others may hold the lock, too: so they may. */
static bool begins_to_hold(const struct access *access)
{
	return access->mode == ACCESS_ACQUIRE || access->mode == ACCESS_ACQUIRE_SHARED ||
	       (is_lock(access) && access->mode == ACCESS_WRITE);
}

static bool can_be_held(const struct access *access)
{
	unsigned int kind = object_kind(access->object);

	return kind == OBJECT_LOCK || kind == OBJECT_IRQ || kind == OBJECT_CPU;
}

/* @during becomes what the actor holds at any time in the step, @after what it holds at the end. */
static void follow_holds(const struct footprint *footprint, struct holds *during,
			 struct holds *after)
{
	for (size_t i = 0; i < footprint->n; i++) {
		const struct access *access = &footprint->at[i];

		if (!can_be_held(access))
			continue;
		if (begins_to_hold(access)) {
			holds_add(during, access->object, access->mode != ACCESS_ACQUIRE);
			holds_add(after, access->object, access->mode != ACCESS_ACQUIRE);
		} else {
			holds_remove(after, access->object);
		}
	}
}

/* An interrupt is taken only while interrupts are on: no thread has them off. */
static void hold_interrupts(const struct vmsim_explorer *x, unsigned int actor,
			    struct holds *during)
{
	unsigned int cpu = actor - x->nr_actors;

	if (cpu < x->machine->nr_cpus)
		holds_add(during, object_name(OBJECT_IRQ, cpu), false);
}

/* The use that is like this one, made if need be. */
static struct use *known_use(struct local *local, const struct use *like)
{
	uint32_t number = *find_use(local, like);

	return number ? &local->use[number - 1] : add(local, like);
}

/*
 * What the step of @common does by @access. An attempt at a lock could have been made while
 * somebody else held it: the step itself keeps nobody away from it.
 */
static struct use use_of(const struct access *access, const struct use *common)
{
	struct use use = *common;

	use.is_lock = is_lock(access);
	use.object = use.is_lock ? object_id(access->object) : access->object;
	use.mode = access->mode;
	use.found = (uint8_t)access->found;
	if (access->attempt)
		use.during = use.before;
	return use;
}

/* All accesses of the step are noted. True if none of them is in anybody's way. */
static bool all_alone(struct local *local, const struct vmsim_explorer *x,
		      const struct use *common)
{
	bool alone = true;

	local->nr_met = 0;
	GROW(local->met, local->met_capacity, x->footprint.n);
	for (size_t i = 0; i < x->footprint.n; i++) {
		const struct use use = use_of(&x->footprint.at[i], common);
		const struct use *known = known_use(local, &use);

		local->met[local->nr_met++] = (uint32_t)(known - local->use);
		alone &= known->alone;
	}
	return alone;
}

/* The step was local, because its uses are alone. */
static void rely(struct local *local)
{
	for (size_t i = 0; i < local->nr_met; i++)
		local->use[local->met[i]].relied = true;
}

/* What the step of @actor, before which @mail waited for CPUs, held on the way. */
static struct use common_use(struct local *local, const struct vmsim_explorer *x,
			     unsigned int actor, uint64_t mail, struct local_holds *holds)
{
	bool by_thread = step_by_thread(x, actor);
	hold_set before = by_thread ? holds->of[actor] : 0;
	struct holds during = *holds_get(&local->sets, before), after = during;

	follow_holds(&x->footprint, &during, &after);
	hold_interrupts(x, actor, &during);
	if (by_thread)
		holds->of[actor] = holds_number(&local->sets, &after);
	return (struct use) {
		.actor = (uint8_t)actor,
		.quiet = by_thread ? ~mail : 0,
		.before = before,
		.during = holds_number(&local->sets, &during),
	};
}

/* Of the words that the step writes to, as events tell. */
static void note_told(struct local *local, const struct footprint *footprint)
{
	for (size_t i = 0; i < footprint->n; i++) {
		if (access_only_reads(&footprint->at[i]))
			continue;
		GROW(local->told, local->told_capacity, local->nr_told + 1);
		local->told[local->nr_told++] = is_lock(&footprint->at[i]) ?
			object_id(footprint->at[i].object) : footprint->at[i].object;
	}
}

static bool is_told(const struct local *local, uint64_t address)
{
	for (size_t i = 0; i < local->nr_told; i++)
		if (local->told[i] == address)
			return true;
	return false;
}

static void note_ran(struct local *local, const struct footprint *footprint)
{
	GROW(local->ran, local->ran_capacity, local->nr_ran + footprint->n);
	for (size_t i = 0; i < footprint->n; i++)
		local->ran[local->nr_ran++] = footprint->at[i];
}

/* Who lets others go first, or asks something in the middle of a step, is not alone. */
static bool may_be_local(const struct local *local, const struct vmsim_explorer *x,
			 struct candidate pick)
{
	return pick.kind == 't' && !x->threads.yielded && !x->asking &&
	       !(local->bounded && footprint_releases(&x->footprint));
}

/* One step, with a footprint, without a checkpoint. */
static void step(struct vmsim_explorer *x, unsigned int actor, struct candidate pick)
{
	struct step_before before;

	step_begin(x, actor, &before);
	loop_step(x, pick);
	step_complete(x, actor, &before);
}

/* The same. True if it was local. @common: what it held. */
static bool take(struct local *local, struct vmsim_explorer *x, struct candidate pick,
		 struct local_holds *holds, struct use *common)
{
	unsigned int actor = step_actor(x, &pick);
	uint64_t mail = x->machine->mail;
	bool alone;

	step(x, actor, pick);
	*common = common_use(local, x, actor, mail, holds);
	alone = all_alone(local, x, common);
	alone &= may_be_local(local, x, pick);
	if (alone)
		rely(local);
	note_told(local, &x->footprint);
	/* Under a bound nothing sleeps, and nobody asks. */
	if (!local->bounded)
		note_ran(local, &x->footprint);
	return alone;
}

struct change {
	struct image_changes changes;
	struct local *local;
	const struct vmsim_explorer *x;
	struct use written;
	bool alone;
};

static struct change *change_of(const struct image_changes *changes)
{
	return container_of(changes, struct change, changes);
}

static uint64_t address_of(const struct change *change, size_t offset)
{
	return (uintptr_t)change->x->machine + offset;
}

static bool is_watched(const struct image_changes *changes, size_t chunk)
{
	const struct change *change = change_of(changes);
	unsigned int bit = chunk_bit(address_of(change, chunk));

	return change->local->watched[bit / 64] >> bit % 64 & 1;
}

/* A word that others access has changed: if no event told of it, it was written to all the same. */
static void word_changed(struct image_changes *changes, size_t offset)
{
	struct change *change = change_of(changes);
	struct local *local = change->local;
	struct use *use;

	change->written.object = address_of(change, offset);
	if (!*find_object(local, &change->written) || is_told(local, change->written.object))
		return;
	use = known_use(local, &change->written);
	use->relied |= use->alone;
	change->alone &= use->alone;
}

/* True if nobody could have come between what changed and no event told of. */
static bool changes_alone(struct local *local, const struct vmsim_explorer *x, size_t from,
			  const struct use *common, unsigned int times)
{
	struct change change = {
		.changes = { .wants = is_watched, .word = word_changed },
		.local = local,
		.x = x,
		.written = *common,
		.alone = true,
	};

	change.written.mode = ACCESS_WRITE;
	/* It is not known which of several steps wrote, and so not what it held. */
	if (times > 1)
		change.written.before = change.written.during = 0;
	image_each_change(x->image, from, &change.changes);
	return change.alone;
}

/* Runs of local steps: nothing but the last state of one is looked at. */

/* Spins have to end somewhere. */
#define RUN_MAX 200

static bool can_go_on_alone(const struct vmsim_explorer *x, struct candidate pick)
{
	const struct thread_states *threads = &x->threads;
	unsigned int bit = 1u << pick.id;

	return pick.kind == 't' && !x->failed && !x->asking && !threads->yielded &&
	       threads->live & ~threads->waiting & ~x->at_rest & bit &&
	       !vmsim_hv_away(&x->actor[pick.id].cpu->hv_state);
}

/* The steps after the first one. False: the last of them, from @last on, was not local. */
static bool run_on(struct local *local, struct vmsim_explorer *x, struct candidate pick,
		   struct local_holds *holds, unsigned int *times, uint64_t *last)
{
	struct use common;

	for (*times = 1; *times < RUN_MAX && can_go_on_alone(x, pick); ++*times) {
		checkpoint_scrub(x, pick.id);
		*last = checkpoint_place(x, pick.id);
		if (local_guess(local, *last) == LOCAL_HARDLY)
			return true;
		x->steps++;
		if (!take(local, x, pick, holds, &common)) {
			++*times;
			return x->failed;
		}
	}
	return true;
}

/* Back to before the run, which was none. */
static void take_back(struct vmsim_explorer *x, size_t from, uint64_t steps)
{
	checkpoint_back(x, from);
	x->steps = steps;
}

/* Whether events told of all that was written to frames is looked at always, then rarely. */
#define LOOKS_AT_FIRST 4096
#define LOOK_EVERY 16

static bool is_time_to_look(struct local *local, const struct vmsim_explorer *x)
{
	return ++local->checkpoints < LOOKS_AT_FIRST || local->checkpoints % LOOK_EVERY == 0 ||
	       x->failed || loop_all_done(x);
}

static void take_checkpoint(struct local *local, struct vmsim_explorer *x,
			    struct local_run *result)
{
	if (local->untold) {
		result->mark = checkpoint_take(x);
		return;
	}
	result->mark = checkpoint_take_told(x, local->told, local->nr_told);
	if (!is_time_to_look(local, x) || checkpoint_is_whole(x))
		return;
	local->untold = result->lost = true;
}

struct local_run local_loop_step(struct local *local, struct vmsim_explorer *x,
				 struct candidate pick, bool run, struct local_holds *holds)
{
	const struct local_holds first = *holds;
	struct local_run result = { .times = 1 };
	size_t from = image_mark(x->image);
	uint64_t steps = x->steps, last;

	for (;;) {
		struct use common;
		bool right, alone;

		*holds = first;
		local->nr_told = local->nr_ran = 0;
		result.local = take(local, x, pick, holds, &common);
		right = !run || run_on(local, x, pick, holds, &result.times, &last);
		take_checkpoint(local, x, &result);
		if (result.lost)
			return result;
		if (!right) {
			local_learn(local, last, false);
			take_back(x, from, steps);
			continue;
		}
		alone = changes_alone(local, x, from, &common, result.times);
		if (alone || x->failed || result.times == 1) {
			result.told = alone;
			result.local &= alone;
			return result;
		}
		take_back(x, from, steps);
		run = false;
		result.times = 1;
	}
}

const struct access *local_run_accesses(const struct local *local, size_t *n)
{
	*n = local->nr_ran;
	return local->ran;
}

size_t local_repeat(struct vmsim_explorer *x, struct candidate pick, unsigned int times)
{
	step(x, step_actor(x, &pick), pick);
	for (unsigned int i = 1; i < times; i++) {
		checkpoint_scrub(x, pick.id);
		step(x, step_actor(x, &pick), pick);
	}
	return checkpoint_take(x);
}

size_t local_known(const struct local *local)
{
	return local->n;
}

bool local_was_wrong(struct local *local)
{
	bool wrong = local->wrong;

	local->wrong = false;
	return wrong;
}

enum local_hope local_guess(const struct local *local, uint64_t thread_key)
{
	uint64_t guess = local->guess[thread_key >> 1 & (GUESSES - 1)];

	if ((guess | 1) != (thread_key | 1))
		return LOCAL_PERHAPS;
	return guess & 1 ? LOCAL_LIKELY : LOCAL_HARDLY;
}

void local_learn(struct local *local, uint64_t thread_key, bool is_local)
{
	local->guess[thread_key >> 1 & (GUESSES - 1)] = (thread_key & ~UINT64_C(1)) | is_local;
}

static void save_guesses(const struct local *local, struct search_file *file)
{
	for (unsigned int i = 0; i < GUESSES; i++)
		if (local->guess[i])
			search_put_u64(file, local->guess[i]);
	search_put_u64(file, 0);
}

static void load_guesses(struct local *local, struct search_file *file)
{
	uint64_t guess;

	while ((guess = search_get_u64(file)))
		local->guess[guess >> 1 & (GUESSES - 1)] = guess;
}

void local_save(const struct local *local, struct search_file *file)
{
	search_put_u64(file, local->wrong);
	search_put_u64(file, local->untold);
	search_put_u64(file, local->checkpoints);
	search_put_u64(file, local->n);
	search_put(file, local->use, local->n * sizeof(*local->use));
	holds_save(&local->sets, file);
	save_guesses(local, file);
}

bool local_load(struct local *local, struct search_file *file)
{
	uint64_t n;

	local->wrong = search_get_u64(file);
	local->untold = search_get_u64(file);
	local->checkpoints = (unsigned int)search_get_u64(file);
	n = search_get_u64(file);
	GROW(local->use, local->capacity, n);
	if (!search_get(file, local->use, n * sizeof(*local->use)))
		return false;
	local->n = n;
	grow_indices(local);
	if (!holds_load(&local->sets, file))
		return false;
	load_guesses(local, file);
	return true;
}
