// SPDX-License-Identifier: GPL-2.0-only
#include "../corpus/corpus.h"

/*
 * R8, R20: memory with a page comes back to where it was, beside a mapping that has none. If the two
 * become one, that one must be in the page's anon_vma: what the page came from is unmapped, and
 * nobody else keeps it.
 *
 * Found by syzbot; CVE-2026-23077, in Linux 6.16 to 6.18, fixed by 61f67c230a5e.
 */

#define FAR (AREA + 16 * PAGE_BYTES)
#define VALUE 7

/* Pids; the other process has no part in it. */
#define FIRST 1
#define OTHER 2

static int setup(struct vmsim_world *world)
{
	int err = corpus_map(AREA + PAGE_BYTES, 1, RW, ANON, VMSIM_NO_FILE);
	long to;

	(void)world;
	if (!err)
		err = vmsim_store(AREA + PAGE_BYTES, 8, VALUE);
	/* The flush of what is moved below may as well be lost. */
	if (!err)
		err = vmsim_become(OTHER);
	if (!err)
		err = vmsim_become(FIRST);
	if (err)
		return err;
	/* Its page keeps its number. */
	to = vmsim_mremap(AREA + PAGE_BYTES, PAGE_BYTES, PAGE_BYTES, MREMAP_MAYMOVE | MREMAP_FIXED,
			  FAR);
	return to < 0 ? (int)to : corpus_map(AREA, 1, RW, ANON, VMSIM_NO_FILE);
}

static int mover(struct vmsim_world *world)
{
	long to = vmsim_mremap(FAR, PAGE_BYTES, PAGE_BYTES, MREMAP_MAYMOVE | MREMAP_FIXED,
			       AREA + PAGE_BYTES);

	(void)world;
	return to < 0 ? (int)to : 0;
}

/* Reads its page whenever it is mapped. */
static int reader(struct vmsim_world *world)
{
	uint64_t value;

	(void)world;
	if (corpus_load(AREA + PAGE_BYTES, &value) && value != VALUE)
		vmsim_fail("expected %d, found %llu", VALUE, (unsigned long long)value);
	return 0;
}

static int check(struct vmsim_world *world)
{
	return reader(world);
}

static const struct vmsim_thread_def threads[] = {
	{ .name = "Mover", .cpu = 0, .fn = mover },
	{ .name = "Reader", .cpu = 1, .fn = reader },
};

static const char script[] = "Mover; Reader";

static const struct vmsim_variant variants[] = {
	{ .name = "linux-6.12",
	  .builtin = true,
	  .source = "mm/vma.c of Linux 6.12: the two stay two" },
	{ .name = "linux-6.16",
	  .source = "879bca0a2c4f: they become one, which is in no anon_vma" },
	{ .name = "linux-6.19",
	  .source = "61f67c230a5e: they become one, which is in the page's" },
};

static const struct vmsim_verdict verdicts[] = {
	{ "linux-6.12", VMSIM_ALL_TLBS, NULL, "each has its own anon_vma, or none",
	  .exhausts = VMSIM_ALL_TLBS },
	{ "linux-6.16", VMSIM_ALL_TLBS, "O8|O9", "the page names an anon_vma that has been freed" },
	{ "linux-6.19", VMSIM_ALL_TLBS, NULL, "the page's anon_vma has the mapping",
	  .exhausts = VMSIM_ALL_TLBS },
};

extern const struct vmsim_scenario scenario_mremap_merge;

const struct vmsim_scenario scenario_mremap_merge = {
	.name = "mremap-merge",
	.summary = "memory with a page moves beside memory without one",
	.seeds = "M17",
	.tags = "mremap anon rmap merge",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 2, .frames = 64 },
	.processes = 2,
	.setup = setup,
	CORPUS_LIST(threads, threads),
	.check = check,
	.script = script,
	CORPUS_LIST(variants, variants),
	CORPUS_LIST(verdicts, verdicts),
};
