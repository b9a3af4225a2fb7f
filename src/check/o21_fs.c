// SPDX-License-Identifier: GPL-2.0-only
#include "check/checker.h"

/*
 * O21: a clean page of a file becomes dirty while nothing keeps writeback and truncation away from
 * it (R31): it is not locked, and it is not mapped with the page-table lock held. That is what
 * ext4 warned of (E38): its buffers may be gone by now (E34).
 */

/* The page-table locks that a thread holds, by its number (chk_actor()). */
static unsigned long *held_by(struct vmsim_checker *chk, int actor)
{
	unsigned long *held = chk_map_get(&chk->ptls, (u64)actor);

	if (held)
		return held;
	held = chk_alloc(chk, sizeof(*held));
	if (held && !chk_map_put(&chk->ptls, (u64)actor, held))
		chk_out_of_memory(chk);
	return held;
}

static void ptl_count(struct vmsim_checker *chk, int actor, long change)
{
	unsigned long *held;

	chk_lock(chk);
	held = held_by(chk, actor);
	if (held)
		*held += (unsigned long)change;
	chk_unlock(chk);
}

static bool holds_a_ptl(struct vmsim_checker *chk, int actor)
{
	unsigned long *held;
	bool holds;

	chk_lock(chk);
	held = held_by(chk, actor);
	holds = held && *held;
	chk_unlock(chk);
	return holds;
}

static void dirtied(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	struct folio *folio = (void *)event->arg[0];
	bool was_dirty = event->arg[1];
	struct chk_text text;

	if (was_dirty || !chk_dirty_tracked(&folio->page))
		return;
	/* An error during writeback makes the page dirty again; PG_writeback keeps others away. */
	if (folio_test_locked(folio) || folio_test_writeback(folio))
		return;
	if (folio_mapped(folio) && holds_a_ptl(chk, chk_actor(event)))
		return;
	chk_report(chk, VMSIM_ORACLE_O21, "R31",
		   "a clean page becomes dirty: expected the folio lock, or a mapping and its "
		   "page-table lock, found %s: %s",
		   folio_mapped(folio) ? "a mapping without the lock" : "neither",
		   chk_page(&text, &folio->page));
}

/* What the file system had prepared for the page when it was about to be written to. */
static void written(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	const struct page *page = (void *)event->arg[0];
	struct chk_text text;

	if (chk_dirty_tracked(page) && !(__READ_ONCE(page->flags) & BIT(PG_private)))
		chk_report(chk, VMSIM_ORACLE_O21, "R31",
			   "a dirty page is written: expected that it has buffers, found none: %s",
			   chk_page(&text, page));
}

static void on_event(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	switch (event->kind) {
	case VMSIM_EV_PTL_LOCK:
		ptl_count(chk, chk_actor(event), 1);
		break;
	case VMSIM_EV_PTL_UNLOCK:
		ptl_count(chk, chk_actor(event), -1);
		break;
	case VMSIM_EV_STORE_WRITE:
		written(chk, event);
		break;
	default:
		dirtied(chk, event);
	}
}

const struct chk_oracle chk_o21 = {
	.id = VMSIM_ORACLE_O21,
	.kinds = VMSIM_EV_BIT(PTL_LOCK) | VMSIM_EV_BIT(PTL_UNLOCK) | VMSIM_EV_BIT(FOLIO_DIRTY) |
		 VMSIM_EV_BIT(STORE_WRITE),
	.event = on_event,
};
