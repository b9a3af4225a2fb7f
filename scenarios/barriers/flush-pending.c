// SPDX-License-Identifier: GPL-2.0-only
#include "barriers.h"
#include <linux/smp.h>
#include <vmsim/hook.h>

/*
 * The count of flushes under way (comment at inc_tlb_flush_pending()). A third thread is the
 * hardware that drops the stale entry when it has been asked to: of its steps, no barrier tells.
 */

enum { RELEASE, LOOK, WAIT };

struct flush_pending {
	unsigned int without;
	spinlock_t ptl;
	pte_t pte;
	atomic_t pending;
	u32 gap;
	int stale, asked;	/* a TLB entry; a flush of it */
};

static int flush_pending_setup(struct vmsim_world *world)
{
	struct flush_pending *w = world->ctx;

	spin_lock_init(&w->ptl);
	return 0;
}

static void wait_for(const int *place, int value)
{
	while (__READ_ONCE(*place) != value)
		cpu_relax();
}

/* A release of the lock by a store that orders nothing. */
static void unlock_plainly(spinlock_t *lock)
{
	lock->owner = NULL;
	WRITE_ONCE(lock->word, 0);
	preempt_enable();
	vmsim_event(UNLOCK, (uintptr_t)lock, (uintptr_t)lock->class, 0);
}

static int change_entry(struct vmsim_world *world)
{
	struct flush_pending *w = world->ctx;

	atomic_inc(&w->pending);
	spin_lock(&w->ptl);
	w->stale = 1;
	set_pte(&w->pte, __pte(0));
	if (HAS(w, RELEASE))
		spin_unlock(&w->ptl);
	else
		unlock_plainly(&w->ptl);
	w->asked = 1;
	if (HAS(w, WAIT))
		wait_for(&w->stale, 0);
	else
		smp_mb();
	atomic_dec(&w->pending);
	return 0;
}

static int flush_entry(struct vmsim_world *world)
{
	struct flush_pending *w = world->ctx;

	wait_for(&w->asked, 1);
	w->stale = 0;
	return 0;
}

static int rely_on_entry(struct vmsim_world *world)
{
	struct flush_pending *w = world->ctx;
	pte_t pte;

	if (HAS(w, LOOK))
		spin_lock(&w->ptl);
	pte = ptep_get(&w->pte);
	if (!pte_present(pte) && !atomic_read(&w->pending) && w->stale)
		vmsim_fail("the entry is gone, a TLB has it, and no flush is pending");
	if (HAS(w, LOOK))
		spin_unlock(&w->ptl);
	return 0;
}

static const struct vmsim_thread_def flush_pending_threads[] = {
	{ .name = "Changer", .cpu = 0, .fn = change_entry },
	{ .name = "Reader", .cpu = 1, .fn = rely_on_entry },
	{ .name = "Tlb", .cpu = 2, .fn = flush_entry },
};

#define BEGINNING .pte = { MAPPED }
#define VARIANT(name, missing, what) PROTOCOL_VARIANT(name, flush_pending, missing, what, NULL)

static const struct vmsim_variant flush_pending_variants[] = {
	VARIANT("linux-6.12", 0, "as told above inc_tlb_flush_pending()"),
	VARIANT("unlock-plain", WITHOUT(RELEASE), "the PTL freed by a store that orders nothing"),
	VARIANT("look-unlocked", WITHOUT(LOOK), "the reader without the PTL"),
	VARIANT("mb-for-wait", WITHOUT(WAIT), "smp_mb() instead of waiting for the flush"),
};

static const struct vmsim_verdict flush_pending_verdicts[] = {
	HOLDS("linux-6.12", ALL_MODELS, ""),
	FAILS("unlock-plain", PSO, 0, "the entry's change is seen before the count's"),
	HOLDS("unlock-plain", SC | TSO, ""),
	FAILS("look-unlocked", PSO, 0, "the same: only the lock orders the two"),
	HOLDS("look-unlocked", SC | TSO, ""),
	FAILS("mb-for-wait", ALL_MODELS, 0, "no barrier waits for the end of a flush"),
};

extern const struct vmsim_scenario scenario_flush_pending;
const struct vmsim_scenario scenario_flush_pending = {
	PROTOCOL(flush_pending, 3),
	.name = "flush-pending",
	.summary = "tlb_flush_pending: the count of flushes under way",
	.seeds = "R14",
	.setup = flush_pending_setup,
};
