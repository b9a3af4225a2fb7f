// SPDX-License-Identifier: GPL-2.0-only
#include "barriers.h"
#include "machine/internal.h"
#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/mm.h>
#include <linux/seqlock.h>
#include <linux/spinlock.h>
#include <stdio.h>
#include <string.h>

/*
 * Lockless protocols of the kernel, both sides, on its primitives. A row takes one ordering away,
 * or puts another in its place, and all states are visited: what came out is the row's result.
 */

#define MAPPED __pte(0x1000 | _PAGE_PRESENT)
#define EXCLUSIVE 0
#define DIRTY 1
#define PINS 1024		/* as GUP_PIN_COUNTING_BIAS */

struct protocol_world {
	unsigned int without;	/* a bit for each ordering that is taken away */
	pte_t pte;
	u64 gap0;
	unsigned long flags;
	atomic_t refs;
	u32 gap1;
	seqcount_t seq;
	u32 gap2;
	atomic_t pending;
	u32 gap3;
	atomic_t mapcount;
	u32 gap4;
	int stale, asked;	/* a TLB entry; a flush of it */
	spinlock_t ptl;
	bool pinned, shared, dropped;
};

static bool has(const struct protocol_world *w, unsigned int order)
{
	return !(w->without & 1u << order);
}

/* A full barrier, if it is there. */
#define FULL(w, order, barrier) do { if (has(w, order)) barrier; } while (0)

/*
 * PG_anon_exclusive (A04, R11; Linux 6.12, __folio_try_share_anon_rmap() and gup_fast_pte_range()).
 * The entry is cleared as the generic ptep_get_and_clear() does it: by a load and a store.
 */
enum { SHARE_CLEAR, SHARE_RESTORE, PIN_RECHECK, PIN_FLAG };

static int share_page(struct vmsim_world *world)
{
	struct protocol_world *w = world->ctx;
	pte_t pte = ptep_get(&w->pte);

	set_pte(&w->pte, __pte(0));
	FULL(w, SHARE_CLEAR, smp_mb());
	if (atomic_read(&w->refs) < PINS) {
		clear_bit(EXCLUSIVE, &w->flags);
		FULL(w, SHARE_RESTORE, smp_mb__after_atomic());
		w->shared = true;
	}
	set_pte(&w->pte, pte);
	return 0;
}

static int pin_page(struct vmsim_world *world)
{
	struct protocol_world *w = world->ctx;
	pte_t pte = ptep_get_lockless(&w->pte);

	if (!pte_present(pte))
		return 0;
	atomic_add(PINS, &w->refs);
	FULL(w, PIN_RECHECK, smp_mb__after_atomic());
	if (!pte_same(pte, ptep_get(&w->pte)))
		return 0;
	FULL(w, PIN_FLAG, smp_rmb());
	w->pinned = test_bit(EXCLUSIVE, &w->flags);
	return 0;
}

static int not_pinned_and_shared(struct vmsim_world *world)
{
	const struct protocol_world *w = world->ctx;

	if (w->pinned && w->shared)
		vmsim_fail("the page is pinned as exclusive, and shared");
	return 0;
}

/*
 * fork against GUP-fast (A03; Linux 6.12, copy_page_range() and gup_fast()): the count is odd while
 * entries lose the right to write.
 */
enum { FORK_BEGIN, FORK_END, FORK_PTL, GUP_BEGIN, GUP_PIN, GUP_RETRY };

static void write_seq(struct protocol_world *w)
{
	WRITE_ONCE(w->seq.sequence, READ_ONCE(w->seq.sequence) + 1);
}

static int fork_page(struct vmsim_world *world)
{
	struct protocol_world *w = world->ctx;

	write_seq(w);
	FULL(w, FORK_BEGIN, smp_mb());
	if (has(w, FORK_PTL))
		spin_lock(&w->ptl);
	if (atomic_read(&w->refs) < PINS) {
		clear_bit(EXCLUSIVE, &w->flags);
		w->shared = true;
	}
	if (has(w, FORK_PTL))
		spin_unlock(&w->ptl);
	FULL(w, FORK_END, smp_wmb());
	write_seq(w);
	return 0;
}

