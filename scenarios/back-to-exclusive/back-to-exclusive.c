// SPDX-License-Identifier: GPL-2.0-only
#include "../forked.h"
#include "../entry.h"

/*
 * A17, R10, R12: a page that was shared with a child is its parent's alone again, and nothing says
 * so: it is read-only, and not marked exclusive. Scanner looks for such pages and gives them back
 * to their owner. That takes proof that nobody else has the page, and proof holds only as long as
 * nobody can take a reference through the entry: as long as the page-table lock is held.
 */

#define COMMON 1
#define SECRET 2

enum proof { REFERENCES, MAP_COUNT, BEFORE_THE_LOCK };

struct back_to_exclusive {
	enum proof proof;
	int child;
	struct vm_area_struct *vma;
};

static int setup(struct vmsim_world *world)
{
	struct back_to_exclusive *ctx = world->ctx;

	ctx->child = share_with_child(COMMON);
	ctx->vma = area_vma();
	return ctx->child < 0 ? ctx->child : 0;
}

static bool is_mine(struct page *page, enum proof proof)
{
	const struct folio *folio = page_folio(page);

	return proof == MAP_COUNT ? folio_mapcount(folio) == 1 : folio_ref_count(folio) == 1;
}

static int scanner(struct vmsim_world *world)
{
	const struct back_to_exclusive *ctx = world->ctx;
	struct entry at = lock_entry(ctx->vma);
	pte_t entry = ptep_get(at.ptep);
	bool mine = is_mine(pte_page(entry), ctx->proof);

	if (ctx->proof == BEFORE_THE_LOCK) {
		unlock_entry(&at);
		vmsim_point("looked");
		at = lock_entry(ctx->vma);
	}
	if (mine && pte_same(entry, ptep_get(at.ptep)) && !PageAnonExclusive(pte_page(entry))) {
		SetPageAnonExclusive(pte_page(entry));
		set_pte_at(at.vma->vm_mm, AREA, at.ptep, pte_mkwrite(entry, at.vma));
	}
	unlock_entry(&at);
	return vmsim_store(AREA, 8, SECRET);
}

/* Another thread of the parent. */
static int forker(struct vmsim_world *world)
{
	int child = vmsim_fork("second");

	(void)world;
	return child < 0 ? child : 0;
}

static int child(struct vmsim_world *world)
{
	const struct back_to_exclusive *ctx = world->ctx;

	return read_through_pipe(ctx->child, COMMON);
}

static const struct vmsim_thread_def threads[] = {
	{ .name = "Scanner", .cpu = 0, .fn = scanner },
	{ .name = "Child", .cpu = 1, .fn = child },
	{ .name = "Forker", .cpu = 2, .fn = forker },
};

static const char script[] =
	"Child until point=dropped;"
	"Scanner;"
	"Child;"
	"Forker";

static const char script_fork[] =
	"Child;"
	"Scanner until point=looked;"
	"Forker;"
	"Scanner";

#define VARIANT(its_proof, ...)								\
	{ .builtin = true, .ctx_init = &(const struct back_to_exclusive) { its_proof }, \
	  __VA_ARGS__ }

static const struct vmsim_variant variants[] = {
	VARIANT(REFERENCES, .name = "linux-6.12",
		.source = "the proof of wp_can_reuse_anon_folio(), Linux 6.12"),
	VARIANT(MAP_COUNT, .name = "map-count",
		.source = "A17: references without a mapping do not count"),
	VARIANT(BEFORE_THE_LOCK, .name = "stale-proof", .script = script_fork,
		.source = "A17: the lock is dropped between the proof and its use"),
};

static const struct vmsim_verdict verdicts[] = {
	{ "linux-6.12", VMSIM_ALL_TLBS, NULL, "nobody else can have the page",
	  .exhausts = VMSIM_ALL_TLBS & ~T(PV_DEFER) & ~T(UP) },
	{ "map-count", VMSIM_ALL_TLBS, "CHECK", "the child still reads it", .depth = 1 },
	{ "stale-proof", VMSIM_ALL_TLBS, "O10", "another child has it by then", .depth = 1 },
};

extern const struct vmsim_scenario scenario_back_to_exclusive;

const struct vmsim_scenario scenario_back_to_exclusive = {
	.name = "back-to-exclusive",
	.summary = "a page that was shared is made exclusive again",
	.seeds = "A17",
	.tags = "cow fork gup anon",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 3, .frames = 64 },
	.ctx_size = sizeof(struct back_to_exclusive),
	.processes = 2,
	.setup = setup,
	CORPUS_LIST(threads, threads),
	.script = script,
	CORPUS_LIST(variants, variants),
	CORPUS_LIST(verdicts, verdicts),
};
