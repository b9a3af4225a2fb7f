// SPDX-License-Identifier: GPL-2.0-only
#include "stage.h"
#include "explore/sanitize.h"
#include <stdio.h>

struct look look_at_page(struct page *page)
{
	return (struct look) {
		.page = page,
		.zero = is_zero_page(page),
		.anon = PageAnon(page),
		.exclusive = PageAnon(page) && PageAnonExclusive(page),
		.maps = folio_mapcount(page_folio(page)),
		.refs = folio_ref_count(page_folio(page)),
	};
}

static struct look look_at_entry(struct mm_struct *mm, unsigned long addr)
{
	pte_t *ptep = mm ? chk_find_pte(mm, addr) : NULL;
	pte_t pte = ptep ? __pte(chk_read_pte(ptep)) : __pte(0);
	struct look look = { 0 };

	if (pte_present(pte))
		look = look_at_page(pfn_to_page(pte_pfn(pte)));
	look.pte = pte;
	look.write = pte_write(pte);
	look.dirty = pte_dirty(pte);
	look.soft_dirty = pte_soft_dirty(pte);
	return look;
}

struct look look_at(const struct stage *s, int pid, unsigned long addr)
{
	struct vmsim_process *process;
	struct look look;

	(void)s;
	vmsim_enter();
	process = vmsim_process_find(vmsim_this_machine(), pid);
	look = look_at_entry(process ? process->mm : NULL, addr);
	vmsim_leave();
	return look;
}

struct vmsim_stats stats_of(const struct stage *s)
{
	struct vmsim_stats stats = { 0 };

	vmsim_stats_get(s->machine, &stats);
	return stats;
}

struct turn {
	const struct stage *stage;
	unsigned int step;
};

static bool has_come(const void *arg)
{
	const struct turn *turn = arg;

	return __READ_ONCE(turn->stage->turn) == turn->step;
}

static void wait_for_turn(struct stage *s, unsigned int step)
{
	struct turn turn = { s, step };

	vmsim_enter();
	while (smp_load_acquire(&s->turn) != step)
		vmsim_wait_until(has_come, &turn);
	vmsim_leave();
}

/* After a failure the others only pass the turn on: natively there is no other way to end. */
static void take(struct stage *s, const struct step *step)
{
	int err;

	if (s->failed)
		return;
	s->before = stats_of(s);
	err = step->act(s);
	if (!err && s->in_order && step->exact)
		err = step->exact(s);
	if (err)
		s->failed = err;
}

static void take_freely(struct stage *s, const struct step *step)
{
	if (step->act(s))
		smp_store_release(&s->failed, 1);
}

static void take_in_turn(struct stage *s, unsigned int step)
{
	wait_for_turn(s, step);
	take(s, &s->test->steps[step]);
	smp_store_release(&s->turn, step + 1);
}

static int play(struct stage *s, enum actor actor)
{
	const struct test_case *test = s->test;

	for (unsigned int i = 0; i < test->nr_steps; i++) {
		if (test->steps[i].actor != actor)
			continue;
		if (s->in_order)
			take_in_turn(s, i);
		else if (i >= test->prefix)
			take_freely(s, &test->steps[i]);
	}
	return 0;
}

static int parent(struct vmsim_world *world)
{
	return play(world->ctx, PARENT);
}

static int child(struct vmsim_world *world)
{
	return play(world->ctx, CHILD);
}

static int other(struct vmsim_world *world)
{
	return play(world->ctx, OTHER);
}

static int set_up(struct vmsim_world *world)
{
	struct stage *s = world->ctx;

	s->machine = world->machine;
	s->parent = vmsim_self->pid;
	if (s->state->prepare(s) || s->state->precondition(s))
		return -EINVAL;
	for (size_t i = 0; i < s->pages; i++)
		s->was[i] = look_at(s, s->parent, s->mem + i * PG).page;
	for (unsigned int i = 0; !s->in_order && i < s->test->prefix; i++)
		take_freely(s, &s->test->steps[i]);
	s->begin = stats_of(s);
	return s->failed ? -EINVAL : 0;
}

static int let_go(struct stage *s)
{
	if (s->held)
		claim(vmsim_unpin(s->held, false) == 0);
	return 0;
}

static int check(struct vmsim_world *world)
{
	struct stage *s = world->ctx;

	if (s->failed || s->test->final(s))
		return -1;
	return let_go(s);
}

static const struct vmsim_thread_def players[ACTORS] = {
	[PARENT] = { .name = "Parent", .cpu = 0, .fn = parent },
	[CHILD] = { .name = "Child", .cpu = 1, .fn = child },
	[OTHER] = { .name = "Other", .cpu = 2, .fn = other },
};

