// SPDX-License-Identifier: GPL-2.0-only
#include "explore/minimise.h"
#include "explore/certify.h"
#include <errno.h>
#include <stdlib.h>

/*
 * A failure, cut down: greedily, and then certified by a search of everything with one preemption
 * less. What that finds is cut down again.
 */

bool same_failure(const struct vmsim_violation *a, const struct vmsim_violation *b)
{
	return !strcmp(a->oracle, b->oracle) && !strcmp(a->rule, b->rule);
}

bool minimiser_spent(const struct minimiser *m)
{
	return m->replays >= m->max_replays ||
	       (m->deadline_ns && session_now_ns() >= m->deadline_ns);
}

static bool cheaper(const struct schedule_cost *a, const struct schedule_cost *b)
{
	if (a->preemptions != b->preemptions)
		return a->preemptions < b->preemptions;
	if (a->steps != b->steps)
		return a->steps < b->steps;
	return a->blocks < b->blocks;
}

static void execute(struct minimiser *m)
{
	m->follow.plan = m->plan.picks;
	m->follow.n = m->plan.n;
	m->x->strategy_state = &m->follow;
	session_execute(m->x, 0);
	m->replays++;
}

/* What was just executed becomes the best. */
static void adopt(struct minimiser *m, const struct schedule_cost *cost)
{
	m->cost = *cost;
	m->violation = m->x->violation;
	picks_copy(&m->best, m->x->recorded.picks, m->x->recorded.n);
}

static struct schedule_cost cost_of(const struct minimiser *m)
{
	return (struct schedule_cost) {
		.preemptions = m->follow.preemptions,
		.steps = m->x->steps,
		.blocks = m->x->recorded.n,
	};
}

bool minimiser_try(struct minimiser *m)
{
	struct schedule_cost cost;

	if (minimiser_spent(m))
		return false;
	m->follow.max_preemptions = m->cost.preemptions;
	m->follow.max_steps = m->cost.steps;
	execute(m);
	cost = cost_of(m);
	if (!m->x->failed || !same_failure(&m->x->violation, &m->target) ||
	    !cheaper(&cost, &m->cost))
		return false;
	adopt(m, &cost);
	return true;
}

/* Whether @executed is how @wanted begins. */
static bool fits(const struct pick_list *executed, const struct pick_list *wanted)
{
	if (executed->n > wanted->n)
		return false;
	for (size_t i = 0; i < executed->n; i++) {
		const struct vmsim_pick *a = &executed->picks[i], *b = &wanted->picks[i];
		bool last = i + 1 == executed->n;

		if (a->kind != b->kind || a->id != b->id ||
		    (last ? a->count > b->count : a->count != b->count))
			return false;
	}
	return true;
}

/* As the explorer would have recorded it: a text may have been written by hand. */
static void plan_from(struct minimiser *m, const struct vmsim_pick *picks, size_t n)
{
	picks_clear(&m->plan);
	for (size_t i = 0; i < n; i++)
		picks_add(&m->plan, picks[i].kind, picks[i].id, picks[i].count);
}

/* Executes @picks as they are: they must fit and fail. They become the best. */
static int start_from(struct minimiser *m, const struct vmsim_pick *picks, size_t n, char *error,
		      size_t size)
{
	struct schedule_cost cost;

	plan_from(m, picks, n);
	m->follow.max_preemptions = UINT_MAX;
	m->follow.max_steps = UINT64_MAX;
	execute(m);
	if (!fits(&m->x->recorded, &m->plan)) {
		snprintf(error, size, "the schedule does not fit");
		return -EINVAL;
	}
	if (!m->x->failed) {
		snprintf(error, size, "the schedule breaks no rule: there is nothing to minimise");
		return -EINVAL;
	}
	cost = cost_of(m);
	adopt(m, &cost);
	return 0;
}

/*
 * Searches what has fewer preemptions than the best, and cuts down what is found there, until
 * nothing is found. A preemption less each time: this ends.
 */
static void certify(struct minimiser *m, struct certifier *certifier,
		    struct vmsim_minimised *minimised)
{
	char error[160];

