// SPDX-License-Identifier: GPL-2.0-only
#include "../unit/vmsim_test.h"
#include "../../scenarios/registry.h"
#include "explore/session.h"
#include "explore/step.h"
#include "machine/heap.h"
#include "leavings.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Footprints against what steps do. Of a random execution, two steps that follow each other and
 * whose footprints leave each other alone are swapped: every step must touch what it touched, and
 * what is left at the end must be the same. What a step touches without telling, or tells too late,
 * shows here.
 *
 *   swaps EXECUTIONS SEED [SCENARIO]
 *
 * So many executions of each scenario under each flush back-end.
 */

#define VARIANT "linux-6.12"
#define MAX_STEPS 4096
#define MAX_ACCESSES 65536
#define MAX_ANSWERS 64
#define STEP_LIMIT 2000
#define SHOWN 5

struct run {
	struct step {
		unsigned int actor;
		uint64_t can;		/* who could have taken one instead */
		size_t accesses, end;
		unsigned int answers;
	} step[MAX_STEPS];
	unsigned int n;
	struct access access[MAX_ACCESSES];
	size_t nr_accesses;
	bool answer[MAX_ANSWERS];
	unsigned int nr_answers;
	uint64_t leavings;
	bool failed, cut;
	char rule[48];
};

static struct run base, swapped, *now;
static unsigned int swap;		/* the step that comes one later; in the base: none */
static unsigned int favoured;
static bool in_step;
static struct step_before before;
static uint64_t pairs, wrong;

static void step_ends(struct vmsim_explorer *x)
{
	struct step *step = &now->step[now->n];
	const struct footprint *footprint = &x->footprint;

	if (!in_step)
		return;
	in_step = false;
	step_complete(x, step->actor, &before);
	assert_true(now->nr_accesses + footprint->n <= MAX_ACCESSES);
	step->accesses = now->nr_accesses;
	for (size_t i = 0; i < footprint->n; i++)
		now->access[now->nr_accesses++] = footprint->at[i];
	step->end = now->nr_accesses;
	now->n++;
}

static int step_starts(struct vmsim_explorer *x, const struct candidate *candidates, int n,
		       int chosen)
{
	struct step *step = &now->step[now->n];

	step->can = 0;
	for (int i = 0; i < n; i++)
		step->can |= 1ULL << step_actor(x, &candidates[i]);
	step->actor = step_actor(x, &candidates[chosen]);
	step->answers = now->nr_answers;
	in_step = true;
	step_begin(x, step->actor, &before);
	return chosen;
}

static void run_begins(struct vmsim_explorer *x, uint64_t seed)
{
	x->rng = seed;
	x->footprint.known = false;
	in_step = false;
	now->n = now->nr_answers = 0;
	now->nr_accesses = 0;
	now->cut = false;
}

static void run_ends(struct vmsim_explorer *x)
{
	step_ends(x);
	now->failed = x->failed;
}

static void run_done(struct vmsim_explorer *x)
{
	now->leavings = x->failed ? 0 : leavings;
	snprintf(now->rule, sizeof(now->rule), "%s %s", x->failed ? x->violation.oracle : "",
		 x->failed ? x->violation.rule : "");
}

/*
 * The execution that is held against others: for a while, one actor does most of what is done, so
 * that the others are met at many places.
 */
#define FAVOUR_ODDS 64
#define OTHERS_ODDS 6

static int favoured_or_any(struct vmsim_explorer *x, const struct candidate *candidates, int n)
{
	int chosen = (int)rng_below(&x->rng, (unsigned int)n);
	bool other = rng_below(&x->rng, OTHERS_ODDS);

	if (!rng_below(&x->rng, FAVOUR_ODDS))
		favoured = step_actor(x, &candidates[chosen]);
	for (int i = 0; i < n && other; i++)
		if (step_actor(x, &candidates[i]) == favoured)
			return i;
	return chosen;
}

static int base_pick(struct vmsim_explorer *x, const struct candidate *candidates, int n)
{
	step_ends(x);
	if (now->n == MAX_STEPS)
		return -1;
	return step_starts(x, candidates, n, favoured_or_any(x, candidates, n));
}

