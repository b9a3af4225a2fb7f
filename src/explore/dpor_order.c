// SPDX-License-Identifier: GPL-2.0-only
#include "explore/dpor.h"
#include <errno.h>
#include <stdlib.h>

/*
 * Which step came before which, by vector clocks, with an index per object: the last exclusive
 * access and those that share it since. A step that meets a conflicting one that no other step lies
 * between is in a race with it: the other order has to be explored, too.
 */

#define NONE 0

static unsigned int cells_of_actor(const struct dpor *d)
{
	return CELL_WAKE + 2 * d->width;
}

static void cell_set(struct dpor *d, uint32_t cell, uint64_t value)
{
	if (d->cell[cell] == value)
		return;
	GROW(d->undo, d->undo_capacity, d->nr_undo + 1);
	d->undo[d->nr_undo++] = (struct dpor_undo) { .cell = cell, .old = d->cell[cell] };
	d->cell[cell] = value;
}

static uint32_t cells_add(struct dpor *d, unsigned int n)
{
	uint32_t first = (uint32_t)d->nr_cells;

	GROW(d->cell, d->cell_capacity, d->nr_cells + n);
	memset(&d->cell[first], 0, n * sizeof(d->cell[0]));
	d->nr_cells += n;
	return first;
}

int dpor_order_create(struct dpor *d)
{
	/* Cell 0 is nobody's; then come those of the actors. */
	cells_add(d, 1 + d->width * cells_of_actor(d));
	d->object_slots = 1024;
	d->object = calloc(d->object_slots, sizeof(d->object[0]));
	return d->object ? 0 : -ENOMEM;
}

void dpor_order_destroy(struct dpor *d)
{
	free(d->cell);
	free(d->object);
	free(d->undo);
	free(d->record);
	free(d->access);
	free(d->clock);
	free(d->weak);
	free(d->grace);
	free(d->races.at);
	free(d->edges.at);
	free(d->section);
}

static uint32_t actor_cell(const struct dpor *d, unsigned int actor, unsigned int cell)
{
	return 1 + actor * cells_of_actor(d) + cell;
}

uint64_t dpor_actor_cell(const struct dpor *d, unsigned int actor, unsigned int cell)
{
	return d->cell[actor_cell(d, actor, cell)];
}

void dpor_actor_cell_set(struct dpor *d, unsigned int actor, unsigned int cell, uint64_t value)
{
	cell_set(d, actor_cell(d, actor, cell), value);
}

static struct dpor_object *object_slot(const struct dpor *d, uint64_t name)
{
	uint64_t hash = name * UINT64_C(0x9e3779b97f4a7c15);

	for (size_t i = hash >> 32;; i++) {
		struct dpor_object *object = &d->object[i & (d->object_slots - 1)];

		if (!object->cells || object->name == name)
			return object;
	}
}

static void objects_grow(struct dpor *d)
{
	struct dpor_object *old = d->object;
	size_t slots = d->object_slots;

	d->object_slots *= 2;
	d->object = calloc(d->object_slots, sizeof(d->object[0]));
	if (!d->object)
		abort();
	for (size_t i = 0; i < slots; i++)
		if (old[i].cells)
			*object_slot(d, old[i].name) = old[i];
	free(old);
}

uint32_t dpor_cell_object(struct dpor *d, uint64_t name)
{
	struct dpor_object *object = object_slot(d, name);

	if (object->cells)
		return object->cells;
	if (2 * ++d->nr_objects > d->object_slots) {
		objects_grow(d);
		object = object_slot(d, name);
	}
	*object = (struct dpor_object) { .name = name, .cells = cells_add(d, CELLS_OF_OBJECT) };
	return object->cells;
}

void dpor_order_undo(struct dpor *d, size_t node)
{
	const struct dpor_node *to = &d->node[node];

	while (d->nr_undo > to->undo) {
		const struct dpor_undo *undo = &d->undo[--d->nr_undo];

		d->cell[undo->cell] = undo->old;
	}
	d->nr_records = to->records;
	d->nr_graces = to->graces;
}

/*
 * A section that is entered after the grace period has begun is in nobody's way: what happens when
 * it is entered before, happens then, too. Not the other way round.
 */
static bool starts_before_grace(const struct access *sleeper, const struct access *access)
{
	return sleeper->mode == ACCESS_ACQUIRE && access->mode == ACCESS_READ;
}