static int gup_fast_page(struct vmsim_world *world)
{
	struct protocol_world *w = world->ctx;
	unsigned int seq = READ_ONCE(w->seq.sequence);
	bool exclusive;

	FULL(w, GUP_BEGIN, smp_rmb());
	if (seq & 1)
		return 0;
	atomic_add(PINS, &w->refs);
	FULL(w, GUP_PIN, smp_mb__after_atomic());
	exclusive = test_bit(EXCLUSIVE, &w->flags);
	FULL(w, GUP_RETRY, smp_rmb());
	w->pinned = exclusive && READ_ONCE(w->seq.sequence) == seq;
	return 0;
}

/*
 * The pending-flush counter (R14; Linux 6.12, comment at inc_tlb_flush_pending()). A third thread
 * is the hardware that drops the stale entry when it has been asked to.
 */
enum { PENDING_UNLOCK, PENDING_LOOK, PENDING_WAIT, PENDING_MB };

static bool is_flushed(const void *arg)
{
	const struct protocol_world *w = arg;

	return !__READ_ONCE(w->stale);
}

static bool is_asked(const void *arg)
{
	const struct protocol_world *w = arg;

	return __READ_ONCE(w->asked);
}

static int change_entry(struct vmsim_world *world)
{
	struct protocol_world *w = world->ctx;

	atomic_inc(&w->pending);
	spin_lock(&w->ptl);
	w->stale = 1;
	set_pte(&w->pte, __pte(0));
	if (has(w, PENDING_UNLOCK)) {
		spin_unlock(&w->ptl);
	} else {
		/* The same with a store that orders nothing. */
		w->ptl.owner = NULL;
		WRITE_ONCE(w->ptl.word, 0);
		preempt_enable();
	}
	w->asked = 1;
	if (has(w, PENDING_WAIT))
		vmsim_wait_until(is_flushed, w);
	else
		smp_mb();
	atomic_dec(&w->pending);
	return 0;
}

static int flush_entry(struct vmsim_world *world)
{
	struct protocol_world *w = world->ctx;

	vmsim_wait_until(is_asked, w);
	w->stale = 0;
	return 0;
}

static int rely_on_entry(struct vmsim_world *world)
{
	struct protocol_world *w = world->ctx;
	pte_t pte;

	if (has(w, PENDING_LOOK))
		spin_lock(&w->ptl);
	pte = ptep_get(&w->pte);
	if (!pte_present(pte) && !atomic_read(&w->pending) && w->stale)
		vmsim_fail("the entry is gone, a TLB has it, and no flush is pending");
	if (has(w, PENDING_LOOK))
		spin_unlock(&w->ptl);
	return 0;
}

/*
 * E49: the dirty flag before the map count on one side, the map count before the dirty flag on the
 * other, and no flush in between (linux-mm.md).
 */
enum { ZAP_DIRTY, RECLAIM_LOOK };

static int zap_page(struct vmsim_world *world)
{
	struct protocol_world *w = world->ctx;

	set_bit(DIRTY, &w->flags);
	FULL(w, ZAP_DIRTY, smp_mb__after_atomic());
	atomic_dec(&w->mapcount);
	return 0;
}

static int reclaim_page(struct vmsim_world *world)
{
	struct protocol_world *w = world->ctx;

	if (atomic_read(&w->mapcount))
		return 0;
	FULL(w, RECLAIM_LOOK, smp_rmb());
	if (!test_bit(DIRTY, &w->flags))
		vmsim_fail("the buffers of a dirty page are dropped");
	return 0;
}

