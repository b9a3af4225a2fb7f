// SPDX-License-Identifier: GPL-2.0-only
#include "explore/session.h"
#include "explore/scenario.h"
#include "check/check.h"
#include "folio/folio.h"
#include "mm/mm_internal.h"
#include "trace/record.h"
#include <errno.h>
#include <stdlib.h>

/* Copies the cells of frames [0, @frames) between the memmap and a copy of it; holes have none. */
static void copy_cells(const struct vmsim_machine *m, struct page *to, const struct page *from,
		       unsigned long frames)
{
	for (unsigned long pfn = 0; pfn < frames; pfn += VMSIM_SECTION_FRAMES)
		if (vmsim_section_is_valid(m, pfn))
			memcpy(to + pfn, from + pfn, min(frames - pfn, (unsigned long)VMSIM_SECTION_FRAMES) *
						     sizeof(*to));
}

/*
 * A snapshot of a machine is a copy of what it uses: the header with the heap, the cells of the
 * memmap, the versions and the frames, each up to the highest one ever used.
 */
struct world_snapshot {
	size_t heap_used;
	unsigned long frames_used;
	char *base;		/* header and heap */
	struct page *memmap;
	u64 *versions;
	char *frames;
};

static size_t base_size(const struct vmsim_machine *m, size_t heap_used)
{
	return (size_t)(m->heap - (char *)m) + heap_used;
}

static void *copy_of(const void *from, size_t size)
{
	void *copy = malloc(size ? size : 1);

	if (copy)
		memcpy(copy, from, size);
	return copy;
}

static int snapshot_take(struct vmsim_explorer *x)
{
	struct vmsim_machine *m = x->machine;
	struct world_snapshot *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	x->snapshot = s;
	s->heap_used = m->heap_used;
	s->frames_used = m->frames_used;
	s->base = copy_of(m, base_size(m, s->heap_used));
	s->memmap = malloc(s->frames_used * sizeof(struct page) + 1);
	if (s->memmap)
		copy_cells(m, s->memmap, m->memmap, s->frames_used);
	s->versions = m->versions ? copy_of(m->versions, s->frames_used * sizeof(u64)) : NULL;
	s->frames = copy_of(m->frames, s->frames_used * PAGE_SIZE);
	if (!s->base || !s->memmap || !s->frames || (m->versions && !s->versions))
		return -ENOMEM;
	return 0;
}

static void snapshot_free(struct world_snapshot *s)
{
	if (!s)
		return;
	free(s->base);
	free(s->memmap);
	free(s->versions);
	free(s->frames);
	free(s);
}

/* Frames that only the last execution used become untouched again; holes have no cells. */
static void forget_frames(struct vmsim_machine *m, unsigned long from, unsigned long to)
{
	for (unsigned long pfn = from; pfn < to; pfn++)
		if (vmsim_section_is_valid(m, pfn))
			memset(&m->memmap[pfn], 0, sizeof(struct page));
}

void world_restore(struct vmsim_explorer *x)
{
	struct vmsim_machine *m = x->machine;
	const struct world_snapshot *s = x->snapshot;
	unsigned long used = m->frames_used;

	memcpy(m, s->base, base_size(m, s->heap_used));
	copy_cells(m, m->memmap, s->memmap, s->frames_used);
	forget_frames(m, s->frames_used, used);
	if (m->versions)
		memcpy(m->versions, s->versions, s->frames_used * sizeof(u64));
	memcpy(m->frames, s->frames, s->frames_used * PAGE_SIZE);
}

static struct vmsim_config config_of(const struct vmsim_explorer *x)
{
	struct vmsim_config config = x->scenario->config;

	config.mode = VMSIM_EXPLORE;
	config.tlb = x->options->tlb;
	config.faulty_nth = x->options->faulty_nth;
	if (config.tlb == VMSIM_TLB_FAULTY && !config.faulty_nth)
		config.faulty_nth = 1;
	return config;
}

static int set_up(struct vmsim_explorer *x)
{
	uint64_t oracles = x->options->oracles ? x->options->oracles : VMSIM_ORACLES_ALL;
	int err = vmsim_checker_create(x->machine, oracles);

	return err ? err : scenario_set_up(x->scenario, &x->world);
}

int world_create(struct vmsim_explorer *x, void *recorder)
{
	struct vmsim_config config = config_of(x);
	int err;

	err = vmsim_machine_create(&config, &x->world.machine);
	if (err)
		return err;
	x->machine = vmsim_machine_get(x->world.machine);
	vmsim_set_explorer(x->machine, x);
	if (recorder)
		vmsim_watch(x->machine, VMSIM_EV_ALL, vmsim_recorder_add,
			    recorder);
	err = setjmp(x->escape) ? -EPROTO : set_up(x);
	if (x->failed)
		err = -EPROTO;
	if (!err)
		err = actors_create(x);
	if (!err)
		err = snapshot_take(x);
	return err;
}

void world_destroy(struct vmsim_explorer *x)
{
	snapshot_free(x->snapshot);
	x->snapshot = NULL;
	if (!x->machine)
		return;
	/* What an abandoned execution left attached does not hold up the end. */
	INIT_LIST_HEAD(&x->machine->tasks);
	vmsim_self = &vmsim_no_task;
	vmsim_machine_destroy(x->world.machine);
	x->machine = NULL;
}

static void scenario_check(struct vmsim_explorer *x)
{
	int err = scenario_call(x->scenario, &x->world, x->scenario->check);

	if (err < 0)
		vmsim_violate(x->machine, "CHECK", "", "the scenario's check returned %d", err);
}

/* With every process gone, nothing may be left but files and free memory. False: nothing went. */
static bool tear_down(struct vmsim_explorer *x)
{
	if (!scenario_process_count(x->scenario) && list_empty(&x->machine->processes) &&
	    !x->machine->rcu.pending)
		return false;
	scenario_end_processes(x->scenario, &x->world);
	vmsim_self = &x->machine->cpu[0].idle;
	rcu_barrier();
	vmsim_self = &vmsim_no_task;
	return true;
}

void world_finish(struct vmsim_explorer *x)
{
	for (unsigned int i = 0; i < x->machine->nr_cpus; i++)
		if (vmsim_hv_away(&x->machine->cpu[i].hv_state))
			vmsim_cpu_set_running(&x->machine->cpu[i]);
	actors_detach(x);
	scenario_check(x);
	if (!x->failed)
		vmsim_checker_quiescent(x->machine);
	if (!x->failed && tear_down(x))
		vmsim_checker_quiescent(x->machine);
}
