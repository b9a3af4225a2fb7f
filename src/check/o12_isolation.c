// SPDX-License-Identifier: GPL-2.0-only
#include "check/checker.h"
#include "mm/mm_internal.h"

/*
 * O12: what a process stores in private memory is seen by no other process (R13, R17).
 *
 * Judged at the store: an entry of another address space maps the page that was stored to, or a CPU
 * has cached one that did. Until a fork has dropped the parent's mmap_lock, what the parent's
 * threads store is as if they had stored it before, so that the child may have it. Judged only where
 * events come in the order in which things happened.
 */

/* The task whose fork or exec makes an address space is in another one: the parent. */
static void mm_added(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	const struct mm_struct *mm = (void *)event->arg[0];
	struct chk_mm *record = chk_mm_find(chk, mm->context.ctx_id);

	if (!record || !current->mm)
		return;
	record->parent = current->mm->context.ctx_id;
	record->maker = chk_actor(event);
}

struct completion {
	u64 parent;
	int maker;
};

static void complete(void *arg, u64 key, void *value)
{
	const struct completion *done = arg;
	struct chk_mm *record = value;

	(void)key;
	if (record->parent == done->parent && record->maker == done->maker)
		record->parent = 0;
}

static void unlocked(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	const struct mm_struct *mm = chk_mm_write_unlocked(event);
	struct completion done = { .maker = chk_actor(event) };

	if (!mm)
		return;
	done.parent = mm->context.ctx_id;
	chk_map_each(&chk->mms, complete, &done);
}

bool chk_mm_is_being_forked(struct vmsim_checker *chk, const struct mm_struct *child, u64 parent)
{
	const struct chk_mm *record = chk_mm_find(chk, child->context.ctx_id);

	return record && record->parent == parent;
}

/* The entry of @mm that maps the page; NULL: none. Where the mappings say that one could be. */
static pte_t *entry_in(struct mm_struct *mm, const struct page *page)
{
	const struct folio *folio = chk_folio(page);
	pgoff_t pgoff = folio->index + folio_page_idx(folio, page);
	struct vm_area_struct *vma = vmsim_vma_first(&mm->mm_mt);

	for (; vma; vma = vmsim_vma_next(vma)) {
		pte_t *ptep;

		if (pgoff < vma->vm_pgoff || pgoff - vma->vm_pgoff >= vma_pages(vma))
			continue;
		ptep = chk_find_pte(mm, vma->vm_start + ((pgoff - vma->vm_pgoff) << PAGE_SHIFT));
		if (ptep && chk_hw_present(chk_read_pte(ptep)) &&
		    chk_pfn(chk_read_pte(ptep)) == page_to_pfn(page))
			return ptep;
	}
	return NULL;
}

void chk_each_sharer(struct vmsim_checker *chk, const struct page *page, u64 but,
		     void (*fn)(void *arg, struct mm_struct *mm, pte_t *ptep), void *arg)
{
	struct mm_struct *mm;

	if (!chk_is_anon(page) || __READ_ONCE(page->_mapcount.counter) < 1)
		return;
	list_for_each_entry(mm, &chk->machine->mms, mm_list) {
		pte_t *ptep = mm->context.ctx_id == but ? NULL : entry_in(mm, page);

		if (ptep)
			fn(arg, mm, ptep);
	}
}

struct isolation {
	struct vmsim_checker *chk;
	const struct vmsim_event *event;
	const struct chk_access *access;
	bool seen;
};

static void sees(void *arg, struct mm_struct *mm, pte_t *ptep)
{
	struct isolation *store = arg;
	const struct chk_cached *cached = &store->access->cached;
	const struct page *page = pfn_to_page(chk_access_pfn(store->access));
	struct chk_text tlb, entry, text;

	if (chk_mm_is_being_forked(store->chk, mm, cached->entry.mm))
		return;
	store->seen = true;
	chk_report(store->chk, VMSIM_ORACLE_O12, "R13",
		   "store at %llx: expected that no other process sees it, found process %d, %s; "
		   "%s; %s", (unsigned long long)store->event->arg[0], mm->pid,
		   chk_pte(&entry, chk_read_pte(ptep)),
		   chk_entry(&tlb, cached->cpu, &cached->entry), chk_page(&text, page));
}

static bool is_another_ones(void *arg, const struct vmsim_tlb_entry *entry)
{
	const struct isolation *store = arg;
	const struct chk_mm *record;

	if (entry->pfn != chk_access_pfn(store->access) ||
	    entry->mm == store->access->cached.entry.mm ||
	    entry->gen != __READ_ONCE(pfn_to_page(entry->pfn)->vmsim_gen))
		return false;
	record = chk_mm_find(store->chk, entry->mm);
	return record && record->parent != store->access->cached.entry.mm &&
	       atomic_read(&record->mm->mm_users) > 0;
}

/* Whoever gives a page back does so when nobody can reach it any more (R17). */
static void sees_behind(struct isolation *store)
{
	const struct page *page = pfn_to_page(chk_access_pfn(store->access));
	struct chk_cached_set set;
	struct chk_text tlb, text;

	if (!chk_is_anon(page))
		return;
	chk_collect(store->chk, is_another_ones, store, &set);
	if (set.nr)
		chk_report(store->chk, VMSIM_ORACLE_O12, "R17",
			   "store at %llx: expected that no other process sees it, found %s; %s",
			   (unsigned long long)store->event->arg[0],
			   chk_entry(&tlb, set.at[0].cpu, &set.at[0].entry),
			   chk_page(&text, page));
}

static void stored(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	struct isolation store = {
		.chk = chk, .event = event, .access = chk_access_done(chk, event),
	};

	if (!store.access || chk->mms.live < 2)
		return;
	chk_each_sharer(chk, pfn_to_page(chk_access_pfn(store.access)),
			store.access->cached.entry.mm, sees, &store);
	if (!store.seen)
		sees_behind(&store);
}

static void o12_event(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	if (!chk_exact(chk))
		return;
	chk_lock(chk);
	switch (event->kind) {
	case VMSIM_EV_MM_ADD:
		mm_added(chk, event);
		break;
	case VMSIM_EV_UNLOCK:
		unlocked(chk, event);
		break;
	case VMSIM_EV_STORE:
		stored(chk, event);
		break;
	default:
		break;	/* TLB_USE: noted already */
	}
	chk_unlock(chk);
}

const struct chk_oracle chk_o12 = {
	.id = VMSIM_ORACLE_O12,
	.kinds = VMSIM_EV_BIT(MM_ADD) | VMSIM_EV_BIT(UNLOCK) | VMSIM_EV_BIT(STORE) |
		 VMSIM_EV_BIT(TLB_USE),
	.event = o12_event,
};
