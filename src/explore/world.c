// SPDX-License-Identifier: GPL-2.0-only
#include "explore/session.h"
#include "explore/scenario.h"
#include "check/check.h"
#include "check/checker.h"
#include "folio/folio.h"
#include "machine/heap.h"
#include "mm/mm_internal.h"
#include "order/order.h"
#include "trace/record.h"
#include <errno.h>
#include <stdlib.h>

/*
 * Calls @fn for each range of memory of which a machine uses something: the header, CPUs up to the
 * part of the TLB that explore machines have, what is kept for each CPU, the parts of the heap, and
 * states of sections, cells, versions and contents of frames up to the highest one ever used; the
 * holes that a machine was made with have no cells.
 */
typedef void (*range_fn)(void *arg, void *from, void *to);

static void *end_of_cpu(struct vmsim_cpu *cpu)
{
	return cpu->tlb.entry[VMSIM_TLB_SETS_EXPLORE];
}

/*
 * What a TLB caches is zeroes until it is filled for the first time, and so is its queue where
 * invalidations do not wait in one.
 */
static void *used_end_of_cpu(struct vmsim_cpu *cpu)
{
	if (cpu->tlb.fills || cpu->tlb.next_psc ||
	    cpu->idle.machine->tlb_backend == VMSIM_TLB_BROADCAST)
		return end_of_cpu(cpu);
	return cpu->tlb.queue;
}

static void each_heap_part(struct vmsim_machine *m, u32 parts, range_fn fn, void *arg)
{
	for (u32 left = parts; left; left &= left - 1) {
		char *base;
		size_t used = vmsim_heap_part(m, (unsigned int)__builtin_ctz(left), &base);

		fn(arg, base, base + used);
	}
}

/* Reserved frames are never written to; only where programs can reach them is that not sure. */
static bool frame_is_used(const struct vmsim_machine *m, unsigned long pfn)
{
	return m->config.contents == VMSIM_CONTENTS_BYTES || vmsim_in_hole(m, pfn) ||
	       !(m->memmap[pfn].flags & BIT(PG_reserved));
}

static void each_frame(struct vmsim_machine *m, range_fn fn, void *arg)
{
	for (unsigned long pfn = 0; pfn < m->frames_used;) {
		unsigned long end = pfn + 1;

		while (end < m->frames_used && frame_is_used(m, end) == frame_is_used(m, pfn))
			end++;
		if (frame_is_used(m, pfn))
			fn(arg, m->frames + pfn * PAGE_SIZE, m->frames + end * PAGE_SIZE);
		pfn = end;
	}
}

static void each_cell(struct vmsim_machine *m, unsigned long from, unsigned long to, range_fn fn,
		      void *arg)
{
	for (unsigned long pfn = from; pfn < to;) {
		unsigned long end = min(ALIGN(pfn + 1, VMSIM_SECTION_FRAMES), to);

		if (!vmsim_in_hole(m, pfn))
			fn(arg, m->memmap + pfn, m->memmap + end);
		pfn = end;
	}
}

static void each_cpu(struct vmsim_machine *m, void *(*end)(struct vmsim_cpu *cpu), range_fn fn,
		     void *arg)
{
	for (unsigned int i = 0; i < m->nr_cpus; i++)
		fn(arg, &m->cpu[i], end(&m->cpu[i]));
}

static void each_other(struct vmsim_machine *m, range_fn fn, void *arg)
{
	fn(arg, m, &m->rcu.snapshot[m->nr_cpus]);
	for (unsigned int i = 0; i < m->nr_cpus; i++)
		fn(arg, m->cpu[i].calls, &m->cpu[i].calls[m->nr_cpus]);
	each_heap_part(m, m->heap_parts, fn, arg);
	fn(arg, m->section, m->section + DIV_ROUND_UP(m->nr_frames, VMSIM_SECTION_FRAMES));
	each_cell(m, 0, m->frames_used, fn, arg);
	if (m->versions)
		fn(arg, m->versions, m->versions + m->frames_used);
}

void world_each_range(struct vmsim_machine *m, range_fn fn, void *arg)
{
	each_cpu(m, end_of_cpu, fn, arg);
	each_other(m, fn, arg);
	each_frame(m, fn, arg);
}

void world_each_used_range(struct vmsim_machine *m, range_fn fn, void *arg)
{
	each_cpu(m, used_end_of_cpu, fn, arg);
	each_other(m, fn, arg);
}

void world_each_used_frame(struct vmsim_machine *m, range_fn fn, void *arg)
{
	each_frame(m, fn, arg);
}

/* Tables, and pages of programs: events tell of writes. Free frames are not written to. */
static bool tells_of_writes(const struct page *page)
{
	return !chk_frame_allocated(page) || page->mapping || chk_is_table(page);
}

void world_each_silent_frame(struct vmsim_machine *m, range_fn fn, void *arg)
{
	for (unsigned long pfn = 0; pfn < m->frames_used; pfn++)
		if (!vmsim_in_hole(m, pfn) && frame_is_used(m, pfn) &&
		    !tells_of_writes(&m->memmap[pfn]))
			fn(arg, m->frames + pfn * PAGE_SIZE, m->frames + (pfn + 1) * PAGE_SIZE);
}