static bool base_choice(struct vmsim_explorer *x)
{
	bool yes = strategy_random.choice(x);

	assert_true(now->nr_answers < MAX_ANSWERS);
	now->answer[now->nr_answers++] = yes;
	return yes;
}

static const struct strategy base_strategy = {
	.footprints = true,
	.begin = run_begins,
	.pick = base_pick,
	.choice = base_choice,
	.end = run_ends,
	.done = run_done,
};

/* The other order. */

static unsigned int base_step(unsigned int n)
{
	return n == swap ? n + 1 : n == swap + 1 ? n - 1 : n;
}

static int swapped_pick(struct vmsim_explorer *x, const struct candidate *candidates, int n)
{
	step_ends(x);
	for (int i = 0; i < n && now->n < base.n; i++)
		if (step_actor(x, &candidates[i]) == base.step[base_step(now->n)].actor)
			return step_starts(x, candidates, n, i);
	now->cut = true;
	return -1;
}

static bool swapped_choice(struct vmsim_explorer *x)
{
	const struct step *step = &base.step[base_step(now->n)];
	unsigned int asked = now->nr_answers++ - now->step[now->n].answers;

	(void)x;
	return step->answers + asked < base.nr_answers && base.answer[step->answers + asked];
}

static const struct strategy swapped_strategy = {
	.footprints = true,
	.begin = run_begins,
	.pick = swapped_pick,
	.choice = swapped_choice,
	.end = run_ends,
	.done = run_done,
};

/* Comparison. */

static bool leaves_some(const struct access *access)
{
	return access->change < 0 && access->left > 0 && access->mode != ACCESS_ADD;
}

static bool is_count(const struct access *access)
{
	return leaves_some(access) || (access->mode == ACCESS_ADD && access->change > 0);
}

/* A drop that comes later, and leaves something only because of the addition. */
static bool counts_conflict(const struct access *a, const struct access *b)
{
	return leaves_some(b) && a->change > 0 && b->left <= a->change;
}

/* @b comes right after @a. */
static bool in_conflict(const struct access *a, const struct access *b)
{
	if (a->object == b->object && is_count(a) && is_count(b))
		return counts_conflict(a, b);
	return accesses_conflict(a, b);
}

static bool steps_conflict(const struct step *a, const struct step *b)
{
	for (size_t i = a->accesses; i < a->end; i++)
		for (size_t j = b->accesses; j < b->end; j++)
			if (in_conflict(&base.access[i], &base.access[j]))
				return true;
	return false;
}

/*
 * Who gets which of the objects that nobody had before is as it comes: what was not met before the
 * two steps, and what lies in the heap, may have another name, everywhere the same.
 */
#define NAMES 4096

static bool in_heap(const struct vmsim_machine *m, uint64_t object)
{
	uint64_t at = object_id(object);

	for (unsigned int i = 0; i < VMSIM_HEAP_PARTS; i++) {
		char *part;
		size_t used = vmsim_heap_part(m, i, &part);

		if (at >= (uintptr_t)part && at < (uintptr_t)part + used)
			return true;
	}
	return false;
}

static struct renamed {
	uint64_t from, to;
} renamed[NAMES];

static uint64_t *name_of(uint64_t object)
{
	unsigned int at = (unsigned int)(object * UINT64_C(0x9e3779b97f4a7c15) >> 52);

	while (renamed[at].from && renamed[at].from != object)
		at = (at + 1) % NAMES;
	renamed[at].from = object;
	return &renamed[at].to;
}

static bool is_called(const struct vmsim_machine *m, uint64_t object, uint64_t other)
{
	uint64_t *name = name_of(object);

	if (!*name)
		*name = other;
	return *name == other || (in_heap(m, object) && in_heap(m, other));
}

static void names_begin(const struct vmsim_machine *m)
{
	memset(renamed, 0, sizeof(renamed));
	for (size_t i = 0; i < base.step[swap].accesses; i++)
		is_called(m, base.access[i].object, base.access[i].object);
}

