/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_CHECK_CHECKER_H
#define VMSIM_CHECK_CHECKER_H

#include "machine/internal.h"
#include "check/check.h"
#include "check/map.h"
#include <linux/mm.h>
#include <linux/fs.h>
#include <linux/pagemap.h>

struct chk_census;
struct chk_locks;
struct chk_races;
struct chk_pinning;
struct chk_pinned;

/* What an oracle keeps about an address space. */
struct chk_mm {
	struct mm_struct *mm;
	bool debt;		/* O6: excess was left behind, covered by a promise */
	u64 parent;		/* O12: the address space that is being forked into it; 0: none */
	int maker;		/* O12: who does that (chk_actor()) */
};

/**
 * struct vmsim_checker - the oracles of one machine
 * @by_kind: which of them want events of a kind
 * @recounting: which of them compare with a recount at rest
 * @alone: threads run one at a time: under the explorer
 * @lock: over everything below, unless @alone. Taken inside a CPU's TLB lock, never around it,
 *        because accesses may be reported with that lock held.
 * @first_tid: the first thread that was seen
 * @several: there were more threads than that one
 * @reports: violations reported
 * @mms: address spaces by context id
 * @frames: O3: page-cache frames by frame number
 * @sequence: O3: numbers the writes to page-cache frames
 * @ranks: O3: what it was when numbers were replaced by their ranks
 * @tokens: O3: dirtiness on its way from an entry, or from a copy, into its folio
 * @values: O4: pages by owner and index
 * @tables_left: O4: where tables were that hang from nothing just now, by frame number
 * @values_left: O4: how many of @values are on their way to another address
 * @pending_values: O4: what a thread's access under way found expected
 * @reduced: O6: PTE tables whose entries lost rights since their lock was taken
 * @ptls: O21: page-table locks held, by thread
 * @demotions: O10: pages that cease to be exclusive under them, by thread
 * @unmappers: O11: threads that take memory away on the program's behalf
 * @pinning, @pinned: O11: pins that are being taken, and that are held
 * @holds: handles of pins and references that programs have; natively, where O11 watches
 * @races: O23: who is ordered behind whom, and who accessed what
 * @held, @classes, @edges, ...: O14: locks held by thread, kinds of locks, and their order
 */
struct vmsim_checker {
	struct vmsim_machine *machine;
	u64 oracles;
	u32 by_kind[VMSIM_EV_COUNT];
	u32 recounting;
	bool alone;
	u32 lock;
	int first_tid;
	bool several;
	u64 reports;
	struct chk_map mms;

	struct chk_map frames;
	u64 sequence, ranks;
	struct chk_token *tokens;
	unsigned int nr_tokens, max_tokens;

	struct chk_map accesses;
	struct chk_map values, tables_left;
	unsigned int values_left;

	struct chk_map reduced;
	struct chk_map folio_owners;
	struct chk_locks *locks;

	struct chk_map ptls;
	struct chk_map demotions;

	struct chk_map unmappers;
	struct chk_pinning *pinning;
	struct chk_pinned *pinned;
	struct chk_map holds;

	struct chk_races *races;
};

/**
 * struct chk_oracle - one oracle
 * @kinds: events that it wants
 * @kinds_of_cells: and those besides, where the explorer may see sections go
 * @event: called in the thread that raised one, inside the event
 * @quiescent: called when no thread is inside the library
 */
struct chk_oracle {
	enum vmsim_oracle id;
	u64 kinds;
	u64 kinds_of_cells;
	void (*event)(struct vmsim_checker *chk, const struct vmsim_event *event);
	void (*quiescent)(struct vmsim_checker *chk, struct chk_census *census);
};

extern const struct chk_oracle chk_o1, chk_o2, chk_o3, chk_o4, chk_o6, chk_o7, chk_o8, chk_o9,
			       chk_o10, chk_o11, chk_o12, chk_o13, chk_o14, chk_o20, chk_o21, chk_o23;

static inline bool chk_armed(const struct vmsim_checker *chk, enum vmsim_oracle id)
{
	return chk->oracles >> id & 1;
}

/*
 * True where events come in the order in which things happened: under the explorer, and as long
 * as a native machine has one thread. What needs that order is not judged otherwise.
 */
static inline bool chk_exact(const struct vmsim_checker *chk)
{
	return chk->alone || !__READ_ONCE(chk->several);
}

static inline void chk_lock(struct vmsim_checker *chk)
{
	if (!chk->alone)
		vmsim_raw_lock(&chk->lock);
}

