// SPDX-License-Identifier: GPL-2.0-only
#include "trees.h"

/* What programs may expect of their memory. Nothing here looks at the library. */

struct cell *cell_new(u64 value)
{
	struct cell *cell = calloc(1, sizeof(*cell));

	if (!cell)
		tree_fail("the test has no memory");
	cell->value = value;
	cell->refs = 1;
	cell->id = ++tree.cells;
	return cell;
}

void cell_get(struct cell *cell)
{
	cell->refs++;
}

void cell_put(struct cell *cell)
{
	if (cell && --cell->refs == 0)
		free(cell);
}

/* A value that nobody else stores, and that tells where it was stored. */
u64 cell_stamp(const struct cell *cell)
{
	return (u64)cell->id << 32 | ++tree.stores;
}

bool slot_is_beyond(const struct slot *slot)
{
	return slot->object && slot->index >= slot->object->pages;
}

u64 slot_value(const struct slot *slot)
{
	struct cell *cell = slot->own;

	if (!cell && slot->object && !slot_is_beyond(slot))
		cell = slot->object->cell[slot->index];
	return cell ? cell->value : 0;
}

/* The object's page behind the slot. */
struct cell *slot_shared_cell(struct slot *slot)
{
	struct cell **cell = &slot->object->cell[slot->index];

	if (!*cell)
		*cell = cell_new(0);
	return *cell;
}

/* The page that a write to private memory goes to. */
struct cell *slot_own_cell(struct slot *slot)
{
	if (!slot->own)
		slot->own = cell_new(slot_value(slot));
	return slot->own;
}

void slot_drop_own(struct slot *slot)
{
	cell_put(slot->own);
	slot->own = NULL;
	slot->written = false;
}

static void object_put(struct object *object)
{
	if (--object->users || object->tracked)
		return;
	for (unsigned int i = 0; i < object->pages; i++)
		cell_put(object->cell[i]);
	free(object);
}

void slot_clear(struct slot *slot)
{
	slot_drop_own(slot);
	if (slot->object)
		object_put(slot->object);
	*slot = (struct slot) { .kind = HOLE };
}

void slot_fork(struct slot *child, const struct slot *parent)
{
	if (parent->dontfork)
		return;
	*child = *parent;
	child->own = NULL;
	child->locked = child->onfault = false;
	child->written = parent->written && !parent->wipe;
	if (child->object)
		child->object->users++;
	if (parent->own && !parent->wipe)
		child->own = cell_new(parent->own->value);
}

struct space *space_new(struct mm_struct *mm)
{
	struct space *space = calloc(1, sizeof(*space));

	if (!space)
		tree_fail("the test has no memory");
	space->users = 1;
	space->mm = mm;
	return space;
}

void space_put(struct space *space)
{
	if (--space->users)
		return;
	for (unsigned int i = 0; i < TREE_PAGES; i++)
		slot_clear(&space->slot[i]);
	free(space);
}
