// SPDX-License-Identifier: GPL-2.0-only
#include "trace/relevant.h"
#include "trace/record.h"
#include <asm/pgtable.h>
#include <linux/mm.h>
#include <stdlib.h>

bool is_relevant_frame(const struct relevant *relevant, uint64_t pfn)
{
	for (unsigned int i = 0; i < relevant->nr_pfns; i++)
		if (relevant->pfn[i] == pfn)
			return true;
	return relevant->everything;
}

static bool names_page(const struct relevant_page *page, int pid, uint64_t va)
{
	return page->va == (va & PAGE_MASK) && (!page->pid || !pid || page->pid == pid);
}

bool is_relevant_page(const struct relevant *relevant, int pid, uint64_t va)
{
	for (unsigned int i = 0; i < relevant->nr_pages; i++)
		if (names_page(&relevant->page[i], pid, va))
			return true;
	return relevant->everything;
}

static void add_frame(struct relevant *relevant, uint64_t pfn)
{
	if (!is_relevant_frame(relevant, pfn) && relevant->nr_pfns < RELEVANT_MAX)
		relevant->pfn[relevant->nr_pfns++] = pfn;
}

static void add_page(struct relevant *relevant, int pid, uint64_t va)
{
	if (!is_relevant_page(relevant, pid, va) && relevant->nr_pages < RELEVANT_MAX)
		relevant->page[relevant->nr_pages++] =
			(struct relevant_page){ pid, va & PAGE_MASK };
}

/* Oracles name objects in one way: "pfn=6", "va=10000000", in hexadecimal digits. */
static void find_names(struct relevant *relevant, const char *text)
{
	for (const char *at = text; (at = strstr(at, "pfn=")); at += 4)
		add_frame(relevant, strtoull(at + 4, NULL, 16));
	for (const char *at = text; (at = strstr(at, "va=")); at += 3)
		add_page(relevant, 0, strtoull(at + 3, NULL, 16));
}

static uint64_t entry_pfn(uint64_t value)
{
	pte_t pte = __pte(value);

	return pte_present(pte) ? pte_pfn(pte) : 0;
}

/* Pages that have had a relevant frame. */
static void find_pages(struct relevant *relevant, const struct vmsim_result *result)
{
	for (size_t i = 0; i < result->nr_events; i++) {
		const struct vmsim_event *event = &result->events[i];
		uint64_t old = entry_pfn(event->arg[1]), new = entry_pfn(event->arg[2]);

		if (event->kind != VMSIM_EV_PTE_SET || !event->arg[0])
			continue;
		if ((old && is_relevant_frame(relevant, old)) ||
		    (new && is_relevant_frame(relevant, new)))
			add_page(relevant, recorded_pid(result, i), event->arg[0]);
	}
}

static bool is_lock_event(const struct vmsim_event *event)
{
	return event->kind == VMSIM_EV_LOCK || event->kind == VMSIM_EV_PTL_LOCK;
}

static bool is_unlock_event(const struct vmsim_event *event)
{
	return event->kind == VMSIM_EV_UNLOCK || event->kind == VMSIM_EV_PTL_UNLOCK;
}

/* A lock that is held, and whether its holder did something relevant meanwhile. */
struct held {
	uint64_t lock;
	int tid;
};

#define MAX_HELD 64

/* Locks under which threads did something relevant, with the threads as bits. */
struct lock_use {
	uint64_t lock;
	uint64_t tids;
};

struct lock_uses {
	struct held held[MAX_HELD];
	unsigned int nr_held;
	struct lock_use use[MAX_HELD];
	unsigned int nr_uses;
};

static void note_use(struct lock_uses *uses, uint64_t lock, int tid)
{
	unsigned int i = 0;

	while (i < uses->nr_uses && uses->use[i].lock != lock)
		i++;
	if (i == MAX_HELD)
		return;
	if (i == uses->nr_uses)
		uses->use[uses->nr_uses++] = (struct lock_use) { .lock = lock };
	uses->use[i].tids |= UINT64_C(1) << tid;
}

static void note_lock(struct lock_uses *uses, const struct vmsim_event *event)
{
	if (uses->nr_held < MAX_HELD)
		uses->held[uses->nr_held++] = (struct held) { event->arg[0], event->tid };
}

