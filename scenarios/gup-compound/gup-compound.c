// SPDX-License-Identifier: GPL-2.0-only
#include "../large-folio.h"

/*
 * M13: GUP-fast has found the second page of a compound page, and knows whose references count:
 * the first page's. Before it takes one, Dropper drops the memory and uses it again, as two single
 * pages. The entry is what it was, of the same frame with the same rights: no look at it tells. So
 * GUP-fast looks again whose references count when it has one (c24d37322548).
 *
 * Where a flush is an interrupt, Dropper waits for Getter, who has interrupts off.
 */

#define PAGES 2
#define SECOND (AREA + PAGE_BYTES)

static int setup(struct vmsim_world *world)
{
	(void)world;
	return map_large(1) ? 0 : -1;
}

static int getter(struct vmsim_world *world)
{
	struct vmsim_pins *pipe;
	int err = corpus_pin(SECOND, VMSIM_PIN_REF | VMSIM_PIN_WRITE, &pipe);

	(void)world;
	if (err)
		return err;
	vmsim_point("held");
	return vmsim_unpin(pipe, false);
}

static int dropper(struct vmsim_world *world)
{
	(void)world;
	if (vmsim_madvise(AREA, PAGES * PAGE_BYTES, MADV_DONTNEED))
		return -1;
	return vmsim_store(AREA, 8, 2) ?: vmsim_store(SECOND, 8, 3);
}

static const struct vmsim_thread_def threads[] = {
	{ .name = "Getter", .cpu = 0, .fn = getter },
	{ .name = "Dropper", .cpu = 1, .fn = dropper },
};

static const char script[] =
	"Getter until point=knows-folio;"
	"preempt 0;"
	"Dropper;"
	"resume 0;"
	"Getter";

static const struct vmsim_variant variants[] = {
	{ .name = "linux-6.12", .builtin = true, .source = "try_get_folio() of Linux 6.12" },
	{ .name = "no-folio-recheck",
	  .source = "before c24d37322548: the page may have gone over to another folio" },
};

static const struct vmsim_verdict verdicts[] = {
	{ "linux-6.12", VMSIM_ALL_TLBS, NULL, "Getter tries again",
	  .exhausts = VMSIM_ALL_TLBS },
	{ "no-folio-recheck", WAITS, NULL, "the flush waits for Getter's interrupts",
	  .exhausts = WAITS },
	{ "no-folio-recheck", VMSIM_ALL_TLBS & ~WAITS, "O7",
	  "Getter's reference is to the page at AREA, and he puts one of the other's",
	  .depth = 1 },
};

extern const struct vmsim_scenario scenario_gup_compound;

const struct vmsim_scenario scenario_gup_compound = {
	.name = "gup-compound",
	.summary = "GUP-fast finds a page of a compound page that is none any more",
	.seeds = "E10 M13",
	.tags = "gup refs zap anon compound",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 2, .frames = 64 },
	.setup = setup,
	CORPUS_LIST(threads, threads),
	.script = script,
	CORPUS_LIST(variants, variants),
	CORPUS_LIST(verdicts, verdicts),
};
