// SPDX-License-Identifier: GPL-2.0-only
#include "trees.h"

struct tree tree;

static unsigned int objects_until_failure;
static long objects_alive;

/* In the library's place (docs/overrides.md). */
void *kzalloc(size_t size, gfp_t gfp)
{
	void *object;

	if (objects_until_failure && !(gfp & __GFP_NOFAIL) && --objects_until_failure == 0) {
		/* Who must not wait tries once more when he may: mm/rmap.c does. */
		objects_until_failure = !(gfp & __GFP_DIRECT_RECLAIM);
		return NULL;
	}
	object = vmsim_machine_alloc(vmsim_this_machine(), size);
	objects_alive += object != NULL;
	return object;
}

void kfree(const void *object)
{
	objects_alive -= object != NULL;
	vmsim_machine_free(vmsim_this_machine(), (void *)object);
}

void tree_fail_object(unsigned int nth)
{
	objects_until_failure = nth;
}

long tree_objects(void)
{
	return objects_alive;
}

static void expect(const char *what, long result, long expected)
{
	if (result != expected)
		tree_fail("%s: expected %ld, found %ld", what, expected, result);
}

/* Each CPU has a thread; the test is one after the other. The others are in user space. */
static void attach_all(int pid)
{
	for (unsigned int cpu = 0; cpu < tree.cpus; cpu++) {
		vmsim_self = &vmsim_no_task;
		expect("attach", vmsim_attach(tree.machine, cpu, pid), 0);
		tree.task[cpu] = vmsim_self;
	}
}

void tree_become(unsigned int cpu, const struct proc *proc)
{
	vmsim_self = tree.task[cpu];
	if (vmsim_self->pid != proc->pid)
		expect("become", vmsim_become(proc->pid), 0);
}

static const struct proc *other_than(const struct proc *proc)
{
	for (unsigned int i = 0; i < TREE_PROCS; i++)
		if (tree.proc[i].pid && &tree.proc[i] != proc)
			return &tree.proc[i];
	tree_fail("the test ends its last process");
}

void tree_leave(const struct proc *proc)
{
	const struct proc *other = other_than(proc);

	for (unsigned int cpu = 0; cpu < tree.cpus; cpu++)
		if (tree.task[cpu]->pid == proc->pid)
			tree_become(cpu, other);
}

static struct vmsim_config config_of(u64 seed)
{
	static const enum vmsim_tlb backends[] = {
		VMSIM_TLB_IPI, VMSIM_TLB_PV_DEFER, VMSIM_TLB_BROADCAST, VMSIM_TLB_SYNC_ON_CLEAR,
		VMSIM_TLB_COHERENT,
	};
	struct vmsim_config config;

	vmsim_config_init(&config);
	config.cpus = tree.cpus;
	config.frames = TREE_FRAMES;
	config.tlb = backends[seed % ARRAY_SIZE(backends)];
#ifdef VMSIM_ARCH_X86_64
	config.levels = seed % 3 ? 4 : 5;
#endif
	config.contents = seed % 4 ? VMSIM_CONTENTS_VERSION : VMSIM_CONTENTS_BYTES;
	return config;
}

static uint64_t frames_free(void)
{
	struct vmsim_stats stats;

	expect("stats", vmsim_stats_get(tree.machine, &stats), 0);
	return stats.frames_free;
}

void tree_begin(u64 seed, u64 oracles)
{
	struct vmsim_config config;
	int pid;

	/* Where there is little room, much happens to each page. */
	tree.span = TREE_BANK_PAGES >> seed % 4;
	tree.procs = 2 + seed / 4 % (TREE_PROCS - 1);
	/* Some oracles judge only where there is one thread. */
	tree.cpus = seed % 7 ? TREE_CPUS : 1;
	tree.watched = oracles & VMSIM_ORACLE_BIT(O21);
	config = config_of(seed);
	expect("machine", vmsim_machine_create(&config, &tree.machine), 0);
	tree.m = vmsim_machine_get(tree.machine);
	expect("oracles", vmsim_check_arm(tree.machine, oracles), 0);
	tree.frames_free = frames_free();
	tree.file_id = vmsim_file_create(tree.machine, "f", TREE_FILE_PAGES * PAGE_SIZE);
	pid = vmsim_process_create(tree.machine, "first");
	expect("process", pid > 0, 1);
	attach_all(pid);
	vmsim_enter();
	tree.file = (struct object) {
		.file = vmsim_file_get(tree.m, tree.file_id), .pages = TREE_FILE_PAGES,
		.tracked = true,
	};
	vmsim_file_put(tree.file.file);
	vmsim_leave();
	tree.proc[0] = (struct proc) { pid, space_new(vmsim_process_find(tree.m, pid)->mm) };
}

static void let_go(struct hold *hold)
{
	if (hold->pins)
		expect("unpin", vmsim_unpin(hold->pins, false), 0);
}

/* Nothing may be left behind: no frame, no table, no object. */
void tree_end(void)
{
	for (unsigned int i = 0; i < TREE_HOLDS; i++)
		let_go(&tree.hold[i]);
	for (unsigned int cpu = 0; cpu < tree.cpus; cpu++) {
		vmsim_self = tree.task[cpu];
		expect("detach", vmsim_detach(), 0);
	}
	for (unsigned int i = 0; i < TREE_PROCS; i++)
		if (tree.proc[i].pid)
			expect("destroy", vmsim_process_destroy(tree.machine, tree.proc[i].pid),
			       0);
	expect("the file's end", vmsim_file_destroy(tree.machine, tree.file_id), 0);
	vmsim_check_quiescent(tree.machine);
	expect("violations", (long)vmsim_violations(tree.machine), 0);
	expect("objects left behind", objects_alive, 0);
	expect("page tables left behind", (long)tree.m->tables, 0);
	expect("frames that came back", (long)frames_free(), (long)tree.frames_free);
	expect("machine", vmsim_machine_destroy(tree.machine), 0);
}
