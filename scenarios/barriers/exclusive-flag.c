// SPDX-License-Identifier: GPL-2.0-only
#include "barriers.h"

/*
 * A page that is to be shared after a fork, against GUP-fast. The entry is cleared as the generic
 * ptep_get_and_clear() does it: by a load and a store.
 */

#define EXCLUSIVE 0

enum { CLEAR, RESTORE, RECHECK, FLAG };

struct exclusive_flag {
	unsigned int without;
	pte_t pte;
	unsigned long flags;
	atomic_t refs;
	u32 gap;
	bool pinned, shared;
};

static int share_page(struct vmsim_world *world)
{
	struct exclusive_flag *w = world->ctx;
	pte_t pte = ptep_get(&w->pte);

	set_pte(&w->pte, __pte(0));
	BARRIER(w, CLEAR, smp_mb());
	if (atomic_read(&w->refs) < PINS) {
		clear_bit(EXCLUSIVE, &w->flags);
		BARRIER(w, RESTORE, smp_mb__after_atomic());
		w->shared = true;
	}
	set_pte(&w->pte, pte);
	return 0;
}

static int pin_page(struct vmsim_world *world)
{
	struct exclusive_flag *w = world->ctx;
	pte_t pte = ptep_get_lockless(&w->pte);

	if (!pte_present(pte))
		return 0;
	atomic_add(PINS, &w->refs);
	BARRIER(w, RECHECK, smp_mb__after_atomic());
	if (!pte_same(pte, ptep_get(&w->pte)))
		return 0;
	BARRIER(w, FLAG, smp_rmb());
	w->pinned = test_bit(EXCLUSIVE, &w->flags);
	return 0;
}

static int not_pinned_and_shared(struct vmsim_world *world)
{
	const struct exclusive_flag *w = world->ctx;

	if (w->pinned && w->shared)
		vmsim_fail("the page is pinned as exclusive, and shared");
	return 0;
}

static const struct vmsim_thread_def exclusive_flag_threads[] = {
	{ .name = "Sharer", .cpu = 0, .fn = share_page },
	{ .name = "Pinner", .cpu = 1, .fn = pin_page },
};

#define BEGINNING .pte = { MAPPED }, .flags = 1 << EXCLUSIVE, .refs = ATOMIC_INIT(1)
#define VARIANT(name, missing, what) PROTOCOL_VARIANT(name, exclusive_flag, missing, what, NULL)
#define SCRIPTED(name, missing, what, how) \
	PROTOCOL_VARIANT(name, exclusive_flag, missing, what, how)

static const struct vmsim_variant exclusive_flag_variants[] = {
	VARIANT("linux-6.12", 0, "as in __folio_try_share_anon_rmap() and gup_fast_pte_range()"),
	SCRIPTED("clear-no-mb", WITHOUT(CLEAR),
		 "no smp_mb() between clearing the entry and looking for pins",
		 "Sharer until read; Pinner; Sharer"),
	SCRIPTED("restore-no-mb", WITHOUT(RESTORE),
		 "no smp_mb__after_atomic() between clearing the flag and restoring the entry",
		 "Sharer until pte-set x2; drain 0 2; Pinner; Sharer"),
	VARIANT("pin-no-mb", WITHOUT(RECHECK),
		"no smp_mb__after_atomic() between taking the pin and reading the entry again"),
	VARIANT("flag-no-rmb", WITHOUT(FLAG),
		"no smp_rmb() between reading the entry again and reading the flag"),
};

static const struct vmsim_verdict exclusive_flag_verdicts[] = {
	HOLDS("linux-6.12", ALL_MODELS, ""),
	FAILS("clear-no-mb", TSO | PSO, 1, "a store and a load change places"),
	HOLDS("clear-no-mb", SC, ""),
	FAILS("restore-no-mb", PSO, 1, "the flag's change is later than the entry's"),
	HOLDS("restore-no-mb", SC | TSO, ""),
	FAILS("pin-no-mb", PSO, 1,
	      "the pin is later than the look; locked instructions forbid it under TSO"),
	HOLDS("pin-no-mb", SC | TSO, ""),
	HOLDS("flag-no-rmb", ALL_MODELS,
	      "two loads would have to change places, which no model here lets them"),
};

extern const struct vmsim_scenario scenario_exclusive_flag;
const struct vmsim_scenario scenario_exclusive_flag = {
	PROTOCOL(exclusive_flag, 2),
	.name = "exclusive-flag",
	.summary = "PG_anon_exclusive: sharing against GUP-fast",
	.seeds = "A04 M34 R11",
	.check = not_pinned_and_shared,
};
