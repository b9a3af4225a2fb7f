// SPDX-License-Identifier: GPL-2.0-only
#include "../entry.h"
#include <linux/irqflags.h>
#include <asm/tlbflush.h>

/*
 * E01, R34: entries of two words. Walker, with interrupts off, reads the low word, the high one,
 * and the low one again; if that is what it was, he takes the two for one value. Meanwhile Zapper
 * empties the entry, and Mapper maps another page, whose low word is that of the first. What Walker
 * has is that low word and the high one of nothing: a page that was never there. Its memmap may not
 * exist. (In the example of the mail a third page lends the high word, for which there is one more
 * zap, and one more fault. The model finds that the empty entry will do.)
 *
 * Walker's comment says that no entry goes from one page to another without a flush, and that no
 * flush is over while he has interrupts off. But a zap drops the page-table lock first (E05), so
 * others go on; and not all flushes are interrupts (E02, E03). What helps is a flush before the
 * lock is dropped, where it is an interrupt (E15), or a read of both words at once (E13).
 *
 * In the other flavours entries are one word, and nothing of this can happen.
 */

/* Frames that differ in the high word only. Nobody has such frames. */
#define BEFORE (0x100001ULL << PAGE_SHIFT)
#define AFTER (0x300001ULL << PAGE_SHIFT)

struct torn_pte {
	bool flush_locked, read_whole;
	struct vm_area_struct *vma;
	pte_t *ptep;
};

static pte_t entry_of(u64 page)
{
	return __pte(page | _PAGE_PRESENT | _PAGE_SPECIAL);
}

static void set_entry(const struct torn_pte *ctx, pte_t entry)
{
	struct entry at = lock_entry(ctx->vma);

	set_pte_at(ctx->vma->vm_mm, AREA, at.ptep, entry);
	unlock_entry(&at);
}

static int setup(struct vmsim_world *world)
{
	struct torn_pte *ctx = world->ctx;
	uint64_t zero;
	struct entry at;

	/* So that the table is there. */
	if (corpus_map(AREA, 2, RW, ANON, VMSIM_NO_FILE) || !corpus_load(AREA + PAGE_BYTES, &zero))
		return -1;
	ctx->vma = area_vma();
	at = lock_entry(ctx->vma);
	ctx->ptep = at.ptep;
	unlock_entry(&at);
	set_entry(ctx, entry_of(BEFORE));
	return 0;
}

static void flush(const struct torn_pte *ctx)
{
	flush_tlb_mm_range(ctx->vma->vm_mm, AREA, AREA + PAGE_BYTES, PAGE_SHIFT, false);
}

/* madvise(MADV_DONTNEED) */
static int zapper(struct vmsim_world *world)
{
	const struct torn_pte *ctx = world->ctx;
	struct mm_struct *mm = ctx->vma->vm_mm;
	struct entry at;

	atomic_inc(&mm->tlb_flush_pending);
	at = lock_entry(ctx->vma);
	ptep_get_and_clear(mm, AREA, at.ptep);
	if (ctx->flush_locked)
		flush(ctx);
	unlock_entry(&at);
	vmsim_point("unlocked");
	if (!ctx->flush_locked)
		flush(ctx);
	atomic_dec(&mm->tlb_flush_pending);
	return 0;
}

/* A fault: maps the other page where there is none. */
static int mapper(struct vmsim_world *world)
{
	const struct torn_pte *ctx = world->ctx;
	struct entry at = lock_entry(ctx->vma);

	if (pte_none(ptep_get(at.ptep)))
		set_pte_at(ctx->vma->vm_mm, AREA, at.ptep, entry_of(AFTER));
	unlock_entry(&at);
	return 0;
}

static pte_t read_entry(const struct torn_pte *ctx)
{
	if (ctx->read_whole)
		return __pte(cmpxchg(&ctx->ptep->pte, 0, 0));
	return ptep_get_lockless(ctx->ptep);
}

