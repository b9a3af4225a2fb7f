// SPDX-License-Identifier: GPL-2.0-only
#include "check/checker.h"

/*
 * O2: a frame goes back to the allocator while some CPU can still reach it (R1). The event comes
 * before anybody else can get the frame, and before or after its generation moved on.
 */

struct block {
	unsigned long pfn;
	unsigned long frames;
};

static bool reaches(void *arg, const struct vmsim_tlb_entry *entry)
{
	const struct block *block = arg;
	u32 gen;

	if (entry->pfn < block->pfn || entry->pfn - block->pfn >= block->frames)
		return false;
	gen = __READ_ONCE(pfn_to_page(entry->pfn)->vmsim_gen);
	return entry->gen == (gen & 1 ? gen : gen - 1);
}

static void frame_free(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	struct page *page = (void *)event->arg[0];
	struct block block = { page_to_pfn(page), 1UL << event->arg[1] };
	struct chk_cached_set set;
	struct chk_text cached, frame;

	chk_collect(chk, reaches, &block, &set);
	if (set.nr)
		chk_report(chk, VMSIM_ORACLE_O2, "R1",
			   "freed while a CPU can reach it: %s; %s; expected no usable entry, found %u",
			   chk_page(&frame, pfn_to_page(set.at[0].entry.pfn)),
			   chk_entry(&cached, set.at[0].cpu, &set.at[0].entry), set.nr);
}

const struct chk_oracle chk_o2 = {
	.id = VMSIM_ORACLE_O2,
	.kinds = VMSIM_EV_BIT(FRAME_FREE),
	.event = frame_free,
};