static const struct protocol {
	const char *name, *source;
	struct vmsim_thread_def threads[3];
	unsigned int nr_threads;
	int (*check)(struct vmsim_world *world);
} protocols[] = {
	[EXCLUSIVE_FLAG] = {
		"PG_anon_exclusive: sharing against GUP-fast",
		"A04, M34, R11; `__folio_try_share_anon_rmap()`, `gup_fast_pte_range()`",
		{ { "Sharer", 0, share_page, 0 }, { "Pinner", 1, pin_page, 0 } }, 2,
		not_pinned_and_shared,
	},
	[WRITE_PROTECT_SEQ] = {
		"write_protect_seq: fork against GUP-fast",
		"A03; `copy_page_range()`, `gup_fast()`",
		{ { "Fork", 0, fork_page, 0 }, { "Gup", 1, gup_fast_page, 0 } }, 2,
		not_pinned_and_shared,
	},
	[FLUSH_COUNTER] = {
		"tlb_flush_pending: the count of flushes under way",
		"R14; `inc_tlb_flush_pending()`",
		{ { "Changer", 0, change_entry, 0 }, { "Reader", 1, rely_on_entry, 0 },
		  { "Tlb", 2, flush_entry, 0 } }, 3, NULL,
	},
	[DIRTY_THEN_UNMAP] = {
		"dirty before unmapped, without a flush between",
		"E49",
		{ { "Zapper", 0, zap_page, 0 }, { "Reclaim", 1, reclaim_page, 0 } }, 2, NULL,
	},
};

#define WITHOUT(order) (1u << (order))

/* What is expected: F: it fails; P: nothing wrong in any state. One letter for sc, tso, pso. */
const struct barrier_row barrier_rows[] = {
	{ EXCLUSIVE_FLAG, "as it is", 0, "PPP", "" },
	{ EXCLUSIVE_FLAG, "no smp_mb() between clearing the entry and looking for pins",
	  WITHOUT(SHARE_CLEAR), "PFF", "a store and a load change places" },
	{ EXCLUSIVE_FLAG, "no smp_mb__after_atomic() between clearing the flag and restoring the entry",
	  WITHOUT(SHARE_RESTORE), "PPF", "the flag's change is later than the entry's" },
	{ EXCLUSIVE_FLAG, "no smp_mb__after_atomic() between taking the pin and reading the entry again",
	  WITHOUT(PIN_RECHECK), "PPF", "the pin is later than the look; locked instructions forbid it under TSO" },
	{ EXCLUSIVE_FLAG, "no smp_rmb() between reading the entry again and reading the flag",
	  WITHOUT(PIN_FLAG), "PPP", "two loads would have to change places, which no model here lets them" },

	{ WRITE_PROTECT_SEQ, "with all of these", 0, "PPP", "" },
	{ WRITE_PROTECT_SEQ, "no full barrier, no PTL between raising the count and looking for pins",
	  WITHOUT(FORK_BEGIN) | WITHOUT(FORK_PTL), "PFF", "a store and a load change places" },
	{ WRITE_PROTECT_SEQ, "the PTL instead of a full barrier there",
	  WITHOUT(FORK_BEGIN), "PPF", "taking a lock is a full barrier under TSO, and an acquire under PSO" },
	{ WRITE_PROTECT_SEQ, "no smp_wmb() and no PTL before the count is even again",
	  WITHOUT(FORK_END) | WITHOUT(FORK_PTL), "PPF", "the flag's change is later than the count's" },
	{ WRITE_PROTECT_SEQ, "no smp_wmb() before the count is even again",
	  WITHOUT(FORK_END), "PPF", "the same: an unlock orders nothing that comes after it" },
	{ WRITE_PROTECT_SEQ, "no smp_rmb() behind the first look at the count",
	  WITHOUT(GUP_BEGIN), "PPP", "loads stay in order" },
	{ WRITE_PROTECT_SEQ, "no smp_mb__after_atomic() behind the pin",
	  WITHOUT(GUP_PIN), "PPF", "the pin is later than the second look at the count" },
	{ WRITE_PROTECT_SEQ, "no smp_rmb() before the second look at the count",
	  WITHOUT(GUP_RETRY), "PPP", "loads stay in order" },

	{ FLUSH_COUNTER, "as it is", 0, "PPP", "" },
	{ FLUSH_COUNTER, "the PTL freed by a store that orders nothing",
	  WITHOUT(PENDING_UNLOCK), "PPF", "the entry's change is seen before the count's" },
	{ FLUSH_COUNTER, "the reader without the PTL",
	  WITHOUT(PENDING_LOOK), "PPF", "the same: only the lock orders the two" },
	{ FLUSH_COUNTER, "smp_mb() instead of waiting for the flush",
	  WITHOUT(PENDING_WAIT), "FFF", "no barrier waits for the end of a flush" },

	{ DIRTY_THEN_UNMAP, "with both barriers", 0, "PPP", "" },
	{ DIRTY_THEN_UNMAP, "no smp_mb__after_atomic() between the dirty flag and the map count",
	  WITHOUT(ZAP_DIRTY), "PPF", "neither operation returns a value, so that they change places" },
	{ DIRTY_THEN_UNMAP, "no smp_rmb() between the map count and the dirty flag",
	  WITHOUT(RECLAIM_LOOK), "PPP", "two loads would have to change places" },
};

