// SPDX-License-Identifier: GPL-2.0-only
#include "explore/footprint.h"
#include "explore/grow.h"
#include "machine/internal.h"
#include "check/checker.h"
#include "folio/folio.h"
#include <linux/mm.h>
#include <linux/pagemap.h>

/*
 * A table of what each kind of event touches, and of the TLBs (RIGHTS) that oracles look into then.
 * What else they look at is in footprint_oracles.c.
 */

/* Events of these kinds write, or read, the object that their first argument names. */
#define WRITES									\
	(VMSIM_EV_BIT(PTE_SET) | VMSIM_EV_BIT(TABLE_SET) |			\
	 VMSIM_EV_BIT(WRITE) | VMSIM_EV_BIT(PLAIN_WRITE))
#define READS (VMSIM_EV_BIT(PTE_READ) | VMSIM_EV_BIT(PLAIN_READ))
/* Words of which there may be more to say. */
#define WORDS (VMSIM_EV_BIT(READ) | VMSIM_EV_BIT(FLAG))
#define LOCKS									\
	(VMSIM_EV_BIT(LOCK) | VMSIM_EV_BIT(UNLOCK) | VMSIM_EV_BIT(PTL_LOCK) |	\
	 VMSIM_EV_BIT(PTL_UNLOCK) | VMSIM_EV_BIT(PTL_RELEASED))
#define INTERRUPTS (VMSIM_EV_BIT(IPI_SEND) | VMSIM_EV_BIT(IPI_RUN) | VMSIM_EV_BIT(IRQ))
#define COUNTS									\
	(VMSIM_EV_BIT(ATOMIC) | VMSIM_EV_BIT(REF) | VMSIM_EV_BIT(MAP_ADD) |	\
	 VMSIM_EV_BIT(MAP_REMOVE) | VMSIM_EV_BIT(MAP_ZERO) | VMSIM_EV_BIT(FLUSH_PENDING))
#define FRAMES									\
	(VMSIM_EV_BIT(FRAME_ALLOC) | VMSIM_EV_BIT(FRAME_FREE) | VMSIM_EV_BIT(FRAME_READ) | \
	 VMSIM_EV_BIT(FRAME_WRITE) | VMSIM_EV_BIT(TABLE_ALLOC) | VMSIM_EV_BIT(TABLE_FREE))
#define FILES									\
	(VMSIM_EV_BIT(FOLIO_DIRTY) | VMSIM_EV_BIT(FOLIO_CLEAN) | VMSIM_EV_BIT(CACHE_ADD) | \
	 VMSIM_EV_BIT(CACHE_REMOVE) | VMSIM_EV_BIT(STORE_READ) | VMSIM_EV_BIT(STORE_WRITE))
#define ACCESSES								\
	(VMSIM_EV_BIT(TLB_FILL) | VMSIM_EV_BIT(TLB_USE) | VMSIM_EV_BIT(TLB_DROP) | \
	 VMSIM_EV_BIT(LOAD) | VMSIM_EV_BIT(STORE) | VMSIM_EV_BIT(MM_SWITCH))
#define CALLBACKS (VMSIM_EV_BIT(RCU_CALL) | VMSIM_EV_BIT(RCU_DONE))
#define DRAINS VMSIM_EV_BIT(DRAIN)
/* Where pages begin and end to be held, which only oracles look at. */
#define CALLS (VMSIM_EV_BIT(SYSCALL) | VMSIM_EV_BIT(SYSCALL_RET))

uint64_t footprint_kinds(void)
{
	return WRITES | READS | WORDS | LOCKS | INTERRUPTS | COUNTS | FRAMES | FILES | ACCESSES |
	       CALLBACKS | DRAINS | CALLS;
}

void footprint_add(struct footprint *footprint, uint64_t object, enum access_mode mode)
{
	GROW(footprint->at, footprint->capacity, footprint->n + 1);
	footprint->at[footprint->n++] = (struct access) { .object = object, .mode = mode };
}