static bool is_addition(const struct access *access)
{
	return access->mode == ACCESS_ADD && access->change > 0;
}

static bool is_drop(const struct access *access)
{
	return access->mode == ACCESS_DROP && access->change < 0;
}

/*
 * Whether a drop, and all that was added and dropped since the last exclusive access, leaves
 * something in whatever order they come; @left: in this one. Of each actor, as much may have come
 * before all others as leaves the least. The answer is the same in all these orders, so those that
 * it is yes for concern each other nowhere.
 */
static bool always_leaves(const struct dpor *d, const struct access *drop, int left,
			  unsigned int actor)
{
	int least[DPOR_ACTORS] = { 0 };
	uint64_t record = d->cell[object_slot(d, drop->object)->cells + CELL_SHARED];

	left -= drop->change;
	least[actor] = drop->change;
	for (; record != NONE; record = d->record[record - 1].next) {
		const struct dpor_record *r = &d->record[record - 1];
		int *of_actor = &least[d->node[r->node].actor];

		/* By how much is not known. */
		if (r->mode == ACCESS_ADD && r->change <= 0)
			return false;
		left -= r->change;
		*of_actor = min(*of_actor + r->change, 0);
	}
	for (unsigned int i = 0; i < d->width; i++)
		left += least[i];
	return left > 0;
}

/*
 * Who sleeps is concerned by a drop if his own would not always leave something after it. Additions
 * concern no drop that does.
 */
static bool count_concerns(const struct dpor *d, const struct access *sleeper, unsigned int actor,
			   const struct access *access)
{
	return is_drop(sleeper) && is_drop(access) &&
	       !always_leaves(d, sleeper, access->left + sleeper->change, actor);
}

static bool are_counts(const struct access *a, const struct access *b)
{
	return (is_addition(a) || is_drop(a)) && (is_addition(b) || is_drop(b));
}

/* Whether who sleeps with access @a in mind is concerned by @b. */
static bool is_concerned(const struct dpor *d, unsigned int actor, const struct access *a,
			 const struct access *b)
{
	if (a->object != b->object)
		return accesses_conflict(a, b);
	if (are_counts(a, b))
		return count_concerns(d, a, actor, b);
	if (object_kind(a->object) == OBJECT_READER)
		return starts_before_grace(a, b);
	return modes_conflict(a->mode, b->mode);
}

bool dpor_sleeper_is_concerned(const struct dpor *d, const struct dpor_sleeper *sleeper,
			       const struct dpor_node *step)
{
	for (uint32_t i = sleeper->accesses; i < sleeper->accesses_end; i++)
		for (uint32_t j = step->own_accesses; j < step->accesses_end; j++)
			if (is_concerned(d, sleeper->actor, &d->access[i], &d->access[j]))
				return true;
	return false;
}

bool dpor_steps_conflict(const struct dpor *d, const struct dpor_node *a, const struct dpor_node *b)
{
	for (uint32_t i = a->own_accesses; i < a->accesses_end; i++)
		for (uint32_t j = b->own_accesses; j < b->accesses_end; j++)
			if (accesses_conflict(&d->access[i], &d->access[j]))
				return true;
	return false;
}

static uint32_t *clock_of(const struct dpor *d, size_t node)
{
	return &d->clock[node * d->width];
}

static uint32_t *weak_of(const struct dpor *d, size_t node)
{
	return &d->weak[node * d->width];
}

static void join(const struct dpor *d, uint32_t *clock, const uint32_t *other)
{
	for (unsigned int i = 0; i < d->width; i++)
		if (other[i] > clock[i])
			clock[i] = other[i];
}

/* The step of @node is among those that @clock knows. */
static bool knows(const struct dpor *d, const uint32_t *clock, size_t node)
{
	return d->node[node].seq <= clock[d->node[node].actor];
}

static void wake_join(struct dpor *d, uint32_t cells, const uint32_t *clock)
{
	for (unsigned int i = 0; i < d->width; i++)
		if (clock[i] > d->cell[cells + i])
			cell_set(d, cells + i, clock[i]);
}

