// SPDX-License-Identifier: GPL-2.0-only
#include "machine/internal.h"
#include "machine/handle.h"
#include "machine/heap.h"
#include "folio/folio.h"
#include "mm/mm_internal.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>


/**
 * vmsim_config_init() - a small native machine
 * @config: filled in: 2 CPUs, 16384 frames (64 MiB) with contents, IPI flushes
 */
VMSIM_API void vmsim_config_init(struct vmsim_config *config)
{
	*config = (struct vmsim_config) {
		.mode = VMSIM_NATIVE,
		.contents = VMSIM_CONTENTS_BYTES,
		.tlb = VMSIM_TLB_IPI,
		.cpus = 2,
		.frames = 16384,
	};
}

static bool levels_valid(unsigned int levels)
{
#if CONFIG_PGTABLE_LEVELS == 5
	return levels == 0 || levels == 4 || levels == 5;
#else
	return levels == 0 || levels == CONFIG_PGTABLE_LEVELS;
#endif
}

static bool holes_valid(const struct vmsim_config *config)
{
	if (config->holes > VMSIM_MAX_HOLES)
		return false;
	for (unsigned int i = 0; i < config->holes; i++) {
		const struct vmsim_range *hole = &config->hole[i];

		/* The first section holds the reserved frames. */
		if (hole->start >= hole->end || hole->end > config->frames ||
		    hole->start < VMSIM_SECTION_FRAMES ||
		    hole->start % VMSIM_SECTION_FRAMES || hole->end % VMSIM_SECTION_FRAMES)
			return false;
	}
	return true;
}

static int config_check(const struct vmsim_config *config)
{
	if (config->mode != VMSIM_NATIVE && config->mode != VMSIM_EXPLORE)
		return -EINVAL;
	if ((unsigned int)config->contents > VMSIM_CONTENTS_BYTES ||
	    (unsigned int)config->tlb >= VMSIM_TLB_COUNT)
		return -EINVAL;
	if (config->cpus < 1 || config->cpus > VMSIM_MAX_CPUS)
		return -EINVAL;
	if (config->frames < VMSIM_SECTION_FRAMES || config->frames > 1UL << 34)
		return -EINVAL;
	if (config->mode == VMSIM_EXPLORE && config->frames > 1UL << 14)
		return -EINVAL;
	if (config->tlb == VMSIM_TLB_FAULTY && config->faulty_nth == 0)
		return -EINVAL;
	if (!levels_valid(config->levels) || !holes_valid(config))
		return -EINVAL;
	return 0;
}

/*
 * Where the explorer decides when callbacks run, they have a CPU of their own, as callbacks that
 * are offloaded (CONFIG_RCU_NOCB_CPU): so they can run between any two steps of all others. On a
 * machine of one CPU, and where there is no room, they share the first one.
 */
static unsigned int all_cpus(const struct vmsim_config *config)
{
	bool offload = config->mode == VMSIM_EXPLORE && config->tlb != VMSIM_TLB_UP &&
		       config->cpus < VMSIM_MAX_CPUS;

	return config->cpus + offload;
}

/* Sizes of the parts of a machine's region, each rounded to host pages. */
struct layout {
	size_t header, cpus, heap, memmap, sections, versions, control, stacks, frames, total;
};

static struct layout layout_of(const struct vmsim_config *config)
{
	struct layout l = {
		.header = PAGE_ALIGN(sizeof(struct vmsim_machine)),
		.cpus = PAGE_ALIGN(all_cpus(config) * sizeof(struct vmsim_cpu)),
		.heap = config->mode == VMSIM_EXPLORE ? VMSIM_HEAP_SIZE : 0,
		.memmap = PAGE_ALIGN(config->frames * sizeof(struct page)),
		.sections = PAGE_ALIGN(config->frames / VMSIM_SECTION_FRAMES + 1),
		.versions = config->contents == VMSIM_CONTENTS_VERSION ?
			PAGE_ALIGN(config->frames * sizeof(u64)) : 0,
		.control = config->mode == VMSIM_EXPLORE ? VMSIM_CONTROL_SIZE : 0,
		.stacks = config->mode == VMSIM_EXPLORE ? VMSIM_STACKS * VMSIM_STACK_SIZE : 0,
		.frames = config->frames * PAGE_SIZE,
	};

	l.total = l.header + l.cpus + l.heap + l.memmap + l.sections + l.versions + l.control +
		  l.stacks + l.frames;
	return l;
}

static void *region_map(const struct vmsim_config *config, unsigned int slot, size_t size)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	void *want = NULL;
	void *got;

	if (config->mode == VMSIM_EXPLORE) {
		want = (void *)(VMSIM_EXPLORE_BASE + slot * VMSIM_EXPLORE_STRIDE);
		flags |= MAP_FIXED_NOREPLACE;
	}
	got = mmap(want, size, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (got == MAP_FAILED)
		return NULL;
	return got;
}

static void region_divide(struct vmsim_machine *m, const struct layout *l)
{
	char *at = (char *)m + l->header;

	m->region_size = l->total;
	m->cpu = (struct vmsim_cpu *)at;
	at += l->cpus;
	m->heap = at;
	at += l->heap;
	m->memmap = (struct page *)at;
	at += l->memmap;
	m->section = (u8 *)at;
	at += l->sections;
	m->versions = l->versions ? (u64 *)at : NULL;
	at += l->versions;
	m->control = at;
	at += l->control;
	m->stacks = at;
	at += l->stacks;
	m->frames = at;
}

