// SPDX-License-Identifier: GPL-2.0-only
#include "check/checker.h"

/*
 * O6: rights that CPUs have cached beyond what the tables give, and the promises to flush that
 * must cover them (linux-mm.md 4.1).
 *
 * MR1: when a PTL is released, each such right under it is covered. R5 is its stricter form for
 * pages whose dirtiness a cleaner looks for: only the folio lock covers.
 * R14: when a promise ends, what it covered is gone, or covered by another one.
 * MR2: who copies an anonymous page relies on its not being written.
 * MR3: when nothing maps a page any more, no CPU can still dirty it.
 */

enum cover {
	COVER_NONE,
	COVER_GATHER,	/* R3a, R3b: somebody has a gather open */
	COVER_BATCH,	/* R15: reclaim owes a flush */
	COVER_WRITER,	/* R3c: the holder of mmap_lock flushes before it unlocks; no frames */
	COVER_DEAD,	/* R3d: nobody runs in the address space any more */
};

static bool mm_is_dead(const struct mm_struct *mm)
{
	return atomic_read(&mm->mm_users) == 0;
}

static bool reclaim_owes(const struct mm_struct *mm)
{
	unsigned int batched = (unsigned int)atomic_read(&mm->tlb_flush_batched);

	return (batched & 0x7fff) != batched >> 16;
}

static enum cover cover_of(struct mm_struct *mm)
{
	if (mm_is_dead(mm))
		return COVER_DEAD;
	if (atomic_read(&mm->tlb_flush_pending) > 0)
		return COVER_GATHER;
	if (reclaim_owes(mm))
		return COVER_BATCH;
	return __READ_ONCE(mm->mmap_lock.count) < 0 ? COVER_WRITER : COVER_NONE;
}

/*
 * The folio lock keeps the cleaner away, so its holder may unmap first and flush later, as reclaim
 * does (E39). Somebody else's holding it is no excuse: that may be the cleaner.
 */
static bool has_folio_lock(struct vmsim_checker *chk, const struct folio *folio)
{
	const struct task_struct *owner;

	if (!folio_test_locked(folio))
		return false;
	chk_lock(chk);
	owner = chk_map_get(&chk->folio_owners, (u64)(uintptr_t)folio);
	chk_unlock(chk);
	/* Whose it is, is not known while the event of a lock or unlock is on its way. */
	return !owner || owner == current;
}

static void folio_locked(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	chk_lock(chk);
	if (event->kind == VMSIM_EV_UNLOCK)
		chk_map_remove(&chk->folio_owners, event->arg[0]);
	else if (!chk_map_put(&chk->folio_owners, event->arg[0], current))
		chk_out_of_memory(chk);
	chk_unlock(chk);
}

/*
 * Another thread's reclaim has left the entry, and holds the folio lock until it has flushed: who
 * changes other entries of the table meanwhile need not answer for it.
 */
static bool reclaim_answers(const struct mm_struct *mm, const struct folio *folio)
{
	return reclaim_owes(mm) && folio_test_locked(folio);
}

/* A store through this entry reaches a page whose cleaner will not learn of it (R5). */
static bool dirties_unnoticed(struct vmsim_checker *chk, const struct mm_struct *mm,
			      const struct vmsim_tlb_entry *entry, unsigned int excess)
{
	const struct page *page = pfn_to_page(entry->pfn);

	return excess & CHK_X_DIRTY && entry->write && __READ_ONCE(page->vmsim_gen) == entry->gen &&
	       chk_dirty_tracked(page) && !has_folio_lock(chk, page_folio(page)) &&
	       !reclaim_answers(mm, page_folio(page));
}

/* A part of an address space: one PTE table, or all of it. */
struct span {
	struct vmsim_checker *chk;
	u64 ctx_id;
	struct mm_struct *mm;
	unsigned long start, last;
	const pte_t *table;	/* NULL: look each entry up */
};

static u64 live_pte(const struct span *span, unsigned long addr)
{
	const pte_t *ptep = span->table ? span->table + pte_index(addr)
					: chk_find_pte(span->mm, addr);

	return ptep ? chk_read_pte(ptep) : 0;
}

