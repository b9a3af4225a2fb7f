// SPDX-License-Identifier: GPL-2.0-only
#include "check/checker.h"
#include "check/census.h"
#include <stdlib.h>

/*
 * O3: a page of a file is newer than its backing store, and nothing says so any more (R5). What
 * may say so: the folio is dirty; an entry that maps the page is dirty; a thread took dirtiness
 * out of an entry and is about to put it into the folio; a thread made the folio clean and is
 * about to write it.
 */

/* With more pages than that, numbers of writes are left as they are. */
#define MAX_NUMBERS 512

struct chk_pteref {
	pte_t *ptep;
	struct chk_pteref *next;
};

/**
 * struct chk_frame - a frame in the page cache of a file with dirty tracking
 * @written: number of the last write to its contents
 * @stored: number of the last write that the backing store has
 * @cleaning: somebody made the folio clean, and did not write it yet
 * @filling: written before it was up to date: new only if it becomes dirty
 * @removed: it left the page cache, and is not free yet
 * @ptes: the entries that map it
 */
struct chk_frame {
	unsigned long pfn;
	u64 written, stored;
	bool cleaning, filling, removed;
	struct chk_pteref *ptes;
};

struct chk_token {
	unsigned long pfn;
	int actor;
};

static struct chk_frame *frame_of(struct vmsim_checker *chk, unsigned long pfn)
{
	return chk_map_get(&chk->frames, pfn);
}

static int token_find(const struct vmsim_checker *chk, unsigned long pfn, int actor)
{
	for (unsigned int i = 0; i < chk->nr_tokens; i++)
		if (chk->tokens[i].pfn == pfn && (actor < 0 || chk->tokens[i].actor == actor))
			return (int)i;
	return -1;
}

static bool tokens_grow(struct vmsim_checker *chk)
{
	unsigned int max = chk->max_tokens ? chk->max_tokens * 2 : 16;
	struct chk_token *tokens = chk_alloc(chk, max * sizeof(*tokens));

	if (!tokens)
		return false;
	if (chk->nr_tokens)
		memcpy(tokens, chk->tokens, chk->nr_tokens * sizeof(*tokens));
	chk_free(chk, chk->tokens);
	chk->tokens = tokens;
	chk->max_tokens = max;
	return true;
}

static void token_add(struct vmsim_checker *chk, unsigned long pfn, int actor)
{
	if (token_find(chk, pfn, actor) >= 0)
		return;
	if (chk->nr_tokens < chk->max_tokens || tokens_grow(chk))
		chk->tokens[chk->nr_tokens++] = (struct chk_token) { .pfn = pfn, .actor = actor };
}

/* The token of one thread, or with @actor -1 those of all. */
static void token_drop(struct vmsim_checker *chk, unsigned long pfn, int actor)
{
	for (int i = token_find(chk, pfn, actor); i >= 0; i = token_find(chk, pfn, actor))
		chk->tokens[i] = chk->tokens[--chk->nr_tokens];
}

static void pte_mapped(struct vmsim_checker *chk, struct chk_frame *frame, pte_t *ptep)
{
	struct chk_pteref *ref;

	for (ref = frame->ptes; ref; ref = ref->next)
		if (ref->ptep == ptep)
			return;
	ref = chk_alloc(chk, sizeof(*ref));
	if (!ref)
		return;
	*ref = (struct chk_pteref) { .ptep = ptep, .next = frame->ptes };
	frame->ptes = ref;
}

static void pte_unmapped(struct vmsim_checker *chk, struct chk_frame *frame, pte_t *ptep)
{
	for (struct chk_pteref **at = &frame->ptes; *at; at = &(*at)->next) {
		struct chk_pteref *ref = *at;

		if (ref->ptep != ptep)
			continue;
		*at = ref->next;
		chk_free(chk, ref);
		return;
	}
}