bool footprint_releases(const struct footprint *footprint)
{
	for (size_t i = 0; i < footprint->n; i++)
		if (footprint->at[i].mode == ACCESS_RELEASE ||
		    footprint->at[i].mode == ACCESS_RELEASE_SHARED)
			return true;
	return false;
}

/* Who reads the word of a lock looks whether it is held. */
static bool looks_at_lock(const struct access *lock, const struct access *look)
{
	return look->mode == ACCESS_READ && !object_kind(look->object) &&
	       lock->object == object_name(OBJECT_LOCK, look->object);
}

bool accesses_conflict(const struct access *a, const struct access *b)
{
	if (a->object == b->object)
		return modes_conflict(a->mode, b->mode);
	return looks_at_lock(a, b) || looks_at_lock(b, a);
}

/* Who only tries does not wait: an attempt that succeeds could have failed instead. */
static enum access_mode locking_mode(uint64_t mode)
{
	if (mode & VMSIM_LOCK_TRIED)
		return ACCESS_WRITE;
	return mode & VMSIM_LOCK_SHARED ? ACCESS_ACQUIRE_SHARED : ACCESS_ACQUIRE;
}

static uint64_t address(const void *of)
{
	return (uint64_t)(uintptr_t)of;
}

static uint64_t contents_of(uint64_t page)
{
	return object_name(OBJECT_CONTENTS, page);
}

static uint64_t rights_to(const struct page *page)
{
	return object_name(OBJECT_RIGHTS, address(page));
}

/* An oracle looks what CPUs can still do to a frame, or in an address space. */
static void look_at_rights(struct footprint *footprint, const struct page *page)
{
	footprint_add(footprint, rights_to(page), ACCESS_READ);
}

/* Not by folio_nr_pages(), which would be an access itself. */
static void look_at_folio_rights(struct footprint *footprint, const struct vmsim_event *event)
{
	const struct folio *folio = (void *)(uintptr_t)event->arg[0];
	bool large = __READ_ONCE(folio->flags) & BIT(PG_head);
	unsigned long pages = large ? 1UL << (__READ_ONCE(folio->_flags_1) & 0xff) : 1;

	for (unsigned long i = 0; i < pages; i++)
		look_at_rights(footprint, (const struct page *)folio + i);
}

static void look_at_mm_rights(struct footprint *footprint, const struct mm_struct *mm)
{
	if (mm)
		footprint_add(footprint, object_name(OBJECT_MM_RIGHTS, mm->context.ctx_id),
			      ACCESS_READ);
}

/* Rights that go leave others alone that go, too. */
void footprint_drop_rights(struct footprint *footprint, const struct vmsim_tlb_entry *entry)
{
	footprint_add(footprint, object_name(OBJECT_MM_RIGHTS, entry->mm), ACCESS_ADD);
	if (vmsim_has_cell(entry->pfn))
		footprint_add(footprint, rights_to(pfn_to_page(entry->pfn)), ACCESS_ADD);
}

static void lock_event(struct footprint *footprint, const struct vmsim_event *event)
{
	uint64_t lock = object_name(OBJECT_LOCK, event->arg[0]);
	bool shared = event->arg[2] & VMSIM_LOCK_SHARED;
	struct page *table;

	/* Taken and dropped in one step, over what FRAME_ALLOC and FRAME_FREE tell of. */
	if (event->arg[0] == address(&footprint->machine->zone.lock))
		return;
	switch (event->kind) {
	case VMSIM_EV_LOCK:
	case VMSIM_EV_PTL_LOCK:
		footprint_add(footprint, lock, locking_mode(event->arg[2]));
		footprint->at[footprint->n - 1].attempt =
			event->arg[2] & (VMSIM_LOCK_TRIED | VMSIM_LOCK_QUEUES);
		break;
	case VMSIM_EV_UNLOCK:
		footprint_add(footprint, lock, shared ? ACCESS_RELEASE_SHARED : ACCESS_RELEASE);
		look_at_mm_rights(footprint, chk_mm_write_unlocked(event));
		break;
	case VMSIM_EV_PTL_UNLOCK:
		table = (void *)(uintptr_t)event->arg[1];
		if (table)
			look_at_mm_rights(footprint, page_ptdesc(table)->pt_mm);
		break;
	default:
		footprint_add(footprint, lock, ACCESS_RELEASE);
	}
}