void dpor_wake_join(struct dpor *d, unsigned int actor, size_t node, bool reader)
{
	uint32_t cells = actor_cell(d, actor, CELL_WAKE);

	dpor_actor_cell_set(d, actor, CELL_WOKEN, true);
	wake_join(d, cells, clock_of(d, node));
	if (!reader)
		wake_join(d, cells + d->width, weak_of(d, node));
}

static void node_list_add(struct dpor *d, struct node_list *list, uint64_t cell, unsigned int actor)
{
	uint32_t node = (uint32_t)cell - 1;

	if (cell == NONE || d->node[node].actor == actor)
		return;
	GROW(list->at, list->capacity, list->n + 1);
	list->at[list->n++] = (struct dpor_conflict) { .node = node };
}

/* The records of a list, those whose modes are in @modes. */
static void node_list_add_records(struct dpor *d, struct node_list *list, uint64_t record,
				  unsigned int modes, unsigned int actor)
{
	while (record != NONE) {
		const struct dpor_record *r = &d->record[record - 1];

		if (modes & 1U << r->mode)
			node_list_add(d, list, r->node + 1, actor);
		record = r->next;
	}
}

#define MODE(m) (1U << ACCESS_##m)
#define ANY_MODE (~0U)

static bool acquires(const struct access *access)
{
	return access->mode == ACCESS_ACQUIRE || access->mode == ACCESS_ACQUIRE_SHARED;
}

static unsigned int modes_against(enum access_mode mode)
{
	unsigned int modes = 0;

	for (unsigned int other = 0; other < ACCESS_MODES; other++)
		modes |= modes_conflict(mode, other) << other;
	return modes;
}

/* In place of the node where something is released: it is not, and somebody waits for it. */
#define STILL_HELD UINT32_MAX

static void section_add(struct dpor *d, uint64_t acquire, uint64_t release)
{
	if (acquire == NONE || release == NONE || acquire == release)
		return;
	GROW(d->section, d->section_capacity, d->nr_sections + 1);
	d->section[d->nr_sections++] = (struct dpor_section) {
		.acquire = (uint32_t)acquire - 1,
		.release = (uint32_t)release - 1,
	};
}

/* The last shared acquire of @actor, before @release. */
static uint64_t shared_acquire(const struct dpor *d, uint64_t record, unsigned int actor,
			       uint32_t release)
{
	for (; record != NONE; record = d->record[record - 1].next) {
		const struct dpor_record *r = &d->record[record - 1];

		if (r->mode == ACCESS_ACQUIRE_SHARED && r->node <= release &&
		    d->node[r->node].actor == actor)
			return r->node + 1;
	}
	return NONE;
}

/* When others had the object, since it was last acquired exclusively. */
static void find_sections(struct dpor *d, const struct access *access, const uint64_t *cell)
{
	section_add(d, cell[CELL_EXCLUSIVE], cell[CELL_RELEASE]);
	if (access->mode != ACCESS_ACQUIRE)
		return;
	for (uint64_t i = cell[CELL_RELEASE_SHARED]; i != NONE; i = d->record[i - 1].next) {
		const struct dpor_record *r = &d->record[i - 1];

		section_add(d,
			    shared_acquire(d, cell[CELL_SHARED], d->node[r->node].actor, r->node),
			    r->node + 1);
	}
}

/* The modes of what shares the object with an access, and has to come in the other order, too. */
static unsigned int modes_to_reverse(const struct access *access)
{
	unsigned int modes = modes_against(access->mode);

	if (is_addition(access))
		return modes & ~MODE(DROP);
	return is_drop(access) ? modes & ~MODE(ADD) : modes;
}

/*
 * What an access conflicts with. d->races: the other order is possible. d->edges: a release that
 * let an acquire in; what came before it is behind it, but there is no other order of the two.
 */
static void find_conflicts_of(struct dpor *d, const struct access *access, size_t node)
{
	unsigned int actor = d->node[node].actor;
	uint32_t cells = dpor_cell_object(d, access->object);
	const uint64_t *cell = &d->cell[cells];
	struct node_list *races = &d->races, *edges = &d->edges;
	bool tries = !acquires(access) && access->mode != ACCESS_RELEASE &&
		     access->mode != ACCESS_RELEASE_SHARED;
	unsigned int shared = cell[CELL_SHARED] == NONE ? 0 : modes_to_reverse(access);

	/* Who releases has acquired, or somebody has for it. */
	node_list_add(d, access->mode == ACCESS_RELEASE ? edges : races,
		      cell[CELL_EXCLUSIVE], actor);
	node_list_add_records(d, races, cell[CELL_SHARED], shared, actor);
	node_list_add(d, tries ? races : edges, cell[CELL_RELEASE], actor);
	if (access->mode == ACCESS_ACQUIRE)
		node_list_add_records(d, edges, cell[CELL_RELEASE_SHARED], ANY_MODE, actor);
	else if (tries)
		node_list_add_records(d, races, cell[CELL_RELEASE_SHARED], ANY_MODE, actor);
	if (acquires(access))
		find_sections(d, access, cell);
}

