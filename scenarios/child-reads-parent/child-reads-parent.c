// SPDX-License-Identifier: GPL-2.0-only
#include "../forked.h"

/*
 * M03, CVE-2020-29374: a child takes a reference to a page that it shares with its parent, as by
 * vmsplice(2), and drops its mapping. If the parent's next write takes the page for its own, the
 * child reads what the parent writes.
 *
 * Four answers in three years: the map count, which was wrong; a copy as soon as anybody takes a
 * reference (17839856fd58); the number of references (09854ba94c6a), which is right here, and
 * wrong for pins (pin-cow, by-references); the flag of exclusive pages (6c287605fd56).
 */

#define COMMON 1
#define SECRET 2

struct child_reads_parent {
	int child;
};

static int setup(struct vmsim_world *world)
{
	struct child_reads_parent *ctx = world->ctx;

	ctx->child = share_with_child(COMMON);
	return ctx->child < 0 ? ctx->child : 0;
}

static int parent(struct vmsim_world *world)
{
	(void)world;
	return vmsim_store(AREA, 8, SECRET);
}

static int child(struct vmsim_world *world)
{
	const struct child_reads_parent *ctx = world->ctx;

	return read_through_pipe(ctx->child, COMMON);
}

static const struct vmsim_thread_def threads[] = {
	{ .name = "Child", .cpu = 0, .fn = child },
	{ .name = "Parent", .cpu = 1, .fn = parent },
};

static const char script[] =
	"Child until point=dropped;"
	"Parent;"
	"Child";

static const struct vmsim_variant variants[] = {
	{ .name = "linux-6.12", .builtin = true,
	  .source = "since 6c287605fd56 (Linux 5.19): exclusive pages, and proof by references" },
	{ .name = "mapcount-reuse",
	  .source = "before 17839856fd58 (Linux 5.7): who alone maps a page keeps it" },
	{ .name = "copy-on-get",
	  .source = "17839856fd58 (Linux 5.8): the same, and references are taken of copies" },
	{ .name = "by-references",
	  .source = "09854ba94c6a (Linux 5.9): who is not the only one with a reference copies" },
};

static const struct vmsim_verdict verdicts[] = {
	{ "linux-6.12", VMSIM_ALL_TLBS, NULL, "Parent finds a reference, and copies",
	  .exhausts = VMSIM_ALL_TLBS },
	{ "mapcount-reuse", VMSIM_ALL_TLBS, "CHECK", "Parent keeps the page", .depth = 1 },
	{ "copy-on-get", VMSIM_ALL_TLBS, NULL, "Child has a copy of its own",
	  .exhausts = VMSIM_ALL_TLBS },
	{ "by-references", VMSIM_ALL_TLBS, NULL, "Parent finds a reference, and copies",
	  .exhausts = VMSIM_ALL_TLBS },
};

extern const struct vmsim_scenario scenario_child_reads_parent;

const struct vmsim_scenario scenario_child_reads_parent = {
	.name = "child-reads-parent",
	.summary = "a child reads its parent's memory through a reference that it kept",
	.seeds = "M03 A09",
	.tags = "gup cow fork zap anon",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 2, .frames = 64 },
	.ctx_size = sizeof(struct child_reads_parent),
	.processes = 2,
	.setup = setup,
	CORPUS_LIST(threads, threads),
	.script = script,
	CORPUS_LIST(variants, variants),
	CORPUS_LIST(verdicts, verdicts),
};
