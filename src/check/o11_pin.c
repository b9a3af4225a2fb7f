// SPDX-License-Identifier: GPL-2.0-only
#include "check/checker.h"
#include "mm/mm_internal.h"
#include "pgtable/table.h"
#include <vmsim/pin.h>

/*
 * O11: pins. What vmsim_pin() returns was mapped at its address while the call lasted, and has been
 * that page ever since (R9). An anonymous page that is pinned stays the page at its address, until
 * it is let go or until the program itself takes it away: what it unmaps or drops is its own
 * business (R12, A18). Judged only where events come in the order in which things happened.
 */

/* More pages at once are not judged. */
#define MAX_PAGES 512

/**
 * struct chk_mapped - something that happened to an address while a pin was being taken
 * @page, @gen: what was mapped there; NULL: the program took away what was
 */
struct chk_mapped {
	struct chk_mapped *next;
	unsigned long addr;
	struct page *page;
	u32 gen;
};

/* A pin that is being taken. */
struct chk_pinning {
	struct chk_pinning *next;
	int actor;
	struct mm_struct *mm;
	unsigned long start, end;
	struct chk_mapped *mapped;
};

/* An anonymous page that is pinned. */
struct chk_pinned {
	struct chk_pinned *next;
	const struct vmsim_pins *pins;
	unsigned long addr;
	struct page *page;
};

static const char *name_of(const struct vmsim_event *event)
{
	return (const char *)(uintptr_t)event->arg[0];
}

/* Does the program ask for its memory to be taken away? */
static bool takes_away(const char *call)
{
	static const char *const calls[] = {
		"munmap", "mmap", "madvise", "mremap", "brk", "exec", "exit",
	};

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (!strcmp(call, calls[i]))
			return true;
	return false;
}

static void note(struct vmsim_checker *chk, struct chk_pinning *pinning, unsigned long addr,
		 struct page *page)
{
	struct chk_mapped *mapped = chk_alloc(chk, sizeof(*mapped));

	if (!mapped)
		return;
	*mapped = (struct chk_mapped) {
		.next = pinning->mapped,
		.addr = addr,
		.page = page,
		.gen = page ? __READ_ONCE(page->vmsim_gen) : 0,
	};
	pinning->mapped = mapped;
}

static struct page *page_of(u64 pte)
{
	bool present = pte & (_PAGE_PRESENT | _PAGE_PROTNONE);

	return present && vmsim_has_cell(chk_pfn(pte)) ? pfn_to_page(chk_pfn(pte)) : NULL;
}

static struct page *page_at(struct mm_struct *mm, unsigned long addr)
{
	const pte_t *ptep = chk_find_pte(mm, addr);

	return ptep ? page_of(chk_read_pte(ptep)) : NULL;
}

static void note_all(struct vmsim_checker *chk, struct chk_pinning *pinning)
{
	for (unsigned long addr = pinning->start; addr < pinning->end; addr += PAGE_SIZE) {
		struct page *page = page_at(pinning->mm, addr);

		if (page)
			note(chk, pinning, addr, page);
	}
}

static void pin_begins(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	struct chk_pinning *pinning;

	if (event->arg[2] > MAX_PAGES)
		return;
	pinning = chk_alloc(chk, sizeof(*pinning));
	if (!pinning)
		return;
	*pinning = (struct chk_pinning) {
		.next = chk->pinning,
		.actor = chk_actor(event),
		.mm = current->mm,
		.start = event->arg[1],
		.end = event->arg[1] + event->arg[2] * PAGE_SIZE,
	};
	chk->pinning = pinning;
	note_all(chk, pinning);
}

static struct chk_pinning *take_pinning(struct vmsim_checker *chk, int actor)
{
	for (struct chk_pinning **at = &chk->pinning; *at; at = &(*at)->next) {
		struct chk_pinning *pinning = *at;

		if (pinning->actor == actor) {
			*at = pinning->next;
			return pinning;
		}
	}
	return NULL;
}

static void forget_pinning(struct vmsim_checker *chk, struct chk_pinning *pinning)
{
	struct chk_mapped *next;

	for (struct chk_mapped *mapped = pinning->mapped; mapped; mapped = next) {
		next = mapped->next;
		chk_free(chk, mapped);
	}
	chk_free(chk, pinning);
}

/* Was this page, not another one in the same frame, mapped there? NULL: did the program drop it? */
static bool was_mapped(const struct chk_pinning *pinning, unsigned long addr,
		       const struct page *page)
{
	for (const struct chk_mapped *mapped = pinning->mapped; mapped; mapped = mapped->next)
		if (mapped->addr == addr && mapped->page == page &&
		    (!page || mapped->gen == __READ_ONCE(page->vmsim_gen)))
			return true;
	return false;
}