static void find_conflicts(struct dpor *d, const struct access *access, size_t node)
{
	unsigned int actor = d->node[node].actor;
	const struct dpor_object *other;

	/* See reverse_grace(). */
	if (object_kind(access->object) == OBJECT_READER)
		return;
	find_conflicts_of(d, access, node);
	if (object_kind(access->object) == OBJECT_LOCK) {
		other = object_slot(d, object_id(access->object));
		if (other->cells)
			node_list_add_records(d, &d->races, d->cell[other->cells + CELL_SHARED],
					      MODE(READ), actor);
	} else if (!object_kind(access->object) && access->mode == ACCESS_READ) {
		struct access lock = {
			.object = object_name(OBJECT_LOCK, access->object), .mode = ACCESS_READ,
		};

		if (object_slot(d, lock.object)->cells)
			find_conflicts_of(d, &lock, node);
	}
}

static void record_push(struct dpor *d, uint32_t cell, size_t node,
			const struct access *access)
{
	uint64_t next = d->cell[cell];
	enum access_mode mode = access->mode;
	int change = access->change;

	/* The last one by the same actor says it all. */
	if (next != NONE && d->record[next - 1].mode == mode &&
	    d->node[d->record[next - 1].node].actor == d->node[node].actor) {
		if (mode == ACCESS_ADD && (change <= 0 || d->record[next - 1].change <= 0))
			change = 0;
		else
			change += d->record[next - 1].change;
		next = d->record[next - 1].next;
	}
	GROW(d->record, d->record_capacity, d->nr_records + 1);
	d->record[d->nr_records++] = (struct dpor_record) {
		.node = (uint32_t)node, .next = (uint32_t)next, .mode = mode, .change = change,
	};
	cell_set(d, cell, d->nr_records);
}

/* The section that is open on a CPU: the node that it was entered at. */
static void note_reader(struct dpor *d, const struct access *access, size_t node)
{
	if (access->mode == ACCESS_READ)
		return;
	cell_set(d, dpor_cell_object(d, access->object),
		 access->mode == ACCESS_ACQUIRE ? node + 1 : NONE);
}

static void note_access(struct dpor *d, const struct access *access, size_t node)
{
	uint32_t cells = dpor_cell_object(d, access->object);

	if (object_kind(access->object) == OBJECT_READER) {
		note_reader(d, access, node);
		return;
	}
	switch (access->mode) {
	case ACCESS_READ:
	case ACCESS_PART_READ:
	case ACCESS_PART_WRITE:
	case ACCESS_ADD:
	case ACCESS_DROP:
	case ACCESS_ACQUIRE_SHARED:
		record_push(d, cells + CELL_SHARED, node, access);
		break;
	case ACCESS_WRITE:
	case ACCESS_ACQUIRE:
		cell_set(d, cells + CELL_EXCLUSIVE, node + 1);
		cell_set(d, cells + CELL_SHARED, NONE);
		cell_set(d, cells + CELL_RELEASE, NONE);
		cell_set(d, cells + CELL_RELEASE_SHARED, NONE);
		break;
	case ACCESS_RELEASE:
		cell_set(d, cells + CELL_RELEASE, node + 1);
		break;
	default:
		record_push(d, cells + CELL_RELEASE_SHARED, node, access);
	}
}

/*
 * Who can go first when the step of @late is to come before that of @early: those whose first step
 * among what does not depend on @early, @late included, needs no other one of these before it.
 * @clock: what @late knows without @early.
 */