/* In a table that somebody has locked, work is under way that its holder answers for. */
static bool locked_by_another(const struct span *span, unsigned long addr)
{
	const pte_t *ptep = span->table ? NULL : chk_find_pte(span->mm, addr);

	return ptep && spin_is_locked(page_ptdesc(virt_to_page(ptep))->ptl);
}

static bool in_excess(void *arg, const struct vmsim_tlb_entry *entry)
{
	const struct span *span = arg;
	unsigned long addr = entry->vpn << PAGE_SHIFT;

	return entry->mm == span->ctx_id && addr >= span->start && addr <= span->last &&
	       chk_excess(entry, live_pte(span, addr)) && !locked_by_another(span, addr);
}

static void report_uncovered(const struct span *span, const struct chk_cached *cached,
			     const char *rule, const char *expected)
{
	unsigned long addr = cached->entry.vpn << PAGE_SHIFT;
	u64 live = live_pte(span, addr);
	struct chk_text tlb, pte, page;

	chk_report(span->chk, VMSIM_ORACLE_O6, rule,
		   "%s left in a TLB: expected %s, found none; %s; %s; %s",
		   chk_excess_name(chk_excess(&cached->entry, live)), expected,
		   chk_entry(&tlb, cached->cpu, &cached->entry), chk_pte(&pte, live),
		   chk_page(&page, pfn_to_page(cached->entry.pfn)));
}

/* Judges the excess in @set. True where some of it is covered, so that it is a debt. */
static bool judge(const struct span *span, const struct chk_cached_set *set, enum cover cover,
		  const char *rule)
{
	bool debt = false;

	for (unsigned int i = 0; i < set->nr; i++) {
		const struct chk_cached *cached = &set->at[i];
		u64 live = live_pte(span, cached->entry.vpn << PAGE_SHIFT);
		unsigned int excess = chk_excess(&cached->entry, live);

		if (cover != COVER_DEAD &&
		    dirties_unnoticed(span->chk, span->mm, &cached->entry, excess))
			report_uncovered(span, cached, "R5",
					 "a flush before the lock is dropped, or the folio lock");
		else if (cover == COVER_NONE)
			report_uncovered(span, cached, rule, "a promise to flush");
		else if (cover == COVER_WRITER && excess & CHK_X_FRAME)
			/* Who frees the frame through a reverse map asks for no mmap_lock (R16). */
			report_uncovered(span, cached, "R16",
					 "a flush before the lock is dropped");
		else
			debt = true;
	}
	return debt;
}

/*
 * A promise may be kept between the look at the TLBs and the look at the promises; then what was
 * seen first is gone at a second look.
 */
static enum cover collect_excess(struct span *span, struct chk_cached_set *set)
{
	struct chk_cached_set again;
	enum cover cover;

	chk_collect(span->chk, in_excess, span, set);
	if (!set->nr)
		return COVER_NONE;
	cover = cover_of(span->mm);
	if (!chk_exact(span->chk)) {
		chk_collect(span->chk, in_excess, span, &again);
		chk_intersect(set, &again);
	}
	return cover;
}

static void note_debt(struct vmsim_checker *chk, u64 ctx_id, bool debt)
{
	struct chk_mm *record;

	chk_lock(chk);
	record = chk_mm_find(chk, ctx_id);
	if (record)
		record->debt = debt;
	chk_unlock(chk);
}

static bool owes(struct vmsim_checker *chk, u64 ctx_id)
{
	const struct chk_mm *record;
	bool debt;

	chk_lock(chk);
	record = chk_mm_find(chk, ctx_id);
	debt = record && record->debt;
	chk_unlock(chk);
	return debt;
}

/* Excess comes from changes of entries only: tables without one need no look at the TLBs. */
static void pte_set(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	u64 old = event->arg[1], new_pte = event->arg[2];
	struct page *table = virt_to_page((void *)event->arg[0]);
	u64 lost = old & ~new_pte & (_PAGE_PRESENT | _PAGE_RW | _PAGE_DIRTY);

	if (!chk_hw_present(old) || (!lost && chk_pfn(old) == chk_pfn(new_pte)))
		return;
	chk_lock(chk);
	if (!chk_map_put(&chk->reduced, (u64)(uintptr_t)table, table))
		chk_out_of_memory(chk);
	chk_unlock(chk);
}

