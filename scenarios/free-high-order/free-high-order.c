// SPDX-License-Identifier: GPL-2.0-only
#include "../corpus/corpus.h"
#include <linux/mm.h>
#include <linux/rcupdate.h>

/*
 * E11, M14, R10: Owner frees four pages that were allocated at once, while Looker holds the first
 * of them for a moment: he found it without a lock, it is not what he looked for, and he lets go.
 * Of four pages that are no compound page he who lets go last frees the one, and Owner has to free
 * the other three; a compound page goes as a whole. Which of the two it is Owner can only know
 * before he drops his reference (462a8e08e0e6).
 */

#define ORDER 2

enum how { AS_IT_IS, ALL_OR_NOTHING, LOOK_AFTERWARDS };

struct free_high_order {
	enum how how;
	bool compound;
	struct page *page;
};

static int setup(struct vmsim_world *world)
{
	struct free_high_order *ctx = world->ctx;

	ctx->page = alloc_pages(GFP_KERNEL | (ctx->compound ? __GFP_COMP : 0), ORDER);
	return ctx->page ? 0 : -1;
}

/* Pages of which nobody has a reference any more go to the allocator. */
static void give_back(struct page *page, unsigned int order)
{
	set_page_count(page, 1);
	__free_pages(page, order);
}

static void give_back_others(struct page *page)
{
	for (unsigned int order = 0; order < ORDER; order++)
		give_back(page + (1UL << order), order);
}

static int owner(struct vmsim_world *world)
{
	const struct free_high_order *ctx = world->ctx;

	if (ctx->how == AS_IT_IS)
		__free_pages(ctx->page, ORDER);
	else if (put_page_testzero(ctx->page))
		give_back(ctx->page, ORDER);
	else if (ctx->how == LOOK_AFTERWARDS && !PageHead(ctx->page))
		give_back_others(ctx->page);
	return 0;
}

static int looker(struct vmsim_world *world)
{
	const struct free_high_order *ctx = world->ctx;
	struct folio *folio;

	rcu_read_lock();
	folio = try_get_folio(ctx->page, 1);
	rcu_read_unlock();
	vmsim_point("held");
	if (folio)
		folio_put(folio);
	return 0;
}

static const struct vmsim_thread_def threads[] = {
	{ .name = "Owner", .cpu = 0, .fn = owner },
	{ .name = "Looker", .cpu = 1, .fn = looker },
};

static const char script[] =
	"Looker until point=held;"
	"Owner;"
	"Looker";

/* Looker is the last one, right after Owner. */
static const char script_after[] =
	"Looker until point=held;"
	"Owner until ref;"
	"Looker;"
	"Owner";

#define VARIANT(its_name, its_source, its_script, ...)					\
	{ .name = its_name, .builtin = true, .source = its_source, .script = its_script, \
	  .ctx_init = &(const struct free_high_order) { __VA_ARGS__ } }

static const struct vmsim_variant variants[] = {
	VARIANT("linux-6.12", "__free_pages() of Linux 6.12", NULL, AS_IT_IS),
	VARIANT("linux-6.12-compound", "the same, and a compound page", script_after, AS_IT_IS,
		.compound = true),
	VARIANT("linux-5.9", "before e320d3012d25: whoever is last frees, and knows one page",
		NULL, ALL_OR_NOTHING),
	VARIANT("linux-6.1-compound",
		"before 462a8e08e0e6: Owner looks what it was when he is not the last",
		script_after, LOOK_AFTERWARDS, .compound = true),
};

static const struct vmsim_verdict verdicts[] = {
	{ "linux-6.12", VMSIM_ALL_TLBS, NULL, "Owner frees the other three",
	  .exhausts = VMSIM_ALL_TLBS },
	{ "linux-6.12-compound", VMSIM_ALL_TLBS, NULL, "whoever is last frees all four",
	  .exhausts = VMSIM_ALL_TLBS },
	{ "linux-5.9", VMSIM_ALL_TLBS, "O20", "three pages are nobody's", .depth = 1 },
	{ "linux-6.1-compound", VMSIM_ALL_TLBS, "O7", "three pages are freed twice", .depth = 2 },
};

extern const struct vmsim_scenario scenario_free_high_order;

const struct vmsim_scenario scenario_free_high_order = {
	.name = "free-high-order",
	.summary = "pages are freed while somebody holds the first of them for a moment",
	.seeds = "E11 M14",
	.tags = "refs gup compound",
	.config = { .contents = VMSIM_CONTENTS_NONE, .cpus = 2, .frames = 64 },
	.ctx_size = sizeof(struct free_high_order),
	.setup = setup,
	CORPUS_LIST(threads, threads),
	.script = script,
	CORPUS_LIST(variants, variants),
	CORPUS_LIST(verdicts, verdicts),
};
