// SPDX-License-Identifier: GPL-2.0-only
#include "ops.h"
#include <linux/mman.h>

/* Memory that stays in memory: mlock(2), mlock2(2), munlock(2). */

static unsigned int pages_before_hole(const struct act *act)
{
	unsigned int good = 0;

	while (good < act->nr && act_slot(act)[good].kind != HOLE)
		good++;
	return good;
}

/* Memory was short: what the mappings say, and what has come. */
static void adopt(const struct act *act)
{
	for (unsigned int i = 0; i < act->nr; i++) {
		const struct vm_area_struct *vma = act_vma(act, act->first + i);

		if (!vma)
			continue;
		act_slot(act)[i].locked = vma->vm_flags & VM_LOCKED;
		act_slot(act)[i].onfault = vma->vm_flags & VM_LOCKONFAULT;
	}
	act_adopt_own(act);
}

static void set(const struct act *act, unsigned int nr, bool locked, bool onfault)
{
	for (unsigned int i = 0; i < nr; i++) {
		act_slot(act)[i].locked = locked;
		act_slot(act)[i].onfault = onfault;
	}
}

/* How many pages come before the first one that cannot. */
static unsigned int pages_that_come(const struct act *act)
{
	unsigned int good = 0;

	while (good < act->nr && act_slot(act)[good].prot && !slot_is_beyond(act_slot(act) + good))
		good++;
	return good;
}

void act_populated(struct slot *slot, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		if (slot[i].locked && !slot[i].onfault && slot[i].kind != SHARED &&
		    slot[i].prot & PROT_WRITE && !slot_is_beyond(slot + i))
			slot_own_cell(slot + i);
}

void op_mlock(struct act *act)
{
	bool onfault = !(act->op->x & 3), fail;
	unsigned int mapped, come;
	int result;

	if (act->op->y & 1)
		act_take_all(act);
	act_say("mlock%s %u+%u", onfault ? " (on fault)" : "", act->first, act->nr);
	mapped = pages_before_hole(act);
	come = onfault ? act->nr : pages_that_come(act);
	fail = mapped < act->nr || come < act->nr;
	result = onfault || act->op->x & 4 ?
		 vmsim_mlock2(TREE_ADDR(act->first), act->nr * PAGE_SIZE,
			      onfault ? MLOCK_ONFAULT : 0) :
		 vmsim_mlock(TREE_ADDR(act->first), act->nr * PAGE_SIZE);
	if (!act_expect(act, result, fail ? -ENOMEM : 0) || (act->failing && fail)) {
		adopt(act);
		return;
	}
	set(act, mapped, true, onfault);
	if (mapped == act->nr)
		act_populated(act_slot(act), come);
}

void op_munlock(struct act *act)
{
	unsigned int mapped;

	if (act->op->y & 1)
		act_take_all(act);
	act_say("munlock %u+%u", act->first, act->nr);
	mapped = pages_before_hole(act);
	if (!act_expect(act, vmsim_munlock(TREE_ADDR(act->first), act->nr * PAGE_SIZE),
			mapped < act->nr ? -ENOMEM : 0) || (act->failing && mapped < act->nr))
		adopt(act);
	else
		set(act, mapped, false, false);
}