/*
 * Senders do not meet each other in a mailbox. What is alone in it lets the interrupt in; of
 * several, the interrupt could have been taken before any one but the first. The sender of a call
 * waits for its acknowledgements.
 */
static void interrupt_event(struct footprint *footprint, const struct vmsim_event *event)
{
	uint64_t cpu = event->arg[0];
	uint64_t mailbox = object_name(OBJECT_MAILBOX, cpu);

	switch (event->kind) {
	case VMSIM_EV_IPI_SEND:
		footprint_add(footprint, mailbox, ACCESS_RELEASE_SHARED);
		break;
	case VMSIM_EV_IPI_RUN:
		if (footprint->calls++ == 0) {
			footprint_add(footprint, object_name(OBJECT_IRQ, cpu), ACCESS_ACQUIRE);
			footprint_add(footprint, object_name(OBJECT_IRQ, cpu), ACCESS_RELEASE);
			footprint_add(footprint, mailbox, ACCESS_ACQUIRE);
		} else {
			footprint_add(footprint, mailbox, ACCESS_WRITE);
		}
		footprint_add(footprint, object_name(OBJECT_ACKS, event->arg[1]),
			      ACCESS_RELEASE_SHARED);
		break;
	default:
		footprint_add(footprint, object_name(OBJECT_IRQ, cpu),
			      event->arg[1] ? ACCESS_RELEASE : ACCESS_ACQUIRE);
	}
}

/*
 * Of a count of users, only zero shows. Two that drop users from the same count leave each other
 * alone if both together leave something: if each leaves more than it takes.
 */
static enum access_mode counting_mode(int64_t old, int64_t new)
{
	if (old <= 0 || new <= 0)
		return ACCESS_WRITE;
	if (new > old)
		return ACCESS_ADD;
	return new > old - new ? ACCESS_DROP : ACCESS_WRITE;
}

static void count(struct footprint *footprint, uint64_t object, int64_t old, int64_t new)
{
	struct access *access;

	footprint_add(footprint, object, counting_mode(old, new));
	access = &footprint->at[footprint->n - 1];
	if (new - old != (int16_t)(new - old) || new != (int32_t)new)
		return;
	access->change = (int16_t)(new - old);
	access->left = (int32_t)new;
}

static void atomic_event(struct footprint *footprint, const struct vmsim_event *event)
{
	int64_t value = (int64_t)event->arg[2], added = (int32_t)(event->arg[1] >> 32);

	switch ((uint32_t)event->arg[1]) {
	case VMSIM_ATOMIC_ADDS:
		count(footprint, event->arg[0], value - added, value);
		footprint->at[footprint->n - 1].mode = ACCESS_ADD;
		break;
	case VMSIM_ATOMIC_DROPS:
		count(footprint, event->arg[0], value, value - 1);
		break;
	default:
		footprint_add(footprint, event->arg[0], ACCESS_WRITE);
		/* A section comes or goes, with all its frames (src/folio/memmap.c). */
		if (event->arg[0] == address(&footprint->machine->zone.nr_free_pages))
			footprint_add(footprint, object_name(OBJECT_FRAMES, 0), ACCESS_WRITE);
	}
}

static void count_event(struct footprint *footprint, const struct vmsim_event *event)
{
	const struct page *page = (void *)(uintptr_t)event->arg[0];
	const struct mm_struct *mm = (void *)(uintptr_t)event->arg[0];
	int64_t old = (int64_t)event->arg[1], new = (int64_t)event->arg[2];

	switch (event->kind) {
	case VMSIM_EV_ATOMIC:
		atomic_event(footprint, event);
		break;
	case VMSIM_EV_REF:
		count(footprint, address(&page->_refcount), old, new);
		break;
	case VMSIM_EV_FLUSH_PENDING:
		footprint_add(footprint, address(&mm->tlb_flush_pending), ACCESS_ADD);
		look_at_mm_rights(footprint, mm);
		break;
	case VMSIM_EV_MAP_ZERO:
		look_at_folio_rights(footprint, event);
		break;
	default:
		count(footprint, address(&page->_mapcount), old, new);
	}
}

