// SPDX-License-Identifier: GPL-2.0-only
#include "check/checker.h"
#include "check/census.h"
#include "folio/folio.h"
#include "pgtable/table.h"

/*
 * O4: a load, a read or a page that comes back from the backing store has what was stored last.
 *
 * Private pages are known by address space and address, pages of files by file and index; of each
 * word only those bytes are known that a program stored. What is not certain is forgotten, never
 * guessed: in particular what an open gather may be taking away (E14, E23). Judged only where
 * events come in the order in which things happened.
 */

#define WORDS_PER_PAGE (PAGE_SIZE / sizeof(u64))

/* @known: bit per byte of @value. */
struct word {
	u64 value;
	u16 at;
	u8 known;
};

/**
 * struct chk_values - what is known of a page
 * @owner, @index: address-space id and page number, or file and index
 * @unfilled: the kernel wrote into it before it was up to date
 * @left: number of its frame, plus one, while that is in no table but on its way to another address
 */
struct chk_values {
	u64 owner, index;
	bool unfilled;
	unsigned long left;
	unsigned int nr, max;
	struct word *word;
};

static u64 key_of(u64 owner, u64 index)
{
	u64 key = (owner + 1) * 0x9e3779b97f4a7c15ULL ^ (index + 1) * 0xc2b2ae3d27d4eb4fULL;

	key ^= key >> 32;
	return key && ~key ? key : 1;
}

static struct chk_values *find(struct vmsim_checker *chk, u64 owner, u64 index)
{
	struct chk_values *values = chk_map_get(&chk->values, key_of(owner, index));

	return values && values->owner == owner && values->index == index ? values : NULL;
}

static void set_left(struct vmsim_checker *chk, struct chk_values *values, unsigned long left)
{
	chk->values_left += !!left - !!values->left;
	values->left = left;
}

static void forget(struct vmsim_checker *chk, u64 owner, u64 index)
{
	struct chk_values *values = find(chk, owner, index);

	if (!values)
		return;
	set_left(chk, values, 0);
	chk_map_remove(&chk->values, key_of(owner, index));
	chk_free(chk, values->word);
	chk_free(chk, values);
}

static struct chk_values *make(struct vmsim_checker *chk, u64 owner, u64 index)
{
	struct chk_values *values = find(chk, owner, index);

	if (values)
		return values;
	values = chk_map_get(&chk->values, key_of(owner, index));
	/* Another page has the key: that one is forgotten. */
	if (values)
		forget(chk, values->owner, values->index);
	values = chk_alloc(chk, sizeof(*values));
	if (!values)
		return NULL;
	values->owner = owner;
	values->index = index;
	if (!chk_map_put(&chk->values, key_of(owner, index), values))
		chk_out_of_memory(chk);
	return values;
}

static struct word *word_find(const struct chk_values *values, unsigned int at)
{
	for (unsigned int i = 0; values && i < values->nr; i++)
		if (values->word[i].at == at)
			return &values->word[i];
	return NULL;
}

static struct word *word_make(struct vmsim_checker *chk, struct chk_values *values, unsigned int at)
{
	struct word *word = word_find(values, at);

	if (word)
		return word;
	if (values->nr == values->max) {
		unsigned int room = values->max ? values->max * 2 : 4;

		word = chk_alloc(chk, room * sizeof(*word));
		if (!word)
			return NULL;
		if (values->nr)
			memcpy(word, values->word, values->nr * sizeof(*word));
		chk_free(chk, values->word);
		values->word = word;
		values->max = room;
	}
	word = &values->word[values->nr++];
	*word = (struct word) { .at = (u16)at };
	return word;
}

static bool keeps_versions(const struct vmsim_checker *chk)
{
	return chk->machine->config.contents == VMSIM_CONTENTS_VERSION;
}

/* A machine that keeps versions has one word per page, which every store replaces. */
static unsigned int word_at(const struct vmsim_checker *chk, u64 va)
{
	return keeps_versions(chk) ? 0 : offset_in_page(va) / sizeof(u64);
}

static unsigned int first_byte(const struct vmsim_checker *chk, u64 va)
{
	return keeps_versions(chk) ? 0 : va % sizeof(u64);
}

static u8 bytes_of(const struct vmsim_checker *chk, u64 va, u64 size)
{
	return (u8)(((1u << size) - 1) << first_byte(chk, va));
}

static u64 mask_of(u8 bytes)
{
	u64 mask = 0;

	for (unsigned int i = 0; i < sizeof(u64); i++)
		if (bytes >> i & 1)
			mask |= 0xffULL << (8 * i);
	return mask;
}

