// SPDX-License-Identifier: GPL-2.0-only
#include "explore/session.h"
#include <errno.h>
#include <stdlib.h>

/*
 * Shares of several strategies: no single one wins. Half of the work goes to those that can exhaust
 * the scenario, for as long as that looks possible; the rest to pct and to random. Members take
 * turns: one execution each at first, so that what any of them finds at once is found at once, and
 * longer turns later.
 *
 * Work is counted in decisions, not in seconds: the same options find the same failure.
 */

/* Of all strategies, those that take part; the one with the lowest spending per share is next. */
static const struct {
	enum vmsim_strategy id;
	unsigned int share;
} rules[] = {
	{ VMSIM_STRATEGY_RANDOM, 2 },
	{ VMSIM_STRATEGY_PCT, 2 },
	{ VMSIM_STRATEGY_DPOR, 2 },
	{ VMSIM_STRATEGY_STATES, 2 },
};

#define MEMBERS_MAX (sizeof(rules) / sizeof(rules[0]))

/* Making and ending an execution costs about as much as so many decisions. */
#define EXECUTION_COST 30

/* A turn is this part of the work so far, and at most so many decisions. */
#define TURN_PART 32
#define TURN_MAX 1000000

#define PCT_DEPTH_MIN 3
#define PCT_DEPTHS 3

struct member {
	enum vmsim_strategy id;
	const struct strategy *strategy;
	unsigned int share;
	void *state;
	uint64_t spent, executions;
	struct vmsim_coverage coverage;	/* when its last turn ended */
	bool out;			/* has nothing more to do */
};

struct portfolio {
	struct member member[MEMBERS_MAX];
	unsigned int nr_members;
	struct member *turn;	/* whose it is; NULL: before the first execution */
	uint64_t turn_end;	/* of its spending */
	uint64_t spent, executions;
};

static void take_over(struct vmsim_explorer *x, struct member *member)
{
	x->strategy = member->strategy;
	x->strategy_state = member->state;
}

static int portfolio_create(struct vmsim_explorer *x)
{
	struct portfolio *p = calloc(1, sizeof(*p));
	int err = 0;

	if (!p)
		return -ENOMEM;
	x->portfolio = p;
	for (size_t i = 0; i < MEMBERS_MAX && !err; i++) {
		struct member *member = &p->member[p->nr_members];

		*member = (struct member) {
			.id = rules[i].id,
			.strategy = strategy_of(rules[i].id),
			.share = rules[i].share,
		};
		if (!member->strategy)
			continue;
		p->nr_members++;
		take_over(x, member);
		if (member->strategy->create)
			err = member->strategy->create(x);
		member->state = x->strategy_state;
	}
	return err;
}

static void portfolio_destroy(struct vmsim_explorer *x)
{
	struct portfolio *p = x->portfolio;

	for (unsigned int i = 0; p && i < p->nr_members; i++) {
		take_over(x, &p->member[i]);
		if (x->strategy->destroy)
			x->strategy->destroy(x);
	}
	free(p);
	x->portfolio = NULL;
}

/* What the last execution has cost goes to the one who decided it. */
static void settle(struct vmsim_explorer *x, struct portfolio *p)
{
	uint64_t cost = x->steps + EXECUTION_COST;

	if (!p->turn)
		return;
	p->turn->spent += cost;
	p->spent += cost;
	p->turn->executions += x->executions - p->executions;
	p->executions = x->executions;
}

static bool is_poorer(const struct member *a, const struct member *b)
{
	return a->spent * b->share < b->spent * a->share;
}

static struct member *next_member(struct portfolio *p)
{
	struct member *next = NULL;

	if (p->turn && !p->turn->out && p->turn->spent < p->turn_end)
		return p->turn;
	for (unsigned int i = 0; i < p->nr_members; i++) {
		struct member *member = &p->member[i];

		if (!member->out && (!next || is_poorer(member, next)))
			next = member;
	}
	return next;
}

static void ask_how_far(const struct vmsim_explorer *x, struct vmsim_coverage *coverage)
{
	*coverage = (struct vmsim_coverage) { 0 };
	if (x->strategy->cover)
		x->strategy->cover(x, coverage);
}

static void end_turn(const struct vmsim_explorer *x, struct member *member)
{
	member->state = x->strategy_state;
	ask_how_far(x, &member->coverage);
}

static void begin_turn(struct vmsim_explorer *x, struct portfolio *p, struct member *member)
{
	if (p->turn)
		end_turn(x, p->turn);
	p->turn = member;
	p->turn_end = member->spent + min(p->spent / TURN_PART, (uint64_t)TURN_MAX);
	take_over(x, member);
}

/* A member that has nothing more to do may have done all that there is. */
static bool has_exhausted(const struct vmsim_explorer *x, struct member *member)
{
	member->out = true;
	ask_how_far(x, &member->coverage);
	return member->coverage.exhausted;
}

static bool portfolio_more(struct vmsim_explorer *x)
{
	struct portfolio *p = x->portfolio;
	struct member *member;

	settle(x, p);
	while ((member = next_member(p))) {
		if (member != p->turn)
			begin_turn(x, p, member);
		x->pct_depth = PCT_DEPTH_MIN + member->executions % PCT_DEPTHS;
		if (!x->strategy->more || x->strategy->more(x))
			return true;
		if (has_exhausted(x, member))
			return false;
	}
	return false;
}

/* Those who know how far they came say it in fields of their own. */
static void add_coverage(struct vmsim_coverage *all, const struct vmsim_coverage *one)
{
	all->exhausted |= one->exhausted;
	all->classes += one->classes;
	all->blocked += one->blocked;
	all->states += one->states;
	all->transitions += one->transitions;
	all->estimate = max(all->estimate, one->estimate);
}

static void portfolio_cover(const struct vmsim_explorer *x, struct vmsim_coverage *coverage)
{
	const struct portfolio *p = x->portfolio;

	for (unsigned int i = 0; i < p->nr_members; i++) {
		const struct member *member = &p->member[i];
		struct vmsim_coverage one = member->coverage;

		if (member == p->turn)
			ask_how_far(x, &one);
		add_coverage(coverage, &one);
		coverage->executions_by[member->id] = member->executions;
	}
	coverage->executions_by[VMSIM_STRATEGY_PORTFOLIO] = 0;
	if (!p->turn)
		return;
	/* The execution that failed has not been settled. */
	coverage->executions_by[p->turn->id] += x->executions - p->executions;
	coverage->found_by = p->turn->id;
}

const struct strategy strategy_portfolio = {
	.footprints = true,
	.create = portfolio_create,
	.destroy = portfolio_destroy,
	.more = portfolio_more,
	.cover = portfolio_cover,
};
