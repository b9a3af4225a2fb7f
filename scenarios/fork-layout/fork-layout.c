// SPDX-License-Identifier: GPL-2.0-only
#include "../forked.h"
#include "../large-folio.h"

/*
 * A13, A10: one mapping, several folios. A large folio is mapped by single entries. A fork that
 * left its third page out (MADV_DONTFORK) has made the others shared; that one is exclusive still,
 * and a device has it pinned. When all of it is forked now, the child gets the first, second and
 * fourth page of the folio, and at the third place a page of its own, a copy. Fork and zap treat
 * entries of one folio together: they may not touch the page in the middle, nor entries beyond
 * the range, nor take the exclusivity of one page for that of its neighbours. In the first world
 * Forker forks, and the child drops its first page. In the second one the child is there
 * already, and forks. Writer and the device go on with the pinned page.
 *
 * Seed 000 has the third page of the folio at the fourth place. No fork leaves that: an entry
 * whose place in the mapping is not that of its page in the folio no reverse map finds (O8).
 */

#define ORDER 2
#define PAGES 4
#define AT(page) (AREA + (page) * PAGE_BYTES)
#define PINNED 2

#define BEFORE(page) (10 + (uint64_t)(page))
#define PROGRAMS 2
#define DEVICE 0xdd

struct fork_layout {
	struct folio *folio;
	struct vmsim_pins *pins;
	bool again;
	int child;
	bool done;		/* all that Forker does; not without memory */
};

/* A child that comes and goes, and has had all but the page that is pinned later. */
static int fork_others(struct vmsim_world *world)
{
	int child;

	if (vmsim_madvise(AT(PINNED), PAGE_BYTES, MADV_DONTFORK))
		return -1;
	child = fork_unnoticed();
	if (child < 0 || vmsim_madvise(AT(PINNED), PAGE_BYTES, MADV_DOFORK))
		return -1;
	return vmsim_process_destroy(world->machine, child);
}

static int setup(struct vmsim_world *world)
{
	struct fork_layout *ctx = world->ctx;

	ctx->folio = map_large(ORDER);
	if (!ctx->folio)
		return -1;
	for (int page = 0; page < PAGES; page++)
		if (!corpus_store(AT(page), BEFORE(page)))
			return -1;
	if (fork_others(world) || corpus_pin(AT(PINNED), VMSIM_PIN_WRITE, &ctx->pins))
		return -1;
	if (ctx->again)
		ctx->child = vmsim_fork("second");
	return ctx->child < 0 ? ctx->child : 0;
}

static int writer(struct vmsim_world *world)
{
	const struct fork_layout *ctx = world->ctx;
	uint64_t word = DEVICE;

	return corpus_store(AT(PINNED), PROGRAMS) ?
	       vmsim_dma_write(ctx->pins, 0, &word, sizeof(word)) : -1;
}

static int expect(int page, uint64_t expected)
{
	uint64_t seen = 0;

	if (!corpus_load(AT(page), &seen))
		return -1;
	if (seen != expected)
		vmsim_fail("page %d: expected %llu, found %llu", page,
			   (unsigned long long)expected, (unsigned long long)seen);
	return 0;
}

/* What the child has at the third place is what was there when it was forked. */
static int drop(void)
{
	uint64_t middle = 0;

	if (!corpus_load(AT(PINNED), &middle) || vmsim_madvise(AT(0), PAGE_BYTES, MADV_DONTNEED))
		return -1;
	return expect(1, BEFORE(1)) ?: expect(PINNED, middle);
}

static int fork_again(void)
{
	uint64_t middle = 0;
	int child;

	if (!corpus_load(AT(PINNED), &middle))
		return -1;
	child = vmsim_fork("third");
	vmsim_point("forked");
	return child < 0 ? child : vmsim_become(child) ?: expect(PINNED, middle);
}