/* Where a thread's access went. */
struct place {
	u64 private_owner, private_index;
	u64 file_owner, file_index;	/* owner 0: no page of a file */
};

static struct place place_of(const struct chk_access *access)
{
	const struct page *page = pfn_to_page(chk_access_pfn(access));
	struct folio *folio = page_folio(page);

	return (struct place) {
		.private_owner = access->cached.entry.mm,
		.private_index = access->va >> PAGE_SHIFT,
		.file_owner = (u64)(uintptr_t)folio_mapping(folio),
		.file_index = folio->index + folio_page_idx(folio, page),
	};
}

static bool disagrees(const struct vmsim_checker *chk, const struct word *word,
		      const struct vmsim_event *event, u64 *expected, u64 *found)
{
	unsigned int first = first_byte(chk, event->arg[0]);
	u8 known = word ? word->known & bytes_of(chk, event->arg[0], event->arg[1]) : 0;

	if (!known)
		return false;
	*expected = (word->value & mask_of(known)) >> (8 * first);
	*found = ((event->arg[2] << (8 * first)) & mask_of(known)) >> (8 * first);
	return *expected != *found;
}

/*
 * What is known of the address comes first: a private page that was written hides the page of the
 * file behind it.
 */
static void load(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	const struct chk_access *access = chk_access_done(chk, event);
	unsigned int at = word_at(chk, event->arg[0]);
	const struct word *word;
	struct chk_text cached, frame;
	u64 expected, found;
	struct place place;

	if (!access)
		return;
	place = place_of(access);
	word = word_find(find(chk, place.private_owner, place.private_index), at);
	if (!word && place.file_owner)
		word = word_find(find(chk, place.file_owner, place.file_index), at);
	if (disagrees(chk, word, event, &expected, &found))
		chk_report(chk, VMSIM_ORACLE_O4, "R17",
			   "load at %llx: expected %llx, found %llx; %s; %s",
			   (unsigned long long)event->arg[0], (unsigned long long)expected,
			   (unsigned long long)found,
			   chk_entry(&cached, access->cached.cpu, &access->cached.entry),
			   chk_page(&frame, pfn_to_page(chk_access_pfn(access))));
}

/* A store through an entry that an open gather may be taking away goes where nobody will look. */
static bool may_vanish(struct vmsim_checker *chk, const struct chk_access *access)
{
	const struct vmsim_tlb_entry *entry = &access->cached.entry;
	const struct chk_mm *record = chk_mm_find(chk, entry->mm);

	return chk_excess(entry, chk_read_pte(entry->ptep)) & CHK_X_FRAME &&
	       (!record || atomic_read(&record->mm->tlb_flush_pending) > 0);
}

static void store(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	const struct chk_access *access = chk_access_done(chk, event);
	u8 bytes = bytes_of(chk, event->arg[0], event->arg[1]);
	unsigned int first = first_byte(chk, event->arg[0]);
	struct chk_values *values;
	struct place place;
	struct word *word;

	if (!access)
		return;
	place = place_of(access);
	if (place.file_owner)
		values = make(chk, place.file_owner, place.file_index);
	else if (PageAnon(pfn_to_page(chk_access_pfn(access))))
		values = make(chk, place.private_owner, place.private_index);
	else
		return;
	word = values ? word_make(chk, values, word_at(chk, event->arg[0])) : NULL;
	if (!word)
		return;
	/* A version is replaced as a whole. */
	if (keeps_versions(chk))
		word->known = 0;
	word->value = (word->value & ~mask_of(bytes)) |
		      (event->arg[2] << (8 * first) & mask_of(bytes));
	word->known |= bytes;
	if (!place.file_owner && may_vanish(chk, access))
		word->known = 0;
}

/* What is known of a private page goes with it to another address. */
static void move(struct vmsim_checker *chk, struct chk_values *values, u64 index)
{
	chk_map_remove(&chk->values, key_of(values->owner, values->index));
	forget(chk, values->owner, index);
	values->index = index;
	set_left(chk, values, 0);
	if (!chk_map_put(&chk->values, key_of(values->owner, index), values))
		chk_out_of_memory(chk);
}

/* Some values of an address space, of a range or of a page that has left the tables. */
struct search {
	u64 owner, first, last;
	unsigned long left;
	struct chk_values *found;
};

static void matches(void *arg, u64 key, void *value)
{
	struct search *search = arg;
	struct chk_values *values = value;

	(void)key;
	if (values->owner == search->owner && values->index >= search->first &&
	    values->index <= search->last && (!search->left || values->left == search->left))
		search->found = values;
}

