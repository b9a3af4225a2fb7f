// SPDX-License-Identifier: GPL-2.0-only
#include "../vmsim_test.h"
#include "check/checker.h"
#include "explore/session.h"
#include "folio/folio.h"
#include <linux/mm_inline.h>
#include <linux/pagemap.h>
#include <linux/rmap.h>
#include <string.h>
#include <sys/mman.h>

/*
 * Orders that only an oracle can tell apart: no thread reads what the other one writes, but
 * whether a rule breaks depends on who comes first. dpor has to try all that dfs tries; without the
 * dependences that footprint_oracles.c adds, it does not.
 */

#define AREA 0x10000000UL
#define MAX_OUTCOMES 8

struct shared {
	pte_t *ptep;
	struct page *other;	/* same contents as the page that is mapped */
	struct mm_struct *mm;
	struct folio *folio;
	int file;
};

/* Sets of what came out: an oracle and its rule, or nothing. */
struct outcomes {
	char at[MAX_OUTCOMES][32];
	unsigned int n;
};

static void add_outcome(struct outcomes *o, const struct vmsim_explorer *x)
{
	char text[32] = "nothing";

	if (x->abandoned)
		return;
	if (x->failed)
		snprintf(text, sizeof(text), "%.15s %.15s", x->violation.oracle, x->violation.rule);
	for (unsigned int i = 0; i < o->n; i++)
		if (!strcmp(o->at[i], text))
			return;
	assert_true(o->n < MAX_OUTCOMES);
	memcpy(o->at[o->n++], text, sizeof(text));
}

static bool has_outcome(const struct outcomes *o, const char *text)
{
	for (unsigned int i = 0; i < o->n; i++)
		if (!strcmp(o->at[i], text))
			return true;
	return false;
}

/* What must be noticed: dpor, blind to one kind of object. */
static unsigned int unseen_kind;

static int pick_blind(struct vmsim_explorer *x, const struct candidate *candidates, int n)
{
	struct footprint *footprint = &x->footprint;
	size_t kept = 0;

	for (size_t i = 0; i < footprint->n; i++)
		if (object_kind(footprint->at[i].object) != unseen_kind)
			footprint->at[kept++] = footprint->at[i];
	footprint->n = kept;
	return strategy_dpor.pick(x, candidates, n);
}

/*
 * The same for what oracles look at in memory in a step in which they also look into TLBs, and for
 * the rights that they find there.
 */
static bool looks_into_tlbs(const struct footprint *footprint)
{
	for (size_t i = 0; i < footprint->n; i++)
		if (object_kind(footprint->at[i].object) == OBJECT_MM_RIGHTS &&
		    footprint->at[i].mode == ACCESS_READ)
			return true;
	return false;
}

static bool is_look(const struct access *access)
{
	return access->mode == ACCESS_READ && !object_kind(access->object);
}

static int pick_without_look(struct vmsim_explorer *x, const struct candidate *candidates, int n)
{
	struct footprint *footprint = &x->footprint;
	bool looks = looks_into_tlbs(footprint);
	size_t kept = 0;

	for (size_t i = 0; i < footprint->n; i++)
		if (object_kind(footprint->at[i].object) != OBJECT_MM_RIGHTS &&
		    (!looks || !is_look(&footprint->at[i])))
			footprint->at[kept++] = footprint->at[i];
	footprint->n = kept;
	return strategy_dpor.pick(x, candidates, n);
}

static void explore(const struct vmsim_scenario *scenario, enum vmsim_oracle oracle,
		    enum vmsim_strategy id, const struct strategy *strategy, struct outcomes *out)
{
	struct vmsim_explore_options options;
	struct vmsim_coverage coverage = { 0 };
	struct vmsim_explorer *x;
	uint64_t executions = 0;
	char error[256];