static bool is_held(const struct vmsim_machine *m, uint64_t object)
{
	return object - (uintptr_t)m->cpu < m->nr_cpus * sizeof(m->cpu[0]);
}

/*
 * What goes from a TLB, and which rights are more than the tables give, depends on who else dropped
 * something, or took rights away, before.
 */
static bool takes_away(const struct vmsim_machine *m, const struct access *access)
{
	unsigned int kind = object_kind(access->object);

	return access->mode == ACCESS_ADD &&
	       (kind == OBJECT_RIGHTS || kind == OBJECT_MM_RIGHTS || kind == OBJECT_POINTERS ||
		is_held(m, access->object));
}

static const struct access *next_access(const struct vmsim_machine *m, const struct run *run,
					size_t *at, size_t end)
{
	while (*at < end && takes_away(m, &run->access[*at]))
		++*at;
	return *at < end ? &run->access[(*at)++] : NULL;
}

static unsigned int mode_of(const struct access *access)
{
	return leaves_some(access) ? ACCESS_DROP : access->mode;
}

static bool step_differs(const struct vmsim_machine *m, const struct step *a, const struct step *b)
{
	size_t i = a->accesses, j = b->accesses;
	const struct access *x, *y;

	do {
		x = next_access(m, &base, &i, a->end);
		y = next_access(m, &swapped, &j, b->end);
		if (x && y && (!is_called(m, x->object, y->object) || mode_of(x) != mode_of(y)))
			return true;
	} while (x && y);
	return a->actor != b->actor || x || y;
}

/* The first step that is not as it was; base.n: none. */
static unsigned int first_difference(const struct vmsim_machine *m)
{
	names_begin(m);
	for (unsigned int i = 0; i < base.n && i < swapped.n; i++)
		if (step_differs(m, &base.step[base_step(i)], &swapped.step[i]))
			return i;
	return swapped.n < base.n ? swapped.n : base.n;
}

static void print_step(const char *what, const struct run *run, const struct step *step)
{
	fprintf(stderr, "  %s: actor %u:", what, step->actor);
	for (size_t i = step->accesses; i < step->end; i++)
		fprintf(stderr, " %u:%llx/%u", object_kind(run->access[i].object),
			(unsigned long long)object_id(run->access[i].object), run->access[i].mode);
	fprintf(stderr, "\n");
}

static void complain(const char *what, unsigned int differs)
{
	if (wrong++ >= SHOWN)
		return;
	fprintf(stderr, "steps %u and %u of %u leave each other alone, but swapped: %s\n", swap,
		swap + 1, base.n, what);
	print_step("first ", &base, &base.step[swap]);
	print_step("second", &base, &base.step[swap + 1]);
	if (differs >= base.n)
		return;
	print_step("was   ", &base, &base.step[base_step(differs)]);
	if (differs < swapped.n)
		print_step("became", &swapped, &swapped.step[differs]);
}

static void compare(const struct vmsim_machine *m)
{
	unsigned int differs = first_difference(m);

	if (swapped.cut)
		complain("somebody cannot go on", differs);
	else if (swapped.failed != base.failed || strcmp(swapped.rule, base.rule))
		complain("another rule breaks", differs);
	else if (differs < base.n)
		complain("a step touches something else", differs);
	else if (swapped.leavings != base.leavings)
		complain("something else is left", differs);
}

static void execute(struct vmsim_explorer *x, struct run *run, const struct strategy *strategy,
		    uint64_t seed)
{
	now = run;
	x->strategy = strategy;
	if (session_execute(x, seed))
		fail_msg("%s", x->misfit);
}

/* On a CPU that several processes share (more than one was made): which of the two steps switches is as it comes. */
static bool switch_processes(const struct vmsim_explorer *x, unsigned int a, unsigned int b)
{
	return x->machine->next_pid > 2 && step_by_thread(x, a) && step_by_thread(x, b) &&
	       x->actor[a].cpu == x->actor[b].cpu;
}

/* Frames that nobody has had are alike, but the lower one of two is handed out again first. */
static bool takes_frame(const struct step *step)
{
	for (size_t i = step->accesses; i < step->end; i++)
		if (base.access[i].object == object_name(OBJECT_FRAMES, 0) &&
		    base.access[i].mode == ACCESS_PART_WRITE)
			return true;
	return false;
}