static struct chk_values *search_for(struct vmsim_checker *chk, struct search *search)
{
	search->found = NULL;
	chk_map_each(&chk->values, matches, search);
	return search->found;
}

static void arrived(struct vmsim_checker *chk, u64 owner, u64 index, unsigned long pfn)
{
	struct search search = { .owner = owner, .last = ~0ULL, .left = pfn + 1 };
	struct chk_values *here = find(chk, owner, index), *values;

	if (here)
		set_left(chk, here, 0);
	values = chk->values_left ? search_for(chk, &search) : NULL;
	if (values)
		move(chk, values, index);
}

/* While a gather is open, the contents of an anonymous page go. Else they may come elsewhere. */
static void left(struct vmsim_checker *chk, const struct mm_struct *mm, u64 index,
		 unsigned long pfn)
{
	u64 owner = mm->context.ctx_id;
	struct chk_values *values = find(chk, owner, index);

	if (!values)
		return;
	if (atomic_read(&mm->tlb_flush_pending) > 0)
		forget(chk, owner, index);
	else if (chk_is_anon(pfn_to_page(pfn)))
		set_left(chk, values, pfn + 1);
}

static void pte_set(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	const struct ptdesc *pt = page_ptdesc(virt_to_page((void *)event->arg[0]));
	u64 index = (pt->pt_base >> PAGE_SHIFT) + offset_in_page(event->arg[0]) / sizeof(u64);
	u64 old = event->arg[1], new_pte = event->arg[2];
	bool was = chk_maps_normal(chk, old), is = chk_maps_normal(chk, new_pte);

	if (!pt->pt_mm || (was && is && chk_pfn(old) == chk_pfn(new_pte)))
		return;
	if (was)
		left(chk, pt->pt_mm, index, chk_pfn(old));
	if (is)
		arrived(chk, pt->pt_mm->context.ctx_id, index, chk_pfn(new_pte));
}

static void table_arrived(struct vmsim_checker *chk, struct page *table, u64 from)
{
	const struct ptdesc *pt = page_ptdesc(table);
	u64 pages = vmsim_table_span(pt->pt_level) >> PAGE_SHIFT, to = pt->pt_base >> PAGE_SHIFT;
	struct search search = {
		.owner = pt->pt_mm->context.ctx_id, .first = from, .last = from + pages - 1,
	};
	struct chk_values *values;

	while (from != to && (values = search_for(chk, &search)))
		move(chk, values, values->index - from + to);
}

static struct page *table_of(u64 entry)
{
	struct page *page = chk_table_below(entry);

	return page && page_ptdesc(page)->pt_mm ? page : NULL;
}

/* A whole table leaves, or comes. */
static void table_set(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	struct page *gone = table_of(event->arg[1]), *here = table_of(event->arg[2]);
	void *from;

	if (gone && atomic_read(&page_ptdesc(gone)->pt_mm->tlb_flush_pending) == 0 &&
	    !chk_map_put(&chk->tables_left, page_to_pfn(gone) + 1,
			 (void *)((page_ptdesc(gone)->pt_base >> PAGE_SHIFT) + 1)))
		chk_out_of_memory(chk);
	from = here ? chk_map_remove(&chk->tables_left, page_to_pfn(here) + 1) : NULL;
	if (from)
		table_arrived(chk, here, (u64)(uintptr_t)from - 1);
}

/* It is on its way nowhere; the frame may be another table soon. */
static void table_freed(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	chk_map_remove(&chk->tables_left, page_to_pfn((struct page *)event->arg[0]) + 1);
}

static u64 contents_at(struct page *page, const struct word *word)
{
	return vmsim_frame_load(page, word->at * sizeof(u64), sizeof(u64));
}

/* A page of a file has what programs stored into it. */
static void compare_page(struct vmsim_checker *chk, struct page *page, const char *when)
{
	struct folio *folio = page_folio(page);
	u64 owner = (u64)(uintptr_t)folio_mapping(folio);
	u64 index = folio->index + folio_page_idx(folio, page);
	const struct chk_values *values = owner ? find(chk, owner, index) : NULL;
	struct chk_text frame;

	for (unsigned int i = 0; values && i < values->nr; i++) {
		const struct word *word = &values->word[i];
		u64 mask = mask_of(word->known);
		u64 found = contents_at(page, word) & mask;

		if (found == (word->value & mask))
			continue;
		chk_report(chk, VMSIM_ORACLE_O4, "R5",
			   "%s, offset %zx: expected %llx, found %llx; %s", when,
			   word->at * sizeof(u64), (unsigned long long)(word->value & mask),
			   (unsigned long long)found, chk_page(&frame, page));
		return;
	}
}

