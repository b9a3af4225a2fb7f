// SPDX-License-Identifier: GPL-2.0-only
#include "check/checker.h"

/*
 * O2: a frame goes back to the allocator while some CPU can still reach it (R1), or a PTE table
 * while some CPU still has a pointer to it (R2). The event comes before anybody else can get the
 * frame, and before or after its generation moved on.
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
		chk_report(
			chk, VMSIM_ORACLE_O2, "R1",
			"freed while a CPU can reach it: %s; %s; expected no usable entry, found %u",
			chk_page(&frame, pfn_to_page(set.at[0].entry.pfn)),
			chk_entry(&cached, set.at[0].cpu, &set.at[0].entry), set.nr);
}

struct table_pointers {
	unsigned long pfn;
	int cpu;		/* one that has a pointer; -1: none */
	unsigned long base;
};

static void points_to_table(void *arg, struct vmsim_cpu *cpu, const struct vmsim_psc_entry *entry)
{
	struct table_pointers *to = arg;

	if (entry->table_pfn != to->pfn || !vmsim_tlb_table_usable(cpu))
		return;
	to->cpu = (int)cpu->id;
	to->base = entry->base;
}

static void table_free(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	struct page *page = (void *)event->arg[0];
	struct table_pointers to = { .pfn = page_to_pfn(page), .cpu = -1 };
	struct chk_text frame;

	vmsim_tlb_for_each_table(chk->machine, points_to_table, &to);
	if (to.cpu >= 0)
		chk_report(chk, VMSIM_ORACLE_O2, "R2",
			   "page table freed while a CPU has a pointer to it: %s; expected none, "
			   "found CPU %d, for %lx", chk_page(&frame, page), to.cpu, to.base);
}

static void o2_event(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	if (event->kind == VMSIM_EV_TABLE_FREE)
		table_free(chk, event);
	else
		frame_free(chk, event);
}

const struct chk_oracle chk_o2 = {
	.id = VMSIM_ORACLE_O2,
	.kinds = VMSIM_EV_BIT(FRAME_FREE) | VMSIM_EV_BIT(TABLE_FREE),
	.event = o2_event,
};
