// SPDX-License-Identifier: GPL-2.0-only
#include "../entry.h"
#include <linux/highmem.h>
#include <linux/pagemap.h>
#include <errno.h>

/*
 * A18, R12: a page that is pinned stays the page at its address, unless the program itself takes
 * it away. Pinner pins the page, writes to it as the program does, and a device writes through the
 * pin. Meanwhile Other takes the page away, and the next write finds another one: as a thread of
 * the program, which has asked for it; or as somebody whom it has not asked. For the page tables
 * that is the same. `stranger` does what MADV_DONTNEED does, from outside, as
 * process_madvise(MADV_DONTNEED) would: Linux 6.12 refuses that.
 */

#define PROGRAMS 2
#define DEVICE 0xdd

enum how { DROP, UNMAP, MOVE_AWAY, STRANGER, REPLACE, FORK };

struct pin_drop {
	enum how how;
	struct vm_area_struct *vma;
};

static int setup(struct vmsim_world *world)
{
	struct pin_drop *ctx = world->ctx;
	int err = corpus_page(AREA, 1);

	if (!err)
		ctx->vma = area_vma();
	return err;
}

static int pinner(struct vmsim_world *world)
{
	uint64_t word = DEVICE;
	struct vmsim_pins *pins;
	int err = corpus_pin(AREA, VMSIM_PIN_WRITE, &pins);

	(void)world;
	/* The program may have taken its memory away by now. */
	if (err)
		return err == -EFAULT ? 0 : err;
	vmsim_point("pinned");
	corpus_store(AREA, PROGRAMS);
	vmsim_point("wrote");
	err = vmsim_dma_write(pins, 0, &word, sizeof(word));
	return vmsim_unpin(pins, true) ?: err;
}

/* As reclaim would do it, for somebody who is not of the program. */
static int zap(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;

	mmap_read_lock(mm);
	zap_page_range_single(vma, AREA, PAGE_SIZE, NULL);
	mmap_read_unlock(mm);
	return 0;
}

/* As migration does it, but that it does not look whether somebody holds the page. */
static int replace(struct vm_area_struct *vma)
{
	struct folio *copy = folio_alloc(GFP_HIGHUSER_MOVABLE, 0), *old;
	struct entry at;
	pte_t entry;

	if (!copy)
		return -ENOMEM;
	at = lock_entry(vma);
	entry = ptep_clear_flush(vma, AREA, at.ptep);
	old = page_folio(pte_page(entry));
	copy_user_highpage(&copy->page, &old->page, AREA, vma);
	__folio_set_uptodate(copy);
	folio_add_new_anon_rmap(copy, vma, AREA, RMAP_EXCLUSIVE);
	set_pte_at(vma->vm_mm, AREA, at.ptep,
		   pte_mkwrite(pte_mkdirty(mk_pte(&copy->page, vma->vm_page_prot)), vma));
	folio_remove_rmap_pte(old, &old->page, vma);
	unlock_entry(&at);
	folio_put(old);
	return 0;
}

static int other(struct vmsim_world *world)
{
	const struct pin_drop *ctx = world->ctx;
	const int keep = MREMAP_MAYMOVE | MREMAP_FIXED;

	switch (ctx->how) {
	case DROP:
		return vmsim_madvise(AREA, PAGE_BYTES, MADV_DONTNEED);
	case UNMAP:
		return vmsim_munmap(AREA, PAGE_BYTES);
	case MOVE_AWAY:
		return vmsim_mremap(AREA, PAGE_BYTES, PAGE_BYTES, keep, 2 * AREA) < 0 ? -1 : 0;
	case STRANGER:
		return zap(ctx->vma);
	case REPLACE:
		return replace(ctx->vma);
	default:
		return vmsim_fork("child") < 0 ? -1 : 0;
	}
}

static const struct vmsim_thread_def threads[] = {
	{ .name = "Pinner", .cpu = 0, .fn = pinner },
	{ .name = "Other", .cpu = 1, .fn = other },
};

static const char script[] =
	"Pinner until point=pinned;"
	"Other;"
	"Pinner";