static bool take_reduced(struct vmsim_checker *chk, const struct page *table)
{
	bool reduced;

	chk_lock(chk);
	reduced = chk_map_remove(&chk->reduced, (u64)(uintptr_t)table);
	chk_unlock(chk);
	return reduced;
}

/* Entries that leave with their table do so without a change: what is cached of them is owed. */
static void table_set(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	const struct ptdesc *pt = page_ptdesc(virt_to_page((void *)event->arg[0]));

	if (chk_hw_present(event->arg[1]) && !event->arg[2] && pt->pt_mm &&
	    cover_of(pt->pt_mm) == COVER_WRITER)
		note_debt(chk, pt->pt_mm->context.ctx_id, true);
}

/* MR1. The lock is still held: the entries stand still, but for A and D. */
static void ptl_unlock(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	struct page *table = (void *)event->arg[1];
	struct ptdesc *pt = page_ptdesc(table);
	struct chk_cached_set set;
	enum cover cover;

	if (!table || !take_reduced(chk, table) || !pt->pt_mm)
		return;

	struct span span = {
		.chk = chk,
		.ctx_id = pt->pt_mm->context.ctx_id,
		.mm = pt->pt_mm,
		.start = pt->pt_base,
		.last = pt->pt_base + PMD_SIZE - 1,
		.table = page_address(table),
	};

	cover = collect_excess(&span, &set);
	if (set.nr && judge(&span, &set, cover, "MR1"))
		note_debt(chk, span.ctx_id, true);
}

/* R14: a promise ended. Without the order of events the debt may be somebody else's and younger. */
static void promise_ended(struct vmsim_checker *chk, struct mm_struct *mm)
{
	struct span span = {
		.chk = chk,
		.ctx_id = mm->context.ctx_id,
		.mm = mm,
		.last = ~0UL,
	};
	struct chk_cached_set set;
	enum cover cover;

	if (!chk_exact(chk) || !owes(chk, span.ctx_id) || mm_is_dead(mm))
		return;
	cover = collect_excess(&span, &set);
	note_debt(chk, span.ctx_id, set.nr && judge(&span, &set, cover, "R14"));
}

static void flush_pending(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	if ((int)event->arg[2] < 0)
		chk_report(chk, VMSIM_ORACLE_O6, "R14",
			   "pending flushes: expected %d or more, found %d", 0, (int)event->arg[2]);
	if ((int)event->arg[1] > (int)event->arg[2] && event->arg[2] == 0)
		promise_ended(chk, (void *)event->arg[0]);
}

static void lock_changed(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	struct mm_struct *written = chk_mm_write_unlocked(event);

	if (chk_is_folio_lock(event))
		folio_locked(chk, event);
	else if (written)
		promise_ended(chk, written);
}

/* Entries through which a CPU can store into a folio without anybody's noticing. */
struct silent_store {
	struct vmsim_checker *chk;
	unsigned long pfn, frames;
};

static bool mm_alive(struct vmsim_checker *chk, u64 ctx_id)
{
	const struct chk_mm *record;
	bool alive;

	chk_lock(chk);
	record = chk_mm_find(chk, ctx_id);
	alive = record && !mm_is_dead(record->mm);
	chk_unlock(chk);
	return alive;
}

static bool stores_silently(void *arg, const struct vmsim_tlb_entry *entry)
{
	const struct silent_store *to = arg;

	return entry->write && entry->dirty && entry->pfn - to->pfn < to->frames &&
	       entry->gen == __READ_ONCE(pfn_to_page(entry->pfn)->vmsim_gen) &&
	       mm_alive(to->chk, entry->mm);
}

/*
 * The caller's own CPU runs no program before the caller lets it: what it has cached is the
 * business of MR1, when the lock is dropped (why 6.12 delays no map counts on one CPU).
 */
static void drop_own(struct chk_cached_set *set)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < set->nr; i++)
		if (set->at[i].cpu != vmsim_this_cpu()->id || !vmsim_self->preempt_count)
			set->at[kept++] = set->at[i];
	set->nr = kept;
}

/*
 * MR3. Who reads a map count of zero never comes to a PTL. The folio lock keeps the cleaner away
 * where the holder unmaps.
 */
