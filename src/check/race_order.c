// SPDX-License-Identifier: GPL-2.0-only
#include "check/race.h"

/*
 * What one actor leaves at an object, and another one finds there. Clocks of objects are kept by
 * address and use.
 */

static u64 key_of(enum race_object kind, u64 object)
{
	return object << 3 | kind;
}

static race_clock *clock_of(struct vmsim_checker *chk, enum race_object kind, u64 object)
{
	struct chk_races *races = chk->races;
	race_clock *clock = chk_map_get(&races->clocks, key_of(kind, object));

	if (clock)
		return clock;
	clock = race_clock_new(chk);
	if (clock && !chk_map_put(&races->clocks, key_of(kind, object), clock))
		chk_out_of_memory(chk);
	return clock;
}

void race_release(struct vmsim_checker *chk, struct race_actor *actor, enum race_edge edge,
		  enum race_object kind, u64 object)
{
	struct chk_races *races = chk->races;
	race_clock *clock;

	if (!race_edge_on(races, edge))
		return;
	clock = clock_of(chk, kind, object);
	if (!clock)
		return;
	race_clock_join(races, clock, actor->clock);
	++*race_epoch(races, actor);
}

void race_acquire(struct vmsim_checker *chk, struct race_actor *actor, enum race_edge edge,
		  enum race_object kind, u64 object)
{
	struct chk_races *races = chk->races;
	const race_clock *clock = chk_map_get(&races->clocks, key_of(kind, object));

	if (clock && race_edge_on(races, edge))
		race_clock_join(races, actor->clock, clock);
}

void race_drop(struct vmsim_checker *chk, enum race_object kind, u64 object)
{
	chk_free(chk, chk_map_remove(&chk->races->clocks, key_of(kind, object)));
}

void race_fence(struct vmsim_checker *chk, struct race_actor *actor, bool acquire, bool release)
{
	struct chk_races *races = chk->races;

	if (acquire && race_edge_on(races, RACE_EDGE_FENCE_ACQUIRE))
		race_clock_join(races, actor->clock, actor->seen);
	if (release && race_edge_on(races, RACE_EDGE_FENCE_RELEASE)) {
		race_clock_set(races, actor->published, actor->clock);
		++*race_epoch(races, actor);
	}
}

/*
 * Nobody sees dependencies between instructions. A marked read of what looks like an address in
 * the machine, or of an entry of a page table, is taken to be followed: what comes after it depends
 * on it. Of other values only barriers tell.
 */
static bool is_followed(const struct vmsim_machine *m, const void *addr, size_t size)
{
	u64 value;

	if (size != sizeof(value))
		return false;
	if ((const char *)addr >= m->frames)
		return true;
	value = __atomic_load_n((const u64 *)addr, __ATOMIC_RELAXED);
	return value - (uintptr_t)m < m->region_size;
}

static void atomic_read_from(struct vmsim_checker *chk, struct race_actor *actor, const void *addr,
			     size_t size, bool acquire)
{
	struct chk_races *races = chk->races;
	const race_clock *clock = chk_map_get(&races->clocks, key_of(RACE_WORD, (uintptr_t)addr));

	if (!clock)
		return;
	if (acquire && race_edge_on(races, RACE_EDGE_ATOMIC))
		race_clock_join(races, actor->clock, clock);
	else if (race_edge_on(races, RACE_EDGE_DEPENDENCY) && is_followed(chk->machine, addr, size))
		race_clock_join(races, actor->clock, clock);
	else
		race_clock_join(races, actor->seen, clock);
}

/* A store hides what was there; a change passes it on. */
static void atomic_write_to(struct vmsim_checker *chk, struct race_actor *actor, const void *addr,
			    bool release, bool change)
{
	struct chk_races *races = chk->races;
	race_clock *clock = clock_of(chk, RACE_WORD, (uintptr_t)addr);

	if (!clock)
		return;
	release &= race_edge_on(races, RACE_EDGE_ATOMIC);
	if (!change || !race_edge_on(races, RACE_EDGE_CHAIN))
		memset(clock, 0, races->width * sizeof(*clock));
	race_clock_join(races, clock, release ? actor->clock : actor->published);
	if (release)
		++*race_epoch(races, actor);
}