static int forker(struct vmsim_world *world)
{
	struct fork_layout *ctx = world->ctx;
	int child = ctx->again ? ctx->child : vmsim_fork("second");
	int err = child < 0 ? child : vmsim_become(child) ?: ctx->again ? fork_again() : drop();

	ctx->done = !err;
	return err;
}

static int expected_mappings(const struct fork_layout *ctx, int page)
{
	if (page == PINNED)
		return 1;
	if (ctx->again)
		return 3;
	return page ? 2 : 1;
}

/* What is pinned is at its place, and its process is the only one to have it. */
static int check(struct vmsim_world *world)
{
	const struct fork_layout *ctx = world->ctx;

	for (int page = 0; page < PAGES; page++) {
		int found = page_mapcount(folio_page(ctx->folio, (unsigned long)page));

		if (ctx->done && found != expected_mappings(ctx, page))
			vmsim_fail("page %d of the folio is mapped %d times", page, found);
		if (expect(page, page == PINNED ? DEVICE : BEFORE(page)))
			return -1;
	}
	return vmsim_unpin(ctx->pins, true);
}

static const struct vmsim_thread_def threads[] = {
	{ .name = "Forker", .cpu = 0, .fn = forker },
	{ .name = "Writer", .cpu = 1, .fn = writer },
};

static const char script[] =
	"Forker;"
	"Writer";

/* Writer writes when the child's child is there. */
static const char script_forked[] =
	"Forker until point=forked;"
	"Writer;"
	"Forker";

static const struct fork_layout again = { .again = true };

static const struct vmsim_variant variants[] = {
	{ .name = "linux-6.12", .builtin = true,
	  .source = "mm/memory.c and folio_pte_batch() of Linux 6.12; what was forked is dropped" },
	{ .name = "linux-6.12-again", .builtin = true, .ctx_init = &again,
	  .source = "the same; what was forked is forked" },
	{ .name = "one-by-one", .source = "without batches, what these have to equal: dropped" },
	{ .name = "one-by-one-again", .ctx_init = &again, .source = "the same: forked" },
	{ .name = "past-foreign", .ctx_init = &again, .script = script_forked,
	  .source = "A13: a batch does not look which page an entry maps" },
	{ .name = "past-end",
	  .source = "A13: a batch goes on to the end of its folio, whatever the range" },
	{ .name = "first-for-all",
	  .source = "A13: the flag of a batch's first page stands for all of them" },
};

static const struct vmsim_verdict verdicts[] = {
	{ "linux-6.12", VMSIM_ALL_TLBS, NULL, "each page is treated as what it is",
	  .exhausts = VMSIM_ALL_TLBS & ~T(UP) },
	{ "linux-6.12-again", VMSIM_ALL_TLBS, NULL, "the same",
	  .exhausts = VMSIM_ALL_TLBS & ~T(UP) },
	{ "one-by-one", VMSIM_ALL_TLBS, NULL, "the same", .exhausts = T(IPI) },
	{ "one-by-one-again", VMSIM_ALL_TLBS, NULL, "the same", .exhausts = T(IPI) },
	{ "past-foreign", VMSIM_ALL_TLBS, "O12", "the third process gets the pinned page" },
	{ "past-end", VMSIM_ALL_TLBS, "CHECK", "more is gone than was dropped" },
	{ "first-for-all", VMSIM_ALL_TLBS, "O11", "the pinned page is shared: Writer copies" },
};

extern const struct vmsim_scenario scenario_fork_layout;

const struct vmsim_scenario scenario_fork_layout = {
	.name = "fork-layout",
	.summary = "a fork copies a part of a large folio and shares the rest; fork and zap of that",
	.seeds = "A10 A13",
	.tags = "fork cow pin zap anon compound",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 2, .frames = 128 },
	.ctx_size = sizeof(struct fork_layout),
	.processes = 2,
	.setup = setup,
	CORPUS_LIST(threads, threads),
	.check = check,
	.script = script,
	CORPUS_LIST(variants, variants),
	CORPUS_LIST(verdicts, verdicts),
};
