// SPDX-License-Identifier: GPL-2.0-only
#include "../forked.h"
#include <linux/mm.h>

/*
 * A16: a range of the page of zeroes is written to. That page is nobody's and everybody's: it is
 * not counted, has no owner, and is never written; who writes gets fresh zeroes, nothing is copied.
 * Parent and child have it at two addresses; the parent writes to both, the child reads and drops.
 *
 * The claim that copying more than one page at once pays is about time, which is not modelled, and
 * Linux 6.12 copies single pages. What the model says: each page costs a fault and a flush, and
 * the contents of the page of zeroes are never read for it.
 */

#define RANGE (AREA + PAGE_BYTES)
#define AT(page) (RANGE + (page) * PAGE_BYTES)
#define PAGES 2

struct zero_cow {
	int child;
};

/* The page before the range is written: what is only zeroes a fork does not copy. */
static int setup(struct vmsim_world *world)
{
	struct zero_cow *ctx = world->ctx;
	uint64_t seen;

	if (corpus_map(AREA, 1 + PAGES, RW, ANON, VMSIM_NO_FILE) || !corpus_store(AREA, 1))
		return -1;
	for (int page = 0; page < PAGES; page++)
		if (!corpus_load(AT(page), &seen))
			return -1;
	ctx->child = fork_unnoticed();
	return ctx->child < 0 ? ctx->child : 0;
}

static int zeroes_at(unsigned long addr, const char *who)
{
	uint64_t seen = 0;

	if (!corpus_load(addr, &seen))
		return -1;
	if (seen)
		vmsim_fail("%s wrote nothing there, and reads %llu", who, (unsigned long long)seen);
	return 0;
}

static int writer(struct vmsim_world *world)
{
	(void)world;
	for (int page = 0; page < PAGES; page++)
		if (!corpus_store(AT(page), 2))
			return -1;
	return 0;
}

static int reader(struct vmsim_world *world)
{
	const struct zero_cow *ctx = world->ctx;

	return vmsim_become(ctx->child) ?: zeroes_at(AT(0), "the child") ?:
	       zeroes_at(AT(1), "the child") ?:
	       vmsim_madvise(RANGE, PAGES * PAGE_BYTES, MADV_DONTNEED) ?:
	       zeroes_at(AT(0), "the child");
}

static int check(struct vmsim_world *world)
{
	const struct page *zero = ZERO_PAGE(AREA);

	(void)world;
	if (PageAnon(zero) || PageAnonExclusive(zero))
		vmsim_fail("the page of zeroes is somebody's");
	return 0;
}

static const struct vmsim_thread_def threads[] = {
	{ .name = "Writer", .cpu = 0, .fn = writer },
	{ .name = "Reader", .cpu = 1, .fn = reader },
};

static const char script[] =
	"Writer;"
	"Reader";

static const struct vmsim_variant variants[] = {
	{ .name = "linux-6.12", .builtin = true, .source = "mm/memory.c of Linux 6.12" },
	{ .name = "reused", .source = "A16: who writes keeps the page of zeroes" },
	{ .name = "put", .source = "A16: a zap gives back what nobody took for the page of zeroes" },
};

static const struct vmsim_verdict verdicts[] = {
	{ "linux-6.12", VMSIM_ALL_TLBS, NULL, "each gets zeroes of its own",
	  .exhausts = VMSIM_ALL_TLBS },
	{ "reused", VMSIM_ALL_TLBS, "O10", "the child reads what the parent wrote" },
	{ "put", VMSIM_ALL_TLBS, "O7", "the page of zeroes is freed in the end" },
};

extern const struct vmsim_scenario scenario_zero_cow;

const struct vmsim_scenario scenario_zero_cow = {
	.name = "zero-cow",
	.summary = "two processes have a range of the page of zeroes, and one writes to it",
	.seeds = "A16",
	.tags = "cow fork zap anon",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 2, .frames = 64 },
	.ctx_size = sizeof(struct zero_cow),
	.processes = 2,
	.setup = setup,
	CORPUS_LIST(threads, threads),
	.check = check,
	.script = script,
	CORPUS_LIST(variants, variants),
	CORPUS_LIST(verdicts, verdicts),
};
