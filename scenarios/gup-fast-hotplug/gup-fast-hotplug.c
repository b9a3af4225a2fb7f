// SPDX-License-Identifier: GPL-2.0-only
#include "../gup-fast-device.h"
#include <linux/mm.h>

/*
 * E12: Pinner's GUP-fast has read an entry when Remover drops the page, and takes the section away
 * in which its frame is. What GUP-fast looks at next, the frame's cell in the memmap, was freed.
 * Whoever removes a section therefore waits, once nobody uses its frames, until all who walk
 * without locks are through: interrupts off are a read section (R33).
 *
 * Where a flush is an interrupt, Remover has waited before: that is not to be relied on (R24).
 */

#define SECTION 1
/* In the same table as AREA. */
#define FILL (AREA + PAGE_BYTES)
#define DEVICE 0xdd

static unsigned long frame_of(unsigned long addr)
{
	struct page *page;
	unsigned long pfn = 0;

	if (get_user_pages_fast(addr, 1, 0, &page) == 1) {
		pfn = page_to_pfn(page);
		put_page(page);
	}
	return pfn;
}

/* Frames are handed out lowest first: those below the section are in use. */
static bool fill_lower_frames(void)
{
	unsigned long addr = FILL;

	while (corpus_store(addr, 1) && frame_of(addr) < SECTION * VMSIM_SECTION_FRAMES - 1)
		addr += PAGE_BYTES;
	return frame_of(addr) == SECTION * VMSIM_SECTION_FRAMES - 1;
}

static int setup(struct vmsim_world *world)
{
	(void)world;
	if (corpus_map(FILL, VMSIM_SECTION_FRAMES, RW, ANON, VMSIM_NO_FILE) ||
	    corpus_map(AREA, 1, RW, ANON, VMSIM_NO_FILE))
		return -1;
	return fill_lower_frames() && corpus_store(AREA, 1) ? 0 : -1;
}

static int pinner(struct vmsim_world *world)
{
	(void)world;
	return device_writes(DEVICE);
}

/* -EBUSY: Pinner has the page, or another one there. */
static int remover(struct vmsim_world *world)
{
	int err = vmsim_madvise(AREA, PAGE_BYTES, MADV_DONTNEED);

	if (err)
		return err;
	vmsim_point("dropped");
	err = vmsim_section_remove(world->machine, SECTION);
	return err == -EBUSY ? 0 : err;
}

static const struct vmsim_thread_def threads[] = {
	{ .name = "Pinner", .cpu = 0, .fn = pinner },
	{ .name = "Remover", .cpu = 1, .fn = remover },
};

/* Pinner has read the entry; Remover goes as far as it can. */
static const char script[] =
	"Pinner until pte-read;"
	"preempt 0;"
	"Remover;"
	"resume 0;"
	"Pinner";

static const struct vmsim_variant variants[] = {
	{ .name = "linux-6.12", .builtin = true,
	  .source = "mm/gup.c of Linux 6.12; sections go as proposed in the thread of E12" },
	{ .name = "no-grace-period",
	  .source = "section_deactivate() of Linux 6.12, mm/sparse.c; without CONFIG_DEBUG_VM" },
	{ .name = "late-grace-period",
	  .source = "E12: only pfn_valid() does not wait; with CONFIG_DEBUG_VM" },
};

static const struct vmsim_verdict verdicts[] = {
	{ "linux-6.12", VMSIM_ALL_TLBS, NULL, "Remover waits for Pinner",
	  .exhausts = VMSIM_ALL_TLBS },
	{ "no-grace-period", WAITS, NULL, "the flush waits for Pinner's interrupts", .exhausts = WAITS },
	{ "no-grace-period", VMSIM_ALL_TLBS & ~WAITS, "O13", "the memmap of the section is freed",
	  .depth = 1 },
	{ "late-grace-period", WAITS, NULL, "the flush waits for Pinner's interrupts", .exhausts = WAITS },
	{ "late-grace-period", VMSIM_ALL_TLBS & ~WAITS, "BUG", "GUP-fast counts on pfn_valid()",
	  .depth = 1 },
};

extern const struct vmsim_scenario scenario_gup_fast_hotplug;

const struct vmsim_scenario scenario_gup_fast_hotplug = {
	.name = "gup-fast-hotplug",
	.summary = "GUP-fast finds a page whose memory is being removed",
	.seeds = "E12",
	.tags = "gup pin zap anon hotplug",
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 2,
		    .frames = 3 * VMSIM_SECTION_FRAMES },
	.setup = setup,
	CORPUS_LIST(threads, threads),
	.script = script,
	CORPUS_LIST(variants, variants),
	CORPUS_LIST(verdicts, verdicts),
};