	for (;;) {
		int found = certifier_search(certifier, m->cost.preemptions, &m->target);

		minimised->certified = found == 0;
		if (found <= 0)
			return;
		if (start_from(m, certifier->found.picks, certifier->found.n, error, sizeof(error)))
			return;
		minimised->improved++;
		minimiser_cut(m);
	}
}

static void hand_over(struct minimiser *m, struct vmsim_minimised *minimised)
{
	struct vmsim_schedule *schedule = &minimised->schedule;

	session_name_schedule(m->x, schedule);
	schedule->picks = m->best.picks;
	schedule->nr_picks = m->best.n;
	m->best = (struct pick_list) { 0 };
	minimised->violation = m->violation;
	minimised->preemptions = m->cost.preemptions;
	minimised->steps = m->cost.steps;
	minimised->replays = m->replays;
}

static int minimise(struct minimiser *m, const struct vmsim_schedule *failing,
		    const struct vmsim_minimise_limits *limits, struct vmsim_minimised *minimised,
		    char *error, size_t size)
{
	struct certifier certifier = {
		.scenario = m->x->scenario,
		.options = m->x->options,
		.max_executions = limits->certify,
		.deadline_ns = m->deadline_ns,
	};
	int err = start_from(m, failing->picks, failing->nr_picks, error, size);

	if (err)
		return err;
	m->target = m->violation;
	minimised->preemptions_before = m->cost.preemptions;
	minimised->steps_before = m->cost.steps;
	minimiser_cut(m);
	if (limits->certify)
		certify(m, &certifier, minimised);
	minimised->certify_executions = certifier.executions;
	free(certifier.found.picks);
	hand_over(m, minimised);
	return 0;
}

/**
 * vmsim_minimise_limits_init() - limits under which most failures are cut down and certified
 * @limits: filled in
 */
VMSIM_API void vmsim_minimise_limits_init(struct vmsim_minimise_limits *limits)
{
	*limits = (struct vmsim_minimise_limits) { .replays = 10000, .certify = 50000 };
}

/**
 * vmsim_minimise() - finds the smallest schedule that fails as a given one does
 * @scenario: what runs
 * @options: as for vmsim_explore(): backend, TLB, oracles, variant, memory model; what says how to
 *	search is not used
 * @failing: a schedule that breaks a rule; bound
 * @limits: what it may cost
 * @minimised: what came out; release it with vmsim_minimised_free(), also after an error
 * @error: receives one line when the return value is not 0
 * @error_size: its size
 *
 * The same failure is one of the same oracle and rule. Smallest means the fewest preemptions, then
 * the fewest steps; only the first is certified.
 *
 * Return: 0; -EINVAL: the schedule does not fit, or breaks no rule; other -errno when the world
 * cannot be made.
 */
VMSIM_API int vmsim_minimise(const struct vmsim_scenario *scenario,
			     const struct vmsim_explore_options *options,
			     const struct vmsim_schedule *failing,
			     const struct vmsim_minimise_limits *limits,
			     struct vmsim_minimised *minimised, char *error, size_t error_size)
{
	struct vmsim_explore_options session = *options;
	struct minimiser m = { .max_replays = limits->replays };
	uint64_t begin = session_now_ns();
	int err;

	*minimised = (struct vmsim_minimised) { 0 };
	options_replay(&session, failing);
	if (limits->time_ms)
		m.deadline_ns = begin + limits->time_ms * 1000000;
	err = session_check(scenario, &session, error, error_size);
	if (!err)
		err = session_create(scenario, &session, &strategy_follow, NULL, &m.x, error,
				     error_size);
	if (err)
		return err;
	err = minimise(&m, failing, limits, minimised, error, error_size);
	session_destroy(m.x);
	free(m.plan.picks);
	free(m.best.picks);
	minimised->time_ns = session_now_ns() - begin;
	return err;
}

VMSIM_API void vmsim_minimised_free(struct vmsim_minimised *minimised)
{
	vmsim_schedule_free(&minimised->schedule);
	*minimised = (struct vmsim_minimised) { 0 };
}
