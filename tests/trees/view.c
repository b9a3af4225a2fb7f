// SPDX-License-Identifier: GPL-2.0-only
#include "trees.h"
#include <linux/pagemap.h>

/* What every process finds in its memory, and how it is mapped, against the model. */

static u64 word_of(unsigned long pfn)
{
	return vmsim_frame_load(pfn_to_page(pfn), 0, 8);
}

static void bad(const struct space *space, unsigned int page, const char *format, ...)
	__attribute__((format(printf, 3, 4), noreturn));

static void bad(const struct space *space, unsigned int page, const char *format, ...)
{
	char text[160];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	tree_fail("page %u of %d: %s", page, space->mm->pid, text);
}

/* Both kinds of entry that map a page. */
static bool maps(u64 pte)
{
	return pte & (_PAGE_PRESENT | _PAGE_PROTNONE);
}

/* An entry of a page of the process's own maps that, wherever it is; one that is pinned, there. */
static void check_own(const struct space *space, unsigned int page, const struct slot *slot,
		      u64 pte)
{
	const struct page *frame = pfn_to_page(chk_pfn(pte));

	if (!maps(pte))
		bad(space, page, "its contents are lost: nothing is mapped");
	if (!chk_is_anon(frame))
		bad(space, page, "expected a page of its own, found frame %lx", chk_pfn(pte));
	if (slot->own->pins && frame != slot->own->pinned)
		bad(space, page, "frame %lx took the place of %lx, which is pinned", chk_pfn(pte),
		    page_to_pfn(slot->own->pinned));
	if (slot->own->pins && !(frame->flags & BIT(PG_anon_exclusive)))
		bad(space, page, "frame %lx is pinned, and not exclusive", chk_pfn(pte));
}

static void check_shared(const struct space *space, unsigned int page, const struct slot *slot,
			 u64 pte)
{
	const struct folio *folio;

	if (!maps(pte))
		return;
	if (slot->kind == ANON) {
		if (chk_pfn(pte) != tree.m->zero_pfn)
			bad(space, page, "expected the page of zeroes, found frame %lx",
			    chk_pfn(pte));
		return;
	}
	folio = chk_folio(pfn_to_page(chk_pfn(pte)));
	if (folio->mapping != slot->object->file->f_mapping || folio->index != slot->index)
		bad(space, page, "frame %lx is not page %u of its file", chk_pfn(pte),
		    slot->index);
}

static void check_rights(const struct space *space, unsigned int page, const struct slot *slot,
			 u64 pte)
{
	const struct page *frame = pfn_to_page(chk_pfn(pte));

	if (!maps(pte))
		return;
	if (pte & _PAGE_RW && !(slot->prot & PROT_WRITE))
		bad(space, page, "the entry allows writing");
	if (chk_hw_present(pte) != !!slot->prot)
		bad(space, page, "the entry allows %s", slot->prot ? "nothing" : "reading");
	if (!(pte & _PAGE_RW))
		return;
	if (slot->kind == SHARED) {
		if (slot->object->tracked && !(frame->flags & BIT(PG_dirty)))
			bad(space, page, "the entry allows writing to a clean page");
		return;
	}
	if (!slot->own || !(frame->flags & BIT(PG_anon_exclusive)))
		bad(space, page, "the entry allows writing to frame %lx, which is not its own",
		    chk_pfn(pte));
}

static void check_slot(const struct space *space, unsigned int page)
{
	const struct slot *slot = &space->slot[page];
	u64 pte = tree_entry(space, page);

	if (slot->kind == HOLE) {
		if (pte)
			bad(space, page, "mapped, and in no mapping");
		return;
	}
	if (slot->own)
		check_own(space, page, slot, pte);
	else
		check_shared(space, page, slot, pte);
	check_rights(space, page, slot, pte);
	if (maps(pte) && word_of(chk_pfn(pte)) != slot_value(slot))
		bad(space, page, "expected %lx, found %lx in frame %lx", slot_value(slot),
		    word_of(chk_pfn(pte)), chk_pfn(pte));
}

static vm_flags_t flags_of(const struct slot *slot)
{
	return (vm_flags_t)slot->prot | (slot->kind == SHARED ? VM_SHARED : 0) |
	       (slot->dontfork ? VM_DONTCOPY : 0) | (slot->wipe ? VM_WIPEONFORK : 0) |
	       (slot->locked ? VM_LOCKED : 0) | (slot->onfault ? VM_LOCKONFAULT : 0);
}

#define KNOWN_FLAGS (VM_ACCESS_FLAGS | VM_SHARED | VM_DONTCOPY | VM_WIPEONFORK | \
		     VM_LOCKED_MASK | VM_IO)

