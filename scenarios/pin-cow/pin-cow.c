// SPDX-License-Identifier: GPL-2.0-only
#include "../forked.h"

/*
 * A01, A08, R12: a device reads a page that its program writes. The page's entry is read-only when
 * Pinner pins the page, and Writer takes a write fault. They go on to see the same page only if the
 * fault does not copy what is pinned. Pins are taken of exclusive pages alone, and exclusive pages
 * are not copied. A page that may be shared is first made exclusive, by a copy if need be: nobody
 * gets a pin of the page that a fault is about to copy.
 */

struct pin_cow {
	bool shared;
};

/* In the end the entry is read-only, and the page either exclusive or shared with the child. */
static int setup(struct vmsim_world *world)
{
	const struct pin_cow *ctx = world->ctx;
	struct vmsim_pins *pins;
	int child = share_with_child(1);

	if (child < 0 || ctx->shared)
		return child < 0 ? child : 0;
	/* Takes a copy, which nobody else has. */
	if (vmsim_pin(AREA, 1, 0, &pins) != 1)
		return -1;
	return vmsim_unpin(pins, false);
}

static int pinner(struct vmsim_world *world)
{
	uint64_t before = 0, seen = 0, after = 0;
	struct vmsim_pins *pins;
	int err = corpus_pin(AREA, 0, &pins);

	(void)world;
	if (err)
		return err;
	vmsim_point("pinned");
	if (vmsim_dma_read(pins, 0, &before, 8) || !corpus_load(AREA, &seen) ||
	    vmsim_dma_read(pins, 0, &after, 8))
		return -1;
	if (before > seen || seen > after)
		vmsim_fail("the device read %llu, the program %llu, the device %llu",
			   (unsigned long long)before, (unsigned long long)seen,
			   (unsigned long long)after);
	return vmsim_unpin(pins, false);
}

static int writer(struct vmsim_world *world)
{
	(void)world;
	return vmsim_store(AREA, 8, 2);
}

static const struct vmsim_thread_def threads[] = {
	{ .name = "Pinner", .cpu = 0, .fn = pinner },
	{ .name = "Writer", .cpu = 1, .fn = writer },
};

static const char script[] =
	"Pinner until point=pinned;"
	"Writer;"
	"Pinner";

static const struct pin_cow shared = { .shared = true };

static const struct vmsim_variant variants[] = {
	{ .name = "linux-6.12", .builtin = true,
	  .source = "mm/gup.c and mm/memory.c of Linux 6.12; an exclusive page" },
	{ .name = "linux-6.12-shared", .builtin = true, .ctx_init = &shared,
	  .source = "the same, and a page that a child has, too" },
	{ .name = "by-references",
	  .source = "A01: write faults as of 09854ba94c6a (Linux 5.9): what is pinned is copied" },
	{ .name = "fast-shared", .ctx_init = &shared,
	  .source = "A08: GUP-fast without gup_must_unshare()" },
	{ .name = "slow-shared", .ctx_init = &shared,
	  .source = "A08: the same where GUP-fast fails" },
};

static const struct vmsim_verdict verdicts[] = {
	{ "linux-6.12", VMSIM_ALL_TLBS, NULL, "Writer keeps the page",
	  .exhausts = VMSIM_ALL_TLBS },
	{ "linux-6.12-shared", VMSIM_ALL_TLBS, NULL, "who comes first takes a copy",
	  .exhausts = VMSIM_ALL_TLBS },
	{ "by-references", VMSIM_ALL_TLBS, "O11", "the pin is a reference: Writer copies",
	  .depth = 1 },
	{ "fast-shared", VMSIM_ALL_TLBS, "O11", "Pinner has the page that stays the child's",
	  .depth = 1 },
	{ "slow-shared", VMSIM_ALL_TLBS, "O11", "the same", .depth = 1 },
};

extern const struct vmsim_scenario scenario_pin_cow;

const struct vmsim_scenario scenario_pin_cow = {
	.name = "pin-cow",
	.summary = "a device reads a page that is mapped read-only and then written",
	.seeds = "A01 A05 A08 A15",
	.tags = "gup pin cow fork anon",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 2, .frames = 64 },
	.ctx_size = sizeof(struct pin_cow),
	.processes = 2,
	.setup = setup,
	CORPUS_LIST(threads, threads),
	.script = script,
	CORPUS_LIST(variants, variants),
	CORPUS_LIST(verdicts, verdicts),
};