static void told_words(struct vmsim_machine *m, char *at, range_fn fn, void *arg)
{
	if (at >= m->frames && at < m->frames + m->frames_used * PAGE_SIZE)
		fn(arg, at, at + sizeof(uint64_t));
}

void world_each_told_change(struct vmsim_machine *m, uint64_t object, range_fn fn, void *arg)
{
	unsigned long pfn;

	switch (object_kind(object)) {
	case 0:
		told_words(m, (char *)(uintptr_t)object, fn, arg);
		break;
	case OBJECT_WORD:
		if (m->config.contents == VMSIM_CONTENTS_BYTES)
			told_words(m, m->frames + object_id(object) * sizeof(uint64_t), fn, arg);
		break;
	case OBJECT_CONTENTS:
		pfn = (unsigned long)((struct page *)(uintptr_t)object_id(object) - m->memmap);
		if (frame_is_used(m, pfn))
			fn(arg, m->frames + pfn * PAGE_SIZE, m->frames + (pfn + 1) * PAGE_SIZE);
		break;
	default:
		break;
	}
}

/* A snapshot of a machine is a copy of these ranges, those of the CPUs first. */
struct saved_range {
	void *at;
	size_t size;
	char *copy;
};

#define MAX_RANGES (9 + 2 * VMSIM_MAX_CPUS + VMSIM_HEAP_PARTS + \
		    (1 << 14) / VMSIM_SECTION_FRAMES)

struct world_snapshot {
	unsigned int ranges;
	size_t heap_used[VMSIM_HEAP_PARTS];
	bool incomplete;
	struct saved_range range[MAX_RANGES];
};

static void save_range(void *arg, void *from, void *to)
{
	struct world_snapshot *s = arg;
	struct saved_range *range = &s->range[s->ranges++];

	*range = (struct saved_range) { .at = from, .size = (size_t)((char *)to - (char *)from) };
	range->copy = malloc(range->size + 1);
	if (range->copy)
		memcpy(range->copy, from, range->size);
	else
		s->incomplete = true;
}

static int snapshot_take(struct vmsim_explorer *x)
{
	x->snapshot = calloc(1, sizeof(*x->snapshot));
	if (!x->snapshot)
		return -ENOMEM;
	for (unsigned int i = 0; i < VMSIM_HEAP_PARTS; i++) {
		char *base;

		x->snapshot->heap_used[i] = vmsim_heap_part(x->machine, i, &base);
	}
	world_each_range(x->machine, save_range, x->snapshot);
	return x->snapshot->incomplete ? -ENOMEM : 0;
}

static void snapshot_free(struct world_snapshot *s)
{
	for (unsigned int i = 0; s && i < s->ranges; i++)
		free(s->range[i].copy);
	free(s);
}

static void clear_range(void *arg, void *from, void *to)
{
	(void)arg;
	raw_clear(from, (size_t)((char *)to - (char *)from));
}

/* A TLB that is unused now has been so all the time. */
static void restore_cpus(struct vmsim_machine *m, const struct world_snapshot *s)
{
	for (unsigned int i = 0; i < m->nr_cpus; i++) {
		const char *end = used_end_of_cpu(&m->cpu[i]);

		raw_copy(&m->cpu[i], s->range[i].copy, (size_t)(end - (char *)&m->cpu[i]));
	}
}

/* By how much the parts of the heap have grown. */
static void clear_heap(struct vmsim_machine *m, const struct world_snapshot *s)
{
	for (u32 left = m->heap_parts; left; left &= left - 1) {
		unsigned int part = (unsigned int)__builtin_ctz(left);
		char *base;
		size_t used = vmsim_heap_part(m, part, &base);

		if (used > s->heap_used[part])
			clear_range(NULL, base + s->heap_used[part], base + used);
	}
}

/* Frames that were never used before. */
static void clear_frames(struct vmsim_machine *m, unsigned long from, unsigned long to)
{
	each_cell(m, from, to, clear_range, NULL);
	if (m->versions)
		clear_range(NULL, m->versions + from, m->versions + to);
	clear_range(NULL, m->frames + from * PAGE_SIZE, m->frames + to * PAGE_SIZE);
}

/* What only the last execution used becomes untouched again. */
void world_restore(struct vmsim_explorer *x)
{
	struct vmsim_machine *m = x->machine;
	const struct world_snapshot *s = x->snapshot;
	unsigned long used = m->frames_used;

	clear_heap(m, s);
	restore_cpus(m, s);
	for (unsigned int i = m->nr_cpus; i < s->ranges; i++)
		raw_copy(s->range[i].at, s->range[i].copy, s->range[i].size);
	if (used > m->frames_used)
		clear_frames(m, m->frames_used, used);
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

	return err ? err : scenario_set_up(x->scenario, x->options->variant, &x->world);
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
		err = vmsim_order_create(x->machine, x->options->memory_model);
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
	scenario_end_processes(&x->world);
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