static void cpu_init(struct vmsim_machine *m, struct vmsim_cpu *cpu, u32 id)
{
	cpu->id = id;
	vmsim_task_init(&cpu->idle, cpu, m);
	strcpy(cpu->idle.comm, "idle");
	INIT_LIST_HEAD(&cpu->idle.task_list);
	vmsim_tlb_init(cpu, vmsim_exploring(m));
}

static void cpus_init(struct vmsim_machine *m)
{
	m->nr_online = m->config.cpus;
	m->nr_cpus = all_cpus(&m->config);
	for (u32 id = 0; id < m->nr_cpus; id++)
		cpu_init(m, &m->cpu[id], id);
}

static void lists_init(struct vmsim_machine *m)
{
	INIT_LIST_HEAD(&m->tasks);
	INIT_LIST_HEAD(&m->mms);
	INIT_LIST_HEAD(&m->processes);
	INIT_LIST_HEAD(&m->files);
	INIT_LIST_HEAD(&m->ksm_nodes);
	mutex_init(&m->ksm_lock);
	spin_lock_init(&m->mm_list_lock);
	vmsim_limits_init(m);
	m->next_tid = m->next_pid = m->next_file = 1;
	m->next_ctx_id = 1;
	vmsim_rcu_init(m);
}

static int machine_init(struct vmsim_machine *m)
{
	struct task_struct *before = vmsim_self;
	int err;

	m->tlb_backend = m->config.tlb;
	m->nr_frames = m->config.frames;
	lists_init(m);
	cpus_init(m);
	vmsim_self = &m->cpu[0].idle;
	err = vmsim_machine_data_init_all(m);
	if (!err)
		err = vmsim_memmap_init(m);
	vmsim_self = before;
	return err;
}

/**
 * vmsim_machine_create() - makes a machine
 * @config: what it is like
 * @machine: receives its handle
 *
 * Return: 0; -EINVAL: @config makes no sense; -ENOMEM; -ENFILE: too many machines; -EEXIST: the
 * fixed address of an explore machine is taken.
 */
VMSIM_API int vmsim_machine_create(const struct vmsim_config *config,
				   struct vmsim_machine **machine)
{
	struct vmsim_machine *handle;
	struct vmsim_machine *m;
	struct layout layout;
	unsigned int slot;
	int err;

	if (!config || !machine)
		return -EINVAL;
	err = config_check(config);
	if (err)
		return err;
	vmsim_boot();
	layout = layout_of(config);
	handle = vmsim_handle_new(&slot);
	if (!handle)
		return -ENFILE;
	m = region_map(config, slot, layout.total);
	if (!m) {
		err = config->mode == VMSIM_EXPLORE ? -EEXIST : -ENOMEM;
		vmsim_handle_delete(handle);
		return err;
	}
	m->config = *config;
	if (!m->config.levels)
		m->config.levels = CONFIG_PGTABLE_LEVELS == 5 ? 4 : CONFIG_PGTABLE_LEVELS;
	m->handle = (u64)(uintptr_t)handle;
	region_divide(m, &layout);
	err = vmsim_heap_init(m);
	if (!err)
		err = machine_init(m);
	if (err) {
		vmsim_heap_exit(m);
		munmap(m, layout.total);
		vmsim_handle_delete(handle);
		return err;
	}
	vmsim_handle_set(handle, m);
	*machine = handle;
	return 0;
}

/**
 * vmsim_machine_destroy() - ends a machine and everything in it
 * @machine: its handle
 *
 * Return: 0; -EBADF: no live machine; -EBUSY: a thread is attached.
 */
VMSIM_API int vmsim_machine_destroy(struct vmsim_machine *machine)
{
	struct vmsim_machine *m = vmsim_machine_get(machine);

	if (!m)
		return -EBADF;
	if (!list_empty(&m->tasks))
		return -EBUSY;
	vmsim_handle_delete(machine);
	vmsim_heap_exit(m);
	munmap(m, m->region_size);
	return 0;
}

VMSIM_API const char *vmsim_version(void)
{
	return VMSIM_VERSION;
}

static const char *const tlb_names[VMSIM_TLB_COUNT] = {
	[VMSIM_TLB_IPI] = "ipi",
	[VMSIM_TLB_PV_DEFER] = "pv-defer",
	[VMSIM_TLB_BROADCAST] = "broadcast",
	[VMSIM_TLB_SYNC_ON_CLEAR] = "sync-on-clear",
	[VMSIM_TLB_UP] = "up",
	[VMSIM_TLB_COHERENT] = "coherent",
	[VMSIM_TLB_FAULTY] = "faulty",
};

VMSIM_API const char *vmsim_tlb_name(enum vmsim_tlb tlb)
{
	return (unsigned int)tlb < VMSIM_TLB_COUNT ? tlb_names[tlb] : "?";
}

/* The back-end of that name, or -EINVAL. */
VMSIM_API int vmsim_tlb_parse(const char *name)
{
	for (int tlb = 0; name && tlb < VMSIM_TLB_COUNT; tlb++)
		if (!strcmp(name, tlb_names[tlb]))
			return tlb;
	return -EINVAL;
}
