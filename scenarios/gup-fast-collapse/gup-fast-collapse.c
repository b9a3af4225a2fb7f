// SPDX-License-Identifier: GPL-2.0-only
#include "../gup-fast-device.h"
#include <errno.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/rmap.h>
#include <asm/tlb.h>

/*
 * M07, the third of its hazards: Collapser replaces a page as khugepaged does. It unhooks the page
 * table, so that nobody gets there any more, looks whether somebody holds the page, copies it, and
 * only then empties the entry. Pinner's GUP-fast came to the table before, and takes its pin
 * between the look and the copy: the entry has not changed yet, the one above has.
 *
 * Two things keep them apart, of which each is enough: GUP-fast looks at the entry above again
 * (70cbc3cc78a9), and khugepaged interrupts all CPUs before it looks (2ba99c5e0881).
 */

#define DEVICE 0xdd

struct collapse {
	bool no_sync, wrote;
	struct page *spare;
};

static int setup(struct vmsim_world *world)
{
	struct collapse *ctx = world->ctx;
	int err = corpus_page(AREA, 1);

	if (err)
		return err;
	ctx->spare = alloc_page(GFP_HIGHUSER_MOVABLE);
	return ctx->spare ? 0 : -ENOMEM;
}

static int pinner(struct vmsim_world *world)
{
	struct collapse *ctx = world->ctx;
	int err = device_writes(DEVICE);

	ctx->wrote = !err;
	return err;
}

static pmd_t *find_pmd(struct mm_struct *mm)
{
	p4d_t *p4d = p4d_offset(pgd_offset(mm, AREA), AREA);

	return pmd_offset(pud_offset(p4d, AREA), AREA);
}

/* Takes the table out of reach of everybody who does not stand in it already. */
static void unhook(struct mm_struct *mm, pmd_t *pmd, bool sync)
{
	spinlock_t *lock = pmd_lock(mm, pmd);

	pmd_clear(pmd);
	flush_tlb_mm_range(mm, AREA & PMD_MASK, (AREA & PMD_MASK) + PMD_SIZE, PAGE_SHIFT, true);
	spin_unlock(lock);
	if (sync)
		tlb_remove_table_sync_one();
}

/* Moves the contents to the spare page; true: it is mapped now, the old page is ours. */
static bool replace(struct vm_area_struct *vma, pte_t *ptep, struct page *spare)
{
	struct page *old = pte_page(ptep_get(ptep));
	pte_t entry = mk_pte(spare, vma->vm_page_prot);

	if (page_count(old) != 1)
		return false;
	vmsim_point("nobody-holds-it");
	copy_user_highpage(spare, old, AREA, vma);
	__folio_set_uptodate(page_folio(spare));
	ptep_get_and_clear(vma->vm_mm, AREA, ptep);
	folio_remove_rmap_pte(page_folio(old), old, vma);
	folio_add_new_anon_rmap(page_folio(spare), vma, AREA, RMAP_EXCLUSIVE);
	set_pte_at(vma->vm_mm, AREA, ptep, pte_mkwrite(pte_mkdirty(entry), vma));
	put_page(old);
	return true;
}

static int collapser(struct vmsim_world *world)
{
	struct collapse *ctx = world->ctx;
	struct mm_struct *mm = current->mm;
	struct page *table;
	pmd_t *pmd, pmdval;
	pte_t *ptep;

	mmap_write_lock(mm);
	pmd = find_pmd(mm);
	pmdval = pmdp_get(pmd);
	table = pmd_page(pmdval);
	ptep = (pte_t *)page_address(table) + pte_index(AREA);
	unhook(mm, pmd, !ctx->no_sync);
	spin_lock(page_ptdesc(table)->ptl);
	if (replace(vma_lookup(mm, AREA), ptep, ctx->spare))
		ctx->spare = NULL;
	spin_unlock(page_ptdesc(table)->ptl);
	set_pmd(pmd, pmdval);
	mmap_write_unlock(mm);
	return 0;
}

static int check(struct vmsim_world *world)
{
	struct collapse *ctx = world->ctx;
	uint64_t seen = 0;

	if (ctx->spare)
		put_page(ctx->spare);
	if (!corpus_load(AREA, &seen))
		return -1;
	if (ctx->wrote && seen != DEVICE)
		vmsim_fail("the device wrote %#x, the program finds %#llx", DEVICE,
			   (unsigned long long)seen);
	return 0;
}

static const struct vmsim_thread_def threads[] = {
	{ .name = "Pinner", .cpu = 0, .fn = pinner },
	{ .name = "Collapser", .cpu = 1, .fn = collapser },
};

static const char script[] =
	"Pinner until pte-read;"
	"preempt 0;"
	"Collapser until point=nobody-holds-it;"
	"resume 0;"
	"Pinner until point=pinned;"
	"Collapser;"
	"Pinner";

static const struct collapse without_interrupt = { .no_sync = true };

static const struct vmsim_variant variants[] = {
	{ .name = "linux-6.12", .builtin = true,
	  .source = "mm/gup.c and mm/khugepaged.c of Linux 6.12" },
	{ .name = "no-sync", .builtin = true, .ctx_init = &without_interrupt,
	  .source = "before 2ba99c5e0881: khugepaged interrupts nobody" },
	{ .name = "no-pmd-recheck",
	  .source = "before 70cbc3cc78a9: GUP-fast looks at the entry only" },
	{ .name = "no-pmd-recheck-no-sync", .ctx_init = &without_interrupt,
	  .source = "before both: Linux 6.0" },
};

static const struct vmsim_verdict verdicts[] = {
	{ "linux-6.12", VMSIM_ALL_TLBS, NULL, "Collapser finds the pin, or Pinner the new page",
	  .exhausts = VMSIM_ALL_TLBS },
	{ "no-sync", VMSIM_ALL_TLBS, NULL, "Pinner finds that his table is unhooked",
	  .exhausts = VMSIM_ALL_TLBS },
	{ "no-pmd-recheck", VMSIM_ALL_TLBS, NULL, "Collapser looks when Pinner is through",
	  .exhausts = VMSIM_ALL_TLBS },
	{ "no-pmd-recheck-no-sync", WAITS, NULL, "the flush is an interrupt already",
	  .exhausts = WAITS },
	{ "no-pmd-recheck-no-sync", VMSIM_ALL_TLBS & ~WAITS, "O11",
	  "the pin is of the page that was replaced", .depth = 2 },
};

extern const struct vmsim_scenario scenario_gup_fast_collapse;

const struct vmsim_scenario scenario_gup_fast_collapse = {
	.name = "gup-fast-collapse",
	.summary = "GUP-fast takes a pin in a table that khugepaged has unhooked",
	.seeds = "E10 M07",
	.tags = "gup pin anon tables khugepaged",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 2, .frames = 64 },
	.ctx_size = sizeof(struct collapse),
	.setup = setup,
	CORPUS_LIST(threads, threads),
	.check = check,
	.script = script,
	CORPUS_LIST(variants, variants),
	CORPUS_LIST(verdicts, verdicts),
};
