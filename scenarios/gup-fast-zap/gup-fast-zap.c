// SPDX-License-Identifier: GPL-2.0-only
#include "../gup-fast-device.h"

/*
 * E10: Pinner's GUP-fast has read an entry when Dropper drops the page, and uses its frame for
 * other memory. A reference to that frame would be one to somebody else's page, into which a device
 * then writes: so GUP-fast takes no reference where there is none, and looks at the entry again.
 *
 * Where a flush is an interrupt, Dropper waits for Pinner, who has interrupts off, and the frame
 * stays until he has his reference (E02, E09). That is not to be relied on (R24).
 */

#define OTHER 0x40000000UL
#define DEVICE 0xdd
#define DROPPERS 0x0d

static int setup(struct vmsim_world *world)
{
	int err = corpus_map(AREA, 1, RW, ANON, VMSIM_NO_FILE);

	(void)world;
	if (!err)
		err = corpus_map(OTHER, 1, RW, ANON, VMSIM_NO_FILE);
	/* So that tables are there for both. */
	return err ? err : corpus_store(AREA, 1) && corpus_load(OTHER, &(uint64_t){ 0 }) ? 0 : -1;
}

static int pinner(struct vmsim_world *world)
{
	(void)world;
	return device_writes(DEVICE);
}

static int dropper(struct vmsim_world *world)
{
	int err = vmsim_madvise(AREA, PAGE_BYTES, MADV_DONTNEED);

	(void)world;
	return err || corpus_store(OTHER, DROPPERS) ? err : -1;
}

static int check(struct vmsim_world *world)
{
	(void)world;
	return nobody_wrote(OTHER, DROPPERS);
}

static const struct vmsim_thread_def threads[] = {
	{ .name = "Pinner", .cpu = 0, .fn = pinner },
	{ .name = "Dropper", .cpu = 1, .fn = dropper },
};

/* Pinner has read the entry; Dropper uses the frame again. */
static const char script[] =
	"Pinner until pte-read;"
	"preempt 0;"
	"Dropper;"
	"resume 0;"
	"Pinner";

/* Dropper has given up the last reference, and is about to free the page. */
static const char script_from_zero[] =
	"Pinner until pte-read;"
	"preempt 0;"
	"Dropper until ref;"
	"resume 0;"
	"Pinner until ref;"
	"Dropper;"
	"Pinner";

static const struct vmsim_variant variants[] = {
	{ .name = "linux-6.12", .builtin = true, .source = "mm/gup.c of Linux 6.12" },
	{ .name = "no-pte-recheck", .source = "E10: the entry is not looked at again" },
	{ .name = "get-from-zero", .source = "R9: a reference where nobody has one",
	  .script = script_from_zero },
};

static const struct vmsim_verdict verdicts[] = {
	{ "linux-6.12", VMSIM_ALL_TLBS, NULL, "Pinner goes the slow way",
	  .exhausts = VMSIM_ALL_TLBS },
	{ "no-pte-recheck", WAITS, NULL, "the flush waits for Pinner's interrupts",
	  .exhausts = WAITS },
	{ "no-pte-recheck", VMSIM_ALL_TLBS & ~WAITS, "O11", "the frame is Dropper's by now",
	  .depth = 1 },
	{ "get-from-zero", WAITS, NULL, "the flush waits for Pinner's interrupts",
	  .exhausts = WAITS },
	{ "get-from-zero", VMSIM_ALL_TLBS & ~WAITS, "O7", "a frame that is being freed",
	  .depth = 2 },
};

extern const struct vmsim_scenario scenario_gup_fast_zap;

const struct vmsim_scenario scenario_gup_fast_zap = {
	.name = "gup-fast-zap",
	.summary = "GUP-fast finds a page that is dropped, and its frame used again",
	.seeds = "A18 E09 E10",
	.tags = "gup pin zap anon",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 2, .frames = 64 },
	.setup = setup,
	CORPUS_LIST(threads, threads),
	.check = check,
	.script = script,
	CORPUS_LIST(variants, variants),
	CORPUS_LIST(verdicts, verdicts),
};