static bool is_acquire(int order)
{
	return order == __ATOMIC_ACQUIRE || order == __ATOMIC_CONSUME ||
	       order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST;
}

static bool is_release(int order)
{
	return order == __ATOMIC_RELEASE || order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST;
}

void race_atomic(struct vmsim_checker *chk, struct race_actor *actor, enum vmsim_atomic_op op,
		 const void *addr, size_t size, int order)
{
	if (op != VMSIM_ATOMIC_STORE)
		atomic_read_from(chk, actor, addr, size, is_acquire(order));
	if (op != VMSIM_ATOMIC_LOAD)
		atomic_write_to(chk, actor, addr, is_release(order), op == VMSIM_ATOMIC_CHANGE);
	/* The kernel's fully ordered operations are barriers as well. */
	if (op == VMSIM_ATOMIC_CHANGE && order == __ATOMIC_SEQ_CST)
		race_fence(chk, actor, true, true);
}

/* @actor knows what @other knew and did up to @epoch. */
static void join_until(struct chk_races *races, struct race_actor *actor,
		       const struct race_actor *other, u32 epoch)
{
	unsigned int index = race_index(races, other);
	u32 known = actor->clock[index];

	race_clock_join(races, actor->clock, other->clock);
	actor->clock[index] = max(known, epoch);
}

static void section_end(struct chk_races *races, struct race_actor *actor)
{
	actor->section_done = actor->section_last;
	actor->section = 0;
	++*race_epoch(races, actor);
}

/* What the thread does now, no other thread of its CPU comes in between. */
static bool has_cpu_alone(const struct task_struct *task)
{
	return task->preempt_count || task->cpu->irq_off || task->atomic_step;
}

/* Such sections of one CPU come one after the other. */
static void cpu_note(struct chk_races *races, struct race_actor *actor, unsigned int cpu)
{
	unsigned int index = race_index(races, actor), last = races->cpu_last[cpu].actor;

	if (!races->cpu_last[cpu].used || last != index) {
		if (races->cpu_last[cpu].used && race_edge_on(races, RACE_EDGE_CPU))
			join_until(races, actor, &races->actor[last], races->cpu_last[cpu].epoch);
		++*race_epoch(races, actor);
	}
	races->cpu_last[cpu].used = true;
	races->cpu_last[cpu].actor = (u16)index;
	races->cpu_last[cpu].epoch = *race_epoch(races, actor);
}

void race_section_note(struct vmsim_checker *chk, struct race_actor *actor,
		       const struct task_struct *task)
{
	const struct vmsim_cpu *cpu = task->cpu;
	u64 section = task->tid && task->rcu_nesting ? cpu->rcu_state : 0;

	if (!task->tid)
		return;
	if (actor->section && actor->section != section)
		section_end(chk->races, actor);
	actor->section = section;
	actor->section_cpu = cpu->id;
	if (actor->alone && !has_cpu_alone(task))
		++*race_epoch(chk->races, actor);
	actor->alone = has_cpu_alone(task);
	if (actor->alone)
		cpu_note(chk->races, actor, cpu->id);
	if (section)
		actor->section_last = *race_epoch(chk->races, actor);
}

/* Every section has ended that had begun before the grace period did: not those that go on. */
void race_grace_period(struct vmsim_checker *chk, struct race_actor *actor)
{
	struct chk_races *races = chk->races;

	if (!race_edge_on(races, RACE_EDGE_RCU_GRACE))
		return;
	for (unsigned int i = 0; i < races->nr_actors; i++) {
		struct race_actor *other = &races->actor[i];
		const struct vmsim_cpu *cpu = &chk->machine->cpu[other->section_cpu];

		if (other == actor)
			continue;
		if (other->section && cpu->rcu_state != other->section)
			section_end(races, other);
		if (other->section_done)
			join_until(races, actor, other, other->section_done);
	}
}
