// SPDX-License-Identifier: GPL-2.0-only
#include "../gup-fast-device.h"
#include "../ksm.h"

/*
 * A04: Ksm replaces a page by one of the same content. Pinner's GUP-fast, without a lock, pins it
 * for a device. Ksm clears the entry and then looks for pins and other references; GUP-fast takes
 * its pin and then looks at the entry: one of the two gives way. Else the device writes to a page
 * that the program has no more.
 */

#define DEVICE 0xdd

struct ksm_share {
	bool written;
};

static int setup(struct vmsim_world *world)
{
	(void)world;
	return ksm_setup();
}

static int pinner(struct vmsim_world *world)
{
	struct ksm_share *ctx = world->ctx;
	int err = device_writes(DEVICE);

	ctx->written = !err;
	return err;
}

static int ksm(struct vmsim_world *world)
{
	(void)world;
	return ksm_merges();
}

static int check(struct vmsim_world *world)
{
	const struct ksm_share *ctx = world->ctx;

	/* Without memory there is no pin. */
	return ctx->written ? ksm_check(DEVICE, "the device") : 0;
}

static const struct vmsim_thread_def threads[] = {
	{ .name = "Pinner", .cpu = 0, .fn = pinner },
	{ .name = "Ksm", .cpu = 1, .fn = ksm },
};

/* Pinner has his pin when Ksm has looked, and the flag and the entry are unchanged. */
static const char script[] =
	"Pinner until pte-read;"
	"Ksm until barrier;"
	"Ksm until read;"
	"Pinner until point=pinned;"
	"Ksm;"
	"Pinner";

static const char script_pinned[] =
	"Pinner until point=pinned;"
	"Ksm;"
	"Pinner";

static const struct vmsim_variant variants[] = {
	{ .name = "linux-6.12", .builtin = true, .source = "mm/ksm.c of Linux 6.12" },
	{ .name = "look-first", .source = "A04: looks for others, then clears the entry" },
	{ .name = "no-look", .script = script_pinned,
	  .source = "a mutation: the page is taken in spite of a pin" },
	{ .name = "no-count", .script = script_pinned,
	  .source = "a mutation: asks for pins, but does not count references" },
};

/* Ksm holds the page-table lock: on one CPU nobody comes between. */
#define SEVERAL (VMSIM_ALL_TLBS & ~T(UP))

static const struct vmsim_verdict verdicts[] = {
	{ "linux-6.12", VMSIM_ALL_TLBS, NULL, "one of the two gives way",
	  .exhausts = VMSIM_ALL_TLBS },
	{ "look-first", SEVERAL, "O11", "the program has another page than the device", .depth = 1 },
	{ "look-first", T(UP), NULL, "no pin comes between", .exhausts = T(UP) },
	{ "no-look", VMSIM_ALL_TLBS, "O11", "the program has another page than the device",
	  .depth = 1 },
	{ "no-count", VMSIM_ALL_TLBS, NULL, "a pin is noticed without" },
};

extern const struct vmsim_scenario scenario_ksm_share;

const struct vmsim_scenario scenario_ksm_share = {
	.name = "ksm-share",
	.summary = "KSM replaces a page while GUP-fast pins it",
	.seeds = "A04 R11",
	.tags = "ksm gup pin anon",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 2, .frames = 64 },
	.ctx_size = sizeof(struct ksm_share),
	.setup = setup,
	CORPUS_LIST(threads, threads),
	.check = check,
	.script = script,
	CORPUS_LIST(variants, variants),
	CORPUS_LIST(verdicts, verdicts),
};
