// SPDX-License-Identifier: GPL-2.0-only
#include "folio/folio.h"
#include <linux/mm.h>
#include <errno.h>

/*
 * Free blocks of 2^order frames, aligned to their size. The first cell of a free block says so in
 * its page_type and keeps the order in ->private; the cells behind it say nothing.
 *
 * Frames from m->frames_used on were never handed out and are on no list: they join block by
 * block, low frames first, when the lists run dry. A machine of any size starts at once that way,
 * and a small world stays in low frames. In explore mode a block joins in the size that is asked
 * for, so that the frames below the mark are those a checkpoint has to copy.
 *
 * Everything here runs under zone->lock.
 */

static unsigned long pfn_of(const struct vmsim_machine *m, const struct page *page)
{
	return (unsigned long)(page - m->memmap);
}

static bool is_online(const struct vmsim_machine *m, unsigned long pfn)
{
	return vmsim_section_state(m, pfn) == VMSIM_SECTION_ONLINE;
}

/*
 * List nodes of free frames lie where compound_head lies in used ones, and lockless lookups read
 * that word at any time; hence the marked stores.
 */
static void node_insert(struct list_head *node, struct list_head *head)
{
	struct list_head *first = head->next;

	__WRITE_ONCE(node->prev, head);
	__WRITE_ONCE(node->next, first);
	__WRITE_ONCE(first->prev, node);
	__WRITE_ONCE(head->next, node);
}

static void node_remove(struct list_head *node)
{
	__WRITE_ONCE(node->next->prev, node->prev);
	__WRITE_ONCE(node->prev->next, node->next);
	__WRITE_ONCE(node->next, NULL);
	__WRITE_ONCE(node->prev, NULL);
}

/*
 * Behind which block a new one is linked. In explore mode they are sorted: in which order blocks
 * became free leaves no trace, and the next frame is a matter of which are free.
 */
static struct list_head *place_of(const struct vmsim_machine *m, struct free_area *area,
				  const struct page *head)
{
	struct list_head *place = &area->free_list;

	if (!vmsim_exploring(m))
		return place;
	while (place->next != &area->free_list &&
	       list_entry(place->next, struct page, buddy_list) < head)
		place = place->next;
	return place;
}

static void block_link(struct vmsim_machine *m, unsigned long pfn, unsigned int order)
{
	struct free_area *area = &m->zone.free_area[order];
	struct page *head = m->memmap + pfn;

	__WRITE_ONCE(head->private, order);
	__WRITE_ONCE(head->page_type, PG_TYPE(PGTY_buddy));
	node_insert(&head->buddy_list, place_of(m, area, head));
	area->nr_free++;
}

static void block_unlink(struct vmsim_machine *m, unsigned long pfn, unsigned int order)
{
	struct page *head = m->memmap + pfn;

	node_remove(&head->buddy_list);
	m->zone.free_area[order].nr_free--;
	__WRITE_ONCE(head->page_type, ~0u);
	__WRITE_ONCE(head->private, 0);
}

/*
 * True if exactly this block is on a list. Its cell is looked at only where it exists; its owner
 * may be changing it, but never into that of a free block.
 */
static bool block_is_free(const struct vmsim_machine *m, unsigned long pfn, unsigned int order)
{
	const struct page *head = m->memmap + pfn;

	if (pfn + BIT(order) > m->frames_used || !is_online(m, pfn))
		return false;
	return __READ_ONCE(head->page_type) == PG_TYPE(PGTY_buddy) &&
	       __READ_ONCE(head->private) == order;
}

/* Puts a block on its list after uniting it with its free buddies. */
static void block_free(struct vmsim_machine *m, unsigned long pfn, unsigned int order)
{
	for (; order < MAX_PAGE_ORDER; order++) {
		unsigned long buddy = pfn ^ BIT(order);

		if (!block_is_free(m, buddy, order))
			break;
		block_unlink(m, buddy, order);
		pfn = min(pfn, buddy);
	}
	block_link(m, pfn, order);
}

/* Order of the biggest block, @limit at most, that starts at @pfn and has memory all through. */
static unsigned int order_at(const struct vmsim_machine *m, unsigned long pfn, unsigned int limit)
{
	unsigned long end = pfn;

	while (end < m->nr_frames && end - pfn < BIT(limit) && is_online(m, end))
		end = round_down(end, VMSIM_SECTION_FRAMES) + VMSIM_SECTION_FRAMES;
	end = min(end, m->nr_frames);
	while (limit && (!IS_ALIGNED(pfn, BIT(limit)) || pfn + BIT(limit) > end))
		limit--;
	return limit;
}

/* Lets the next block of never used frames join. False: there is none left. */
static bool grow(struct vmsim_machine *m, unsigned int order)
{
	unsigned int limit = vmsim_exploring(m) ? order : MAX_PAGE_ORDER;
	unsigned long pfn = m->frames_used;

	while (pfn < m->nr_frames && !is_online(m, pfn))
		pfn = round_down(pfn, VMSIM_SECTION_FRAMES) + VMSIM_SECTION_FRAMES;
	if (pfn >= m->nr_frames) {
		__WRITE_ONCE(m->frames_used, m->nr_frames);
		return false;
	}
	order = order_at(m, pfn, limit);
	__WRITE_ONCE(m->frames_used, pfn + BIT(order));
	block_free(m, pfn, order);
	return true;
}