static inline void chk_unlock(struct vmsim_checker *chk)
{
	if (!chk->alone)
		vmsim_raw_unlock(&chk->lock);
}

void *chk_alloc(struct vmsim_checker *chk, size_t size);
void chk_free(struct vmsim_checker *chk, void *object);
/* The checker itself lacks memory: reported, since what it cannot watch it cannot vouch for. */
void chk_out_of_memory(struct vmsim_checker *chk);

void chk_report(struct vmsim_checker *chk, enum vmsim_oracle id, const char *rule,
		const char *format, ...) __attribute__((format(printf, 4, 5)));

/* One line about an object, for reports (describe.c). Each buffer is used up by one report. */
struct chk_text {
	char s[176];
};

const char *chk_page(struct chk_text *text, const struct page *page);
const char *chk_entry(struct chk_text *text, unsigned int cpu, const struct vmsim_tlb_entry *entry);
const char *chk_pte(struct chk_text *text, u64 value);
/* A place in the code: the same text in every process. */
const char *chk_place(struct chk_text *text, const void *ip);

/* Who did it: a thread, or a CPU without one. */
static inline int chk_actor(const struct vmsim_event *event)
{
	return event->tid ? event->tid : (1 << 24) + event->cpu;
}

/* The lock is that of a folio, which comes in its place. */
static inline bool chk_is_folio_lock(const struct vmsim_event *event)
{
	const struct vmsim_lock_class *class = (void *)event->arg[1];

	return class && class->is_folio;
}

/*
 * The address space of which a writer has dropped the mmap_lock; NULL: the event tells of no such.
 */
static inline struct mm_struct *chk_mm_write_unlocked(const struct vmsim_event *event)
{
	const struct vmsim_lock_class *class = (void *)event->arg[1];
	const struct rw_semaphore *sem = (void *)event->arg[0];

	if (event->kind != VMSIM_EV_UNLOCK || !(event->arg[2] & VMSIM_LOCK_EXCLUSIVE))
		return NULL;
	return class && class->is_mmap ? sem->object : NULL;
}

/*
 * Address spaces that map an anonymous page, but for the one of that context id: those that a store
 * to it concerns. Nobody else runs.
 */
void chk_each_sharer(struct vmsim_checker *chk, const struct page *page, u64 but,
		     void (*fn)(void *arg, struct mm_struct *mm, pte_t *ptep), void *arg);
/* The fork that makes @child of @parent is not over: what the parent stores, the child may have. */
bool chk_mm_is_being_forked(struct vmsim_checker *chk, const struct mm_struct *child, u64 parent);

/* References to a page that programs hold, as far as is known: a pin is many. */
long chk_held(struct vmsim_checker *chk, const struct page *page);

/* Replaces the numbers of writes by their ranks: of numbers, only their order is ever asked for. */
void chk_o3_renumber(struct vmsim_checker *chk);

/* Address spaces by context id; NULL when it is gone. With chk->lock held. */
struct chk_mm *chk_mm_find(struct vmsim_checker *chk, u64 ctx_id);

/* The live entry behind an address, read without events; NULL: no table, or a leaf above. */
pte_t *chk_find_pte(struct mm_struct *mm, unsigned long addr);

/* The table below an upper entry, or NULL: empty, a leaf, or nonsense. */
struct page *chk_table_below(u64 entry);

/* The mapping of an address, or NULL. Nobody changes mappings meanwhile. */
struct vm_area_struct *chk_vma_at(struct mm_struct *mm, unsigned long addr);

#define CHK_LEVELS 5

/* The entries that lead to an address, from the top, as far as there are tables; how many. */
unsigned int chk_path(struct mm_struct *mm, unsigned long addr, const u64 *path[CHK_LEVELS]);

static inline u64 chk_read_pte(const pte_t *ptep)
{
	return __atomic_load_n((const u64 *)ptep, __ATOMIC_RELAXED);
}

/* Calls @fn for each entry that is not empty of each PTE table of @mm. */
struct chk_walk {
	void (*pte)(void *arg, struct mm_struct *mm, pte_t *ptep, unsigned long addr);
	void (*table)(void *arg, struct mm_struct *mm, struct page *table, unsigned int level);
	void *arg;
};

void chk_walk_mm(struct mm_struct *mm, const struct chk_walk *walk);

/* Copies of cached translations (entries.c). */
struct chk_cached {
	unsigned int cpu;
	struct vmsim_tlb_entry entry;
};

#define CHK_MAX_CACHED 8

struct chk_cached_set {
	unsigned int nr;
	struct chk_cached at[CHK_MAX_CACHED];
};