static void note_unlock(struct lock_uses *uses, const struct vmsim_event *event)
{
	for (unsigned int i = uses->nr_held; i-- > 0;) {
		if (uses->held[i].lock != event->arg[0] || uses->held[i].tid != event->tid)
			continue;
		uses->held[i] = uses->held[--uses->nr_held];
		return;
	}
}

/* Locks under which several threads did something relevant: those that order it. */
static void find_locks(struct relevant *relevant, const struct vmsim_result *result)
{
	struct lock_uses uses = { .nr_held = 0 };

	for (size_t i = 0; i < result->nr_events; i++) {
		const struct vmsim_event *event = &result->events[i];

		if (event->tid < 0)
			continue;
		if (is_lock_event(event))
			note_lock(&uses, event);
		else if (is_unlock_event(event))
			note_unlock(&uses, event);
		else if (is_relevant(relevant, result, i))
			for (unsigned int h = 0; h < uses.nr_held; h++)
				if (uses.held[h].tid == event->tid)
					note_use(&uses, uses.held[h].lock, event->tid);
	}
	for (unsigned int i = 0; i < uses.nr_uses; i++)
		if (uses.use[i].tids & (uses.use[i].tids - 1) && relevant->nr_locks < RELEVANT_MAX)
			relevant->lock[relevant->nr_locks++] = uses.use[i].lock;
}

static bool is_relevant_lock(const struct relevant *relevant, uint64_t lock)
{
	for (unsigned int i = 0; i < relevant->nr_locks; i++)
		if (relevant->lock[i] == lock)
			return true;
	return false;
}

void relevant_find(struct relevant *relevant, const struct vmsim_result *result)
{
	*relevant = (struct relevant) { 0 };
	if (result->violated)
		find_names(relevant, result->violation.text);
	relevant->everything = !relevant->nr_pfns && !relevant->nr_pages;
	find_pages(relevant, result);
	find_locks(relevant, result);
}

static bool covers(const struct relevant *relevant, int pid, const struct vmsim_event *event)
{
	for (unsigned int i = 0; i < relevant->nr_pages; i++) {
		const struct relevant_page *page = &relevant->page[i];

		if ((!page->pid || !pid || page->pid == pid) && page->va >= event->arg[1] &&
		    page->va < event->arg[2])
			return true;
	}
	return relevant->everything;
}

bool is_relevant(const struct relevant *relevant, const struct vmsim_result *result, size_t i)
{
	const struct vmsim_event *event = &result->events[i];
	int pid = recorded_pid(result, i);

	switch (event->kind) {
	case VMSIM_EV_POINT:
	case VMSIM_EV_VCPU:
		return true;
	case VMSIM_EV_PTE_SET:
	case VMSIM_EV_LOAD:
	case VMSIM_EV_STORE:
	case VMSIM_EV_FAULT_KIND:
		return is_relevant_page(relevant, pid, event->arg[0]);
	case VMSIM_EV_TLB_FILL:
	case VMSIM_EV_TLB_DROP:
		return is_relevant_page(relevant, pid, event->arg[1]);
	case VMSIM_EV_FLUSH_BEGIN:
	case VMSIM_EV_FLUSH_END:
		return covers(relevant, pid, event);
	case VMSIM_EV_REF:
	case VMSIM_EV_MAP_ADD:
	case VMSIM_EV_MAP_REMOVE:
	case VMSIM_EV_MAP_ZERO:
	case VMSIM_EV_FRAME_ALLOC:
	case VMSIM_EV_FRAME_FREE:
	case VMSIM_EV_FRAME_READ:
	case VMSIM_EV_FRAME_WRITE:
	case VMSIM_EV_FOLIO_DIRTY:
	case VMSIM_EV_FOLIO_CLEAN:
	case VMSIM_EV_CACHE_ADD:
	case VMSIM_EV_CACHE_REMOVE:
	case VMSIM_EV_STORE_READ:
	case VMSIM_EV_STORE_WRITE:
		return is_relevant_frame(relevant, event->arg[0]);
	case VMSIM_EV_LOCK:
	case VMSIM_EV_UNLOCK:
	case VMSIM_EV_PTL_LOCK:
	case VMSIM_EV_PTL_UNLOCK:
		return is_relevant_lock(relevant, event->arg[0]);
	default:
		return false;
	}
}