static uint64_t initials(const struct dpor *d, size_t early, size_t late, const uint32_t *clock)
{
	const struct dpor_node *first = &d->node[early];
	uint32_t begin[DPOR_ACTORS];
	uint64_t seen = 0, out = 0;

	for (size_t i = early + 1; i <= late; i++) {
		const struct dpor_node *node = &d->node[i];
		const uint32_t *known = i == late ? clock : clock_of(d, i);
		bool needs_other = false;

		if (node->choice || (i != late && known[first->actor] >= first->seq) ||
		    seen & 1ULL << node->actor)
			continue;
		for (uint64_t left = seen; left; left &= left - 1) {
			unsigned int other = (unsigned int)__builtin_ctzll(left);

			needs_other |= known[other] >= begin[other];
		}
		seen |= 1ULL << node->actor;
		begin[node->actor] = node->seq;
		if (!needs_other)
			out |= 1ULL << node->actor;
	}
	return out;
}

/* Makes sure that somebody begins, at @early, what leads to the other order. */
static void reverse(struct dpor *d, size_t early, size_t late, const uint32_t *clock)
{
	struct dpor_node *node = &d->node[early];
	uint64_t covered = node->backtrack | node->sleep;
	uint64_t first;

	if (!(node->enabled & ~covered))
		return;
	first = initials(d, early, late, clock);
	if (first & covered)
		return;
	if (!(first & node->enabled))
		node->backtrack |= node->enabled;
	else if (first & node->enabled & 1ULL << d->node[late].actor)
		node->backtrack |= 1ULL << d->node[late].actor;
	else
		node->backtrack |= first & node->enabled & -(first & node->enabled);
}

/* Latest first. There are few. */
static void sort_races(struct node_list *races)
{
	for (size_t i = 1; i < races->n; i++) {
		struct dpor_conflict race = races->at[i];
		size_t j = i;

		for (; j && races->at[j - 1].node < race.node; j--)
			races->at[j] = races->at[j - 1];
		races->at[j] = race;
	}
}

static void begin_clock(struct dpor *d, size_t node)
{
	unsigned int actor = d->node[node].actor;
	uint64_t last = dpor_actor_cell(d, actor, CELL_LAST);
	size_t size = d->width * sizeof(d->clock[0]);

	if (last != NONE) {
		memcpy(clock_of(d, node), clock_of(d, last - 1), size);
		memcpy(weak_of(d, node), weak_of(d, last - 1), size);
	} else {
		memset(clock_of(d, node), 0, size);
		memset(weak_of(d, node), 0, size);
	}
	clock_of(d, node)[actor] = weak_of(d, node)[actor] = d->node[node].seq;
}

static void join_cells(struct dpor *d, uint32_t *clock, uint32_t cells)
{
	for (unsigned int i = 0; i < d->width; i++) {
		if (d->cell[cells + i] > clock[i])
			clock[i] = (uint32_t)d->cell[cells + i];
		if (d->cell[cells + i])
			cell_set(d, cells + i, 0);
	}
}

/* What the actor had waited for lies behind it, too. */
static void join_wait(struct dpor *d, size_t node)
{
	uint32_t cells = actor_cell(d, d->node[node].actor, CELL_WAKE);

	if (!dpor_actor_cell(d, d->node[node].actor, CELL_WOKEN))
		return;
	dpor_actor_cell_set(d, d->node[node].actor, CELL_WOKEN, false);
	join_cells(d, clock_of(d, node), cells);
	join_cells(d, weak_of(d, node), cells + d->width);
	dpor_actor_cell_set(d, d->node[node].actor, CELL_ENABLER, NONE);
}

/* What is known only because a grace period has ended; false: none has. */
static bool grace_wake(const struct dpor *d, size_t node, uint32_t *behind)
{
	const uint64_t *cell = &d->cell[actor_cell(d, d->node[node].actor, CELL_WAKE)];
	bool any = false;

	if (!dpor_actor_cell(d, d->node[node].actor, CELL_WOKEN))
		return false;
	for (unsigned int i = 0; i < d->width; i++) {
		if (cell[i] <= cell[d->width + i])
			continue;
		behind[i] = max(behind[i], (uint32_t)cell[i]);
		any = true;
	}
	return any;
}

/*
 * A step of a read section comes after the end of a grace period only if the grace period begins
 * before the section does: these are what has to be swapped then. False: no grace period is between
 * the two steps.
 */