/**
 * struct chk_access - what a thread did last
 * @sequence: number of its last access
 * @va: address
 * @cached: the entry that it went through
 * @copied_pfn, @copied: the last frame that the kernel read for it, and when
 */
struct chk_access {
	u64 sequence;
	u64 va;
	struct chk_cached cached;
	unsigned long copied_pfn;
	u64 copied;
};

/* TLB_USE. */
void chk_access_note(struct vmsim_checker *chk, const struct vmsim_event *event);
/* The record of a thread, made if need be. With chk->lock held. */
struct chk_access *chk_access_of(struct vmsim_checker *chk, int actor);
/* The access that a LOAD or STORE completes; NULL: none that can be judged. With chk->lock held. */
const struct chk_access *chk_access_done(struct vmsim_checker *chk,
					 const struct vmsim_event *event);
unsigned long chk_access_pfn(const struct chk_access *access);

/* Which entries: called with the CPU's TLB lock held. */
typedef bool (*chk_entry_filter)(void *arg, const struct vmsim_tlb_entry *entry);

/* Collects usable entries, at most CHK_MAX_CACHED. chk->lock is not held. */
void chk_collect(struct vmsim_checker *chk, chk_entry_filter filter, void *arg,
		 struct chk_cached_set *set);
/* Removes from @set what @again does not have. */
void chk_intersect(struct chk_cached_set *set, const struct chk_cached_set *again);

/* What the hardware takes the entry for. */
struct vmsim_tlb_entry chk_entry_now(struct vmsim_checker *chk,
				     const struct vmsim_tlb_entry *entry);

/* Rights that a cached translation has beyond its entry (linux-mm.md 4.1). */
#define CHK_X_FRAME 1u
#define CHK_X_WRITE 2u
#define CHK_X_DIRTY 4u

unsigned int chk_excess(const struct vmsim_tlb_entry *entry, u64 live);
const char *chk_excess_name(unsigned int excess);

/* Entries as the hardware sees them. */
static inline bool chk_hw_present(u64 pte)
{
	return pte & _PAGE_PRESENT;
}

static inline unsigned long chk_pfn(u64 pte)
{
	return (pte & PTE_PFN_MASK) >> PAGE_SHIFT;
}

/* True if the value maps a frame that is counted: not empty, not the zero page, not special. */
static inline bool chk_maps_normal(const struct vmsim_checker *chk, u64 pte)
{
	return (pte & (_PAGE_PRESENT | _PAGE_PROTNONE)) && !(pte & _PAGE_SPECIAL) &&
	       chk_pfn(pte) != chk->machine->zero_pfn && vmsim_has_cell(chk_pfn(pte));
}

/* As page_folio() and folio_test_anon(), without an access that others would see. */
static inline struct folio *chk_folio(const struct page *page)
{
	unsigned long head = __READ_ONCE(page->compound_head);

	return head & 1 ? (struct folio *)(head - 1) : (struct folio *)page;
}

static inline bool chk_is_anon(const struct page *page)
{
	return (uintptr_t)__READ_ONCE(chk_folio(page)->mapping) & PAGE_MAPPING_ANON;
}

static inline bool chk_is_ksm(const struct page *page)
{
	return ((uintptr_t)__READ_ONCE(chk_folio(page)->mapping) & PAGE_MAPPING_FLAGS) ==
	       PAGE_MAPPING_KSM;
}

static inline struct address_space *chk_file_mapping(const struct page *page)
{
	return folio_mapping(page_folio(page));
}

static inline struct anon_vma *chk_anon_vma(const struct page *page)
{
	return (void *)((uintptr_t)__READ_ONCE(chk_folio(page)->mapping) - PAGE_MAPPING_ANON);
}

/*
 * Is some mapping in it? Nobody is inside the library. @likely_in: the one that is asked first, or
 * NULL.
 */
bool chk_anon_vma_lives(struct vmsim_checker *chk, const struct anon_vma *anon_vma,
			struct vm_area_struct *likely_in);

/* A shared mapping of the file whose first writes must be noticed: what O3 is about. */
static inline bool chk_dirty_tracked(const struct page *page)
{
	struct address_space *mapping = chk_file_mapping(page);

	return mapping && __READ_ONCE(mapping->dirty_tracked);
}

static inline bool chk_frame_allocated(const struct page *page)
{
	return __READ_ONCE(page->vmsim_gen) & 1;
}

static inline bool chk_is_table(const struct page *page)
{
	return __READ_ONCE(page->page_type) >> 24 == PGTY_table;
}

#endif
