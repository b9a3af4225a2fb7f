// SPDX-License-Identifier: GPL-2.0-only
#include "../entry.h"
#include <vmsim/pin.h>
#include <errno.h>
#include <limits.h>

/*
 * M36, CVE-2019-11487: a program takes references to one page until the count, of 32 bits, is where
 * it began. The next one to let go would free a page that is mapped. So nobody gets a reference
 * once the count is negative (8fde12ca79af): by then 2^31 are out, and 2^31 more would be needed.
 *
 * Most of the references are not taken here: the count begins where they would have brought it.
 */

#define TRIES 3

struct gup_overflow {
	int start;
	int faked;
	struct folio *folio;
};

static int setup(struct vmsim_world *world)
{
	struct gup_overflow *ctx = world->ctx;
	struct page *page = map_page();

	if (!page)
		return -1;
	ctx->folio = page_folio(page);
	ctx->faked = ctx->start - folio_ref_count(ctx->folio);
	atomic_set(&ctx->folio->_refcount, ctx->start);
	return 0;
}

/* Those that nobody took go again: what is left is what is there. */
static void take_back(const struct gup_overflow *ctx)
{
	atomic_set(&ctx->folio->_refcount, folio_ref_count(ctx->folio) - ctx->faked);
}

static int splicer(struct vmsim_world *world)
{
	struct vmsim_pins *pipe[TRIES];
	int n = 0;

	while (n < TRIES && vmsim_pin(AREA, 1, VMSIM_PIN_REF, &pipe[n]) == 1)
		n++;
	if (n == TRIES)
		vmsim_fail("the count of references has overflowed, and there are more of them");
	take_back(world->ctx);
	while (n--)
		if (vmsim_unpin(pipe[n], false))
			return -1;
	return 0;
}

static const struct vmsim_thread_def threads[] = {
	{ .name = "Splicer", .cpu = 0, .fn = splicer },
};

static const struct gup_overflow half = { .start = INT_MAX };
static const struct gup_overflow whole = { .start = -TRIES + 1 };

static const struct vmsim_variant variants[] = {
	{ .name = "linux-6.12", .builtin = true, .ctx_init = &half,
	  .source = "try_get_folio() and try_grab_folio() of Linux 6.12" },
	{ .name = "never-refused", .ctx_init = &whole,
	  .source = "before 8fde12ca79af (Linux 5.1): any count is as good as another" },
};

static const struct vmsim_verdict verdicts[] = {
	{ "linux-6.12", VMSIM_ALL_TLBS, "WARN", "Splicer is refused, and the kernel says so" },
	{ "never-refused", VMSIM_ALL_TLBS, "CHECK",
	  "the count is 1, of a page that is mapped and held: its next put frees it" },
};

extern const struct vmsim_scenario scenario_gup_overflow;

const struct vmsim_scenario scenario_gup_overflow = {
	.name = "gup-overflow",
	.summary = "so many references to one page that they cannot be counted",
	.seeds = "M36",
	.tags = "gup refs anon",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 2, .frames = 64 },
	.ctx_size = sizeof(struct gup_overflow),
	.setup = setup,
	CORPUS_LIST(threads, threads),
	.script = "Splicer",
	CORPUS_LIST(variants, variants),
	CORPUS_LIST(verdicts, verdicts),
};
