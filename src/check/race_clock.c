// SPDX-License-Identifier: GPL-2.0-only
#include "check/race.h"
#include "explore/explorer.h"

/* For tests of the tests: as vmsim_muted_kinds(). */
__attribute__((weak)) u64 vmsim_muted_edges(void)
{
	return 0;
}

struct chk_races *race_state(struct vmsim_checker *chk)
{
	struct chk_races *races = chk->races;

	if (races)
		return races;
	races = chk_alloc(chk, sizeof(*races));
	if (!races)
		return NULL;
	races->width = VMSIM_STACKS + chk->machine->nr_cpus;
	races->edges = ~vmsim_muted_edges();
	chk_map_init(&races->clocks, chk->machine);
	chk_map_init(&races->cells, chk->machine);
	chk->races = races;
	return races;
}

race_clock *race_clock_new(struct vmsim_checker *chk)
{
	return chk_alloc(chk, chk->races->width * sizeof(race_clock));
}

void race_clock_join(const struct chk_races *races, race_clock *to, const race_clock *from)
{
	for (unsigned int i = 0; i < races->nr_actors; i++)
		to[i] = max(to[i], from[i]);
}

void race_clock_set(const struct chk_races *races, race_clock *to, const race_clock *from)
{
	memcpy(to, from, races->width * sizeof(*to));
}

static void name_actor(const struct vmsim_checker *chk, struct race_actor *actor, int tid,
		       unsigned int cpu)
{
	const struct task_struct *task;

	snprintf(actor->name, sizeof(actor->name), "CPU %u", cpu);
	list_for_each_entry(task, &chk->machine->tasks, task_list)
		if (tid && task->tid == tid)
			snprintf(actor->name, sizeof(actor->name), "%s",
				 vmsim_explorer_thread_name(task) ?: task->comm);
}

static struct race_actor *actor_new(struct vmsim_checker *chk, int key, unsigned int cpu)
{
	struct chk_races *races = chk->races;
	struct race_actor *actor = &races->actor[races->nr_actors];

	if (races->nr_actors == races->width) {
		chk_out_of_memory(chk);
		return NULL;
	}
	*actor = (struct race_actor) {
		.key = key,
		.clock = race_clock_new(chk),
		.published = race_clock_new(chk),
		.seen = race_clock_new(chk),
	};
	if (!actor->clock || !actor->published || !actor->seen)
		return NULL;
	races->nr_actors++;
	name_actor(chk, actor, key, cpu);
	*race_epoch(races, actor) = 1;
	return actor;
}

/*
 * An interrupt handler runs in the order of the thread that it interrupted: with that one alone it
 * shares a CPU, and races between the two are not judged (KCSAN judges them with
 * CONFIG_KCSAN_INTERRUPT_WATCHER only).
 */
static int actor_key(const struct vmsim_checker *chk, int tid, unsigned int cpu)
{
	const struct task_struct *there = chk->machine->cpu[cpu].curr;

	if (tid)
		return tid;
	return there ? there->tid : -1 - (int)cpu;
}

struct race_actor *race_actor_of(struct vmsim_checker *chk, int tid, unsigned int cpu)
{
	struct chk_races *races = race_state(chk);
	int key = actor_key(chk, tid, cpu);

	if (!races)
		return NULL;
	for (unsigned int i = 0; i < races->nr_actors; i++)
		if (races->actor[i].key == key)
			return &races->actor[i];
	return actor_new(chk, key, cpu);
}
