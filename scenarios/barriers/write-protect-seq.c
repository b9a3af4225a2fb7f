// SPDX-License-Identifier: GPL-2.0-only
#include "barriers.h"
#include <linux/seqlock.h>

/* fork against GUP-fast: the count is odd while entries lose the right to write. */

#define EXCLUSIVE 0

enum { BEGIN, END, LOCKED, FIRST_LOOK, PIN, SECOND_LOOK };

struct write_protect_seq {
	unsigned int without;
	spinlock_t ptl;
	unsigned long flags;
	atomic_t refs;
	u32 gap0;
	seqcount_t seq;
	u32 gap1;
	bool pinned, shared;
};

static int write_protect_seq_setup(struct vmsim_world *world)
{
	struct write_protect_seq *w = world->ctx;

	spin_lock_init(&w->ptl);
	return 0;
}

static void count(struct write_protect_seq *w)
{
	WRITE_ONCE(w->seq.sequence, READ_ONCE(w->seq.sequence) + 1);
}

static int fork_page(struct vmsim_world *world)
{
	struct write_protect_seq *w = world->ctx;

	count(w);
	BARRIER(w, BEGIN, smp_mb());
	if (HAS(w, LOCKED))
		spin_lock(&w->ptl);
	if (atomic_read(&w->refs) < PINS) {
		clear_bit(EXCLUSIVE, &w->flags);
		w->shared = true;
	}
	if (HAS(w, LOCKED))
		spin_unlock(&w->ptl);
	BARRIER(w, END, smp_wmb());
	count(w);
	return 0;
}

static int gup_fast_page(struct vmsim_world *world)
{
	struct write_protect_seq *w = world->ctx;
	unsigned int seq = READ_ONCE(w->seq.sequence);
	bool exclusive;

	BARRIER(w, FIRST_LOOK, smp_rmb());
	if (seq & 1)
		return 0;
	atomic_add(PINS, &w->refs);
	BARRIER(w, PIN, smp_mb__after_atomic());
	exclusive = test_bit(EXCLUSIVE, &w->flags);
	BARRIER(w, SECOND_LOOK, smp_rmb());
	w->pinned = exclusive && READ_ONCE(w->seq.sequence) == seq;
	return 0;
}

static int not_pinned_and_shared(struct vmsim_world *world)
{
	const struct write_protect_seq *w = world->ctx;

	if (w->pinned && w->shared)
		vmsim_fail("the page is pinned as exclusive, and shared");
	return 0;
}

static const struct vmsim_thread_def write_protect_seq_threads[] = {
	{ .name = "Fork", .cpu = 0, .fn = fork_page },
	{ .name = "Gup", .cpu = 1, .fn = gup_fast_page },
};

#define BEGINNING .flags = 1 << EXCLUSIVE, .refs = ATOMIC_INIT(1)
#define VARIANT(name, missing, what) PROTOCOL_VARIANT(name, write_protect_seq, missing, what, NULL)

static const struct vmsim_variant write_protect_seq_variants[] = {
	VARIANT("linux-6.12", 0, "as in copy_page_range() and gup_fast()"),
	VARIANT("begin-unordered", WITHOUT(BEGIN) | WITHOUT(LOCKED),
		"no full barrier, no PTL between raising the count and looking for pins"),
	VARIANT("begin-no-mb", WITHOUT(BEGIN), "the PTL instead of a full barrier there"),
	VARIANT("end-unordered", WITHOUT(END) | WITHOUT(LOCKED),
		"no smp_wmb() and no PTL before the count is even again"),
	VARIANT("end-no-wmb", WITHOUT(END), "no smp_wmb() before the count is even again"),
	VARIANT("look-no-rmb", WITHOUT(FIRST_LOOK),
		"no smp_rmb() behind the first look at the count"),
	VARIANT("pin-no-mb", WITHOUT(PIN), "no smp_mb__after_atomic() behind the pin"),
	VARIANT("retry-no-rmb", WITHOUT(SECOND_LOOK),
		"no smp_rmb() before the second look at the count"),
};

static const struct vmsim_verdict write_protect_seq_verdicts[] = {
	HOLDS("linux-6.12", ALL_MODELS, ""),
	FAILS("begin-unordered", TSO | PSO, 1, "a store and a load change places"),
	HOLDS("begin-unordered", SC, ""),
	FAILS("begin-no-mb", PSO, 1,
	      "taking a lock is a full barrier under TSO, and an acquire under PSO"),
	HOLDS("begin-no-mb", SC | TSO, ""),
	FAILS("end-unordered", PSO, 1, "the flag's change is later than the count's"),
	HOLDS("end-unordered", SC | TSO, ""),
	FAILS("end-no-wmb", PSO, 1, "the same: an unlock orders nothing that comes after it"),
	HOLDS("end-no-wmb", SC | TSO, ""),
	HOLDS("look-no-rmb", ALL_MODELS, "loads stay in order"),
	FAILS("pin-no-mb", PSO, 1, "the pin is later than the second look at the count"),
	HOLDS("pin-no-mb", SC | TSO, ""),
	HOLDS("retry-no-rmb", ALL_MODELS, "loads stay in order"),
};

extern const struct vmsim_scenario scenario_write_protect_seq;
const struct vmsim_scenario scenario_write_protect_seq = {
	PROTOCOL(write_protect_seq, 2),
	.name = "write-protect-seq",
	.summary = "write_protect_seq: fork against GUP-fast",
	.seeds = "A03",
	.setup = write_protect_seq_setup,
	.check = not_pinned_and_shared,
};