/* Threads that have nothing to do take no part. */
static unsigned int cast(const struct test_case *test, struct vmsim_thread_def *threads)
{
	unsigned int nr = 0;

	for (int actor = 0; actor < ACTORS; actor++) {
		bool plays = false;

		for (unsigned int i = 0; i < test->nr_steps; i++)
			plays |= test->steps[i].actor == (enum actor)actor;
		if (plays)
			threads[nr++] = players[actor];
	}
	return nr;
}

static int run(const struct state *state, const struct test_case *test, bool in_order,
	       const struct vmsim_explore_options *options, struct vmsim_result *result)
{
	struct stage begin = { .state = state, .test = test, .in_order = in_order };
	struct vmsim_thread_def threads[ACTORS];
	char name[64], error[256] = "";
	struct vmsim_scenario scenario = {
		.name = name,
		.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = ACTORS + 1, .frames = 128 },
		.ctx_size = sizeof(begin),
		.ctx_init = &begin,
		.setup = set_up,
		.threads = threads,
		.nr_threads = cast(test, threads),
		.check = check,
	};
	int err;

	snprintf(name, sizeof(name), "%s/%s", state->id, test->id);
	if (!state->prepare || !state->precondition || !test->nr_steps || !test->final) {
		fprintf(stderr, "%s is not built\n", name);
		return -EOPNOTSUPP;
	}
	err = vmsim_explore(&scenario, options, result, error, sizeof(error));
	if (err)
		fprintf(stderr, "%s: %s\n", name, error);
	else if (result->violated)
		fprintf(stderr, "%s: %s %s: %s\n", name, result->violation.oracle,
			result->violation.rule, result->violation.text);
	else
		return 0;
	if (result->violated && options->strategy != VMSIM_STRATEGY_NATIVE)
		vmsim_schedule_write_line(&scenario, &result->schedule, stderr);
	return -1;
}

static int run_once(const struct state *state, const struct test_case *test, bool in_order,
		    const struct vmsim_explore_options *options)
{
	struct vmsim_result result = { 0 };
	int err = run(state, test, in_order, options, &result);

	vmsim_result_free(&result);
	return err;
}

static struct vmsim_explore_options options_of(enum vmsim_strategy strategy, uint64_t executions)
{
	struct vmsim_explore_options options;

	vmsim_explore_options_init(&options);
	options.strategy = strategy;
	options.executions = executions;
	return options;
}

int stage_in_order(const struct state *state, const struct test_case *test)
{
	struct vmsim_explore_options options = options_of(VMSIM_STRATEGY_NATIVE, 1);

	return run_once(state, test, true, &options);
}

/* Under every flush back-end that does what it should. */
int stage_in_order_explored(const struct state *state, const struct test_case *test)
{
	struct vmsim_explore_options options = options_of(VMSIM_STRATEGY_RANDOM, 1);
	int err = 0;

	for (int tlb = 0; tlb < VMSIM_TLB_COUNT && !err; tlb++) {
		options.tlb = (enum vmsim_tlb)tlb;
		if (options.tlb != VMSIM_TLB_FAULTY)
			err = run_once(state, test, true, &options);
	}
	return err;
}

int stage_side_by_side(const struct state *state, const struct test_case *test)
{
	struct vmsim_explore_options options =
		options_of(VMSIM_STRATEGY_NATIVE, SANITIZED ? 10 : 50);

	return run_once(state, test, false, &options);
}

/* Under sanitizers, which are slow, some of it; else all, or all within the case's bound. */
static struct vmsim_explore_options options_for(const struct test_case *test)
{
	struct vmsim_explore_options options = options_of(VMSIM_STRATEGY_RANDOM, 100);

	if (SANITIZED)
		return options;
	options.strategy = VMSIM_STRATEGY_STATES;
	if (test->bounded)
		options.preemptions = 1;
	options.executions = UINT64_MAX;
	options.time_limit_ms = 60000;
	return options;
}

int stage_side_by_side_explored(const struct state *state, const struct test_case *test)
{
	struct vmsim_explore_options options = options_for(test);
	struct vmsim_result result = { 0 };
	int err = run(state, test, false, &options, &result);

	if (!err)
		printf("%s/%s: %llu executions, %s%s\n", state->id, test->id,
		       (unsigned long long)result.executions,
		       result.coverage.exhausted ? "exhausted" : "NOT EXHAUSTED",
		       test->bounded ? " within one preemption" : "");
	if (!err && !SANITIZED && !result.coverage.exhausted)
		err = -1;
	vmsim_result_free(&result);
	return err;
}
