// SPDX-License-Identifier: GPL-2.0-only
#include "folio/folio.h"
#include "order/order.h"
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <errno.h>

/*
 * The page allocator as kernel code sees it: blocks come from the CPU's store or from the buddy
 * lists, and become allocated frames here; here they end as well.
 *
 * A frame's generation is odd in both FRAME_ALLOC and FRAME_FREE: the generation of the life that
 * begins or ends. FRAME_FREE is raised in one step with the end of that life, before anybody can
 * get the frame again.
 */

/* What ->mapping of a tail page holds unless a field of the folio lies there. */
#define TAIL_MAPPING ((struct address_space *)0x400)
/* Tail pages in whose cells the folio has fields. */
#define FOLIO_CELLS 3

/* Which allocation fails depends on the order of all. In the same step as the allocation. */
static void tell_of_demand(struct vmsim_machine *m)
{
	vmsim_self->atomic_step++;
	vmsim_event(ATOMIC, (uintptr_t)&m->pages_asked, 0, 0);
	vmsim_self->atomic_step--;
	(void)m;
}

/* True if this allocation is one that vmsim_fail_pages() asked to fail. */
static noinline bool fails_on_demand(struct vmsim_machine *m)
{
	u64 nth = __atomic_load_n(&m->fail_pages_nth, __ATOMIC_RELAXED);
	u64 count = __atomic_load_n(&m->fail_pages_count, __ATOMIC_RELAXED);
	u64 asked = __atomic_add_fetch(&m->pages_asked, 1, __ATOMIC_RELAXED);

	tell_of_demand(m);
	if (asked >= nth && asked - nth + 1 >= count)
		__atomic_store_n(&m->fail_pages_count, 0, __ATOMIC_RELAXED);
	return asked >= nth && asked - nth < count;
}

/**
 * vmsim_fail_pages() - lets page allocations fail
 * @machine: the machine
 * @nth: the first that fails, counted from now, from 1
 * @count: how many fail; 0 = none any more
 *
 * Return: 0; -EBADF; -EINVAL: @nth is 0, or the two overflow.
 */
VMSIM_API int vmsim_fail_pages(struct vmsim_machine *machine, uint64_t nth, uint64_t count)
{
	struct vmsim_machine *m = vmsim_machine_get(machine);

	if (!m)
		return -EBADF;
	if (count && (nth == 0 || nth + count < nth))
		return -EINVAL;
	__atomic_store_n(&m->fail_pages_count, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&m->pages_asked, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&m->fail_pages_nth, nth, __ATOMIC_RELAXED);
	__atomic_store_n(&m->fail_pages_count, count, __ATOMIC_RELEASE);
	if (vmsim_self->machine == m)
		tell_of_demand(m);
	return 0;
}

static struct page *take_block(struct vmsim_machine *m, unsigned int order)
{
	struct page *page;

	if (order == 0)
		return vmsim_pcp_take(m);
	vmsim_zone_lock(m);
	page = vmsim_buddy_take(m, order);
	vmsim_zone_unlock(m);
	return page;
}

static void give_block(struct vmsim_machine *m, struct page *page, unsigned int order)
{
	if (order == 0) {
		vmsim_pcp_give(m, page);
		return;
	}
	vmsim_zone_lock(m);
	vmsim_buddy_give(m, page, order);
	vmsim_zone_unlock(m);
}

/* Another try after other CPUs gave back what they keep, where the caller may wait for that. */
static noinline struct page *take_after_drain(struct vmsim_machine *m, gfp_t gfp,
					      unsigned int order)
{
	if (!(gfp & __GFP_DIRECT_RECLAIM) || current->preempt_count || irqs_disabled())
		return NULL;
	vmsim_pcp_drain_all(m);
	return take_block(m, order);
}

/* Whoever gets the frame next sees everything that was stored to it before. */
static void generation_next(struct page *page)
{
	vmsim_order_drain(vmsim_this_cpu());
	__atomic_store_n(&page->vmsim_gen, page->vmsim_gen + 1, __ATOMIC_RELEASE);
}

static void report_scribble(struct page *page)
{
	vmsim_violate(vmsim_this_machine(), "O7", "R9",
		      "frame %lu was changed while it was free: refcount %d, mapcount %d",
		      page_to_pfn(page), page_ref_count(page), page->_mapcount.counter + 1);
}

/* Cells of frames that were never used are zero, which is no map count of -1. */
static bool was_scribbled(const struct page *page)
{
	return __READ_ONCE(page->_refcount.counter) ||
	       (page->vmsim_gen && page->_mapcount.counter != -1);
}

/*
 * All fields as a new frame has them, but for the count of references. Lockless lookups may read
 * the cell at any time.
 */
