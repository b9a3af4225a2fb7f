// SPDX-License-Identifier: GPL-2.0-only
#include "ops.h"

/*
 * Mappings that move, grow and shrink. Where one mapping ends and the next begins is asked of the
 * library: the model knows pages only.
 */

/**
 * struct move - one call
 * @from, @old: what is moved, in pages; @old 0: it stays, and gets a second place
 * @to, @new: where to, and how many pages it is to have
 */
struct move {
	unsigned int from, old, to, new;
	int flags;
};

static struct slot *slot_at(const struct act *act, unsigned int page)
{
	return &act->space->slot[page];
}

static bool is_free(const struct act *act, unsigned int page, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		if (slot_at(act, page + i)->kind != HOLE)
			return false;
	return true;
}

static void clear(const struct act *act, unsigned int page, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		slot_clear(slot_at(act, page + i));
}

/* Pages from @page to the end of its mapping, and of what a new mapping at @to leaves of it. */
static unsigned int reach(const struct act *act, unsigned int page, const struct move *move)
{
	const struct vm_area_struct *vma = act_vma(act, page);
	unsigned int nr;

	if (!vma)
		return 0;
	nr = (unsigned int)((vma->vm_end - TREE_ADDR(page)) >> PAGE_SHIFT);
	return move->to > page ? min(nr, move->to - page) : nr;
}

/* The slot at @to becomes what the one at @from is, @ahead pages further; without its own page. */
static void copy_mapping(const struct act *act, unsigned int from, unsigned int ahead,
			 unsigned int to)
{
	struct slot *slot = slot_at(act, to);

	*slot = *slot_at(act, from);
	slot->own = NULL;
	slot->written = false;
	slot->index += ahead;
	if (slot->object)
		slot->object->users++;
}

static void move_page(const struct act *act, const struct move *move, unsigned int i)
{
	struct slot *slot = slot_at(act, move->from + i);

	copy_mapping(act, move->from + i, 0, move->to + i);
	slot_at(act, move->to + i)->own = slot->own;
	slot_at(act, move->to + i)->written = slot->written;
	slot->own = NULL;
	if (move->flags & MREMAP_DONTUNMAP)
		slot->locked = slot->onfault = false;
	slot->written = false;
	/* Without memory for a split, the old mapping may stay. */
	if (!(move->flags & MREMAP_DONTUNMAP) &&
	    !(act->failing && act_vma(act, move->from + i)))
		slot_clear(slot);
}

/* What is new of a mapping that is locked in memory is there, unless memory was short. */
static void populated(const struct act *act, const struct move *move)
{
	struct act fresh = *act;

	if (move->new <= move->old)
		return;
	fresh.first = move->to + move->old;
	fresh.nr = move->new - move->old;
	if (act->failing)
		act_adopt_own(&fresh);
	else
		act_populated(act_slot(&fresh), fresh.nr);
}

static void moved(const struct act *act, const struct move *move)
{
	unsigned int pages = min(move->old, move->new);

	clear(act, move->to, move->new);
	/* New pages are made like the first one, before that is gone. */
	for (unsigned int i = pages; i < move->new; i++)
		copy_mapping(act, move->from, i, move->to + i);
	for (unsigned int i = 0; i < pages; i++)
		move_page(act, move, i);
	if (move->old > pages)
		clear(act, move->from + pages, move->old - pages);
	populated(act, move);
}

static bool overlap(const struct move *move)
{
	return move->from + move->old > move->to && move->to + move->new > move->from;
}

/* What mremap() to a fixed place says. *@unmaps: it has unmapped what it had to, in any case. */
static long result_of_move(const struct act *act, const struct move *move, bool *unmaps)
{
	const struct slot *slot = slot_at(act, move->from);
	bool bad_size = move->flags & MREMAP_DONTUNMAP && move->old != move->new;

	*unmaps = false;
	if (bad_size)
		return -EINVAL;
	if (slot->kind == HOLE)
		return -EFAULT;
	if (overlap(move))
		return -EINVAL;
	*unmaps = true;
	/* The place to go to may hold the mapping itself, where nothing of it is to move. */
	if (!move->old && move->to <= move->from && move->from < move->to + move->new)
		return -EFAULT;
	if (!move->old && slot->kind != SHARED)
		return -EINVAL;
	if (min(move->old, move->new) > reach(act, move->from, move))
		return -EFAULT;
	return (long)TREE_ADDR(move->to);
}

