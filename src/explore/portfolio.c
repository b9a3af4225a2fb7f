// SPDX-License-Identifier: GPL-2.0-only
#include "explore/portfolio.h"
#include "explore/session.h"
#include <errno.h>
#include <math.h>

/*
 * Shares of several strategies: no single one wins. Of five shares, two go to those that can
 * exhaust the scenario, for as long as that looks possible, one to bounds, which tells how far it
 * came where they cannot, and two to pct and to random. Members take turns, each in a session of
 * its own: one execution each at first, so that what any of them finds at once is found at once,
 * and longer turns later.
 *
 * Work is counted in decisions, not in seconds: the same options find the same failure.
 */

/*
 * The order is that of the first turns. @cost: how much longer a decision takes than one of
 * random's, for bookkeeping about what touched what, or about what changed (vmsim bench explore).
 * @bounded: it keeps to a bound on preemptions.
 */
static const struct {
	enum vmsim_strategy id;
	unsigned int share;
	unsigned int cost;
	bool bounded;
} rules[] = {
	{ VMSIM_STRATEGY_RANDOM, 8, 1, false },
	{ VMSIM_STRATEGY_PCT, 8, 1, false },
	{ VMSIM_STRATEGY_DPOR, 8, 2, false },
	{ VMSIM_STRATEGY_STATES, 8, 30, true },
	{ VMSIM_STRATEGY_BOUNDS, 8, 30, true },
};

#define MEMBERS (sizeof(rules) / sizeof(rules[0]))

/*
 * Soon: less than so many times before it of what lies behind it. The share of the member that will
 * come to its end first, and soon, of one that can come to it, and of one that will not.
 */
#define SOON 10
#define SOON_SHARE 128
#define NEAR_SHARE 32
#define HOPELESS_SHARE 2

/* Making and ending an execution costs about as much as so many decisions. */
#define EXECUTION_COST 30

/* A turn is this part of the work so far, and at most so many decisions. */
#define TURN_PART 32
#define TURN_MAX 300000

/* pct: this depth, and so many above it, by turns. */
#define PCT_DEPTH 3
#define PCT_DEPTHS 3

/**
 * struct member - one of the strategies
 * @x: its session; NULL: it has not had a turn
 * @spent: work, in decisions
 * @out: has nothing more to do, or is not for options like these
 */
struct member {
	struct vmsim_explore_options options;
	struct vmsim_explorer *x;
	unsigned int share, cost;
	uint64_t spent;
	bool out;
};

/*
 * @first_seed, @executions: of this shard; its members each do their shard of what they exhaust
 */
struct portfolio {
	const struct vmsim_scenario *scenario;
	const struct vmsim_explore_options *options;
	struct vmsim_result *result;
	struct member member[MEMBERS];
	uint64_t first_seed, executions;
	uint64_t spent, deadline_ns;
	bool exhausted;
};

static void portfolio_init(struct portfolio *p)
{
	const struct vmsim_explore_options *options = p->options;

	p->first_seed = session_first_seed(options, options->shard);
	p->executions = session_first_seed(options, options->shard + 1) - p->first_seed;
	for (size_t i = 0; i < MEMBERS; i++) {
		p->member[i].share = rules[i].share;
		p->member[i].cost = rules[i].cost;
		p->member[i].out = p->options->preemptions != VMSIM_UNBOUNDED && !rules[i].bounded;
		p->member[i].options = *p->options;
		p->member[i].options.strategy = rules[i].id;
		p->member[i].options.timeline = false;
		p->member[i].options.pct_depth = PCT_DEPTH;
	}
	if (p->options->time_limit_ms)
		p->deadline_ns = session_now_ns() + p->options->time_limit_ms * 1000000;
}

static bool is_poorer(const struct member *a, const struct member *b)
{
	return a->spent * b->share < b->spent * a->share;
}

static struct member *next_member(struct portfolio *p)
{
	struct member *next = NULL;

	for (size_t i = 0; i < MEMBERS; i++) {
		struct member *member = &p->member[i];

		if (!member->out && (!next || is_poorer(member, next)))
			next = member;
	}
	return next;
}

/* Nothing may be left, or there is no time for more. */
static bool is_over(const struct portfolio *p)
{
	return p->exhausted || p->result->executions >= p->executions ||
	       (p->deadline_ns && session_now_ns() >= p->deadline_ns);
}

static struct vmsim_coverage coverage_of(const struct member *member)
{
	struct vmsim_coverage coverage = { .preemptions = VMSIM_UNBOUNDED };

	if (member->x && member->x->strategy->cover)
		member->x->strategy->cover(member->x, &coverage);
	return coverage;
}

/* One execution, or what a member does at once. As session_search(). */
static int execute(struct portfolio *p, struct member *member)
{
	struct vmsim_explorer *x = member->x;
	uint64_t before = coverage_of(member).transitions;
	uint64_t work;
	int stop;

	member->options.pct_depth = PCT_DEPTH + x->executions % PCT_DEPTHS;
	stop = session_search(x, p->first_seed + p->result->executions, p->result);
	work = coverage_of(member).transitions - before;
	work = (EXECUTION_COST + (work ? work : x->steps)) * member->cost;
	member->spent += work;
	p->spent += work;
	if (p->options->progress && p->result->executions % SESSION_PROGRESS_EVERY == 0)
		p->options->progress(p->options->progress_arg, p->result->executions);
	return stop;
}