	out->n = 0;
	vmsim_explore_options_init(&options);
	options.strategy = id;
	options.oracles = UINT64_C(1) << oracle;
	options.step_limit = 300;
	if (session_create(scenario, &options, strategy, NULL, &x, error, sizeof(error)))
		fail_msg("%s", error);
	for (; x->strategy->more(x); executions++) {
		if (session_execute(x, 0))
			fail_msg("%s", x->misfit);
		add_outcome(out, x);
	}
	x->strategy->cover(x, &coverage);
	assert_true(coverage.exhausted);
	print_message("%s by %s: %llu executions, %u outcomes\n", scenario->name,
		      vmsim_strategy_name(id), (unsigned long long)executions, out->n);
	session_destroy(x);
}

static bool same(const struct outcomes *a, const struct outcomes *b)
{
	for (unsigned int i = 0; i < a->n; i++)
		if (!has_outcome(b, a->at[i]))
			return false;
	return a->n == b->n;
}

/* dpor finds what dfs finds, @expected among it; blinded by @pick it does not. */
static void check_order(const struct vmsim_scenario *scenario, enum vmsim_oracle oracle,
			const char *expected,
			int (*pick)(struct vmsim_explorer *x, const struct candidate *candidates,
				    int n))
{
	struct strategy blind = strategy_dpor;
	struct outcomes dfs, dpor;

	explore(scenario, oracle, VMSIM_STRATEGY_DFS, NULL, &dfs);
	explore(scenario, oracle, VMSIM_STRATEGY_DPOR, NULL, &dpor);
	assert_true(dfs.n > 1);
	assert_true(has_outcome(&dfs, expected));
	assert_true(same(&dfs, &dpor));
	blind.pick = pick;
	explore(scenario, oracle, VMSIM_STRATEGY_DPOR, &blind, &dpor);
	assert_false(same(&dfs, &dpor));
}

static int map_page(struct vmsim_world *world, int flags)
{
	struct shared *shared = world->ctx;
	long at = vmsim_mmap(AREA, PAGE_SIZE, PROT_READ | PROT_WRITE, flags | MAP_FIXED,
			     shared->file, 0);

	if (at < 0 || vmsim_store(AREA, 8, 1))
		return -1;
	shared->mm = current->mm;
	shared->ptep = chk_find_pte(current->mm, AREA);
	shared->folio = pfn_folio(chk_pfn(chk_read_pte(shared->ptep)));
	return 0;
}

#define TWO_THREADS(title, a, b, set_up)						\
{											\
	.name = (title),								\
	.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 2, .frames = 64 },	\
	.ctx_size = sizeof(struct shared),						\
	.setup = (set_up),								\
	.threads = (const struct vmsim_thread_def[]) {					\
		{ .name = "First", .cpu = 0, .fn = (a) },				\
		{ .name = "Second", .cpu = 1, .fn = (b) },				\
	},										\
	.nr_threads = 2,								\
}

static int load_twice(struct vmsim_world *world)
{
	uint64_t seen;

	(void)world;
	return vmsim_load(AREA, 8, &seen) || vmsim_load(AREA, 8, &seen) ? -1 : 0;
}

/* A page is replaced, and nobody flushes: who still has the old one does not see what is stored. */
static int map_and_prepare(struct vmsim_world *world)
{
	struct shared *shared = world->ctx;

	shared->file = VMSIM_NO_FILE;
	if (map_page(world, MAP_PRIVATE | MAP_ANONYMOUS))
		return -1;
	shared->other = alloc_page(GFP_KERNEL);
	shared->other->mapping = shared->folio->page.mapping;
	shared->other->index = shared->folio->page.index;
	vmsim_frame_store(shared->other, 0, 8, 1);
	return 0;
}

static int replace_and_store(struct vmsim_world *world)
{
	const struct shared *shared = world->ctx;
	u64 pte = chk_read_pte(shared->ptep) & ~PTE_PFN_MASK;

	set_pte(shared->ptep, __pte(pte | page_to_pfn(shared->other) << PAGE_SHIFT));
	return vmsim_store(AREA, 8, 2) ? -1 : 0;
}

