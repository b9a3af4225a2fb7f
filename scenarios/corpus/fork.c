// SPDX-License-Identifier: GPL-2.0-only
#include "corpus.h"

/*
 * fork-fault: a process forks while another thread of it takes its first faults: on memory that was
 * never touched, and on the page of zeroes. The child has what was there at some time before the
 * fork was over, and it stays so.
 */
static int untouched_and_zero(struct vmsim_world *world)
{
	uint64_t zero;
	int err = corpus_map(AREA, 2, RW, ANON, VMSIM_NO_FILE);

	(void)world;
	return err ? err : vmsim_load(AREA + PAGE_BYTES, 8, &zero);
}

static int first_faults(struct vmsim_world *world)
{
	(void)world;
	return corpus_store(AREA, 1) && corpus_store(AREA + PAGE_BYTES, 2) ? 0 : -1;
}

static void look_twice(unsigned long addr, uint64_t value)
{
	uint64_t first = 0, second = 0;

	if (!corpus_load(addr, &first) || !corpus_load(addr, &second))
		vmsim_fail("the child cannot read %lx", addr);
	if (first != second || (first && first != value))
		vmsim_fail("the child reads %llu and %llu at %lx", (unsigned long long)first,
			   (unsigned long long)second, addr);
}

static int fork_and_look(struct vmsim_world *world)
{
	int child = vmsim_fork("child");

	(void)world;
	if (child < 0)
		return child;
	if (vmsim_become(child))
		return -1;
	look_twice(AREA, 1);
	look_twice(AREA + PAGE_BYTES, 2);
	return 0;
}

static int both_stored(struct vmsim_world *world)
{
	uint64_t first = 0, second = 0;

	(void)world;
	if (!corpus_load(AREA, &first) || !corpus_load(AREA + PAGE_BYTES, &second))
		return -1;
	if (first != 1 || second != 2)
		vmsim_fail("1 and 2 were stored, the parent has %llu and %llu",
			   (unsigned long long)first, (unsigned long long)second);
	return 0;
}

static const struct vmsim_thread_def fork_fault_threads[] = {
	{ .name = "Forker", .cpu = 0, .fn = fork_and_look },
	{ .name = "Faulter", .cpu = 1, .fn = first_faults },
};

CORPUS_VERDICTS_OF(fork_fault, "O6", "the flush of the fork is lost", 1,
		   VMSIM_ALL_TLBS & ~CORPUS_LOSSY);

const struct vmsim_scenario scenario_fork_fault = {
	CORPUS_WORLD(fork_fault),
	.name = "fork-fault",
	.summary = "a process forks while another thread of it takes its first faults",
	.seeds = "",
	.tags = "corpus fork fault anon cow",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 2, .frames = 64 },
	.setup = untouched_and_zero,
	.check = both_stored,
	.script = "Faulter until store; Forker; Faulter",
};
