// SPDX-License-Identifier: GPL-2.0-only
#include "../entry.h"
#include <vmsim/pin.h>
#include <errno.h>
#include <linux/pagemap.h>

/*
 * E35, R31: a device writes to a page of a file through a pin. When the pin is taken, the file
 * system hears of a write, and the page is dirty. Then Cleaner writes it back and takes the right
 * to write away from all entries; the device knows of no entries. What it writes after that is
 * told when the pin is given back, and the file system was not asked: reclaim, which never frees
 * a page that somebody holds, has taken its buffers in the meantime.
 *
 * Open in Linux 6.12 for pins that are not for long. Those for long are refused.
 */

#define DEVICE 0xdd

enum told { LOCKED, UNLOCKED, NOT_AT_ALL };

struct gup_dirty {
	enum told told;
	bool for_long, keeps_buffers, wrote;
	int file;
	struct folio *folio;
};

static int setup(struct vmsim_world *world)
{
	struct gup_dirty *ctx = world->ctx;
	uint64_t page[512] = { 1 };
	uint64_t seen = 0;

	ctx->file = vmsim_file_create(world->machine, "data", PAGE_BYTES);
	if (ctx->file < 0 ||
	    vmsim_file_write(ctx->file, 0, page, PAGE_BYTES) != (ssize_t)PAGE_BYTES ||
	    vmsim_file_sync(ctx->file, 0, 0) ||
	    corpus_map(AREA, 1, RW, SHARED, ctx->file) || !corpus_load(AREA, &seen))
		return -1;
	ctx->folio = filemap_get_folio(area_vma()->vm_file->f_mapping, 0);
	folio_put(ctx->folio);
	return 0;
}

static void let_go(struct vmsim_pins *pins, enum told told, struct folio *folio)
{
	if (told == UNLOCKED && !folio_test_dirty(folio))
		folio_mark_dirty(folio);
	vmsim_unpin(pins, told == LOCKED);
}

static int driver(struct vmsim_world *world)
{
	struct gup_dirty *ctx = world->ctx;
	unsigned int flags = VMSIM_PIN_WRITE | (ctx->for_long ? VMSIM_PIN_LONGTERM : 0);
	uint64_t word = DEVICE;
	struct vmsim_pins *pins;
	int err = corpus_pin(AREA, flags, &pins);

	if (ctx->for_long)
		return err == -EFAULT ? 0 : err ?: -1;
	if (err)
		return err;
	vmsim_point("pinned");
	vmsim_dma_write(pins, 0, &word, sizeof(word));
	ctx->wrote = true;
	vmsim_point("written");
	let_go(pins, ctx->told, ctx->folio);
	return vmsim_file_sync(ctx->file, 0, 0);
}

/* Reclaim, as far as it comes: somebody holds the page. */
static void take_buffers(struct folio *folio)
{
	folio_lock(folio);
	if (!folio_test_dirty(folio) && !folio_test_writeback(folio))
		filemap_release_folio(folio, GFP_KERNEL);
	folio_unlock(folio);
}

static int cleaner(struct vmsim_world *world)
{
	const struct gup_dirty *ctx = world->ctx;
	int err = vmsim_file_sync(ctx->file, 0, 0);

	if (!err && !ctx->keeps_buffers)
		take_buffers(ctx->folio);
	return err;
}

static int check(struct vmsim_world *world)
{
	const struct gup_dirty *ctx = world->ctx;
	uint64_t page[512] = { 0 };

	if (vmsim_file_stored(ctx->file, 0, page, PAGE_BYTES) != (ssize_t)PAGE_BYTES)
		return -1;
	if (page[0] != (ctx->wrote ? DEVICE : 1))
		vmsim_fail("the device wrote %#x, the file holds %#llx", DEVICE,
			   (unsigned long long)page[0]);
	return 0;
}

static const struct vmsim_thread_def threads[] = {
	{ .name = "Driver", .cpu = 0, .fn = driver },
	{ .name = "Cleaner", .cpu = 1, .fn = cleaner },
};

static const char script[] =
	"Driver until point=pinned;"
	"Cleaner;"
	"Driver";

#define VARIANT(its_name, its_source, ...)						\
	{ .name = its_name, .builtin = true, .source = its_source,			\
	  .ctx_init = &(const struct gup_dirty) { __VA_ARGS__ } }

static const struct vmsim_variant variants[] = {
	VARIANT("linux-6.12", "unpin_user_pages_dirty_lock() of Linux 6.12", .told = LOCKED),
	VARIANT("unlocked", "E35: set_page_dirty() when the device is done", .told = UNLOCKED),
	VARIANT("not-told", "a mutation: nobody says that the device has written",
		.told = NOT_AT_ALL, .keeps_buffers = true),
	VARIANT("keeps-buffers", "as linux-6.12, and reclaim does not take buffers",
		.told = LOCKED, .keeps_buffers = true),
	VARIANT("long-term", "Linux 6.12: FOLL_LONGTERM is refused",
		.for_long = true),
};

static const struct vmsim_verdict verdicts[] = {
	{ "linux-6.12", VMSIM_ALL_TLBS, "O21",
	  "known and open: a page without buffers is written", .depth = 1 },
	{ "unlocked", VMSIM_ALL_TLBS, "O21",
	  "a clean page becomes dirty, and nothing is locked", .depth = 1 },
	{ "not-told", VMSIM_ALL_TLBS, "CHECK", "what the device wrote is lost", .depth = 1 },
	{ "keeps-buffers", VMSIM_ALL_TLBS, NULL, "told in the end",
	  .exhausts = VMSIM_ALL_TLBS },
	{ "long-term", VMSIM_ALL_TLBS, NULL, "there is no such pin",
	  .exhausts = VMSIM_ALL_TLBS },
};

extern const struct vmsim_scenario scenario_gup_dirty;

const struct vmsim_scenario scenario_gup_dirty = {
	.name = "gup-dirty",
	.summary = "a device writes to a page of a file that has been written back",
	.seeds = "E35",
	.tags = "gup pin file writeback",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 2, .frames = 64 },
	.ctx_size = sizeof(struct gup_dirty),
	.setup = setup,
	CORPUS_LIST(threads, threads),
	.check = check,
	.script = script,
	CORPUS_LIST(variants, variants),
	CORPUS_LIST(verdicts, verdicts),
};