/* The allocator writes the whole cell. */
static void add_cell(struct footprint *footprint, const struct page *page)
{
	footprint_add(footprint, address(&page->flags), ACCESS_WRITE);
	footprint_add(footprint, address(&page->mapping), ACCESS_WRITE);
	footprint_add(footprint, address(&page->_mapcount), ACCESS_WRITE);
	footprint_add(footprint, address(&page->_refcount), ACCESS_WRITE);
	footprint_add(footprint, contents_of(address(page)), ACCESS_WRITE);
}

/*
 * Which frame is handed out depends on which are free (src/folio/buddy.c). Frames that become free
 * do so in any order. Nor does it matter which of two frames that nobody has ever had goes to whom:
 * they have other numbers, and nobody knows them yet; that the lower one is handed out again first
 * is taken for no difference between them. A frame that was used may be known to somebody
 * still.
 */
static enum access_mode frames_mode(const struct vmsim_event *event, const struct page *page)
{
	if (event->kind == VMSIM_EV_FRAME_FREE)
		return ACCESS_ADD;
	return __READ_ONCE(page->vmsim_gen) == 1 ? ACCESS_PART_WRITE : ACCESS_WRITE;
}

static void frame_event(struct footprint *footprint, const struct vmsim_event *event)
{
	const struct page *page = (void *)(uintptr_t)event->arg[0];

	switch (event->kind) {
	case VMSIM_EV_FRAME_FREE:
		for (unsigned long i = 0; i < 1UL << event->arg[1]; i++)
			look_at_rights(footprint, page + i);
		fallthrough;
	case VMSIM_EV_FRAME_ALLOC:
		for (unsigned long i = 0; i < 1UL << event->arg[1]; i++)
			add_cell(footprint, page + i);
		footprint_add(footprint, object_name(OBJECT_FRAMES, 0), frames_mode(event, page));
		footprint_add(footprint, address(&footprint->machine->pages_asked), ACCESS_READ);
		break;
	case VMSIM_EV_FRAME_READ:
		footprint_add(footprint, contents_of(address(page)), ACCESS_READ);
		look_at_rights(footprint, page);
		break;
	default:
		footprint_add(footprint, contents_of(address(page)), ACCESS_WRITE);
	}
}

/*
 * Of the flags of a page, who tests or changes one does not see the others. The lock is one that
 * the flags of a folio have besides, which is why its test is one of all.
 */
static void bit_access(struct footprint *footprint, const struct vmsim_event *event, uint64_t bit,
		       bool write)
{
	uint64_t word = event->arg[0];

	if (bit == PG_locked && !write) {
		footprint_add(footprint, word, ACCESS_READ);
		return;
	}
	footprint_add(footprint, word, write ? ACCESS_PART_WRITE : ACCESS_PART_READ);
	footprint_add(footprint, object_name(OBJECT_BIT, word + bit),
		      write ? ACCESS_WRITE : ACCESS_READ);
}

static void word_event(struct footprint *footprint, const struct vmsim_event *event)
{
	if (event->kind == VMSIM_EV_FLAG)
		bit_access(footprint, event, event->arg[1], true);
	else if (VMSIM_READ_IS_BIT(event->arg[2]))
		bit_access(footprint, event, VMSIM_READ_BIT_OF(event->arg[2]), false);
	else
		footprint_add(footprint, event->arg[0], ACCESS_READ);
}