/* The kernel wrote on behalf of a program: what it wrote is what is expected from now on. */
static void learn_page(struct vmsim_checker *chk, struct page *page)
{
	struct folio *folio = page_folio(page);
	u64 owner = (u64)(uintptr_t)folio_mapping(folio);
	u64 index = folio->index + folio_page_idx(folio, page);
	struct chk_values *values = owner ? find(chk, owner, index) : NULL;

	if (!values)
		return;
	values->unfilled = !folio_test_uptodate(folio);
	for (unsigned int i = 0; i < values->nr && !values->unfilled; i++) {
		values->word[i].value = contents_at(page, &values->word[i]);
		values->word[i].known = 0xff;
	}
}

struct written {
	struct vmsim_checker *chk;
	struct page *page;
};

static bool is_mapped_at(const struct written *written, struct mm_struct *mm, u64 index)
{
	const pte_t *ptep = chk_find_pte(mm, index << PAGE_SHIFT);
	u64 pte = ptep ? chk_read_pte(ptep) : 0;

	return chk_maps_normal(written->chk, pte) && pfn_to_page(chk_pfn(pte)) == written->page;
}

/*
 * Every address of a program at which the page is mapped has what was written. Where it belongs, it
 * may only be out of the tables for the moment: what is there is not known.
 */
static void learn_if_mapped(void *arg, u64 key, void *value)
{
	const struct written *written = arg;
	struct chk_values *values = value;
	const struct chk_mm *record = chk_mm_find(written->chk, values->owner);
	bool mapped = record && is_mapped_at(written, record->mm, values->index);

	(void)key;
	if (!mapped && (!record || values->index != written->page->index))
		return;
	for (unsigned int i = 0; i < values->nr; i++) {
		values->word[i].value = contents_at(written->page, &values->word[i]);
		values->word[i].known = mapped ? 0xff : 0;
	}
}

static void written_past_tables(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	struct written written = { chk, (void *)event->arg[0] };

	if (PageAnon(written.page))
		chk_map_each(&chk->values, learn_if_mapped, &written);
	else
		learn_page(chk, written.page);
}

static void each_page(struct vmsim_checker *chk, const struct vmsim_event *event,
		      void (*fn)(struct vmsim_checker *chk, struct page *page))
{
	struct folio *folio = (void *)event->arg[0];

	for (long i = 0; i < folio_nr_pages(folio); i++)
		fn(chk, folio_page(folio, (unsigned long)i));
}

static void came_back(struct vmsim_checker *chk, struct page *page)
{
	struct folio *folio = page_folio(page);
	struct chk_values *values = find(chk, (u64)(uintptr_t)folio_mapping(folio),
					 folio->index + folio_page_idx(folio, page));

	if (values)
		values->unfilled = false;
	compare_page(chk, page, "read back from the backing store");
}

/* A whole page was written into a folio that was never filled; it is up to date now. */
static void became_dirty(struct vmsim_checker *chk, struct page *page)
{
	struct folio *folio = page_folio(page);
	struct chk_values *values = find(chk, (u64)(uintptr_t)folio_mapping(folio),
					 folio->index + folio_page_idx(folio, page));

	if (values && values->unfilled)
		learn_page(chk, page);
}

static void was_read(struct vmsim_checker *chk, struct page *page)
{
	if (PageUptodate(page))
		compare_page(chk, page, "read by the kernel");
}

/*
 * An eviction has frozen the references, and the page is in the backing store. Who takes a page
 * out that others may have throws it away.
 */
static void left_cache(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	struct folio *folio = (void *)event->arg[0];

	for (long i = 0; folio_ref_count(folio) && i < folio_nr_pages(folio); i++)
		forget(chk, event->arg[1], event->arg[2] + (u64)i);
}

struct owner {
	struct vmsim_checker *chk;
	u64 owner;
};

static void forget_if_of(void *arg, u64 key, void *value)
{
	const struct owner *owner = arg;
	const struct chk_values *values = value;

	(void)key;
	if (values->owner == owner->owner)
		forget(owner->chk, values->owner, values->index);
}

static void mm_went(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	struct owner owner = { chk, ((struct mm_struct *)event->arg[0])->context.ctx_id };

	chk_map_each(&chk->values, forget_if_of, &owner);
}