static void adopt_holes(const struct act *act, unsigned int page, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		if (!act_vma(act, page + i))
			slot_clear(slot_at(act, page + i));
}

static void move_to(const struct act *act, struct move *move)
{
	bool unmaps;
	long expected = result_of_move(act, move, &unmaps);
	long result = vmsim_mremap(TREE_ADDR(move->from), move->old * PAGE_SIZE,
				   move->new * PAGE_SIZE, move->flags, TREE_ADDR(move->to));

	if (!act_expect(act, result, expected) || (act->failing && expected < 0)) {
		adopt_holes(act, move->to, move->new);
		adopt_holes(act, move->from, move->old);
	} else if (expected > 0) {
		moved(act, move);
	} else if (unmaps) {
		clear(act, move->to, move->new);
		if (move->old > move->new)
			clear(act, move->from + move->new, move->old - move->new);
	}
}

static long result_of_resize(const struct act *act, const struct move *move)
{
	unsigned int room = reach(act, move->from, &(struct move) { 0 });

	if (slot_at(act, move->from)->kind == HOLE)
		return -EFAULT;
	if (move->new <= move->old)
		return (long)TREE_ADDR(move->from);
	if (move->old > room)
		return -EFAULT;
	if (move->old < room || !is_free(act, move->from + move->old, move->new - move->old))
		return -ENOMEM;
	return (long)TREE_ADDR(move->from);
}

static void resize(const struct act *act, const struct move *move)
{
	long expected = result_of_resize(act, move);
	long result = vmsim_mremap(TREE_ADDR(move->from), move->old * PAGE_SIZE,
				   move->new * PAGE_SIZE, 0, 0);

	if (!act_expect(act, result, expected) || expected < 0)
		return;
	for (unsigned int i = move->old; i < move->new; i++)
		copy_mapping(act, move->from, i, move->from + i);
	populated(act, move);
	if (move->old > move->new)
		clear(act, move->from + move->new, move->old - move->new);
}

static int flags_of(u8 random)
{
	if (!(random & 3))
		return 0;
	return MREMAP_MAYMOVE | MREMAP_FIXED | (random & 0xc ? 0 : MREMAP_DONTUNMAP);
}

/* Half of them to the same place of another bank: then whole tables may move. */
static unsigned int destination(const struct act *act)
{
	if (act->op->move & 0x10)
		return (act->first + TREE_BANK_PAGES * (1 + act->op->to % (TREE_BANKS - 1))) %
		       TREE_PAGES;
	return act_page(act->op->to);
}

/* Half of them keep their size. */
static unsigned int new_size(const struct act *act, unsigned int room)
{
	unsigned int size = act->op->move & 0x20 ? act->nr : 1u + act->op->size % (tree.span / 2);

	return min(size, room);
}

void op_mremap(struct act *act)
{
	struct move move = { .flags = flags_of(act->op->move) };

	if (act->op->move & 0x40)
		act_take_all(act);
	move.from = act->first;
	move.old = act->nr;

	move.to = move.flags ? destination(act) : move.from;
	move.new = new_size(act, act_room(move.to));
	if (move.flags && act->op->move >= 0xe0)
		move.old = 0;
	act_say("mremap %u+%u to %u+%u%s%s", move.from, move.old, move.to, move.new,
		move.flags & MREMAP_FIXED ? "" : " (resize)",
		move.flags & MREMAP_DONTUNMAP ? " (dontunmap)" : "");
	if (move.flags)
		move_to(act, &move);
	else
		resize(act, &move);
}
