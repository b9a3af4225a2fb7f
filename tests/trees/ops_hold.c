// SPDX-License-Identifier: GPL-2.0-only
#include "ops.h"

/* Pages that devices and pipes hold. */

#define TO_WRITE(flags) ((flags) & VMSIM_PIN_WRITE)
#define FOR_LONG(flags) ((flags) & VMSIM_PIN_LONGTERM)
#define IS_PIN(flags) (!((flags) & VMSIM_PIN_REF))

static unsigned int flags_of(u8 random)
{
	unsigned int flags = 0;

	if (random & 1)
		flags |= VMSIM_PIN_WRITE;
	if (!(random & 6))
		flags |= VMSIM_PIN_LOCKED;
	if (!(random & 0x18))
		return flags | VMSIM_PIN_REF;
	if (random & 0x60)
		return flags;
	/* Linux 6.1 does not do both: pin_user_pages_unlocked() warns. */
	if (tree.as_6_1)
		flags &= ~VMSIM_PIN_LOCKED;
	return flags | VMSIM_PIN_LONGTERM;
}

static bool may_hold(const struct slot *slot, unsigned int flags)
{
	if (slot->kind == HOLE || slot_is_beyond(slot) ||
	    !(slot->prot & (TO_WRITE(flags) ? PROT_WRITE : PROT_READ)))
		return false;
	/* A device that writes for long where the file wants to hear of writes. */
	return tree.as_6_1 || !(TO_WRITE(flags) && FOR_LONG(flags) && slot->kind == SHARED &&
				slot->object->tracked);
}

/* What is held: the page that the program would write to, or the one that it sees. NULL: zeroes. */
static struct cell *cell_held(struct slot *slot, unsigned int flags)
{
	if (slot->kind == SHARED)
		return slot_shared_cell(slot);
	if (slot->own || TO_WRITE(flags) || (FOR_LONG(flags) && !tree.as_6_1))
		return slot_own_cell(slot);
	return slot->kind == PRIVATE ? slot_shared_cell(slot) : NULL;
}

static void hold_page(struct hold *hold, unsigned int i, struct slot *slot)
{
	struct cell *cell = cell_held(slot, hold->flags);

	hold->cell[i] = cell;
	if (!cell)
		return;
	cell_get(cell);
	hold->first[i] = cell->value;
	if (!IS_PIN(hold->flags))
		return;
	if (cell->pins++ && cell->pinned != hold->pins->page[i])
		tree_fail("a page is pinned in frames %lx and %lx", page_to_pfn(cell->pinned),
			  page_to_pfn(hold->pins->page[i]));
	cell->pinned = hold->pins->page[i];
}

/* The next one from that number on that is taken, or not; if there is none, that one. */
static struct hold *hold_of(u8 number, bool taken)
{
	for (unsigned int i = 0; i < TREE_HOLDS; i++)
		if (!tree.hold[(number + i) % TREE_HOLDS].pins == !taken)
			return &tree.hold[(number + i) % TREE_HOLDS];
	return &tree.hold[number % TREE_HOLDS];
}

static void say(const char *what, const struct hold *hold)
{
	act_say("%s %u%s", what, (unsigned int)(hold - tree.hold),
		hold->pins ? "" : " (there is none)");
}

static unsigned int allowed(const struct act *act, unsigned int flags)
{
	unsigned int n = 0;

	while (n < act->nr && may_hold(act_slot(act) + n, flags))
		n++;
	return n;
}

/* For a device that would write to the file while its file system takes pages for clean. */
static bool is_rude(const struct act *act, unsigned int flags)
{
	for (unsigned int i = 0; i < act->nr; i++)
		if (TO_WRITE(flags) && act_slot(act)[i].object == &tree.file &&
		    act_slot(act)[i].kind == SHARED)
			return true;
	return false;
}

void op_pin(struct act *act)
{
	struct hold *hold = hold_of(act->op->y, false);
	unsigned int flags = flags_of(act->op->x), expected;
	struct vmsim_pins *pins;
	int result;

	act->nr = act->op->n & 0x80 ? 1 : min(act->nr, (unsigned int)TREE_HOLD_PAGES);
	act_say("pin %u+%u flags %x as %u %s", act->first, act->nr, flags,
		(unsigned int)(hold - tree.hold), hold->pins ? "(all are taken)" : "");
	if (hold->pins || (tree.watched && is_rude(act, flags)))
		return;
	expected = allowed(act, flags);
	result = vmsim_pin(TREE_ADDR(act->first), act->nr, flags, &pins);
	tree_result("", result);
	if (result < 0 || !act->failing)
		act_expect(act, result, expected ? (long)expected : -EFAULT);
	if (result > (int)expected)
		tree_fail("expected %u pages at most, found %d", expected, result);
	if (result > 0) {
		*hold = (struct hold) { .pins = pins, .nr = (unsigned int)result, .flags = flags };
		for (unsigned int i = 0; i < hold->nr; i++)
			hold_page(hold, i, act_slot(act) + i);
	}
	/* A page may have been prepared, and not been held. */
	if (act->failing)
		act_adopt_own(act);
}

static void forget(struct hold *hold)
{
	for (unsigned int i = 0; i < hold->nr; i++) {
		if (hold->cell[i] && IS_PIN(hold->flags))
			hold->cell[i]->pins--;
		cell_put(hold->cell[i]);
	}
	*hold = (struct hold) { 0 };
}

/* What a device has written is not stored before somebody says that it has. */
static bool mark_device(const struct cell *cell, bool written)
{
	for (unsigned int i = 0; i < TREE_FILE_PAGES; i++)
		if (tree.file.cell[i] == cell && tree.file.device[i] != written) {
			tree.file.device[i] = written;
			return true;
		}
	return false;
}

void op_unpin(struct act *act)
{
	struct hold *hold = hold_of(act->op->y, true);
	bool dirty = TO_WRITE(hold->flags) != 0;

	say("unpin", hold);
	if (!hold->pins)
		return;
	act_expect(act, vmsim_unpin(hold->pins, dirty), 0);
	for (unsigned int i = 0; i < hold->nr && dirty; i++)
		if (hold->cell[i])
			mark_device(hold->cell[i], false);
	forget(hold);
}

/* With references alone, a device would write to what is somebody else's by now. */
static bool may_write(const struct hold *hold)
{
	return TO_WRITE(hold->flags) && IS_PIN(hold->flags);
}

void op_dma_write(struct act *act)
{
	struct hold *hold = hold_of(act->op->y, true);
	unsigned int page;
	struct cell *cell;
	u64 value;

	say("device write", hold);
	if (!hold->pins || !may_write(hold))
		return;
	page = act->op->n % hold->nr;
	cell = hold->cell[page];
	value = cell_stamp(cell);
	act_expect(act, vmsim_dma_write(hold->pins, page * PAGE_SIZE, &value, 8), 0);
	cell->value = value;
	mark_device(cell, true);
}

/* What is read is compared with the model after every step; here, that it can be read. */
void op_dma_read(struct act *act)
{
	struct hold *hold = hold_of(act->op->y, true);
	u64 value = 0;

	say("device read", hold);
	if (!hold->pins)
		return;
	act_expect(act, vmsim_dma_read(hold->pins, 0, &value, 8), 0);
	if (IS_PIN(hold->flags) && value != (hold->cell[0] ? hold->cell[0]->value : 0))
		tree_fail("a device reads %lx", value);
}