const unsigned int barrier_row_count = sizeof(barrier_rows) / sizeof(barrier_rows[0]);

const char *barrier_protocol_name(enum barrier_protocol protocol)
{
	return protocols[protocol].name;
}

const char *barrier_protocol_source(enum barrier_protocol protocol)
{
	return protocols[protocol].source;
}

static int set_up(struct vmsim_world *world)
{
	struct protocol_world *w = world->ctx;

	spin_lock_init(&w->ptl);
	return 0;
}

static int explore(const struct barrier_row *row, struct vmsim_explore_options *options,
		   struct vmsim_result *result, char *error, size_t size)
{
	const struct protocol *protocol = &protocols[row->protocol];
	const struct protocol_world begin = {
		.without = row->without,
		.pte = MAPPED,
		.flags = 1 << EXCLUSIVE,
		.refs = ATOMIC_INIT(1),
		.mapcount = ATOMIC_INIT(1),
	};
	const struct vmsim_scenario scenario = {
		.name = "barriers",
		.config = { .contents = VMSIM_CONTENTS_NONE, .cpus = protocol->nr_threads,
			    .frames = 128 },
		.bare = true,
		.ctx_size = sizeof(begin),
		.ctx_init = &begin,
		.setup = set_up,
		.threads = protocol->threads,
		.nr_threads = protocol->nr_threads,
		.check = protocol->check,
	};

	/* A lock that is freed in another way than by its primitive looks held. */
	options->oracles = VMSIM_ORACLE_BIT(O20);
	return vmsim_explore(&scenario, options, result, error, size);
}

char barrier_run(const struct barrier_row *row, enum vmsim_memory_model model, char *error,
		 size_t size)
{
	struct vmsim_explore_options options;
	struct vmsim_result result;
	char out = '?';

	vmsim_explore_options_init(&options);
	options.strategy = VMSIM_STRATEGY_STATES;
	options.executions = UINT64_MAX;
	options.memory_model = model;
	if (!explore(row, &options, &result, error, size)) {
		if (result.violated && !strcmp(result.violation.oracle, "CHECK"))
			out = 'F';
		else if (!result.violated && result.coverage.exhausted)
			out = 'P';
		else
			snprintf(error, size, "%.200s", result.violated ? result.violation.text :
							"not exhausted");
	}
	vmsim_result_free(&result);
	return out;
}

uint64_t barrier_find(const struct barrier_row *row, enum vmsim_memory_model model,
		      enum vmsim_strategy strategy, uint64_t executions)
{
	struct vmsim_explore_options options;
	struct vmsim_result result;
	uint64_t took = 0;
	char error[256];

	vmsim_explore_options_init(&options);
	options.strategy = strategy;
	options.executions = executions;
	options.memory_model = model;
	if (!explore(row, &options, &result, error, sizeof(error)) && result.violated)
		took = result.executions;
	vmsim_result_free(&result);
	return took;
}