static bool was_there(pte_t entry)
{
	return pte_same(entry, entry_of(BEFORE)) || pte_same(entry, entry_of(AFTER));
}

static int walker(struct vmsim_world *world)
{
	const struct torn_pte *ctx = world->ctx;
	pte_t entry;

	local_irq_disable();
	entry = read_entry(ctx);
	if (pte_present(entry) && !was_there(entry))
		vmsim_fail("the entry never was %#llx", (unsigned long long)pte_val(entry));
	local_irq_enable();
	return 0;
}

static int check(struct vmsim_world *world)
{
	set_entry(world->ctx, __pte(0));
	return 0;
}

static const struct vmsim_thread_def threads[] = {
	{ .name = "Walker", .cpu = 0, .fn = walker },
	{ .name = "Zapper", .cpu = 1, .fn = zapper },
	{ .name = "Mapper", .cpu = 2, .fn = mapper },
};

static const char script[] =
	"Walker until pte-read;"
	"Zapper until point=unlocked;"
	"Walker until pte-read;"
	"Mapper;"
	"Walker";

/* The same, and the hypervisor takes Walker's CPU away: flushes of it are put off. */
static const char script_away[] =
	"Walker until pte-read;"
	"preempt 0;"
	"Zapper until point=unlocked;"
	"resume 0;"
	"Walker until pte-read;"
	"Mapper;"
	"Walker";

static const struct torn_pte flush_locked = { .flush_locked = true };
static const struct torn_pte read_whole = { .read_whole = true };

static const struct vmsim_variant variants[] = {
	{ .name = "linux-6.12", .builtin = true,
	  .source = "ptep_get_lockless() and zap_pte_range() of Linux 6.12" },
	{ .name = "flush-locked", .builtin = true, .ctx_init = &flush_locked,
	  .script = script_away,
	  .source = "E15: zaps flush before they drop the page-table lock" },
	{ .name = "read-whole", .builtin = true, .ctx_init = &read_whole,
	  .source = "E13: the entry is read by cmpxchg8b" },
};

#if defined(VMSIM_ARCH_X86_PAE)

static const struct vmsim_verdict verdicts[] = {
	{ "linux-6.12", VMSIM_ALL_TLBS & ~T(UP), "CHECK", "the words are of two values",
	  .depth = 2 },
	{ "linux-6.12", T(UP), NULL, "nobody comes between", .exhausts = T(UP) },
	{ "flush-locked", T(IPI) | T(UP), NULL, "Zapper waits for Walker",
	  .exhausts = T(IPI) | T(UP) },
	{ "flush-locked", VMSIM_ALL_TLBS & ~T(IPI) & ~T(UP), "CHECK", "nobody waits for Walker",
	  .depth = 2 },
	{ "read-whole", VMSIM_ALL_TLBS, NULL, "one access", .exhausts = VMSIM_ALL_TLBS },
};

#else

static const struct vmsim_verdict verdicts[] = {
	{ "linux-6.12", VMSIM_ALL_TLBS, NULL, "one word", .exhausts = VMSIM_ALL_TLBS },
	{ "flush-locked", VMSIM_ALL_TLBS, NULL, "one word", .exhausts = VMSIM_ALL_TLBS },
	{ "read-whole", VMSIM_ALL_TLBS, NULL, "one word", .exhausts = VMSIM_ALL_TLBS },
};

#endif

extern const struct vmsim_scenario scenario_torn_pte;

const struct vmsim_scenario scenario_torn_pte = {
	.name = "torn-pte",
	.summary = "an entry of two words changes twice while it is read",
	.seeds = "E01 E02 E03 E05 E06 E13 E15",
	.tags = "gup zap tables pae",
	.config = { .contents = VMSIM_CONTENTS_NONE, .cpus = 3, .frames = 64 },
	.ctx_size = sizeof(struct torn_pte),
	.setup = setup,
	CORPUS_LIST(threads, threads),
	.check = check,
	.script = script,
	CORPUS_LIST(variants, variants),
	CORPUS_LIST(verdicts, verdicts),
};