static void report_moved(struct vmsim_checker *chk, unsigned long addr, const struct page *pinned,
			 const struct page *mapped)
{
	struct chk_text expected, found;

	chk_report(chk, VMSIM_ORACLE_O11, "R12",
		   "another page at %lx than the one that is pinned: expected %s, found %s", addr,
		   chk_page(&expected, pinned), chk_page(&found, mapped));
}

static void watch(struct vmsim_checker *chk, const struct vmsim_pins *pins, unsigned long addr,
		  struct page *page)
{
	struct chk_pinned *pinned = chk_alloc(chk, sizeof(*pinned));

	if (!pinned)
		return;
	*pinned = (struct chk_pinned) {
		.next = chk->pinned, .pins = pins, .addr = addr, .page = page,
	};
	chk->pinned = pinned;
}

static void page_was_taken(struct vmsim_checker *chk, const struct chk_pinning *pinning,
			   const struct vmsim_pins *pins, unsigned int i)
{
	unsigned long addr = pins->addr + i * PAGE_SIZE;
	struct page *page = pins->page[i], *now = page_at(pins->mm, addr);
	struct chk_text text;

	if (!was_mapped(pinning, addr, page)) {
		chk_report(chk, VMSIM_ORACLE_O11, "R9",
			   "held for %lx, but not mapped there while it was taken: %s", addr,
			   chk_page(&text, page));
		return;
	}
	if (pins->flags & VMSIM_PIN_REF || !PageAnon(page) || was_mapped(pinning, addr, NULL))
		return;
	if (now && now != page)
		report_moved(chk, addr, page, now);
	watch(chk, pins, addr, page);
}

static void pin_ends(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	const struct vmsim_pins *pins = (void *)(uintptr_t)event->arg[2];
	struct chk_pinning *pinning = take_pinning(chk, chk_actor(event));

	if (!pinning)
		return;
	for (unsigned int i = 0; pins && i < pins->nr; i++)
		page_was_taken(chk, pinning, pins, i);
	forget_pinning(chk, pinning);
}

static void unpinned(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	for (struct chk_pinned **at = &chk->pinned; *at;) {
		struct chk_pinned *pinned = *at;

		if ((u64)(uintptr_t)pinned->pins != event->arg[1]) {
			at = &pinned->next;
			continue;
		}
		*at = pinned->next;
		chk_free(chk, pinned);
	}
}

static void call_begins(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	if (!strcmp(name_of(event), "pin"))
		pin_begins(chk, event);
	else if (!strcmp(name_of(event), "unpin"))
		unpinned(chk, event);
	else if (takes_away(name_of(event)) &&
		 !chk_map_put(&chk->unmappers, (u64)chk_actor(event), chk))
		chk_out_of_memory(chk);
}

static void call_ends(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	if (!strcmp(name_of(event), "pin"))
		pin_ends(chk, event);
	else if (takes_away(name_of(event)))
		chk_map_remove(&chk->unmappers, (u64)chk_actor(event));
}

/* What is there now; NULL: the program took it away. */
static void tell_pinnings(struct vmsim_checker *chk, struct mm_struct *mm, unsigned long addr,
			  struct page *page)
{
	for (struct chk_pinning *pinning = chk->pinning; pinning; pinning = pinning->next)
		if (pinning->mm == mm && addr >= pinning->start && addr < pinning->end)
			note(chk, pinning, addr, page);
}

static void check_pinned(struct vmsim_checker *chk, const struct mm_struct *mm, unsigned long addr,
			 const struct page *page)
{
	for (struct chk_pinned *pinned = chk->pinned; pinned; pinned = pinned->next)
		if (pinned->pins->mm == mm && pinned->addr == addr && pinned->page != page)
			report_moved(chk, addr, pinned->page, page);
}

static void not_watched_any_more(struct vmsim_checker *chk, const struct mm_struct *mm,
				 unsigned long addr)
{
	for (struct chk_pinned **at = &chk->pinned; *at;) {
		struct chk_pinned *pinned = *at;

		if (pinned->pins->mm != mm || pinned->addr != addr) {
			at = &pinned->next;
			continue;
		}
		*at = pinned->next;
		chk_free(chk, pinned);
	}
}

