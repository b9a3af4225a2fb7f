// SPDX-License-Identifier: GPL-2.0-only
#include "../corpus/corpus.h"

/*
 * A10: a fork that fails half-way. One page has been shared with the child when there is no memory
 * for the table of the next; the child is taken down again. Writer had the page in its TLB, and
 * writes on. A second fork succeeds.
 */

#define FAR (AREA + 0x400000UL)

/* Frames of a child: tables of four levels for AREA, then the table for FAR. */
#define FAILING_FRAME 5

static int setup(struct vmsim_world *world)
{
	(void)world;
	return corpus_page(AREA, 1) ?: corpus_page(FAR, 1);
}

static int writer(struct vmsim_world *world)
{
	int err = vmsim_store(AREA, 8, 2);

	(void)world;
	vmsim_point("wrote");
	return err ? err : vmsim_store(AREA, 8, 3);
}

static int forker(struct vmsim_world *world)
{
	int err = vmsim_fail_pages(world->machine, FAILING_FRAME, 1);
	int child = vmsim_fork("failing");

	if (err)
		return err;
	/* Writer may have taken the failure upon itself. */
	vmsim_fail_pages(world->machine, 1, 0);
	if (child < 0)
		child = vmsim_fork("child");
	return child < 0 ? child : 0;
}

static int check(struct vmsim_world *world)
{
	uint64_t near, far;

	(void)world;
	if (vmsim_load(AREA, 8, &near) || vmsim_load(FAR, 8, &far))
		return -1;
	if (near != 3 || far != 1)
		vmsim_fail("3 and 1 were written, the pages hold %llu and %llu",
			   (unsigned long long)near, (unsigned long long)far);
	return 0;
}

static const struct vmsim_thread_def threads[] = {
	{ .name = "Forker", .cpu = 0, .fn = forker },
	{ .name = "Writer", .cpu = 1, .fn = writer },
};

static const char script[] =
	"Writer until point=wrote;"
	"Forker;"
	"Writer";

static const struct vmsim_variant variants[] = {
	{ .name = "linux-6.12",
	  .builtin = true,
	  .source = "kernel/fork.c and mm/memory.c of Linux 6.12" },
	{ .name = "flush-on-success",
	  .source = "a mutation: dup_mmap() flushes only where it has succeeded (R13)" },
	{ .name = "child-kept",
	  .source = "a mutation: dup_mm() does not take down what it could not finish" },
	{ .name = "flag-restored",
	  .source = "a mutation: after a failure the pages count as exclusive again (A10)" },
};

static const struct vmsim_verdict verdicts[] = {
	{ "linux-6.12", VMSIM_ALL_TLBS & ~T(FAULTY), NULL,
	  "the parent is flushed, and keeps its page" },
	{ "linux-6.12", T(FAULTY), "O6", "the first flush is lost" },

	{ "flush-on-success", VMSIM_ALL_TLBS & ~QUIET, "O6",
	  "Writer has a right that its entry does not give" },
	{ "flush-on-success", QUIET, NULL, "no right to write outlives the entry's" },

	{ "child-kept", VMSIM_ALL_TLBS, "O20", "the child's memory is nobody's" },

	{ "flag-restored", VMSIM_ALL_TLBS, "O10", "the child still maps the page" },
};

extern const struct vmsim_scenario scenario_fork_fails;

const struct vmsim_scenario scenario_fork_fails = {
	.name = "fork-fails",
	.summary = "a fork fails half-way while another thread writes",
	.seeds = "A10",
	.tags = "fork cow tlb anon",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 2, .frames = 64 },
	.setup = setup,
	CORPUS_LIST(threads, threads),
	.check = check,
	.script = script,
	CORPUS_LIST(variants, variants),
	CORPUS_LIST(verdicts, verdicts),
};