/* The smallest order of at least @order of which there is a block. */
static int order_available(struct vmsim_machine *m, unsigned int order)
{
	do {
		for (unsigned int have = order; have <= MAX_PAGE_ORDER; have++)
			if (m->zone.free_area[have].nr_free)
				return (int)have;
	} while (grow(m, order));
	return -1;
}

/* The first block of order @have, cut down to @order: its low end is kept. */
static struct page *take_cut(struct vmsim_machine *m, unsigned int have, unsigned int order)
{
	struct list_head *list = &m->zone.free_area[have].free_list;
	struct page *page = list_first_entry(list, struct page, buddy_list);

	block_unlink(m, pfn_of(m, page), have);
	while (have-- > order)
		block_link(m, pfn_of(m, page) + BIT(have), have);
	return page;
}

static void account(struct vmsim_machine *m, long frames)
{
	__WRITE_ONCE(m->zone.nr_free_pages, m->zone.nr_free_pages + frames);
}

struct page *vmsim_buddy_take(struct vmsim_machine *m, unsigned int order)
{
	int have = order_available(m, order);

	if (have < 0)
		return NULL;
	account(m, -(long)BIT(order));
	return take_cut(m, (unsigned int)have, order);
}

/* Single frames from as few blocks as possible: those of a block have been on no list. */
unsigned int vmsim_buddy_take_frames(struct vmsim_machine *m, struct page **frame,
				     unsigned int want)
{
	unsigned int got = 0;

	while (got < want) {
		int have = order_available(m, 0);
		struct page *page;
		unsigned int order;

		if (have < 0)
			break;
		order = (unsigned int)have;
		while (BIT(order) > want - got)
			order--;
		page = take_cut(m, (unsigned int)have, order);
		for (unsigned int i = 0; i < BIT(order); i++)
			frame[got++] = page + i;
	}
	account(m, -(long)got);
	return got;
}

void vmsim_buddy_give(struct vmsim_machine *m, struct page *page, unsigned int order)
{
	block_free(m, pfn_of(m, page), order);
	account(m, (long)BIT(order));
}

/* The order of the free block that @pfn lies in, or -1; *@head receives its first frame. */
static int block_around(const struct vmsim_machine *m, unsigned long pfn, unsigned long *head)
{
	for (unsigned int order = 0; order <= MAX_PAGE_ORDER; order++) {
		*head = round_down(pfn, BIT(order));
		if (block_is_free(m, *head, order))
			return (int)order;
	}
	return -1;
}

static bool range_is_free(const struct vmsim_machine *m, unsigned long pfn, unsigned long end)
{
	while (pfn < end) {
		unsigned long head;
		int order = block_around(m, pfn, &head);

		if (order < 0)
			return false;
		pfn = head + BIT(order);
	}
	return true;
}

/* Takes the block around @start off its list, and puts back the halves that lie outside. */
static unsigned long carve(struct vmsim_machine *m, unsigned long start, unsigned long end)
{
	unsigned long head;
	int order = block_around(m, start, &head);

	block_unlink(m, head, (unsigned int)order);
	while (head < start || head + BIT(order) > end) {
		unsigned long middle = head + BIT(--order);

		block_link(m, start < middle ? middle : head, (unsigned int)order);
		if (start >= middle)
			head = middle;
	}
	return head + BIT(order);
}

int vmsim_buddy_take_section(struct vmsim_machine *m, unsigned long start, unsigned long end)
{
	/* What was never handed out is on no list, and will not be: grow() passes the section by. */
	unsigned long used = min(end, m->frames_used);

	if (start < used && !range_is_free(m, start, used))
		return -EBUSY;
	for (unsigned long pfn = start; pfn < used;)
		pfn = carve(m, pfn, used);
	account(m, -(long)(end - start));
	return 0;
}

void vmsim_buddy_give_section(struct vmsim_machine *m, unsigned long start, unsigned long end)
{
	for (unsigned long pfn = start; pfn < min(end, m->frames_used); pfn++)
		block_free(m, pfn, 0);
	account(m, (long)(end - start));
}

/* What CPUs may keep in sum stays below one frame in sixteen. */
static unsigned int pcp_high(const struct vmsim_machine *m)
{
	unsigned long fair = m->nr_frames / (16 * m->nr_cpus);

	if (vmsim_exploring(m) || fair < 8)
		return 0;
	return (unsigned int)min_t(unsigned long, fair, VMSIM_PCP_MAX);
}

void vmsim_buddy_init(struct vmsim_machine *m)
{
	static const struct vmsim_lock_class zone_lock = { .name = "zone->lock" };

	vmsim_spin_init(&m->zone.lock, &zone_lock, NULL);
	vmsim_lruvec_init(m);
	for (unsigned int order = 0; order < NR_PAGE_ORDERS; order++)
		INIT_LIST_HEAD(&m->zone.free_area[order].free_list);
	m->zone.pcp_high = pcp_high(m);
}
