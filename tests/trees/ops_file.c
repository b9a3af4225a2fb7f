// SPDX-License-Identifier: GPL-2.0-only
#include "ops.h"
#include <linux/pagemap.h>
#include <linux/rmap.h>
#include <mm/internal.h>

/* The file, past the page tables; and those who walk the reverse map to change entries. */

static unsigned int page_of(const struct act *act)
{
	return act->op->at % TREE_FILE_PAGES;
}

void op_file_read(struct act *act)
{
	unsigned int page = page_of(act);
	const struct cell *cell = tree.file.cell[page];
	u64 value = 0;

	act_say("read %u", page);
	if (act_expect(act, vmsim_file_read(tree.file_id, page * PAGE_SIZE, &value, 8), 8) &&
	    value != (cell ? cell->value : 0))
		tree_fail("expected %lx, found %lx", cell ? cell->value : 0, value);
}

void op_file_write(struct act *act)
{
	unsigned int page = page_of(act);
	struct cell **cell = &tree.file.cell[page];
	u64 value;

	act_say("write %u", page);
	if (!*cell)
		*cell = cell_new(0);
	value = cell_stamp(*cell);
	if (act_expect(act, vmsim_file_write(tree.file_id, page * PAGE_SIZE, &value, 8), 8))
		(*cell)->value = value;
}

static void check_stored(unsigned int page)
{
	const struct cell *cell = tree.file.cell[page];
	u64 value = 0;

	vmsim_file_stored(tree.file_id, page * PAGE_SIZE, &value, 8);
	if (!tree.file.device[page] && value != (cell ? cell->value : 0))
		tree_fail("page %u of the file: expected %lx stored, found %lx", page,
			  cell ? cell->value : 0, value);
}

void op_file_sync(struct act *act)
{
	bool all = act->op->x & 1;
	unsigned int page = all ? 0 : page_of(act);
	unsigned int nr = all ? TREE_FILE_PAGES : min(act->nr, TREE_FILE_PAGES - page);

	act_say("fsync %u+%u", page, nr);
	if (!act_expect(act, vmsim_file_sync(tree.file_id, page * PAGE_SIZE, nr * PAGE_SIZE), 0))
		return;
	for (unsigned int i = 0; i < nr; i++)
		check_stored(page + i);
}

void op_file_drop(struct act *act)
{
	unsigned int page = page_of(act), nr = min(act->nr, TREE_FILE_PAGES - page);

	act_say("drop %u+%u", page, nr);
	act_expect(act, vmsim_file_drop(tree.file_id, page * PAGE_SIZE, nr * PAGE_SIZE), 0);
}

/*
 * Takes a page of the file out of all page tables, as reclaim does: it asks nothing of pages that are
 * locked in memory.
 */
void op_file_unmap(struct act *act)
{
	unsigned int page = page_of(act);
	bool batch = act->op->x & 1;
	struct folio *folio;

	act_say("unmap everywhere %u%s", page, batch ? " in a batch" : "");
	vmsim_enter();
	folio = filemap_get_folio(tree.file.file->f_mapping, page);
	if (!IS_ERR(folio) && !folio_evictable(folio)) {
		folio_put(folio);
	} else if (!IS_ERR(folio)) {
		folio_lock(folio);
		try_to_unmap(folio, batch ? TTU_BATCH_FLUSH : TTU_SYNC);
		if (batch)
			try_to_unmap_flush();
		if (folio_mapped(folio))
			tree_fail("page %u of the file is still mapped", page);
		folio_unlock(folio);
		folio_put(folio);
	}
	vmsim_leave();
}

static unsigned int young_entries(unsigned long pfn)
{
	unsigned int n = 0;

	for (int i = scan.first[pfn]; i >= 0; i = scan.at[i].next)
		n += (scan.at[i].pte & _PAGE_ACCESSED) != 0;
	return n;
}

/* A frame that the last scan found mapped: how many of its entries are young. */
void op_referenced(struct act *act)
{
	unsigned long pfn, flags;
	unsigned int expected;

	act_say("referenced %s", scan.nr ? "" : "(nothing is mapped)");
	if (!scan.nr)
		return;
	pfn = chk_pfn(scan.at[(act->op->x << 8 | act->op->y) % scan.nr].pte);
	if (pfn == tree.m->zero_pfn || !folio_evictable(pfn_folio(pfn)))
		return;
	expected = young_entries(pfn);
	vmsim_enter();
	act_expect(act, folio_referenced(pfn_folio(pfn), 0, NULL, &flags), expected);
	vmsim_leave();
}