static void pte_set(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	const struct ptdesc *pt = page_ptdesc(virt_to_page((void *)(uintptr_t)event->arg[0]));
	unsigned long addr = pt->pt_base + offset_in_page(event->arg[0]) / sizeof(u64) * PAGE_SIZE;
	struct page *before = page_of(event->arg[1]), *now = page_of(event->arg[2]);

	if ((!chk->pinning && !chk->pinned) || before == now)
		return;
	if (now) {
		tell_pinnings(chk, pt->pt_mm, addr, now);
		check_pinned(chk, pt->pt_mm, addr, now);
	} else if (chk_map_get(&chk->unmappers, (u64)chk_actor(event))) {
		tell_pinnings(chk, pt->pt_mm, addr, NULL);
		not_watched_any_more(chk, pt->pt_mm, addr);
	}
}

/* The program moves its memory, and a table with it. */
static void table_left(struct vmsim_checker *chk, const struct ptdesc *pt)
{
	unsigned long end = pt->pt_base + vmsim_table_span(pt->pt_level);

	for (struct chk_pinning *pinning = chk->pinning; pinning; pinning = pinning->next)
		for (unsigned long addr = max(pinning->start, pt->pt_base);
		     pinning->mm == pt->pt_mm && addr < min(pinning->end, end); addr += PAGE_SIZE)
			note(chk, pinning, addr, NULL);
	for (struct chk_pinned **at = &chk->pinned; *at;) {
		struct chk_pinned *pinned = *at;

		if (pinned->pins->mm != pt->pt_mm || pinned->addr < pt->pt_base ||
		    pinned->addr >= end) {
			at = &pinned->next;
			continue;
		}
		*at = pinned->next;
		chk_free(chk, pinned);
	}
}

/* A table may be hooked up with its entries in it. */
static void table_set(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	struct page *gone = event->arg[2] ? NULL : chk_table_below(event->arg[1]);

	if (gone && chk_map_get(&chk->unmappers, (u64)chk_actor(event)))
		table_left(chk, page_ptdesc(gone));
	for (struct chk_pinning *pinning = chk->pinning; pinning; pinning = pinning->next)
		note_all(chk, pinning);
}

static void o11_dispatch(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	switch (event->kind) {
	case VMSIM_EV_SYSCALL:
		call_begins(chk, event);
		break;
	case VMSIM_EV_SYSCALL_RET:
		call_ends(chk, event);
		break;
	case VMSIM_EV_TABLE_SET:
		table_set(chk, event);
		break;
	default:
		pte_set(chk, event);
	}
}

/* For recounts while somebody holds pages. Explored worlds are counted when everything is over. */
static void note_hold(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	bool lets_go = event->kind == VMSIM_EV_SYSCALL && !strcmp(name_of(event), "unpin");
	bool has = event->kind == VMSIM_EV_SYSCALL_RET && !strcmp(name_of(event), "pin") &&
		   event->arg[2];

	if (!lets_go && !has)
		return;
	chk_lock(chk);
	if (lets_go)
		chk_map_remove(&chk->holds, event->arg[1]);
	else if (!chk_map_put(&chk->holds, event->arg[2], (void *)(uintptr_t)event->arg[2]))
		chk_out_of_memory(chk);
	chk_unlock(chk);
}

static void o11_event(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	if (!chk->alone)
		note_hold(chk, event);
	if (!chk_exact(chk))
		return;
	chk_lock(chk);
	o11_dispatch(chk, event);
	chk_unlock(chk);
}

struct held {
	const struct page *page;
	long refs;
};

static void count_held(void *arg, u64 key, void *value)
{
	const struct vmsim_pins *pins = value;
	const bool pinned = !(pins->flags & VMSIM_PIN_REF);
	struct held *held = arg;

	(void)key;
	for (unsigned int i = 0; i < pins->nr; i++) {
		const struct page *page = pins->page[i];

		/* Pins of the page of zeroes are counted by nobody. */
		if (chk_folio(page) == chk_folio(held->page) && !(pinned && is_zero_page(page)))
			held->refs += pinned && !PageCompound(page) ? GUP_PIN_COUNTING_BIAS : 1;
	}
}

long chk_held(struct vmsim_checker *chk, const struct page *page)
{
	struct held held = { .page = page };

	if (chk->holds.live)
		chk_map_each(&chk->holds, count_held, &held);
	return held.refs;
}

const struct chk_oracle chk_o11 = {
	.id = VMSIM_ORACLE_O11,
	.kinds = VMSIM_EV_BIT(SYSCALL) | VMSIM_EV_BIT(SYSCALL_RET) | VMSIM_EV_BIT(PTE_SET) |
		 VMSIM_EV_BIT(TABLE_SET),
	.event = o11_event,
};