/* A member that has nothing more to do may have done all that there is. */
static bool has_more(struct portfolio *p, struct member *member)
{
	struct vmsim_explorer *x = member->x;

	if (!x->strategy->more || x->strategy->more(x))
		return true;
	member->out = true;
	p->exhausted |= coverage_of(member).exhausted;
	return false;
}

/* How much a member has behind it and before it: executions, or states. False: nobody knows. */
static bool way_of(const struct vmsim_coverage *coverage, double *done, double *left)
{
	bool by_states = coverage->states_left > 0 && coverage->left_within == VMSIM_UNBOUNDED;

	*done = (double)(by_states ? coverage->states : coverage->classes);
	*left = by_states ? coverage->states_left : coverage->estimate - *done;
	return by_states || coverage->estimate > 0;
}

/* What a member has before it, in decisions; without end: it will not come to one soon. */
static double work_left(const struct member *member)
{
	struct vmsim_coverage coverage = coverage_of(member);
	double done, left;

	if (member->out || !way_of(&coverage, &done, &left) || left >= SOON * done)
		return HUGE_VAL;
	return left / done * (double)member->spent;
}

static const struct member *soonest(const struct portfolio *p)
{
	const struct member *soonest = NULL;
	double least = HUGE_VAL;

	for (size_t i = 0; i < MEMBERS; i++) {
		double left = work_left(&p->member[i]);

		if (left < least)
			soonest = &p->member[i];
		least = min(left, least);
	}
	return soonest;
}

/* States are no executions, and their end is often farther than it looks. */
static bool is_hopeless(const struct portfolio *p, const struct vmsim_coverage *coverage,
			double left)
{
	return !coverage->states && left > (double)(p->executions - p->result->executions);
}

/*
 * Most for the one who will come to an end first, if that is soon; more for others who can before
 * the executions run out, less for those who cannot.
 */
static void adjust_shares(struct portfolio *p)
{
	const struct member *first = soonest(p);

	for (size_t i = 0; i < MEMBERS; i++) {
		struct member *member = &p->member[i];
		struct vmsim_coverage coverage = coverage_of(member);
		double done, left;

		if (member->out || !way_of(&coverage, &done, &left))
			continue;
		if (member == first)
			member->share = SOON_SHARE;
		else if (is_hopeless(p, &coverage, left))
			member->share = HOPELESS_SHARE;
		else if (!coverage.states || left < SOON * done)
			member->share = NEAR_SHARE;
	}
}

/* Until its end, which is near at first; 1: stop all, < 0: error. */
static int turn(struct portfolio *p, struct member *member)
{
	uint64_t end = member->spent + min(p->spent / TURN_PART, (uint64_t)TURN_MAX);
	int stop;

	do {
		if (!has_more(p, member))
			return 0;
		stop = execute(p, member);
	} while (!stop && member->spent < end && !is_over(p));
	adjust_shares(p);
	return stop;
}

/* Members that are not built, or not for these options, are left out. */
static int join(struct portfolio *p, struct member *member, char *error, size_t size)
{
	int err = session_create(p->scenario, &member->options, NULL, NULL, &member->x, error,
				 size);

	member->out = err == -EOPNOTSUPP;
	return member->out && next_member(p) ? 0 : err;
}

static int take_turns(struct portfolio *p, char *error, size_t size)
{
	struct member *member;
	int stop = 0;

	while (!stop && !is_over(p) && (member = next_member(p))) {
		if (!member->x)
			stop = join(p, member, error, size);
		if (!stop && !member->out)
			stop = turn(p, member);
		if (stop < 0 && member->x)
			snprintf(error, size, "%s", member->x->misfit[0] ? member->x->misfit :
				 strerror(-stop));
	}
	return min(stop, 0);
}

/* Members who know how far they came say it in fields of their own. */
static void add_coverage(struct vmsim_coverage *all, const struct member *member)
{
	struct vmsim_coverage one = coverage_of(member);

	all->exhausted_by[member->options.strategy] = one.exhausted;
	all->below_by[member->options.strategy] = one.below;
	all->exhausted |= one.exhausted;
	all->below = max(all->below, one.below);
	all->classes += one.classes;
	all->blocked += one.blocked;
	all->states += one.states;
	all->transitions += one.transitions;
	all->estimate = max(all->estimate, one.estimate);
	if (member->options.strategy == VMSIM_STRATEGY_STATES) {
		all->states_left = one.states_left;
		all->left_within = one.left_within;
	}
	all->executions_by[member->options.strategy] = member->x->executions;
}

static void leave(struct portfolio *p)
{
	struct vmsim_explorer *last = NULL;

	p->result->coverage.preemptions = p->options->preemptions;
	for (size_t i = 0; i < MEMBERS; i++) {
		if (!p->member[i].x)
			continue;
		last = p->member[i].x;
		add_coverage(&p->result->coverage, &p->member[i]);
	}
	if (last && !p->result->failures)
		session_hand_over(last, p->result);
	for (size_t i = 0; i < MEMBERS; i++)
		if (p->member[i].x)
			session_destroy(p->member[i].x);
}

int vmsim_run_portfolio(const struct vmsim_scenario *scenario,
			const struct vmsim_explore_options *options, struct vmsim_result *result,
			char *error, size_t error_size)
{
	struct portfolio p = { .scenario = scenario, .options = options, .result = result };
	struct task_struct *caller = vmsim_self;
	int err;

	portfolio_init(&p);
	err = take_turns(&p, error, error_size);
	leave(&p);
	vmsim_self = caller;
	return err;
}