static void map_zero(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	struct folio *folio = (void *)event->arg[0];
	struct silent_store to = { chk, folio_pfn(folio), (unsigned long)folio_nr_pages(folio) };
	struct chk_cached_set set, again;
	struct chk_text tlb, page;

	if (!chk_dirty_tracked(&folio->page) || has_folio_lock(chk, folio))
		return;
	chk_collect(chk, stores_silently, &to, &set);
	drop_own(&set);
	if (set.nr && !chk_exact(chk)) {
		if (folio_mapped(folio))
			return;
		chk_collect(chk, stores_silently, &to, &again);
		chk_intersect(&set, &again);
	}
	if (set.nr)
		chk_report(
			chk, VMSIM_ORACLE_O6, "MR3",
			"not mapped any more (R6): expected no CPU that can dirty it, found %s; %s",
			chk_entry(&tlb, set.at[0].cpu, &set.at[0].entry),
			chk_page(&page, &folio->page));
}

struct copy_source {
	struct vmsim_checker *chk;
	unsigned long pfn;
};

/*
 * Without chk->lock, which only an order of events that is exact allows: nobody else runs.
 *
 * Copying goes wrong where the entry still maps the page, and only forbids writing: where it
 * maps nothing any more, the copy will not be used (R17, M15).
 */
static bool writes_behind(void *arg, const struct vmsim_tlb_entry *entry)
{
	const struct copy_source *source = arg;
	struct chk_mm *record;
	pte_t *ptep;
	u64 live;

	if (entry->pfn != source->pfn || !entry->write ||
	    entry->gen != __READ_ONCE(pfn_to_page(entry->pfn)->vmsim_gen))
		return false;
	record = chk_mm_find(source->chk, entry->mm);
	if (!record || mm_is_dead(record->mm))
		return false;
	ptep = chk_find_pte(record->mm, entry->vpn << PAGE_SHIFT);
	live = ptep ? chk_read_pte(ptep) : 0;
	return chk_hw_present(live) && chk_pfn(live) == entry->pfn && !(live & _PAGE_RW);
}

/* MR2: of the reads of an anonymous page, a copy for copy-on-write is the only one. */
static void frame_read(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	struct page *page = (void *)event->arg[0];
	struct copy_source source = { chk, page_to_pfn(page) };
	struct chk_cached_set set;
	struct chk_text tlb, frame;

	/* Who reads for a device or a pipe keeps no copy that others rely on. */
	if (event->arg[1] || !chk_exact(chk) || !PageAnon(page))
		return;
	chk_collect(chk, writes_behind, &source, &set);
	if (set.nr)
		chk_report(
			chk, VMSIM_ORACLE_O6, "MR2",
			"copied while it can be written: expected no writable cached entry, found %s; %s",
			chk_entry(&tlb, set.at[0].cpu, &set.at[0].entry), chk_page(&frame, page));
}

static void o6_event(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	switch (event->kind) {
	case VMSIM_EV_PTE_SET:
		pte_set(chk, event);
		break;
	case VMSIM_EV_TABLE_SET:
		table_set(chk, event);
		break;
	case VMSIM_EV_PTL_UNLOCK:
		ptl_unlock(chk, event);
		break;
	case VMSIM_EV_FLUSH_PENDING:
		flush_pending(chk, event);
		break;
	case VMSIM_EV_LOCK:
	case VMSIM_EV_UNLOCK:
		lock_changed(chk, event);
		break;
	case VMSIM_EV_MAP_ZERO:
		map_zero(chk, event);
		break;
	case VMSIM_EV_TABLE_FREE:
		take_reduced(chk, (void *)event->arg[0]);
		break;
	default:
		frame_read(chk, event);
	}
}

const struct chk_oracle chk_o6 = {
	.id = VMSIM_ORACLE_O6,
	.kinds = VMSIM_EV_BIT(PTE_SET) | VMSIM_EV_BIT(PTL_UNLOCK) | VMSIM_EV_BIT(FLUSH_PENDING) |
		 VMSIM_EV_BIT(LOCK) | VMSIM_EV_BIT(UNLOCK) | VMSIM_EV_BIT(MAP_ZERO) |
		 VMSIM_EV_BIT(TABLE_SET) | VMSIM_EV_BIT(TABLE_FREE) | VMSIM_EV_BIT(FRAME_READ),
	.event = o6_event,
};
