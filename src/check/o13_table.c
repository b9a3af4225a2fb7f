// SPDX-License-Identifier: GPL-2.0-only
#include "check/checker.h"

/*
 * O13: who reads an entry of a page table reads a page table. A walker without locks may find one
 * that is unhooked; that it is freed, and its frame perhaps something else, may not happen before
 * he is through (R2, R24). The hardware's walks are the business of O2.
 */

static void pte_read(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	const struct vmsim_machine *m = chk->machine;
	u64 offset = event->arg[0] - (uintptr_t)m->frames;
	const struct page *page;
	struct chk_text text;

	/* A copy of an entry that lies in no frame is its owner's. */
	if (offset >= m->nr_frames * PAGE_SIZE)
		return;
	page = pfn_to_page(offset >> PAGE_SHIFT);
	if (!chk_is_table(page))
		chk_report(chk, VMSIM_ORACLE_O13, "R2",
			   "an entry is read where no page table is any more: %s",
			   chk_page(&text, page));
}

/* The same of the memmap: who looks at the cell of a frame finds one (R33). */
static void word_accessed(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	const struct vmsim_machine *m = chk->machine;
	u64 pfn = (event->arg[0] - (uintptr_t)m->memmap) / sizeof(struct page);

	if (pfn < m->nr_frames && vmsim_section_state(m, pfn) == VMSIM_SECTION_GONE)
		chk_report(chk, VMSIM_ORACLE_O13, "R33",
			   "the cell of frame %llu is accessed, whose section was removed",
			   (unsigned long long)pfn);
}

static void entry_or_word(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	if (event->kind == VMSIM_EV_PTE_READ)
		pte_read(chk, event);
	else
		word_accessed(chk, event);
}

const struct chk_oracle chk_o13 = {
	.id = VMSIM_ORACLE_O13,
	.kinds = VMSIM_EV_BIT(PTE_READ),
	.kinds_of_cells = VMSIM_EV_BIT(READ) | VMSIM_EV_BIT(WRITE) | VMSIM_EV_BIT(ATOMIC) |
			  VMSIM_EV_BIT(REF) | VMSIM_EV_BIT(MAP_ADD) | VMSIM_EV_BIT(MAP_REMOVE),
	.event = entry_or_word,
};