/* Pinner's TLB has the page when it goes. */
static const char script_cached[] =
	"Pinner until point=wrote;"
	"Other;"
	"Pinner";

/* So it has here, and nothing is pinned any more. */
static const char script_after[] =
	"Pinner;"
	"Other";

#define HOW(its_how) .ctx_init = &(const struct pin_drop) { .how = its_how }

static const struct vmsim_variant variants[] = {
	{ .name = "linux-6.12", .builtin = true, HOW(DROP), .script = script_cached,
	  .source = "A18: the program's own MADV_DONTNEED" },
	{ .name = "linux-6.12-munmap", .builtin = true, HOW(UNMAP), .script = script_cached,
	  .source = "A18: the program's own munmap()" },
	{ .name = "linux-6.12-mremap", .builtin = true, HOW(MOVE_AWAY), .script = script_cached,
	  .source = "A18: the program moves it" },
	{ .name = "linux-6.12-fork", .builtin = true, HOW(FORK), .script = script_after,
	  .source = "the program forks: the page is not the program's to lose by that" },
	{ .name = "stranger", .builtin = true, HOW(STRANGER),
	  .source = "the same zap by somebody else" },
	{ .name = "replaced", .builtin = true, HOW(REPLACE),
	  .source = "a migration that does not look for references" },
	{ .name = "fork", HOW(FORK),
	  .source = "a fork that does not know of pins" },
};

static const struct vmsim_verdict verdicts[] = {
	{ "linux-6.12", VMSIM_ALL_TLBS & ~T(FAULTY), NULL, "the program asked for it",
	  .exhausts = VMSIM_ALL_TLBS & ~T(FAULTY) },
	{ "linux-6.12", T(FAULTY), "O6", "the flush is lost" },
	{ "linux-6.12-munmap", VMSIM_ALL_TLBS & ~T(FAULTY), NULL, "the program asked for it",
	  .exhausts = VMSIM_ALL_TLBS & ~T(FAULTY) & ~T(UP) },
	{ "linux-6.12-munmap", T(FAULTY), "O6", "the flush is lost" },
	{ "linux-6.12-mremap", VMSIM_ALL_TLBS & ~T(FAULTY), NULL, "the program asked for it",
	  .exhausts = VMSIM_ALL_TLBS & ~T(FAULTY) },
	{ "linux-6.12-mremap", T(FAULTY), "O6", "the flush is lost" },
	{ "linux-6.12-fork", VMSIM_ALL_TLBS & ~T(FAULTY), NULL, "what is pinned is not shared",
	  .exhausts = VMSIM_ALL_TLBS & ~T(FAULTY) },
	{ "linux-6.12-fork", T(FAULTY), "O6", "the flush is lost" },
	{ "stranger", VMSIM_ALL_TLBS & ~T(FAULTY), "O11",
	  "the program's write goes to another page", .depth = 1 },
	{ "stranger", T(FAULTY), "O11", "the same; that a flush is lost shows earlier" },
	{ "replaced", VMSIM_ALL_TLBS & ~T(FAULTY), "O11", "the same", .depth = 1 },
	{ "replaced", T(FAULTY), "O11", "the same; that a flush is lost shows earlier" },
	{ "fork", VMSIM_ALL_TLBS & ~T(FAULTY), "O11", "the program's write goes to a copy",
	  .depth = 1 },
	{ "fork", T(FAULTY), "O11", "the same; that a flush is lost shows earlier" },
};

extern const struct vmsim_scenario scenario_pin_drop;

const struct vmsim_scenario scenario_pin_drop = {
	.name = "pin-drop",
	.summary = "a pinned page is taken away, by its program or by somebody else",
	.seeds = "A18",
	.tags = "gup pin zap cow fork anon",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 2, .frames = 64 },
	.ctx_size = sizeof(struct pin_drop),
	.setup = setup,
	CORPUS_LIST(threads, threads),
	.script = script,
	CORPUS_LIST(variants, variants),
	CORPUS_LIST(verdicts, verdicts),
};