static void file_event(struct footprint *footprint, const struct vmsim_event *event)
{
	const struct address_space *mapping = (void *)(uintptr_t)event->arg[1];
	const struct page *page = (void *)(uintptr_t)event->arg[0];

	switch (event->kind) {
	case VMSIM_EV_FOLIO_DIRTY:
	case VMSIM_EV_FOLIO_CLEAN:
		/* What is in the page is not looked at before it is copied. */
		bit_access(footprint, event, PG_dirty, true);
		break;
	case VMSIM_EV_CACHE_ADD:
	case VMSIM_EV_CACHE_REMOVE:
		footprint_add(footprint, address(&mapping->i_pages->folios), ACCESS_WRITE);
		footprint_add(footprint, address(&page->mapping), ACCESS_WRITE);
		footprint_add(footprint, contents_of(address(page)), ACCESS_WRITE);
		break;
	default:
		footprint_add(footprint, object_name(OBJECT_STORE, address(mapping)),
		    event->kind == VMSIM_EV_STORE_READ ? ACCESS_READ : ACCESS_WRITE);
	}
}

/*
 * The set of the TLB that an entry is in, and what that holds; the TLB as a whole, pointers to
 * tables. Threads that share a CPU meet what the others have filled and dropped there. What is
 * dropped may go in any order; a flush that finds nothing matters only to what fills the set.
 */
static void touch_entry(struct footprint *footprint, const struct vmsim_event *event)
{
	const struct vmsim_tlb_entry *entry = (void *)(uintptr_t)event->arg[2];
	const struct vmsim_tlb_cache *tlb = &footprint->machine->cpu[event->arg[0]].tlb;
	size_t set = (size_t)(entry - &tlb->entry[0][0]) / VMSIM_TLB_WAYS;
	enum access_mode mode = event->kind == VMSIM_EV_TLB_FILL ? ACCESS_WRITE :
				event->kind == VMSIM_EV_TLB_DROP ? ACCESS_ADD : ACCESS_READ;

	footprint_add(footprint, address(vmsim_tlb_held(tlb->entry[set])), mode);
	if (event->kind != VMSIM_EV_TLB_DROP)
		footprint_add(footprint, address(tlb), ACCESS_READ);
	if (event->kind != VMSIM_EV_TLB_FILL)
		return;
	footprint_add(footprint, address(tlb->entry[set]), ACCESS_WRITE);
	footprint_add(footprint, address(tlb->psc), ACCESS_WRITE);
	footprint_add(footprint, address(vmsim_psc_held(tlb)), ACCESS_WRITE);
}

static void use_entry(struct footprint *footprint, const struct vmsim_event *event)
{
	const struct vmsim_tlb_entry *entry = (void *)(uintptr_t)event->arg[2];
	unsigned long pages = (event->arg[1] >> PAGE_SHIFT) - entry->vpn;

	touch_entry(footprint, event);
	footprint->frame = entry->pfn + pages;
	footprint->ptep = entry->ptep;
	footprint_add(footprint, contents_of(address(pfn_to_page(footprint->frame))),
		      ACCESS_PART_READ);
}

/*
 * A program sees the words that it accesses, and no others of the page; whoever copies, fills or
 * hands out the page meets all of them. A machine that keeps versions keeps one for the page.
 */
static uint64_t word_of(const struct footprint *footprint, uint64_t va)
{
	bool bytes = footprint->machine->config.contents == VMSIM_CONTENTS_BYTES;

	return object_name(OBJECT_WORD, footprint->frame << (PAGE_SHIFT - 3) |
					(bytes ? (va & ~PAGE_MASK) >> 3 : 0));
}

/* The access itself; in the same step as the use of the entry, and after it. */
static void transfer(struct footprint *footprint, const struct vmsim_event *event)
{
	bool store = event->kind == VMSIM_EV_STORE;
	uint64_t frame = contents_of(address(pfn_to_page(footprint->frame)));

	if (store)
		footprint_add(footprint, frame, ACCESS_PART_WRITE);
	footprint_add(footprint, word_of(footprint, event->arg[0]),
		      store ? ACCESS_WRITE : ACCESS_READ);
}

static uint64_t cpus_of(uint64_t mm)
{
	return address(mm_cpumask((struct mm_struct *)(uintptr_t)mm));
}