static bool reverse_grace(struct dpor *d, size_t early, size_t late)
{
	uint32_t section = d->node[early].section;
	bool found = false;

	for (size_t i = 0; i < d->nr_graces && section; i++) {
		size_t begin = d->grace[i];

		if (begin < section || !knows(d, weak_of(d, late), begin) ||
		    knows(d, weak_of(d, begin), section - 1))
			continue;
		reverse(d, section - 1, begin, weak_of(d, begin));
		found = true;
	}
	return found;
}

static void take_hidden_races(struct dpor *d, size_t node)
{
	for (size_t i = 0; i < d->races.n && d->nr_graces; i++) {
		size_t early = d->races.at[i].node;

		if (knows(d, clock_of(d, node), early) && !knows(d, weak_of(d, node), early))
			reverse_grace(d, early, node);
	}
}

static void note_grace(struct dpor *d, size_t node)
{
	GROW(d->grace, d->grace_capacity, d->nr_graces + 1);
	d->grace[d->nr_graces++] = (uint32_t)node;
}

static uint64_t open_section(struct dpor *d, unsigned int actor)
{
	uint32_t cell;

	if (actor >= d->nr_threads)
		return NONE;
	cell = dpor_cell_object(d, object_name(OBJECT_READER, d->x->actor[actor].cpu->id));
	return d->cell[cell];
}

static void join_step(const struct dpor *d, size_t node, size_t early)
{
	join(d, clock_of(d, node), clock_of(d, early));
	join(d, weak_of(d, node), weak_of(d, early));
}

/*
 * A step that acquires something, or several things at once, has to find all of them free. Where it
 * met @race somebody had one of them, so it could not have come before; it could have before that
 * one was acquired. Not so what it does ahead of that: it could have met something else there, and
 * would perhaps have had nothing to acquire then.
 */
static bool lies_in_section(const struct dpor *d, const struct dpor_conflict *race)
{
	for (size_t i = 0; i < d->nr_sections; i++) {
		const struct dpor_section *section = &d->section[i];

		if (section->acquire != race->node &&
		    knows(d, clock_of(d, race->node), section->acquire) &&
		    (section->release == STILL_HELD ||
		     knows(d, clock_of(d, section->release), race->node)))
			return true;
	}
	return false;
}

/*
 * Latest first: what a later step has in its past is no race with this one. Nor is what the last
 * holder did while it kept this step waiting: only who holds first could be another. What ended a
 * wait for anything else comes first, with all that it has in its past.
 */
static void take_races(struct dpor *d, size_t node, struct node_list *races)
{
	uint64_t enabler = dpor_actor_cell(d, d->node[node].actor, CELL_ENABLER);
	uint32_t *clock = clock_of(d, node);
	uint32_t behind[DPOR_ACTORS] = { 0 };
	bool wait_for_grace;

	if (!races->n)
		return;
	for (size_t i = 0; i < d->edges.n; i++)
		join(d, behind, clock_of(d, d->edges.at[i].node));
	/* The wait for a grace period kept all of the step waiting. */
	wait_for_grace = grace_wake(d, node, behind);
	sort_races(races);
	for (size_t i = 0; i < races->n; i++) {
		const struct dpor_conflict *race = &races->at[i];
		size_t early = race->node;

		if (early + 1 == enabler && !d->nr_sections)
			join_step(d, node, early);
		if (knows(d, clock, early) || early + 1 == enabler ||
		    (!race->ahead && lies_in_section(d, race)) ||
		    ((wait_for_grace || race->behind) && knows(d, behind, early)))
			continue;
		if (!reverse_grace(d, early, node))
			reverse(d, early, node, clock);
		join_step(d, node, early);
	}
}

/* A call to other CPUs is over when all have acknowledged it. */
static void find_acks(struct dpor *d, unsigned int actor)
{
	uint64_t acks = object_name(OBJECT_ACKS, (uintptr_t)d->before.waited);
	const struct dpor_object *object = object_slot(d, acks);

	if (d->before.waited && object->cells)
		node_list_add_records(d, &d->edges, d->cell[object->cells + CELL_RELEASE_SHARED],
				      ANY_MODE, actor);
}

/* The thread had to wait for its turn on the CPU, and not only when it came to some access. */
static bool takes_turn(const struct dpor *d, const struct dpor_node *step)
{
	for (uint32_t i = step->own_accesses; i < step->accesses_end; i++)
		if (object_kind(d->access[i].object) == OBJECT_CPU && acquires(&d->access[i]))
			return true;
	return false;
}

