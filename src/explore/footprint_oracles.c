// SPDX-License-Identifier: GPL-2.0-only
#include "explore/footprint.h"
#include "machine/internal.h"
#include "check/checker.h"
#include "mm/mm_internal.h"
#include <linux/mm.h>

/*
 * What the oracles decide by. If a verdict depends on what another thread does, the two steps
 * depend on each other, even if no program could tell their order: otherwise the one order in
 * which nothing is wrong might be the only one that is tried. What they look at only where
 * something is in excess, they are taken to look at only there.
 */

struct look {
	struct footprint *footprint;
	const struct vmsim_event *event;
	const struct mm_struct *mm;	/* whose entries; NULL: all */
	const struct page *page;	/* to which; NULL: all */
	unsigned long start, last;	/* where */
	bool any_table;			/* not only in one whose lock the looker holds */
	bool excess;			/* there is some */
};

static uint64_t address(const void *of)
{
	return (uint64_t)(uintptr_t)of;
}

static void look_at(struct look *look, const void *word)
{
	footprint_add(look->footprint, address(word), ACCESS_READ);
}

/* O3: what says that a page of a file is newer than its store. All who say it say the same. */
static uint64_t dirtiness_of(const struct page *page)
{
	return object_name(OBJECT_DIRTINESS, address(page));
}

/* O4: what a program stored last at an address. */
static uint64_t value_at(const struct footprint *footprint, const struct vmsim_event *event)
{
	const struct mm_struct *mm = footprint->machine->cpu[event->cpu].loaded_mm;

	return object_name(OBJECT_VALUE, (mm ? mm->context.ctx_id << 46 : 0) ^ event->arg[0] >> 3);
}

static struct page *page_of(u64 pte)
{
	return chk_hw_present(pte) && vmsim_has_cell(chk_pfn(pte)) ? pfn_to_page(chk_pfn(pte)) : NULL;
}

/* Without an event, as all oracles look. */
static bool is_of_file(const struct page *page)
{
	const void *mapping = __READ_ONCE(page->mapping);

	return mapping && !(address(mapping) & PAGE_MAPPING_FLAGS);
}

/* One flag of a page, which is a part of the word. */
static void look_at_flag(struct footprint *footprint, const struct page *page, int flag)
{
	footprint_add(footprint, address(&page->flags), ACCESS_PART_READ);
	footprint_add(footprint, object_name(OBJECT_BIT, address(&page->flags) + (uint64_t)flag),
		      ACCESS_READ);
}

/* O10 */
static void look_at_exclusive(struct footprint *footprint, const struct page *page)
{
	look_at_flag(footprint, page, PG_anon_exclusive);
}

static uint64_t sharers_of(const struct page *page)
{
	return object_name(OBJECT_SHARERS, address(page));
}

static uint64_t fork_of(uint64_t ctx_id)
{
	return object_name(OBJECT_FORK, ctx_id);
}

/* MR1, R14: what is cached is more than the tables give from now on, as it may cease to be. */
static void leave_excess(void *arg, struct vmsim_cpu *cpu, const struct vmsim_tlb_entry *entry)
{
	const struct look *look = arg;

	(void)cpu;
	if (address(entry->ptep) == look->event->arg[0] &&
	    chk_excess(entry, look->event->arg[2]) && !chk_excess(entry, look->event->arg[1]))
		footprint_drop_rights(look->footprint, entry);
}

/* An entry that becomes dirty speaks for its page from then on. */
static void entry_set(struct footprint *footprint, const struct vmsim_event *event)
{
	u64 old = event->arg[1], new_pte = event->arg[2];
	const struct page *page = page_of(new_pte);
	struct look look = { .footprint = footprint, .event = event };
	bool spoke = old & _PAGE_DIRTY && page_of(old) == page;
	bool could_write = old & _PAGE_RW && page_of(old) == page;

	if (page && new_pte & _PAGE_DIRTY && !spoke && is_of_file(page))
		footprint_add(footprint, dirtiness_of(page), ACCESS_ADD);
	if (page && new_pte & _PAGE_RW && !could_write && chk_is_anon(page))
		look_at_exclusive(footprint, page);
	if (chk_hw_present(old))
		vmsim_tlb_for_each(footprint->machine, leave_excess, &look);
}