static bool pte_is_dirty(const struct chk_frame *frame, const pte_t *ptep)
{
	u64 pte = chk_read_pte(ptep);

	return pte & (_PAGE_PRESENT | _PAGE_PROTNONE) && chk_pfn(pte) == frame->pfn &&
	       pte & _PAGE_DIRTY;
}

static bool some_pte_is_dirty(const struct chk_frame *frame)
{
	for (const struct chk_pteref *ref = frame->ptes; ref; ref = ref->next)
		if (pte_is_dirty(frame, ref->ptep))
			return true;
	return false;
}

/* Dirtiness that a state has, and not only a thread under way. */
static bool recorded_dirty(const struct chk_frame *frame)
{
	return folio_test_dirty(pfn_folio(frame->pfn)) || some_pte_is_dirty(frame);
}

static bool lost(const struct vmsim_checker *chk, const struct chk_frame *frame)
{
	return frame->written > frame->stored && !frame->cleaning &&
	       token_find(chk, frame->pfn, -1) < 0 && !recorded_dirty(frame);
}

static void report_lost(struct vmsim_checker *chk, const struct chk_frame *frame, const char *when,
			const struct chk_cached *cached)
{
	struct chk_text page, entry, live;

	chk_report(chk, VMSIM_ORACLE_O3, "R5",
		   "%s: expected a dirty folio, a dirty entry or somebody who transfers one, "
		   "found a clean page whose last write is not stored; %s%s%s%s%s", when,
		   chk_page(&page, pfn_to_page(frame->pfn)), cached ? "; " : "",
		   cached ? chk_entry(&entry, cached->cpu, &cached->entry) : "", cached ? "; " : "",
		   cached ? chk_pte(&live, chk_read_pte(cached->entry.ptep)) : "");
}

static void store(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	const struct chk_access *access;
	struct chk_frame *frame;

	chk_lock(chk);
	access = chk_access_done(chk, event);
	frame = access ? frame_of(chk, chk_access_pfn(access)) : NULL;
	if (frame) {
		frame->written = max(frame->written, access->sequence);
		if (chk_exact(chk) && (frame->removed || lost(chk, frame)))
			report_lost(chk, frame, frame->removed ?
				    "store into a page that left the page cache" : "store",
				    &access->cached);
	}
	chk_unlock(chk);
}

/* The copy that goes to the backing store: what is written afterwards is not in it. */
static void frame_read(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	struct chk_access *access;

	chk_lock(chk);
	access = chk_access_of(chk, chk_actor(event));
	if (access) {
		access->copied_pfn = page_to_pfn((void *)event->arg[0]);
		access->copied = ++chk->sequence;
	}
	chk_unlock(chk);
}

static void pte_set(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	pte_t *ptep = (void *)event->arg[0];
	u64 old = event->arg[1], new_pte = event->arg[2];
	bool was = chk_maps_normal(chk, old), is = chk_maps_normal(chk, new_pte);
	bool moved = !was || !is || chk_pfn(old) != chk_pfn(new_pte);
	struct chk_frame *frame;

	chk_lock(chk);
	frame = was ? frame_of(chk, chk_pfn(old)) : NULL;
	if (frame && old & _PAGE_DIRTY && (moved || !(new_pte & _PAGE_DIRTY)))
		token_add(chk, frame->pfn, chk_actor(event));
	if (frame && moved)
		pte_unmapped(chk, frame, ptep);
	frame = is ? frame_of(chk, chk_pfn(new_pte)) : NULL;
	if (frame && moved)
		pte_mapped(chk, frame, ptep);
	if (frame && new_pte & _PAGE_DIRTY)
		token_drop(chk, frame->pfn, chk_actor(event));
	chk_unlock(chk);
}

/* What happens to the pages of a folio. */
typedef void (*page_fn)(struct vmsim_checker *chk, struct chk_frame *frame, int actor);

static void each_page(struct vmsim_checker *chk, const struct vmsim_event *event, page_fn fn)
{
	struct folio *folio = (void *)event->arg[0];
	unsigned long first = folio_pfn(folio);

	chk_lock(chk);
	for (long i = 0; i < folio_nr_pages(folio); i++) {
		struct chk_frame *frame = frame_of(chk, first + (unsigned long)i);

		if (frame)
			fn(chk, frame, chk_actor(event));
	}
	chk_unlock(chk);
}