static void cell_prepare(struct page *page)
{
	if (unlikely(was_scribbled(page)))
		report_scribble(page);
	__WRITE_ONCE(page->flags, 0);
	__WRITE_ONCE(page->lru.next, NULL);
	__WRITE_ONCE(page->lru.prev, NULL);
	__WRITE_ONCE(page->mapping, NULL);
	__WRITE_ONCE(page->index, 0);
	__WRITE_ONCE(page->private, 0);
	__WRITE_ONCE(page->_mapcount.counter, -1);
	generation_next(page);
}

static void tail_prepare(struct page *tail, struct page *head)
{
	__WRITE_ONCE(tail->mapping, TAIL_MAPPING);
	__WRITE_ONCE(tail->compound_head, (unsigned long)head | 1);
}

/* Lays the folio's own fields over the cells of its tail pages (linux-mm.md, D07: by order). */
static void compound_prepare(struct page *page, unsigned int order)
{
	struct folio *folio = (struct folio *)page;

	for (unsigned long i = 1; i < BIT(order); i++)
		tail_prepare(page + i, page);
	__WRITE_ONCE(folio->_flags_1, order | BIT(PG_large_rmappable));
	__WRITE_ONCE(folio->_large_mapcount.counter, -1);
	__WRITE_ONCE(folio->_entire_mapcount.counter, -1);
	__WRITE_ONCE(folio->_nr_pages_mapped.counter, 0);
	__WRITE_ONCE(folio->_pincount.counter, 0);
	folio->_folio_nr_pages = 1u << order;
	if (order > 1)
		INIT_LIST_HEAD(&folio->_deferred_list);
	__WRITE_ONCE(page->flags, BIT(PG_head));
}

/*
 * Frames for user memory have contents only as far as the machine keeps them; all others, page
 * tables first, really have their 4 KiB.
 */
static void contents_zero(struct page *page, unsigned int order, gfp_t gfp)
{
	if (!(gfp & __GFP_HIGHMEM)) {
		memset(page_address(page), 0, PAGE_SIZE << order);
		return;
	}
	for (unsigned long i = 0; i < BIT(order); i++)
		clear_highpage(page + i);
}

static void block_prepare(struct page *page, gfp_t gfp, unsigned int order)
{
	for (unsigned long i = 0; i < BIT(order); i++)
		cell_prepare(page + i);
	if (order && (gfp & __GFP_COMP))
		compound_prepare(page, order);
	/* Last, and a release: a speculator that gets a reference sees all of the above. */
	__atomic_store_n(&page->_refcount.counter, 1, __ATOMIC_RELEASE);
}

/**
 * alloc_pages() - allocates 2^@order consecutive frames (6.12, mm/page_alloc.c)
 * @gfp: __GFP_COMP makes them one compound page, __GFP_ZERO clears their contents; with
 *       __GFP_DIRECT_RECLAIM the frames that other CPUs keep are fetched before it fails
 * @order: 0 to MAX_PAGE_ORDER
 *
 * Return: the first frame, with one reference; NULL: no memory, failure was asked for, or an
 * exploration wants to see what follows.
 */
__vmsim_overridable struct page *alloc_pages(gfp_t gfp, unsigned int order)
{
	struct vmsim_machine *m = vmsim_this_machine();
	struct page *page;

	if (WARN_ON_ONCE(order > MAX_PAGE_ORDER))
		return NULL;
	if (unlikely(__READ_ONCE(m->fail_pages_count)) && fails_on_demand(m))
		return NULL;
	if (vmsim_alloc_fails(gfp))
		return NULL;
	page = take_block(m, order);
	if (unlikely(!page))
		page = take_after_drain(m, gfp, order);
	if (unlikely(!page))
		return NULL;
	block_prepare(page, gfp, order);
	vmsim_event(FRAME_ALLOC, (uintptr_t)page, order, 0);
	if (gfp & __GFP_ZERO)
		contents_zero(page, order, gfp);
	return page;
}

__vmsim_overridable struct folio *folio_alloc(gfp_t gfp, unsigned int order)
{
	return (struct folio *)alloc_pages(gfp | __GFP_COMP, order);
}

__vmsim_overridable unsigned long __get_free_pages(gfp_t gfp, unsigned int order)
{
	struct page *page = alloc_pages(gfp & ~__GFP_HIGHMEM, order);

	return page ? (unsigned long)page_address(page) : 0;
}

static const char *what_is_bad(const struct page *page)
{
	if (page->_refcount.counter != 0)
		return "it has references";
	if (page->_mapcount.counter != -1)
		return "it has a map count (R7)";
	if (page->flags & PAGE_FLAGS_CHECK_AT_FREE)
		return "it has flags that only a page in use has";
	return "its mapping is set";
}

/* An anonymous page keeps its mapping to the end (folio_remove_rmap_*() leave it). */
static unsigned long file_mapping(const struct page *page)
{
	unsigned long mapping = (unsigned long)page->mapping;

	return mapping & PAGE_MAPPING_FLAGS ? 0 : mapping;
}