/* O10, O12: a second mapping, or the last but one. */
static void mapped_again(struct footprint *footprint, const struct vmsim_event *event)
{
	const struct page *page = (void *)(uintptr_t)event->arg[0];
	int most = max((int)event->arg[1], (int)event->arg[2]);

	if (most < 2 || !chk_is_anon(page))
		return;
	footprint_add(footprint, sharers_of(page), ACCESS_ADD);
	if (event->kind == VMSIM_EV_MAP_ADD)
		look_at_exclusive(footprint, page);
}

static void flag_set(struct footprint *footprint, const struct vmsim_event *event)
{
	const struct page *page = (void *)(uintptr_t)event->arg[0];
	struct look look = { .footprint = footprint, .event = event };

	if (event->arg[1] == PG_anon_exclusive && event->arg[2])
		look_at(&look, &page->_mapcount);
}

static void look_at_sharer(void *arg, struct mm_struct *mm, pte_t *ptep)
{
	(void)mm;
	look_at(arg, ptep);
}

/* O12: who else has the page, and whether a fork is over that lets others have it. */
static void look_at_sharers(struct footprint *footprint, const struct vmsim_event *event,
			    const struct page *page)
{
	const struct mm_struct *mm = footprint->machine->cpu[event->cpu].loaded_mm;
	struct look look = { .footprint = footprint, .event = event };

	if (!mm || !chk_is_anon(page) || !footprint->machine->checker)
		return;
	footprint_add(footprint, object_name(OBJECT_RIGHTS, address(page)), ACCESS_READ);
	footprint_add(footprint, sharers_of(page), ACCESS_READ);
	footprint_add(footprint, fork_of(mm->context.ctx_id), ACCESS_READ);
	chk_each_sharer(footprint->machine->checker, page, mm->context.ctx_id, look_at_sharer,
			&look);
}

static void mmap_unlocked(struct footprint *footprint, const struct vmsim_event *event)
{
	const struct mm_struct *mm = chk_mm_write_unlocked(event), *child;

	if (!mm || !footprint->machine->checker)
		return;
	list_for_each_entry(child, &footprint->machine->mms, mm_list)
		if (chk_mm_is_being_forked(footprint->machine->checker, child, mm->context.ctx_id))
			footprint_add(footprint, fork_of(mm->context.ctx_id), ACCESS_WRITE);
}

/*
 * O3: where the entry that leads to the page is dirty, it does not matter who else says so. Where a
 * table was unhooked meanwhile, it is still known where the entry had been.
 */
static void page_stored(struct footprint *footprint, const struct vmsim_event *event)
{
	struct mm_struct *mm = footprint->machine->cpu[event->cpu].loaded_mm;
	const struct page *page = pfn_to_page(footprint->frame);
	const pte_t *ptep = mm ? chk_find_pte(mm, event->arg[0]) : NULL;
	u64 pte = ptep ? chk_read_pte(ptep) : 0;

	look_at_sharers(footprint, event, page);
	footprint_add(footprint, address(footprint->ptep), ACCESS_READ);
	if (ptep && ptep != footprint->ptep)
		footprint_add(footprint, address(ptep), ACCESS_READ);
	if (page_of(pte) != page || !(pte & _PAGE_DIRTY))
		footprint_add(footprint, dirtiness_of(page), ACCESS_READ);
}

/* As the oracles know it; what they do not know is not so. */
static bool has_lock(const struct footprint *footprint, const struct folio *folio)
{
	const struct vmsim_checker *chk = footprint->machine->checker;

	return chk && chk_map_get(&chk->folio_owners, address(folio)) == current;
}

/* O21: the folio's lock, or its being mapped, is what makes this right. */
static void folio_dirtied(struct footprint *footprint, const struct vmsim_event *event)
{
	const struct folio *folio = (void *)(uintptr_t)event->arg[0];
	struct look look = { .footprint = footprint, .event = event };

	footprint_add(footprint, dirtiness_of(&folio->page), ACCESS_ADD);
	if (event->arg[1])
		return;
	if (has_lock(footprint, folio))
		return;
	look_at(&look, &folio->flags);
	if (!(__READ_ONCE(folio->flags) & (BIT(PG_locked) | BIT(PG_writeback))))
		look_at(&look, &folio->page._mapcount);
}