static void became_dirty(struct vmsim_checker *chk, struct chk_frame *frame, int actor)
{
	if (frame->filling)
		frame->written = ++chk->sequence;
	frame->filling = frame->cleaning = false;
	token_drop(chk, frame->pfn, actor);
}

static void became_clean(struct vmsim_checker *chk, struct chk_frame *frame, int actor)
{
	(void)chk, (void)actor;
	frame->cleaning = true;
}

static void was_stored(struct vmsim_checker *chk, struct chk_frame *frame, int actor)
{
	const struct chk_access *access = chk_access_of(chk, actor);

	if (access && access->copied_pfn == frame->pfn)
		frame->stored = access->copied;
	else
		frame->stored = chk->sequence;
	frame->cleaning = false;
	if (chk_exact(chk) && lost(chk, frame))
		report_lost(chk, frame, "written back, but for the last store", NULL);
}

static void was_filled(struct vmsim_checker *chk, struct chk_frame *frame, int actor)
{
	(void)actor;
	frame->stored = chk->sequence;
	frame->filling = frame->cleaning = false;
	token_drop(chk, frame->pfn, -1);
}

static void left_cache(struct vmsim_checker *chk, struct chk_frame *frame, int actor)
{
	(void)actor;
	if (chk_exact(chk) && lost(chk, frame))
		report_lost(chk, frame, "page leaves the page cache", NULL);
	frame->removed = true;
}

static void entered_cache(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	struct folio *folio = (void *)event->arg[0];
	struct address_space *mapping = (void *)event->arg[1];
	unsigned long first = folio_pfn(folio);

	if (!mapping->dirty_tracked)
		return;
	chk_lock(chk);
	for (long i = 0; i < folio_nr_pages(folio); i++) {
		struct chk_frame *frame = chk_alloc(chk, sizeof(*frame));

		if (!frame)
			break;
		frame->pfn = first + (unsigned long)i;
		frame->written = frame->stored = ++chk->sequence;
		if (!chk_map_put(&chk->frames, frame->pfn, frame))
			chk_out_of_memory(chk);
	}
	chk_unlock(chk);
}

static void frame_free(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	unsigned long first = page_to_pfn((void *)event->arg[0]);

	chk_lock(chk);
	for (unsigned long pfn = first; chk->frames.live && pfn < first + BIT(event->arg[1]);
	     pfn++) {
		struct chk_frame *frame = chk_map_remove(&chk->frames, pfn);

		if (!frame)
			continue;
		token_drop(chk, pfn, -1);
		while (frame->ptes)
			pte_unmapped(chk, frame, frame->ptes->ptep);
		chk_free(chk, frame);
	}
	chk_unlock(chk);
}

/* The kernel wrote, through no mapping: write(2) and the like mark the folio dirty afterwards. */
static void frame_write(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	const struct page *page = (void *)event->arg[0];
	struct chk_frame *frame;

	chk_lock(chk);
	frame = frame_of(chk, page_to_pfn(page));
	if (frame && folio_test_uptodate(page_folio(page))) {
		frame->written = ++chk->sequence;
		token_add(chk, frame->pfn, chk_actor(event));
	} else if (frame) {
		frame->filling = true;
	}
	chk_unlock(chk);
}

static void flag(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	if (event->arg[1] == PG_dirty && !event->arg[2])
		each_page(chk, event, became_clean);
}