/* TREE_PAGES: none. */
static unsigned int page_at(unsigned long addr)
{
	unsigned long bank = (addr - TREE_BASE) / TREE_BANK_SIZE;
	unsigned long page = (addr - TREE_BASE) % TREE_BANK_SIZE >> PAGE_SHIFT;

	if (addr < TREE_BASE || bank >= TREE_BANKS || page >= TREE_BANK_PAGES)
		return TREE_PAGES;
	return (unsigned int)(bank * TREE_BANK_PAGES + page);
}

/* As /proc/PID/pagemap tells it. Where a file's page is unmapped, its entry's bit is lost. */
static bool is_noted(const struct space *space, unsigned int page, const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_SOFTDIRTY || tree_entry(space, page) & _PAGE_SOFT_DIRTY;
}

static void check_vma(const struct space *space, struct vm_area_struct *vma)
{
	for (unsigned long addr = vma->vm_start; addr < vma->vm_end; addr += PAGE_SIZE) {
		unsigned int page = page_at(addr);
		const struct slot *slot = &space->slot[page];

		if (page == TREE_PAGES || slot->kind == HOLE)
			bad(space, page, "a mapping where there should be none");
		if ((vma->vm_flags & KNOWN_FLAGS) != flags_of(slot))
			bad(space, page, "expected flags %lx, found %lx",
			    (unsigned long)flags_of(slot), (unsigned long)vma->vm_flags);
		if (vma->vm_file != (slot->object ? slot->object->file : NULL))
			bad(space, page, "a mapping of another file");
		if (slot->written && slot->own && !is_noted(space, page, vma))
			bad(space, page, "it was written to, and its soft-dirty bit is clear");
		if (slot->object && linear_page_index(vma, addr) != slot->index)
			bad(space, page, "expected page %u of the file, found %lu", slot->index,
			    (unsigned long)linear_page_index(vma, addr));
	}
}

static void check_vmas(const struct space *space)
{
	unsigned long end = 0, pages = 0;

	for (struct vm_area_struct *vma = vmsim_vma_first(&space->mm->mm_mt); vma;
	     vma = vmsim_vma_next(vma)) {
		if (vma->vm_start < end || vma->vm_end <= vma->vm_start)
			tree_fail("mappings of %d overlap at %lx", space->mm->pid, vma->vm_start);
		end = vma->vm_end;
		check_vma(space, vma);
		pages += vma_pages(vma);
	}
	for (unsigned int i = 0; i < TREE_PAGES; i++)
		pages -= space->slot[i].kind != HOLE;
	if (pages)
		tree_fail("%d has no mapping where it should have one", space->mm->pid);
}

static void check_space(const struct space *space)
{
	check_vmas(space);
	for (unsigned int i = 0; i < TREE_PAGES; i++)
		check_slot(space, i);
}

/* A page of the file, where it is cached; else what the store has. */
static void check_file_page(unsigned int index)
{
	struct address_space *mapping = tree.file.file->f_mapping;
	const struct folio *folio = vmsim_pagecache_load(mapping, index);
	const struct cell *cell = tree.file.cell[index];
	u64 expected = cell ? cell->value : 0, found = 0;

	if (folio && !folio_test_uptodate(folio))
		folio = NULL;
	if (folio)
		found = word_of(folio_pfn(folio));
	else
		vmsim_store_peek(mapping, index, 0, &found, 8);
	if (found != expected)
		tree_fail("page %u of the file, %s: expected %lx, found %lx", index,
			  folio ? "cached" : "stored", expected, found);
	if (cell && cell->pins && (!folio || &folio->page != cell->pinned))
		tree_fail("page %u of the file is pinned, and was replaced", index);
}

static void check_hold(const struct hold *hold)
{
	for (unsigned int i = 0; i < hold->nr; i++) {
		const struct cell *cell = hold->cell[i];
		unsigned long pfn = page_to_pfn(hold->pins->page[i]);
		u64 found = word_of(pfn);

		if (!cell ? pfn == tree.m->zero_pfn && !found : found == cell->value)
			continue;
		/* Who only has references may be left with what the program had before. */
		if (cell && hold->flags & VMSIM_PIN_REF &&
		    (found == hold->first[i] || found >> 32 == cell->id))
			continue;
		tree_fail("frame %lx that is held: expected %lx, found %lx", pfn,
			  cell ? cell->value : 0, found);
	}
}

void tree_view(void)
{
	for (unsigned int i = 0; i < TREE_PROCS; i++)
		if (tree.proc[i].pid)
			check_space(tree.proc[i].space);
	for (unsigned int i = 0; i < TREE_FILE_PAGES; i++)
		check_file_page(i);
	for (unsigned int i = 0; i < TREE_HOLDS; i++)
		if (tree.hold[i].pins)
			check_hold(&tree.hold[i]);
}