/* O6: whoever promised to flush. */
static void look_at_promises(struct look *look)
{
	const struct mm_struct *mm = look->mm;

	look_at(look, &mm->mm_users);
	look_at(look, &mm->tlb_flush_pending);
	look_at(look, &mm->tlb_flush_batched);
	if (__READ_ONCE(mm->tlb_flush_pending.counter) <= 0)
		look_at(look, &mm->mmap_lock);
}

static bool is_looked_for(const struct look *look, const struct vmsim_tlb_entry *entry)
{
	unsigned long addr = entry->vpn << PAGE_SHIFT;

	if (look->page && (!vmsim_has_cell(entry->pfn) || pfn_to_page(entry->pfn) != look->page))
		return false;
	return !look->mm || (entry->mm == look->mm->context.ctx_id && addr >= look->start &&
			     addr <= look->last);
}

/* MR1, R14: an entry that allows more than the tables do, the lock over the latter, the folio's. */
static void look_at_excess(void *arg, struct vmsim_cpu *cpu, const struct vmsim_tlb_entry *entry)
{
	struct look *look = arg;
	const pte_t *ptep;

	(void)cpu;
	if (!is_looked_for(look, entry) || entry->shift != PAGE_SHIFT)
		return;
	ptep = chk_find_pte((struct mm_struct *)look->mm, entry->vpn << PAGE_SHIFT);
	if (!chk_excess(entry, ptep ? chk_read_pte(ptep) : 0))
		return;
	look->excess = true;
	if (ptep) {
		look_at(look, ptep);
		if (look->any_table)
			look_at(look, page_ptdesc(virt_to_page(ptep))->ptl);
	}
	if (entry->dirty && vmsim_has_cell(entry->pfn))
		look_at(look, &pfn_to_page(entry->pfn)->flags);
}

static void look_for_excess(struct look *look)
{
	vmsim_tlb_for_each(look->footprint->machine, look_at_excess, look);
	if (look->excess)
		look_at_promises(look);
}

static void table_unlocked(struct footprint *footprint, const struct vmsim_event *event)
{
	const struct page *table = (void *)(uintptr_t)event->arg[1];
	struct look look = { .footprint = footprint, .event = event };

	if (!table)
		return;
	look.mm = page_ptdesc(table)->pt_mm;
	look.start = page_ptdesc(table)->pt_base;
	look.last = look.start + PMD_SIZE - 1;
	if (look.mm)
		look_for_excess(&look);
}

static void promise_ended(struct footprint *footprint, const struct vmsim_event *event,
			  const struct mm_struct *mm)
{
	struct look look = { .footprint = footprint, .event = event, .mm = mm, .last = ~0UL,
			     .any_table = true };

	if (mm)
		look_for_excess(&look);
}

/* MR2: an entry that allows to write what is copied; the tables do not, or not any more. */
static void look_at_writer(void *arg, struct vmsim_cpu *cpu, const struct vmsim_tlb_entry *entry)
{
	struct look *look = arg;

	(void)cpu;
	if (is_looked_for(look, entry) && entry->write)
		look_at(look, entry->ptep);
}

static void frame_copied(struct footprint *footprint, const struct vmsim_event *event)
{
	struct look look = {
		.footprint = footprint,
		.event = event,
		.page = (void *)(uintptr_t)event->arg[0],
	};

	if (!event->arg[1] && !is_of_file(look.page))
		vmsim_tlb_for_each(footprint->machine, look_at_writer, &look);
}

/* A flush that is put off takes the CPU's entries away, although they are still there. */
static void drop_rights(void *arg, struct vmsim_cpu *cpu, const struct vmsim_tlb_entry *entry)
{
	const struct look *look = arg;

	if (address(&cpu->hv_state) == look->event->arg[0])
		footprint_drop_rights(look->footprint, entry);
}

static uint64_t pointers_to(unsigned long pfn)
{
	return object_name(OBJECT_POINTERS, pfn);
}

static void drop_tables(void *arg, struct vmsim_cpu *cpu, const struct vmsim_psc_entry *entry)
{
	const struct look *look = arg;
	uint64_t at = look->event->arg[0];

	if (address(&cpu->hv_state) == at || address(cpu->tlb.psc) == at)
		footprint_add(look->footprint, pointers_to(entry->table_pfn), ACCESS_ADD);
}