/* What is dropped is watched by all where it could be the last. */
static void judge_drop(struct dpor *d, struct access *access, unsigned int actor)
{
	dpor_cell_object(d, access->object);
	if (!always_leaves(d, access, access->left, actor))
		access->mode = ACCESS_WRITE;
}

static void order_begin(struct dpor *d, size_t node)
{
	struct dpor_node *step = &d->node[node];
	bool held = takes_turn(d, step);

	d->races.n = d->edges.n = d->nr_sections = 0;
	step->undo = (uint32_t)d->nr_undo;
	step->records = (uint32_t)d->nr_records;
	step->graces = (uint32_t)d->nr_graces;
	step->seq = (uint32_t)dpor_actor_cell(d, step->actor, CELL_STEPS) + 1;
	step->before = (uint32_t)dpor_actor_cell(d, step->actor, CELL_LAST);
	begin_clock(d, node);
	for (uint32_t i = step->own_accesses; i < step->accesses_end; i++) {
		struct access *access = &d->access[i];
		size_t n = d->races.n;

		if (is_drop(access))
			judge_drop(d, access, step->actor);
		find_conflicts(d, access, node);
		held |= acquires(access);
		for (; !acquires(access) && n < d->races.n; n++) {
			d->races.at[n].behind = held;
			d->races.at[n].ahead = !held;
		}
	}
}

static bool begins_grace(const struct dpor *d, const struct dpor_node *step)
{
	for (uint32_t i = step->own_accesses; i < step->accesses_end; i++)
		if (object_kind(d->access[i].object) == OBJECT_READER &&
		    d->access[i].mode == ACCESS_READ)
			return true;
	return false;
}

static void order_end(struct dpor *d, size_t node)
{
	struct dpor_node *step = &d->node[node];

	for (size_t i = 0; i < d->edges.n; i++) {
		join(d, clock_of(d, node), clock_of(d, d->edges.at[i].node));
		join(d, weak_of(d, node), weak_of(d, d->edges.at[i].node));
	}
	join_wait(d, node);
	take_hidden_races(d, node);
	if (begins_grace(d, step))
		note_grace(d, node);
	step->section = (uint32_t)open_section(d, step->actor);
	for (uint32_t i = step->own_accesses; i < step->accesses_end; i++)
		note_access(d, &d->access[i], node);
	if (!step->section)
		step->section = (uint32_t)open_section(d, step->actor);
	dpor_actor_cell_set(d, step->actor, CELL_LAST, node + 1);
	dpor_actor_cell_set(d, step->actor, CELL_STEPS, step->seq);
}

void dpor_order_step(struct dpor *d, size_t node)
{
	order_begin(d, node);
	find_acks(d, d->node[node].actor);
	take_races(d, node, &d->races);
	order_end(d, node);
}

/* Who has what the step waits for has it until the end. */
static void find_holder(struct dpor *d, const struct access *access)
{
	const uint64_t *cell = &d->cell[dpor_cell_object(d, access->object)];

	if (cell[CELL_RELEASE] == NONE)
		section_add(d, cell[CELL_EXCLUSIVE], (uint64_t)STILL_HELD + 1);
}

void dpor_order_pending(struct dpor *d, size_t node)
{
	order_begin(d, node);
	for (uint32_t i = d->node[node].own_accesses; i < d->node[node].accesses_end; i++)
		find_holder(d, &d->access[i]);
	take_races(d, node, &d->races);
}

/* It would not wait for a section that began after the grace period. */
void dpor_order_pending_grace(struct dpor *d, unsigned int actor, uint64_t cpus)
{
	uint64_t begin = dpor_actor_cell(d, actor, CELL_LAST);

	for (; begin != NONE && cpus; cpus &= cpus - 1) {
		unsigned int cpu = (unsigned int)__builtin_ctzll(cpus);
		uint64_t section =
			d->cell[dpor_cell_object(d, object_name(OBJECT_READER, cpu))];

		if (section != NONE && section < begin &&
		    !knows(d, weak_of(d, begin - 1), section - 1))
			reverse(d, section - 1, begin - 1, weak_of(d, begin - 1));
	}
}