static bool goes_on(const struct vmsim_explorer *x, const struct step *step, unsigned int actor)
{
	return !step_by_thread(x, actor) || step->can >> actor & 1;
}

/*
 * @a and the step after it, if both could have been first, and neither is an attempt at something
 * that is held: these are not known by what they touch. Nor is what the hypervisor does.
 */
static bool may_swap(const struct vmsim_explorer *x, const struct step *a)
{
	unsigned int first = a[0].actor, second = a[1].actor;

	if (switch_processes(x, first, second) || (takes_frame(&a[0]) && takes_frame(&a[1])))
		return false;
	return first != second && a[0].can >> second & 1 && goes_on(x, &a[1], first) &&
	       goes_on(x, &a[2], first) && goes_on(x, &a[2], second) &&
	       !step_by_hypervisor(x, first) && !step_by_hypervisor(x, second);
}

static void swap_all(struct vmsim_explorer *x, uint64_t seed)
{
	swap = MAX_STEPS;
	execute(x, &base, &base_strategy, seed);
	for (unsigned int i = 0; i + 2 < base.n; i++) {
		const struct step *a = &base.step[i], *b = &base.step[i + 1];

		if (!may_swap(x, a) || steps_conflict(a, b))
			continue;
		pairs++;
		swap = i;
		execute(x, &swapped, &swapped_strategy, seed);
		compare(x->machine);
		swap = MAX_STEPS;
	}
}

static bool runs_under(const struct vmsim_scenario *scenario, enum vmsim_tlb tlb)
{
	for (unsigned int i = 0; i < scenario->nr_verdicts; i++)
		if (!strcmp(scenario->verdicts[i].variant, VARIANT) &&
		    scenario->verdicts[i].tlb >> tlb & 1)
			return true;
	return false;
}

static uint64_t explore(const struct vmsim_scenario *scenario, enum vmsim_tlb tlb,
			uint64_t executions, uint64_t seed)
{
	struct vmsim_explore_options options;
	struct vmsim_explorer *x;
	char error[256];

	vmsim_explore_options_init(&options);
	options.variant = VARIANT;
	options.tlb = tlb;
	options.step_limit = STEP_LIMIT;
	if (session_create(scenario, &options, &base_strategy, NULL, &x, error, sizeof(error)))
		fail_msg("%s", error);
	pairs = wrong = 0;
	for (uint64_t i = 0; i < executions; i++)
		swap_all(x, seed + i);
	session_destroy(x);
	printf("%s %s: %llu pairs swapped, %llu wrong\n", scenario->name, vmsim_tlb_name(tlb),
	       (unsigned long long)pairs, (unsigned long long)wrong);
	return wrong;
}

static const struct vmsim_scenario *only;
static uint64_t executions, first_seed;

static void test_swaps(void **state)
{
	uint64_t all_pairs = 0, all_wrong = 0;

	(void)state;
	for (size_t i = 0; vmsim_scenarios[i]; i++) {
		for (int tlb = 0; tlb < VMSIM_TLB_COUNT; tlb++) {
			if ((only && only != vmsim_scenarios[i]) ||
			    !runs_under(vmsim_scenarios[i], (enum vmsim_tlb)tlb))
				continue;
			all_wrong += explore(vmsim_scenarios[i], (enum vmsim_tlb)tlb, executions,
					     first_seed);
			all_pairs += pairs;
		}
	}
	assert_true(all_pairs > 0);
	assert_int_equal(all_wrong, 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_swaps),
	};

	if (argc == 4)
		only = vmsim_scenario_named(argv[3]);
	if ((argc != 3 && argc != 4) || (argc == 4 && !only)) {
		fprintf(stderr, "usage: swaps EXECUTIONS SEED [SCENARIO]\n");
		return 2;
	}
	executions = strtoull(argv[1], NULL, 10);
	first_seed = strtoull(argv[2], NULL, 10);
	return vmsim_run_tests(tests);
}