static void o3_event(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	switch (event->kind) {
	case VMSIM_EV_TLB_USE:
		break;	/* noted already */
	case VMSIM_EV_STORE:
		store(chk, event);
		break;
	case VMSIM_EV_FRAME_READ:
		frame_read(chk, event);
		break;
	case VMSIM_EV_PTE_SET:
		pte_set(chk, event);
		break;
	case VMSIM_EV_FOLIO_DIRTY:
		each_page(chk, event, became_dirty);
		break;
	case VMSIM_EV_FOLIO_CLEAN:
		if (event->arg[1])
			each_page(chk, event, became_clean);
		break;
	case VMSIM_EV_FLAG:
		flag(chk, event);
		break;
	case VMSIM_EV_STORE_WRITE:
		each_page(chk, event, was_stored);
		break;
	case VMSIM_EV_STORE_READ:
		each_page(chk, event, was_filled);
		break;
	case VMSIM_EV_CACHE_ADD:
		entered_cache(chk, event);
		break;
	case VMSIM_EV_CACHE_REMOVE:
		each_page(chk, event, left_cache);
		break;
	case VMSIM_EV_FRAME_WRITE:
		frame_write(chk, event);
		break;
	default:
		frame_free(chk, event);
	}
}

/* Nobody is under way any more, so a token or a cleaning is no excuse. */
static void check_one(void *arg, u64 key, void *value)
{
	struct chk_frame *frame = value;

	(void)key;
	if (!frame->removed && frame->written > frame->stored && !recorded_dirty(frame))
		report_lost(arg, frame, "at rest", NULL);
}

static void o3_quiescent(struct vmsim_checker *chk, struct chk_census *census)
{
	(void)census;
	chk_map_each(&chk->frames, check_one, chk);
}

/* All numbers of writes that are kept, to be replaced by their ranks. */
struct numbers {
	unsigned int n;
	u64 *at[MAX_NUMBERS];
};

static void number_add(struct numbers *numbers, u64 *at)
{
	if (numbers->n < MAX_NUMBERS)
		numbers->at[numbers->n++] = at;
}

static void numbers_of_frame(void *arg, u64 key, void *value)
{
	struct chk_frame *frame = value;

	(void)key;
	number_add(arg, &frame->written);
	number_add(arg, &frame->stored);
}

static void numbers_of_access(void *arg, u64 key, void *value)
{
	struct chk_access *access = value;

	(void)key;
	number_add(arg, &access->sequence);
	number_add(arg, &access->copied);
}

static int by_number(const void *a, const void *b)
{
	u64 first = **(u64 *const *)a, second = **(u64 *const *)b;

	return first < second ? -1 : first > second;
}

void chk_o3_renumber(struct vmsim_checker *chk)
{
	struct numbers numbers = { 0 };
	u64 before = 0, rank = 0;

	if (chk->sequence == chk->ranks)
		return;
	number_add(&numbers, &chk->sequence);
	chk_map_each(&chk->frames, numbers_of_frame, &numbers);
	chk_map_each(&chk->accesses, numbers_of_access, &numbers);
	if (numbers.n == MAX_NUMBERS)
		return;
	qsort(numbers.at, numbers.n, sizeof(numbers.at[0]), by_number);
	for (unsigned int i = 0; i < numbers.n; i++) {
		rank += *numbers.at[i] != before;
		before = *numbers.at[i];
		*numbers.at[i] = rank;
	}
	chk->ranks = chk->sequence;
}

const struct chk_oracle chk_o3 = {
	.id = VMSIM_ORACLE_O3,
	.kinds = VMSIM_EV_BIT(TLB_USE) | VMSIM_EV_BIT(PTE_SET) | VMSIM_EV_BIT(FOLIO_DIRTY) |
		 VMSIM_EV_BIT(FOLIO_CLEAN) | VMSIM_EV_BIT(FLAG) | VMSIM_EV_BIT(STORE_WRITE) |
		 VMSIM_EV_BIT(STORE_READ) | VMSIM_EV_BIT(CACHE_ADD) | VMSIM_EV_BIT(CACHE_REMOVE) |
		 VMSIM_EV_BIT(FRAME_READ) | VMSIM_EV_BIT(FRAME_WRITE) | VMSIM_EV_BIT(FRAME_FREE) |
		 VMSIM_EV_BIT(STORE),
	.event = o3_event,
	.quiescent = o3_quiescent,
};
