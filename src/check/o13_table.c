// SPDX-License-Identifier: GPL-2.0-only
#include "check/checker.h"

/*
 * O13: who reads an entry of a page table reads a page table. A walker without locks may find one
 * that is unhooked; that it is freed, and its frame perhaps something else, may not happen before
 * he is through (R2, R24). The hardware's walks are the business of O2; but it may walk at any
 * time, so that an entry above leads to a page table from the moment on in which it is stored.
 */

/* The frame that an entry lies in; NULL: a copy, which is its owner's. */
static const struct page *frame_of(const struct vmsim_machine *m, u64 entry)
{
	u64 offset = entry - (uintptr_t)m->frames;

	return offset < m->nr_frames * PAGE_SIZE ? pfn_to_page(offset >> PAGE_SHIFT) : NULL;
}

static void pte_read(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	const struct page *page = frame_of(chk->machine, event->arg[0]);
	struct chk_text text;

	if (page && !chk_is_table(page))
		chk_report(chk, VMSIM_ORACLE_O13, "R2",
			   "an entry is read where no page table is any more: %s",
			   chk_page(&text, page));
}

/* An entry that was made of an empty one leads to frame 0. */
static void table_set(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	const struct page *in = frame_of(chk->machine, event->arg[0]);
	u64 entry = event->arg[2];
	unsigned long pfn = chk_pfn(entry);
	struct chk_text text;

	if (!in || !chk_hw_present(entry) || entry & _PAGE_PSE || chk_table_below(entry))
		return;
	chk_report(chk, VMSIM_ORACLE_O13, "R2",
		   "entry %llx is stored in a table of level %u: expected a page table in frame "
		   "%lu, found %s", (unsigned long long)entry, page_ptdesc(in)->pt_level, pfn,
		   vmsim_has_cell(pfn) ? chk_page(&text, pfn_to_page(pfn)) : "no frame");
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

static void o13_event(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	switch (event->kind) {
	case VMSIM_EV_PTE_READ:
		pte_read(chk, event);
		break;
	case VMSIM_EV_TABLE_SET:
		table_set(chk, event);
		break;
	default:
		word_accessed(chk, event);
	}
}

const struct chk_oracle chk_o13 = {
	.id = VMSIM_ORACLE_O13,
	.kinds = VMSIM_EV_BIT(PTE_READ) | VMSIM_EV_BIT(TABLE_SET),
	.kinds_of_cells = VMSIM_EV_BIT(READ) | VMSIM_EV_BIT(WRITE) | VMSIM_EV_BIT(ATOMIC) |
			  VMSIM_EV_BIT(REF) | VMSIM_EV_BIT(MAP_ADD) | VMSIM_EV_BIT(MAP_REMOVE),
	.event = o13_event,
};
