// SPDX-License-Identifier: GPL-2.0-only
#include "../gup-fast-device.h"
#include <errno.h>

/*
 * R2, E10: Pinner's GUP-fast is on its way through the tables when Unmapper takes the memory away,
 * with its page table. The table's frame stays a table until Pinner has interrupts on again; the
 * page's frame does not stay, and may be Unmapper's new memory. By then the entry is empty: to look
 * at it again is enough here, without a look at the one above (compare gup-fast-collapse).
 */

#define OTHER 0x40000000UL
/* Memory that stays, so that only the PTE table goes. */
#define KEPT (AREA + 0x400000UL)
#define DEVICE 0xdd
#define UNMAPPERS 0x0e

static int setup(struct vmsim_world *world)
{
	int err = corpus_map(AREA, 1, RW, ANON, VMSIM_NO_FILE);

	(void)world;
	if (!err)
		err = corpus_map(KEPT, 1, RW, ANON, VMSIM_NO_FILE);
	if (!err)
		err = corpus_map(OTHER, 1, RW, ANON, VMSIM_NO_FILE);
	return err ? err : corpus_store(AREA, 1) && corpus_store(KEPT, 2) ? 0 : -1;
}

static int pinner(struct vmsim_world *world)
{
	int err = device_writes(DEVICE);

	(void)world;
	/* It may be gone, the other legal end. */
	return err == -EFAULT ? 0 : err;
}

/* Its page and its table are new ones, perhaps in the old frames. */
static int unmapper(struct vmsim_world *world)
{
	int err = vmsim_munmap(AREA, PAGE_BYTES);

	(void)world;
	return err || corpus_store(OTHER, UNMAPPERS) ? err : -1;
}

static int check(struct vmsim_world *world)
{
	(void)world;
	return nobody_wrote(OTHER, UNMAPPERS);
}

static const struct vmsim_thread_def threads[] = {
	{ .name = "Pinner", .cpu = 0, .fn = pinner },
	{ .name = "Unmapper", .cpu = 1, .fn = unmapper },
};

/* Pinner has read the entry; Unmapper uses the frames again. */
static const char script[] =
	"Pinner until pte-read;"
	"preempt 0;"
	"Unmapper;"
	"resume 0;"
	"Pinner";

/* Pinner is about to go into the table; it is freed. */
static const char script_irqs_on[] =
	"Pinner until point=in-table;"
	"Unmapper;"
	"ipi 0;"
	"Unmapper;"
	"ipi 0;"
	"Unmapper;"
	"Rcu;"
	"Pinner";

static const struct vmsim_variant variants[] = {
	{ .name = "linux-6.12", .builtin = true, .source = "mm/gup.c of Linux 6.12" },
	{ .name = "no-pmd-recheck",
	  .source = "before 70cbc3cc78a9: only the entry is looked at again" },
	{ .name = "no-recheck", .source = "E10: nothing is looked at again" },
	{ .name = "irqs-on", .source = "R2: interrupts stay on during the walk",
	  .script = script_irqs_on },
};

#define QUICK (VMSIM_ALL_TLBS & ~T(UP))

static const struct vmsim_verdict verdicts[] = {
	{ "linux-6.12", VMSIM_ALL_TLBS, NULL, "Pinner goes the slow way", .exhausts = QUICK },
	{ "no-pmd-recheck", VMSIM_ALL_TLBS, NULL, "the entry is emptied before its table goes",
	  .exhausts = QUICK },
	{ "no-recheck", WAITS, NULL, "the flush waits for Pinner's interrupts",
	  .exhausts = T(IPI) },
	{ "no-recheck", VMSIM_ALL_TLBS & ~WAITS, "O11", "the frame is Unmapper's by now",
	  .depth = 1 },
	{ "irqs-on", VMSIM_ALL_TLBS, "O13", "no grace period waits for Pinner", .depth = 1 },
};

extern const struct vmsim_scenario scenario_gup_fast_munmap;

const struct vmsim_scenario scenario_gup_fast_munmap = {
	.name = "gup-fast-munmap",
	.summary = "GUP-fast is in a page table that is taken away",
	.seeds = "E03 E04 E10",
	.tags = "gup pin zap anon tables rcu",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 2, .frames = 64 },
	.setup = setup,
	CORPUS_LIST(threads, threads),
	.check = check,
	.script = script,
	CORPUS_LIST(variants, variants),
	CORPUS_LIST(verdicts, verdicts),
};
