// SPDX-License-Identifier: GPL-2.0-only
#include "../gup-fast-device.h"
#include "../entry.h"

/*
 * A04, R11: Sharer makes a page shared as KSM does, or migration: whoever is not fork. It clears
 * the entry, looks for pins, takes the flag of exclusive pages away, and puts the entry back, now
 * read-only; if there is a pin, as it was. Sharer keeps a reference, so the next write of the
 * program copies. Pinner's GUP-fast holds no lock: either it finds the entry changed, or Sharer the
 * pin.
 */

#define DEVICE 0xdd
#define PROGRAMS 2

enum how { CLEAR_FIRST, LOOK_FIRST, NEVER_CLEARED, NO_LOOK };

struct share_pin {
	enum how how;
	struct vm_area_struct *vma;
};

static int setup(struct vmsim_world *world)
{
	struct share_pin *ctx = world->ctx;
	int err = corpus_page(AREA, 1);

	if (!err)
		ctx->vma = area_vma();
	return err;
}

static int pinner(struct vmsim_world *world)
{
	(void)world;
	return device_writes(DEVICE);
}

static bool look(struct page *page)
{
	if (folio_maybe_dma_pinned(page_folio(page)))
		return false;
	vmsim_point("no-pin");
	ClearPageAnonExclusive(page);
	return true;
}

static bool may_share(enum how how, struct page *page)
{
	switch (how) {
	case CLEAR_FIRST:
		return !folio_try_share_anon_rmap_pte(page_folio(page), page);
	case NEVER_CLEARED:
		return look(page);
	case LOOK_FIRST:
		return !PageAnonExclusive(page);
	default:
		ClearPageAnonExclusive(page);
		return true;
	}
}

/* Under the page-table lock. */
static void share(const struct entry *at, enum how how, struct page *page)
{
	pte_t entry = ptep_get(at->ptep);

	if (how == LOOK_FIRST && !look(page))
		return;
	if (how != NEVER_CLEARED)
		entry = ptep_clear_flush(at->vma, AREA, at->ptep);
	if (may_share(how, page))
		entry = pte_wrprotect(entry);
	if (how == NEVER_CLEARED)
		ptep_clear_flush(at->vma, AREA, at->ptep);
	set_pte_at(at->vma->vm_mm, AREA, at->ptep, entry);
}

static int sharer(struct vmsim_world *world)
{
	const struct share_pin *ctx = world->ctx;
	struct entry at = lock_entry(ctx->vma);
	struct page *page = pte_page(ptep_get(at.ptep));
	bool stored;

	get_page(page);
	share(&at, ctx->how, page);
	unlock_entry(&at);
	vmsim_point("shared");
	stored = corpus_store(AREA, PROGRAMS);
	put_page(page);
	return stored ? 0 : -1;
}

static const struct vmsim_thread_def threads[] = {
	{ .name = "Sharer", .cpu = 0, .fn = sharer },
	{ .name = "Pinner", .cpu = 1, .fn = pinner },
};

/* Pinner has his pin, of an exclusive page, when Sharer has looked, and the entry is unchanged. */
static const char script[] =
	"Pinner until pte-read;"
	"Sharer until point=no-pin;"
	"Pinner until point=pinned;"
	"Sharer;"
	"Pinner";

static const char script_pinned[] =
	"Pinner until point=pinned;"
	"Sharer;"
	"Pinner";

#define VARIANT(its_how, ...)							\
	{ .builtin = true, .ctx_init = &(const struct share_pin) { its_how }, __VA_ARGS__ }

static const struct vmsim_variant variants[] = {
	VARIANT(CLEAR_FIRST, .name = "linux-6.12",
		.source = "mm/ksm.c and folio_try_share_anon_rmap_pte() of Linux 6.12"),
	VARIANT(LOOK_FIRST, .name = "look-first",
		.source = "A04: looks for pins, then clears the entry"),
	VARIANT(NEVER_CLEARED, .name = "never-cleared",
		.source = "a mutation: the entry is cleared when the flag is gone already"),
	VARIANT(NO_LOOK, .name = "no-look", .script = script_pinned,
		.source = "a mutation: the flag is taken away in spite of a pin"),
};

/* Sharer holds the page-table lock: on one CPU nobody comes between. */
#define SEVERAL (VMSIM_ALL_TLBS & ~T(UP))

static const struct vmsim_verdict verdicts[] = {
	{ "linux-6.12", VMSIM_ALL_TLBS, NULL, "one of the two gives way",
	  .exhausts = VMSIM_ALL_TLBS },
	{ "look-first", SEVERAL, "O11", "the program's write goes to a copy", .depth = 1 },
	{ "look-first", T(UP), NULL, "no pin comes between", .exhausts = T(UP) },
	{ "never-cleared", SEVERAL, "O11", "Pinner finds the entry unchanged", .depth = 1 },
	{ "never-cleared", T(UP), NULL, "no pin comes between", .exhausts = T(UP) },
	{ "no-look", VMSIM_ALL_TLBS, "O11", "what is pinned is shared", .depth = 1 },
};

extern const struct vmsim_scenario scenario_share_pin;

const struct vmsim_scenario scenario_share_pin = {
	.name = "share-pin",
	.summary = "a page is shared as KSM does it while GUP-fast pins it",
	.seeds = "A04 A15 M34",
	.tags = "gup pin cow anon ksm",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 2, .frames = 64 },
	.ctx_size = sizeof(struct share_pin),
	.setup = setup,
	CORPUS_LIST(threads, threads),
	.script = script,
	CORPUS_LIST(variants, variants),
	CORPUS_LIST(verdicts, verdicts),
};