static void test_stale_load(void **state)
{
	const struct vmsim_scenario scenario =
		TWO_THREADS("stale-load", load_twice, replace_and_store, map_and_prepare);

	(void)state;
	unseen_kind = OBJECT_VALUE;
	check_order(&scenario, VMSIM_ORACLE_O4, "O4 R17", pick_blind);
}

/* A page leaves the page cache while somebody still has it in a TLB. */
static int map_file(struct vmsim_world *world)
{
	struct shared *shared = world->ctx;

	shared->file = vmsim_file_create(world->machine, "data", PAGE_SIZE);
	return shared->file < 0 ? shared->file : map_page(world, MAP_SHARED);
}

static int store_twice(struct vmsim_world *world)
{
	(void)world;
	return vmsim_store(AREA, 8, 2) || vmsim_store(AREA, 8, 3) ? -1 : 0;
}

static int leave_cache(struct vmsim_world *world)
{
	const struct shared *shared = world->ctx;

	vmsim_event(CACHE_REMOVE, (uintptr_t)shared->folio, (uintptr_t)shared->folio->mapping, 0);
	return 0;
}

static void test_store_behind_cache(void **state)
{
	const struct vmsim_scenario scenario =
		TWO_THREADS("store-behind-cache", store_twice, leave_cache, map_file);

	(void)state;
	unseen_kind = OBJECT_CONTENTS;
	check_order(&scenario, VMSIM_ORACLE_O3, "O3 R5", pick_blind);
}

/* A table is freed before, or after, a CPU has dropped its pointer to it. */
static int load_and_drop_pointer(struct vmsim_world *world)
{
	uint64_t seen;

	if (vmsim_load(AREA, 8, &seen))
		return -1;
	vmsim_tlb_invalidate(&vmsim_machine_get(world->machine)->cpu[0],
			     current->mm->context.ctx_id, AREA + PAGE_SIZE, AREA + 2 * PAGE_SIZE,
			     true);
	vmsim_point("dropped");
	return 0;
}

static int free_table(struct vmsim_world *world)
{
	const struct shared *shared = world->ctx;

	vmsim_event(TABLE_FREE, (uintptr_t)virt_to_page(shared->ptep), 1, (uintptr_t)shared->mm);
	return 0;
}

static int map_anon(struct vmsim_world *world)
{
	((struct shared *)world->ctx)->file = VMSIM_NO_FILE;
	return map_page(world, MAP_PRIVATE | MAP_ANONYMOUS);
}

static void test_pointer_to_table(void **state)
{
	const struct vmsim_scenario scenario =
		TWO_THREADS("pointer-to-table", load_and_drop_pointer, free_table, map_anon);

	(void)state;
	unseen_kind = OBJECT_POINTERS;
	check_order(&scenario, VMSIM_ORACLE_O2, "O2 R2", pick_blind);
}

/* What one thread leaves in TLBs, another one may happen to have promised to flush. */
static int load_and_clear(struct vmsim_world *world)
{
	const struct shared *shared = world->ctx;
	spinlock_t *ptl = page_ptdesc(virt_to_page(shared->ptep))->ptl;
	uint64_t seen;

	if (vmsim_load(AREA, 8, &seen))
		return -1;
	spin_lock(ptl);
	ptep_get_and_clear(shared->mm, AREA, shared->ptep);
	spin_unlock(ptl);
	return 0;
}

static int promise(struct vmsim_world *world)
{
	const struct shared *shared = world->ctx;

	inc_tlb_flush_pending(shared->mm);
	dec_tlb_flush_pending(shared->mm);
	return 0;
}

static void test_promise_of_another(void **state)
{
	const struct vmsim_scenario scenario =
		TWO_THREADS("promise-of-another", load_and_clear, promise, map_anon);

	(void)state;
	check_order(&scenario, VMSIM_ORACLE_O6, "O6 R14", pick_without_look);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stale_load),
		cmocka_unit_test(test_store_behind_cache),
		cmocka_unit_test(test_pointer_to_table),
		cmocka_unit_test(test_promise_of_another),
	};

	return vmsim_run_tests(tests);
}
