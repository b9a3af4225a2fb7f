// SPDX-License-Identifier: GPL-2.0-only
#include "check/checker.h"

/*
 * O1: an access goes to a frame that has been freed, and perhaps handed out again, since the
 * translation was cached (R1).
 */

static void tlb_use(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	struct vmsim_tlb_entry now = chk_entry_now(chk, (void *)event->arg[2]);
	const struct vmsim_tlb_entry *entry = &now;
	struct chk_text cached, frame;

	if (!vmsim_has_cell(entry->pfn)) {
		chk_report(chk, VMSIM_ORACLE_O1, "R1", "access at %llx: no memory behind %s",
			   (unsigned long long)event->arg[1],
			   chk_entry(&cached, (unsigned int)event->cpu, entry));
		return;
	}
	if (__READ_ONCE(pfn_to_page(entry->pfn)->vmsim_gen) == entry->gen)
		return;
	chk_report(chk, VMSIM_ORACLE_O1, "R1",
		   "access at %llx through a stale entry: expected generation %u, found %s; %s",
		   (unsigned long long)event->arg[1], entry->gen,
		   chk_page(&frame, pfn_to_page(entry->pfn)),
		   chk_entry(&cached, (unsigned int)event->cpu, entry));
}

const struct chk_oracle chk_o1 = {
	.id = VMSIM_ORACLE_O1,
	.kinds = VMSIM_EV_BIT(TLB_USE),
	.event = tlb_use,
};
