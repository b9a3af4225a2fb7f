// SPDX-License-Identifier: GPL-2.0-only
#include "../entry.h"

/*
 * R13, A03, M08: GUP-fast takes no lock that a fork could wait for. Fork looks whether a page is
 * pinned, and shares it if not; Pinner takes his pin right after that look, while the entry still
 * allows writing. Then the program's next write goes to a copy, and the device's to the page that
 * is the child's alone. So GUP-fast gives a pin back if a fork has begun or ended meanwhile.
 *
 * The price is a pin that nobody keeps. Fork may come across it, and copies a page for nothing.
 */

#define PROGRAMS 2
#define DEVICE 0xdd

struct gup_fork {
	bool fast_only, kept;
	struct page *page;
};

static int setup(struct vmsim_world *world)
{
	struct gup_fork *ctx = world->ctx;

	ctx->page = map_page();
	return ctx->page ? 0 : -1;
}

/* Is the pin any good? The program and the device write to the same page. */
static int write_with_device(struct vmsim_pins *pins)
{
	uint64_t word = DEVICE, seen = 0;
	int err = vmsim_store(AREA, 8, PROGRAMS);

	if (!err)
		err = vmsim_dma_write(pins, 0, &word, sizeof(word));
	if (!err)
		err = vmsim_load(AREA, 8, &seen);
	if (!err && seen != DEVICE)
		vmsim_fail("the device wrote %#x, the program finds %#llx", DEVICE,
			   (unsigned long long)seen);
	return err;
}

/* A pin for which nobody waits, and which is let go at once. */
static int try_pin(struct gup_fork *ctx)
{
	const unsigned int flags = FOLL_PIN | FOLL_WRITE | FOLL_FAST_ONLY;
	struct page *page;

	ctx->kept = gup_fast_fallback(AREA, 1, flags, &page) == 1;
	if (ctx->kept)
		unpin_user_page(page);
	return 0;
}

static int pinner(struct vmsim_world *world)
{
	struct gup_fork *ctx = world->ctx;
	struct vmsim_pins *pins;
	int err;

	if (ctx->fast_only)
		return try_pin(ctx);
	err = corpus_pin(AREA, VMSIM_PIN_WRITE, &pins);
	if (err)
		return err;
	vmsim_point("pinned");
	err = write_with_device(pins);
	return vmsim_unpin(pins, true) ?: err;
}

static int be_the_child(void)
{
	uint64_t first = 0, second = 0;

	if (!corpus_load(AREA, &first) || !corpus_load(AREA, &second))
		return -1;
	if (first != second)
		vmsim_fail("the child read %#llx and then %#llx, and wrote nothing",
			   (unsigned long long)first, (unsigned long long)second);
	return 0;
}

static int forker(struct vmsim_world *world)
{
	const struct gup_fork *ctx = world->ctx;
	int child = vmsim_fork("child");

	if (child < 0)
		return child;
	if (ctx->fast_only)
		return 0;
	return vmsim_become(child) ? -1 : be_the_child();
}

static int check(struct vmsim_world *world)
{
	const struct gup_fork *ctx = world->ctx;

	if (ctx->fast_only && !ctx->kept && folio_mapcount(page_folio(ctx->page)) == 1)
		vmsim_fail("nobody got a pin, and the child got a copy");
	return 0;
}

static const struct vmsim_thread_def threads[] = {
	{ .name = "Forker", .cpu = 0, .fn = forker },
	{ .name = "Pinner", .cpu = 1, .fn = pinner },
};

/* Pinner has read the entry; Forker has found no pin, and has not write-protected the entry. */
static const char script[] =
	"Pinner until pte-read;"
	"Forker until flag;"
	"Pinner until point=pinned;"
	"Forker;"
	"Pinner";

static const char script_pinned[] =
	"Pinner until point=pinned;"
	"Forker;"
	"Pinner";

/* Pinner has the pin, and has not looked at the sequence again. */
static const char script_needless[] =
	"Pinner until ref x2;"
	"Forker;"
	"Pinner";

/* Pinner's TLB has the page when Forker flushes. */
static const char script_flush[] =
	"Pinner;"
	"Forker";

static const struct gup_fork without_fallback = { .fast_only = true };

static const struct vmsim_variant variants[] = {
	{ .name = "linux-6.12", .builtin = true, .script = script_flush,
	  .source = "mm/gup.c and mm/memory.c of Linux 6.12" },
	{ .name = "needless-copy", .builtin = true, .ctx_init = &without_fallback,
	  .script = script_needless,
	  .source = "A03: asks whether Linux 6.12 ever copies for a pin that nobody keeps" },
	{ .name = "no-sequence",
	  .source = "before 57efa1fe5957: GUP-fast knows nothing of forks" },
	{ .name = "no-second-look",
	  .source = "a mutation: GUP-fast does not begin during a fork, and looks no more" },
	{ .name = "no-has-pinned", .script = script_pinned,
	  .source = "a mutation: nothing tells fork that the address space has pins (R13)" },
};

/* On one CPU nobody comes between: fork holds the page-table lock from its look on. */
#define SEVERAL (VMSIM_ALL_TLBS & ~T(UP) & ~T(FAULTY))

static const struct vmsim_verdict verdicts[] = {
	{ "linux-6.12", VMSIM_ALL_TLBS & ~T(FAULTY), NULL, "Pinner gives the pin back",
	  .exhausts = VMSIM_ALL_TLBS & ~T(FAULTY) },
	{ "linux-6.12", T(FAULTY), "O6", "the flush of the fork is lost" },

	{ "needless-copy", VMSIM_ALL_TLBS, "CHECK", "it does, and all counts are right",
	  .depth = 1 },

	{ "no-sequence", SEVERAL, "O11", "the program's write goes to a copy", .depth = 1 },
	{ "no-sequence", T(FAULTY), "O11", "the same; that a flush is lost shows earlier" },
	{ "no-sequence", T(UP), NULL, "no fork comes between", .exhausts = T(UP) },

	{ "no-second-look", SEVERAL, "O11", "the same: fork began later", .depth = 2 },
	{ "no-second-look", T(FAULTY), "O11", "the same; that a flush is lost shows earlier" },
	{ "no-second-look", T(UP), NULL, "no fork comes between", .exhausts = T(UP) },

	{ "no-has-pinned", VMSIM_ALL_TLBS & ~T(FAULTY), "O11",
	  "fork shares a page that is pinned", .depth = 1 },
	{ "no-has-pinned", T(FAULTY), "O11", "the same; that a flush is lost shows earlier" },
};

extern const struct vmsim_scenario scenario_gup_fork;

const struct vmsim_scenario scenario_gup_fork = {
	.name = "gup-fork",
	.summary = "GUP-fast pins a page for writing while the process forks",
	.seeds = "A03 M08",
	.tags = "gup pin fork cow anon",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 2, .frames = 64 },
	.ctx_size = sizeof(struct gup_fork),
	.setup = setup,
	CORPUS_LIST(threads, threads),
	.check = check,
	.script = script,
	CORPUS_LIST(variants, variants),
	CORPUS_LIST(verdicts, verdicts),
};
