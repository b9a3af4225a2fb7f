// SPDX-License-Identifier: GPL-2.0-only
#include "../ksm.h"
#include <asm/tlbflush.h>
#include <linux/mm_inline.h>

/*
 * M10: Writer's CPU can write to a page without a look at its entry. Batcher has made that entry
 * clean, as MADV_FREE does, and read-only, as whoever tracks writes; it flushes later, and has said
 * so. Ksm finds an entry through which nobody could write, compares the page with its own, and puts
 * its own there. What Writer stores in between is lost.
 *
 * Linux 4.13 asks whether a flush is pending. Since 5.19 a page that can be written through a TLB
 * is exclusive, and for that alone Ksm flushes.
 */

#define WRITERS 2

struct ksm_merge {
	struct vm_area_struct *vma;
};

static int setup(struct vmsim_world *world)
{
	struct ksm_merge *ctx = world->ctx;
	int err = ksm_setup();

	ctx->vma = area_vma();
	return err;
}

static int writer(struct vmsim_world *world)
{
	(void)world;
	/* His CPU need not look at the entry any more. */
	if (!corpus_store(AREA, SAME))
		return -1;
	vmsim_point("wrote");
	return corpus_store(AREA, WRITERS) ? 0 : -1;
}

/* MADV_FREE and clear_refs of Linux 4.12 in one; the latter waits for faults and ksmd today. */
static int batcher(struct vmsim_world *world)
{
	const struct ksm_merge *ctx = world->ctx;
	struct mm_struct *mm = ctx->vma->vm_mm;
	struct entry at;
	pte_t old;

	mmap_read_lock(mm);
	inc_tlb_flush_pending(mm);
	at = lock_entry(ctx->vma);
	old = ptep_get_and_clear(mm, AREA, at.ptep);
	set_pte_at(mm, AREA, at.ptep, pte_wrprotect(pte_mkclean(old)));
	unlock_entry(&at);
	vmsim_point("batched");
	flush_tlb_range(ctx->vma, AREA, AREA + PAGE_BYTES);
	dec_tlb_flush_pending(mm);
	mmap_read_unlock(mm);
	return 0;
}

static int ksm(struct vmsim_world *world)
{
	(void)world;
	return ksm_merges();
}

static int check(struct vmsim_world *world)
{
	(void)world;
	return ksm_check(WRITERS, "Writer");
}

static const struct vmsim_thread_def threads[] = {
	{ .name = "Writer", .cpu = 0, .fn = writer },
	{ .name = "Batcher", .cpu = 1, .fn = batcher },
	{ .name = "Ksm", .cpu = 2, .fn = ksm },
};

/* Ksm has compared the pages when Writer stores. */
static const char script[] =
	"Writer until point=wrote;"
	"Batcher until point=batched;"
	"Ksm until frame-read;"
	"Writer;"
	"Batcher;"
	"Ksm";

static const struct vmsim_variant variants[] = {
	{ .name = "linux-6.12", .builtin = true, .source = "mm/ksm.c of Linux 6.12" },
	{ .name = "linux-4.12", .source = "M10: before b3a81d0841a9, which is in Linux 4.13" },
	{ .name = "linux-4.13", .source = "b3a81d0841a9: a pending flush counts" },
	{ .name = "no-pending-test", .source = "Linux 6.12 without b3a81d0841a9" },
	{ .name = "no-recheck",
	  .source = "a mutation: the entry is not looked at again before the page is replaced" },
};

static const struct vmsim_verdict verdicts[] = {
	{ "linux-6.12", VMSIM_ALL_TLBS, NULL, "an exclusive page is flushed" },
	{ "linux-4.12", VMSIM_ALL_TLBS & ~(QUIET | T(BROADCAST) | T(UP)), "O4|O6",
	  "compared while Writer can write" },
	{ "linux-4.12", T(BROADCAST) | T(UP), "O4|O6",
	  "the same, but nobody waits while the flush is underway", .depth = 1 },
	{ "linux-4.12", QUIET, NULL, "no right to write outlives the entry's" },
	{ "linux-4.13", VMSIM_ALL_TLBS, NULL, "Ksm flushes, too" },
	{ "no-pending-test", VMSIM_ALL_TLBS, NULL, "the page is exclusive" },
	{ "no-recheck", VMSIM_ALL_TLBS, "O7", "what Writer has by now is replaced",
	  .depth = 1 },
};

extern const struct vmsim_scenario scenario_ksm_merge;

const struct vmsim_scenario scenario_ksm_merge = {
	.name = "ksm-merge",
	.summary = "KSM merges a page whose entry is clean and read-only, but for TLBs",
	.seeds = "M10 R14",
	.tags = "ksm tlb anon",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 3, .frames = 64 },
	.ctx_size = sizeof(struct ksm_merge),
	.setup = setup,
	CORPUS_LIST(threads, threads),
	.check = check,
	.script = script,
	CORPUS_LIST(variants, variants),
	CORPUS_LIST(verdicts, verdicts),
};