/* The event comes before the flush, which is told of by what it looks through. */
static void flushed(struct footprint *footprint, const struct vmsim_event *event)
{
	const struct vmsim_machine *m = footprint->machine;
	struct look look = { .footprint = footprint, .event = event };

	if (event->arg[0] - address(m->cpu) >= m->nr_cpus * sizeof(m->cpu[0]))
		return;
	vmsim_tlb_for_each(footprint->machine, drop_rights, &look);
	vmsim_tlb_for_each_table(footprint->machine, drop_tables, &look);
}

/* O13: whether the entry still lies in a page table. */
static void entry_read(struct footprint *footprint, const struct vmsim_event *event)
{
	const struct vmsim_machine *m = footprint->machine;
	const void *ptep = (void *)(uintptr_t)event->arg[0];

	if (event->arg[0] - address(m->frames) < m->nr_frames * PAGE_SIZE)
		footprint_add(footprint, object_name(OBJECT_CONTENTS, address(virt_to_page(ptep))),
			      ACCESS_READ);
}

/* O13: whether an entry above leads to a page table. */
static void table_set(struct footprint *footprint, const struct vmsim_event *event)
{
	const struct page *table = chk_table_below(event->arg[2]);

	if (table)
		footprint_add(footprint, object_name(OBJECT_CONTENTS, address(table)), ACCESS_READ);
}

/* O11: what is mapped where a page is held, when that begins and when it ends. */
static void held_pages(struct footprint *footprint, const struct vmsim_pins *pins)
{
	for (unsigned int i = 0; pins && i < pins->nr; i++) {
		const u64 *path[CHK_LEVELS];
		unsigned int n = chk_path(pins->mm, pins->addr + i * PAGE_SIZE, path);

		while (n--)
			footprint_add(footprint, address(path[n]), ACCESS_READ);
	}
}

static bool is_call(const struct vmsim_event *event, const char *name)
{
	return !strcmp((const char *)(uintptr_t)event->arg[0], name);
}

void footprint_oracles(struct footprint *footprint, const struct vmsim_event *event)
{
	const struct page *page = (void *)(uintptr_t)event->arg[0];

	switch (event->kind) {
	case VMSIM_EV_PTE_SET:
		entry_set(footprint, event);
		break;
	case VMSIM_EV_PTE_READ:
		entry_read(footprint, event);
		break;
	case VMSIM_EV_TABLE_SET:
		table_set(footprint, event);
		break;
	case VMSIM_EV_SYSCALL:
		if (is_call(event, "unpin"))
			held_pages(footprint, (void *)(uintptr_t)event->arg[1]);
		break;
	case VMSIM_EV_SYSCALL_RET:
		if (is_call(event, "pin"))
			held_pages(footprint, (void *)(uintptr_t)event->arg[2]);
		break;
	case VMSIM_EV_FOLIO_DIRTY:
		folio_dirtied(footprint, event);
		break;
	/* O21; not O3: what goes to the store is copied in the same step. */
	case VMSIM_EV_STORE_WRITE:
		look_at_flag(footprint, page, PG_private);
		break;
	case VMSIM_EV_CACHE_REMOVE:
		footprint_add(footprint, dirtiness_of(page), ACCESS_READ);
		break;
	case VMSIM_EV_LOAD:
		footprint_add(footprint, value_at(footprint, event), ACCESS_READ);
		break;
	case VMSIM_EV_STORE:
		footprint_add(footprint, value_at(footprint, event), ACCESS_WRITE);
		page_stored(footprint, event);
		break;
	case VMSIM_EV_PTL_UNLOCK:
		table_unlocked(footprint, event);
		break;
	case VMSIM_EV_FLUSH_PENDING:
		if ((int)event->arg[1] > (int)event->arg[2])
			promise_ended(footprint, event, (void *)(uintptr_t)event->arg[0]);
		break;
	case VMSIM_EV_MAP_ADD:
	case VMSIM_EV_MAP_REMOVE:
		mapped_again(footprint, event);
		break;
	case VMSIM_EV_FLAG:
		flag_set(footprint, event);
		break;
	case VMSIM_EV_UNLOCK:
		mmap_unlocked(footprint, event);
		promise_ended(footprint, event, chk_mm_write_unlocked(event));
		break;
	case VMSIM_EV_FRAME_READ:
		frame_copied(footprint, event);
		break;
	case VMSIM_EV_ATOMIC:
		flushed(footprint, event);
		break;
	case VMSIM_EV_TABLE_FREE:
		footprint_add(footprint, pointers_to(page_to_pfn(page)), ACCESS_READ);
		break;
	default:
		break;
	}
}