static void o4_dispatch(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	switch (event->kind) {
	case VMSIM_EV_LOAD:
		load(chk, event);
		break;
	case VMSIM_EV_STORE:
		store(chk, event);
		break;
	case VMSIM_EV_PTE_SET:
		pte_set(chk, event);
		break;
	case VMSIM_EV_TABLE_SET:
		table_set(chk, event);
		break;
	case VMSIM_EV_TABLE_FREE:
		table_freed(chk, event);
		break;
	case VMSIM_EV_FRAME_WRITE:
		if (event->arg[1])
			written_past_tables(chk, event);
		else
			learn_page(chk, (void *)event->arg[0]);
		break;
	case VMSIM_EV_FRAME_READ:
		was_read(chk, (void *)event->arg[0]);
		break;
	case VMSIM_EV_STORE_READ:
		each_page(chk, event, came_back);
		break;
	case VMSIM_EV_FOLIO_DIRTY:
		each_page(chk, event, became_dirty);
		break;
	case VMSIM_EV_CACHE_REMOVE:
		left_cache(chk, event);
		break;
	case VMSIM_EV_MM_REMOVE:
		mm_went(chk, event);
		break;
	default:
		break;	/* TLB_USE: noted already */
	}
}

static void o4_event(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	if (chk->machine->config.contents == VMSIM_CONTENTS_NONE || !chk_exact(chk))
		return;
	chk_lock(chk);
	o4_dispatch(chk, event);
	chk_unlock(chk);
}

/* The file may be gone since, and its address space something else. */
static struct address_space *live_mapping(const struct vmsim_checker *chk, u64 owner)
{
	struct file *file;

	list_for_each_entry(file, &chk->machine->files, f_list)
		if ((u64)(uintptr_t)file->f_mapping == owner)
			return file->f_mapping;
	return NULL;
}

/* True where the page's contents have no way left to the backing store. */
static bool is_settled(const struct chk_census *census, struct address_space *mapping, u64 index)
{
	struct folio *folio = vmsim_pagecache_load(mapping, index);
	unsigned long pfn;

	if (!mapping->dirty_tracked)
		return false;
	if (!folio)
		return true;
	pfn = folio_pfn(folio) + (index - folio->index);
	return !folio_test_dirty(folio) && !(pfn < census->frames && census->dirty[pfn]);
}

/* At rest the backing store has every store to a page that nobody calls dirty. */
static void check_stored(void *arg, u64 key, void *value)
{
	struct chk_census *census = arg;
	const struct chk_values *values = value;
	struct address_space *mapping = live_mapping(census->chk, values->owner);

	(void)key;
	if (!mapping || !is_settled(census, mapping, values->index))
		return;
	for (unsigned int i = 0; i < values->nr; i++) {
		const struct word *word = &values->word[i];
		u64 expected = word->value & mask_of(word->known);
		u64 found = 0;

		vmsim_store_peek(mapping, values->index, word->at * sizeof(u64), &found,
				 sizeof(found));
		found &= mask_of(word->known);
		if (found == expected)
			continue;
		chk_report(census->chk, VMSIM_ORACLE_O4, "R5",
			   "backing store, page %llx, offset %zx: expected %llx, found %llx",
			   (unsigned long long)values->index, word->at * sizeof(u64),
			   (unsigned long long)expected, (unsigned long long)found);
		return;
	}
}

static void o4_quiescent(struct vmsim_checker *chk, struct chk_census *census)
{
	if (chk->machine->config.contents != VMSIM_CONTENTS_NONE && chk_exact(chk))
		chk_map_each(&chk->values, check_stored, census);
}

const struct chk_oracle chk_o4 = {
	.id = VMSIM_ORACLE_O4,
	.kinds = VMSIM_EV_BIT(TLB_USE) | VMSIM_EV_BIT(LOAD) | VMSIM_EV_BIT(STORE) |
		 VMSIM_EV_BIT(PTE_SET) | VMSIM_EV_BIT(TABLE_SET) | VMSIM_EV_BIT(TABLE_FREE) |
		 VMSIM_EV_BIT(FRAME_WRITE) | VMSIM_EV_BIT(FRAME_READ) |
		 VMSIM_EV_BIT(STORE_READ) | VMSIM_EV_BIT(FOLIO_DIRTY) |
		 VMSIM_EV_BIT(CACHE_REMOVE) | VMSIM_EV_BIT(MM_REMOVE),
	.event = o4_event,
	.quiescent = o4_quiescent,
};
