// SPDX-License-Identifier: GPL-2.0-only
#include "../corpus/corpus.h"
#include <errno.h>

/*
 * M01, Dirty COW: Debugger writes to a private mapping of a file that may only be read. That takes
 * a copy, which get_user_pages() makes by a fault and then looks for. Dropper takes the copy away
 * in between. If the second look asks for less than the first, it is content with the page of the
 * file, and the write goes to everybody.
 *
 * CVE-2016-5195; 19be0eaffa3a in Linux 4.9.
 */

#define ORIGINAL 0x0f
#define WRITTEN 0xbad

struct dirty_cow {
	int file;
};

static int setup(struct vmsim_world *world)
{
	struct dirty_cow *ctx = world->ctx;
	uint64_t page[512] = { ORIGINAL };
	uint64_t seen = 0;

	ctx->file = vmsim_file_create(world->machine, "passwd", PAGE_BYTES);
	if (ctx->file < 0)
		return ctx->file;
	if (vmsim_file_write(ctx->file, 0, page, PAGE_BYTES) != (ssize_t)PAGE_BYTES)
		return -1;
	if (corpus_map(AREA, 1, PROT_READ, MAP_PRIVATE | MAP_FIXED, ctx->file))
		return -1;
	return corpus_load(AREA, &seen) ? 0 : -1;
}

static int debugger(struct vmsim_world *world)
{
	uint64_t word = WRITTEN;

	(void)world;
	/* What stops it is only ever that there is no memory for the copy. */
	return vmsim_ptrace_write(1, AREA, &word, sizeof(word)) == sizeof(word) ? 0 : -ENOMEM;
}

static int dropper(struct vmsim_world *world)
{
	(void)world;
	return vmsim_madvise(AREA, PAGE_BYTES, MADV_DONTNEED);
}

static int check(struct vmsim_world *world)
{
	const struct dirty_cow *ctx = world->ctx;
	uint64_t page[512] = { 0 };

	if (vmsim_file_read(ctx->file, 0, page, PAGE_BYTES) != (ssize_t)PAGE_BYTES)
		return -1;
	if (page[0] != ORIGINAL)
		vmsim_fail("a file that may only be read holds %#llx",
			   (unsigned long long)page[0]);
	return 0;
}

static const struct vmsim_thread_def threads[] = {
	{ .name = "Debugger", .cpu = 0, .fn = debugger },
	{ .name = "Dropper", .cpu = 1, .fn = dropper },
};

/* Debugger has made the copy. */
static const char script[] =
	"Debugger until map-add;"
	"Debugger until ptl-released;"
	"Dropper;"
	"Debugger";

static const struct vmsim_variant variants[] = {
	{ .name = "linux-6.12", .builtin = true,
	  .source = "mm/gup.c of Linux 6.12: an exclusive anonymous page, at each look" },
	{ .name = "linux-4.8", .source = "before 19be0eaffa3a: the retry is a read" },
	{ .name = "linux-4.9", .source = "19be0eaffa3a: FOLL_COW, and a dirty entry" },
};

static const struct vmsim_verdict verdicts[] = {
	{ "linux-6.12", VMSIM_ALL_TLBS, NULL, "Debugger makes another copy",
	  .exhausts = VMSIM_ALL_TLBS },
	{ "linux-4.8", VMSIM_ALL_TLBS, "CHECK", "Debugger takes the page of the file",
	  .depth = 1 },
	{ "linux-4.9", VMSIM_ALL_TLBS, NULL, "the entry of the file's page is not dirty",
	  .exhausts = VMSIM_ALL_TLBS },
};

extern const struct vmsim_scenario scenario_dirty_cow;

const struct vmsim_scenario scenario_dirty_cow = {
	.name = "dirty-cow",
	.summary = "a debugger's write reaches a file that may only be read",
	.seeds = "M01",
	.tags = "gup cow zap file",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 2, .frames = 64 },
	.ctx_size = sizeof(struct dirty_cow),
	.setup = setup,
	CORPUS_LIST(threads, threads),
	.check = check,
	.script = script,
	CORPUS_LIST(variants, variants),
	CORPUS_LIST(verdicts, verdicts),
};
