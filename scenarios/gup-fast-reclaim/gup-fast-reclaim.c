// SPDX-License-Identifier: GPL-2.0-only
#include "../entry.h"
#include <vmsim/pin.h>
#include <linux/pagemap.h>

/*
 * E09: Pinner's GUP-fast has read an entry when Reclaimer takes the page, a clean one of a file,
 * and its frame becomes somebody else's memory. That the page table is still there, and was read
 * in one piece, says nothing of the page. And unlike a munmap() (gup-fast-zap) nothing here is the
 * program's doing: it may not even know.
 *
 * Where a flush is an interrupt, Reclaimer waits for Pinner. That is not to be relied on (R24).
 */

#define OTHER 0x40000000UL
#define CONTENTS 0x0f
#define SECRET 0x5ec

struct gup_fast_reclaim {
	struct address_space *mapping;
};

static int setup(struct vmsim_world *world)
{
	struct gup_fast_reclaim *ctx = world->ctx;
	int file = vmsim_file_create(world->machine, "data", PAGE_BYTES);
	uint64_t page[512] = { CONTENTS }, seen;

	if (file < 0 || vmsim_file_write(file, 0, page, PAGE_BYTES) != (ssize_t)PAGE_BYTES ||
	    vmsim_file_sync(file, 0, 0) || corpus_map(AREA, 1, PROT_READ, SHARED, file) ||
	    corpus_map(OTHER, 1, RW, ANON, VMSIM_NO_FILE))
		return -1;
	ctx->mapping = area_vma()->vm_file->f_mapping;
	/* So that tables are there for both. */
	return corpus_load(AREA, &seen) && corpus_load(OTHER, &seen) ? 0 : -1;
}

static int pinner(struct vmsim_world *world)
{
	struct vmsim_pins *pins;
	uint64_t seen = 0;
	int err = corpus_pin(AREA, 0, &pins);

	(void)world;
	if (err)
		return err;
	if (vmsim_dma_read(pins, 0, &seen, 8))
		return -1;
	if (seen != CONTENTS)
		vmsim_fail("a device reads %#llx, which is not of the file",
			   (unsigned long long)seen);
	return vmsim_unpin(pins, false);
}

static void reclaim(struct address_space *mapping, struct folio *folio)
{
	folio_lock(folio);
	if (folio->mapping == mapping) {
		try_to_unmap(folio, TTU_BATCH_FLUSH);
		mapping_evict_folio(mapping, folio);
	}
	try_to_unmap_flush();
	folio_unlock(folio);
}

static int reclaimer(struct vmsim_world *world)
{
	const struct gup_fast_reclaim *ctx = world->ctx;
	struct folio *folio = filemap_get_folio(ctx->mapping, 0);

	if (!IS_ERR(folio)) {
		reclaim(ctx->mapping, folio);
		folio_put(folio);
	}
	return vmsim_store(OTHER, 8, SECRET);
}

static const struct vmsim_thread_def threads[] = {
	{ .name = "Pinner", .cpu = 0, .fn = pinner },
	{ .name = "Reclaimer", .cpu = 1, .fn = reclaimer },
};

/* Pinner has read the entry; the frame is used again. */
static const char script[] =
	"Pinner until pte-read;"
	"preempt 0;"
	"Reclaimer;"
	"resume 0;"
	"Pinner";

static const struct vmsim_variant variants[] = {
	{ .name = "linux-6.12", .builtin = true, .source = "mm/gup.c of Linux 6.12" },
	{ .name = "no-pte-recheck", .source = "E09: the entry is not looked at again" },
};

static const struct vmsim_verdict verdicts[] = {
	{ "linux-6.12", VMSIM_ALL_TLBS, NULL, "Pinner goes the slow way",
	  .exhausts = VMSIM_ALL_TLBS },
	{ "no-pte-recheck", WAITS, NULL, "the flush waits for Pinner's interrupts",
	  .exhausts = WAITS },
	{ "no-pte-recheck", VMSIM_ALL_TLBS & ~WAITS, "O11", "the frame has a secret by now",
	  .depth = 1 },
};

extern const struct vmsim_scenario scenario_gup_fast_reclaim;

const struct vmsim_scenario scenario_gup_fast_reclaim = {
	.name = "gup-fast-reclaim",
	.summary = "GUP-fast finds a page that is reclaimed, and its frame used again",
	.seeds = "E09",
	.tags = "gup pin reclaim file",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 2, .frames = 64 },
	.ctx_size = sizeof(struct gup_fast_reclaim),
	.setup = setup,
	CORPUS_LIST(threads, threads),
	.script = script,
	CORPUS_LIST(variants, variants),
	CORPUS_LIST(verdicts, verdicts),
};