static const char *kind_of_mapping(const struct page *page)
{
	if (!page->mapping)
		return "none";
	return file_mapping(page) ? "file" : "anon";
}

/* No addresses: a failure that is replayed elsewhere says the same. */
static noinline void report_bad(struct page *page, const char *what)
{
	vmsim_violate(
		vmsim_this_machine(), "O7", "R7",
		"frame %lu is freed, but %s: refcount %d, mapcount %d, mapping %s, flags %#lx",
		page_to_pfn(page), what, page_ref_count(page), page->_mapcount.counter + 1,
		kind_of_mapping(page), page->flags);
}

static bool cell_is_good(struct page *page)
{
	unsigned long bad = page->flags & PAGE_FLAGS_CHECK_AT_FREE;

	bad |= file_mapping(page);
	bad |= (unsigned int)page->_mapcount.counter + 1;
	bad |= (unsigned int)__READ_ONCE(page->_refcount.counter);
	if (unlikely(bad))
		report_bad(page, what_is_bad(page));
	return !bad;
}

static const char *what_is_bad_of_large(const struct folio *folio)
{
	if (__READ_ONCE(folio->_large_mapcount.counter) != -1 ||
	    __READ_ONCE(folio->_entire_mapcount.counter) != -1 ||
	    __READ_ONCE(folio->_nr_pages_mapped.counter))
		return "it is mapped (R7)";
	if (__READ_ONCE(folio->_pincount.counter))
		return "it is pinned";
	if (folio_order(folio) > 1 && !list_empty(&folio->_deferred_list))
		return "it is on a list of folios to split (R29)";
	return NULL;
}

static const char *what_is_bad_of_tail(const struct page *tail, struct page *head)
{
	if (__READ_ONCE(tail->compound_head) != ((unsigned long)head | 1))
		return "a tail page names another head";
	if (tail - head >= FOLIO_CELLS && tail->mapping != TAIL_MAPPING)
		return "a tail page was written through another view of its cell";
	return NULL;
}

static void tail_forget(struct page *tail)
{
	__WRITE_ONCE(tail->mapping, NULL);
	__WRITE_ONCE(tail->compound_head, 0);
}

/* Makes the cells of a compound page single ones again. */
static bool compound_dissolve(struct page *page, unsigned int order)
{
	const char *what = what_is_bad_of_large((struct folio *)page);

	for (unsigned long i = 1; i < BIT(order) && !what; i++)
		what = what_is_bad_of_tail(page + i, page);
	if (what) {
		report_bad(page, what);
		return false;
	}
	for (unsigned long i = 1; i < BIT(order); i++)
		tail_forget(page + i);
	__WRITE_ONCE(page[1].flags, 0);
	__WRITE_ONCE(page->flags, page->flags & ~BIT(PG_head));
	return true;
}

/* False: the block is damaged. It is reported, and never used again. */
static bool block_check(struct page *page, unsigned int order)
{
	bool good = true;

	if (unlikely(order) && PageHead(page)) {
		BUG_ON(folio_order((struct folio *)page) != order);
		good = compound_dissolve(page, order);
	}
	for (unsigned long i = 0; i < BIT(order) && good; i++)
		good = cell_is_good(page + i);
	return good;
}

static void block_retire(struct page *page, unsigned int order)
{
	for (unsigned long i = 0; i < BIT(order); i++) {
		__WRITE_ONCE(page[i].flags, 0);
		__WRITE_ONCE(page[i].mapping, NULL);
		generation_next(page + i);
	}
}

/* The event and what it announces are one step. */
static void block_retire_watched(struct page *page, unsigned int order)
{
	current->atomic_step++;
	vmsim_event(FRAME_FREE, (uintptr_t)page, order, 0);
	block_retire(page, order);
	current->atomic_step--;
}

void vmsim_free_block(struct page *page, unsigned int order)
{
	if (unlikely(!block_check(page, order)))
		return;
	if (vmsim_watched(FRAME_FREE))
		block_retire_watched(page, order);
	else
		block_retire(page, order);
	give_block(vmsim_this_machine(), page, order);
}

/**
 * __free_pages() - drops the caller's reference to what alloc_pages() returned (6.12)
 * @page: the first frame
 * @order: as it was allocated
 *
 * Somebody else may hold a reference to the first frame of a block that is no compound page. The
 * others then have to be freed here: who drops the last reference sees a single page (M14,
 * e320d3012d25).
 */
__vmsim_overridable void __free_pages(struct page *page, unsigned int order)
{
	bool compound = PageHead(page);

	if (put_page_testzero(page)) {
		vmsim_free_block(page, order);
		return;
	}
	for (unsigned int part = 0; part < order && !compound; part++)
		vmsim_free_block(page + BIT(part), part);
}

__vmsim_overridable void free_pages(unsigned long addr, unsigned int order)
{
	if (addr)
		__free_pages(virt_to_page((void *)addr), order);
}