static void access_event(struct footprint *footprint, const struct vmsim_event *event)
{
	switch (event->kind) {
	case VMSIM_EV_TLB_FILL:
	case VMSIM_EV_TLB_USE:
		use_entry(footprint, event);
		break;
	case VMSIM_EV_TLB_DROP:
		touch_entry(footprint, event);
		footprint_drop_rights(footprint, (void *)(uintptr_t)event->arg[2]);
		break;
	case VMSIM_EV_LOAD:
	case VMSIM_EV_STORE:
		transfer(footprint, event);
		break;
	case VMSIM_EV_MM_SWITCH:
		footprint_add(footprint, address(&footprint->machine->cpu[event->arg[0]].tlb),
			      ACCESS_WRITE);
		for (int i = 1; i <= 2; i++)
			if (event->arg[i])
				footprint_add(footprint, cpus_of(event->arg[i]), ACCESS_WRITE);
		break;
	default:
		break;
	}
}

static enum access_found found(uint64_t value, uint64_t size)
{
	if (size == sizeof(uint32_t))
		return value ? FOUND_VALUE_4 : FOUND_ZERO_4;
	if (size == sizeof(uint64_t))
		return value ? FOUND_VALUE_8 : FOUND_ZERO_8;
	return FOUND_ANYTHING;
}

/*
 * Where stores wait in buffers, and where entries have two words, memory may have something else.
 */
static bool finds_memory(const struct footprint *footprint)
{
#if defined(VMSIM_ARCH_X86_PAE)
	return false;
#endif
	return !footprint->machine->order;
}

/*
 * In an entry of a table, as its setters and the walker tell; in other words, as their readers do.
 */
static enum access_found found_in_word(const struct vmsim_machine *m,
				       const struct vmsim_event *event)
{
	switch (event->kind) {
	case VMSIM_EV_PTE_READ:
	case VMSIM_EV_PTE_SET:
	case VMSIM_EV_TABLE_SET:
		return found(event->arg[1], sizeof(uint64_t));
	case VMSIM_EV_READ:
		return found(event->arg[1], event->arg[2]);
	case VMSIM_EV_ATOMIC:
		if (event->arg[0] >= address(m->frames) && event->arg[1] == VMSIM_ATOMIC_CHANGES)
			return found(event->arg[2], sizeof(uint64_t));
		return FOUND_ANYTHING;
	default:
		return FOUND_ANYTHING;
	}
}

/* The word itself is what the event's access was to. */
static void note_found(struct footprint *footprint, const struct vmsim_event *event)
{
	struct access *last = &footprint->at[footprint->n - 1];

	if (footprint->n && last->object == event->arg[0] && finds_memory(footprint))
		last->found = found_in_word(footprint->machine, event);
}

void footprint_event(struct footprint *footprint, const struct vmsim_event *event)
{
	uint64_t bit = UINT64_C(1) << event->kind;

	if (footprint->known)
		return;
	footprint_oracles(footprint, event);
	if (bit & READS)
		footprint_add(footprint, event->arg[0], ACCESS_READ);
	else if (bit & WRITES)
		footprint_add(footprint, event->arg[0], ACCESS_WRITE);
	else if (bit & WORDS)
		word_event(footprint, event);
	else if (bit & LOCKS)
		lock_event(footprint, event);
	else if (bit & COUNTS)
		count_event(footprint, event);
	else if (bit & ACCESSES)
		access_event(footprint, event);
	else if (bit & INTERRUPTS)
		interrupt_event(footprint, event);
	else if (bit & FRAMES)
		frame_event(footprint, event);
	else if (bit & FILES)
		file_event(footprint, event);
	else if (bit & DRAINS)
		footprint_add(footprint, event->arg[1], ACCESS_WRITE);
	else if (bit & CALLBACKS)
		footprint_add(footprint, object_name(OBJECT_CALLBACKS, 0), ACCESS_WRITE);
	if (bit & (READS | WRITES | WORDS | COUNTS))
		note_found(footprint, event);
}
