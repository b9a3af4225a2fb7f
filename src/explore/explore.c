// SPDX-License-Identifier: GPL-2.0-only
#include "explore/session.h"
#include "explore/deciding.h"
#include "explore/native.h"
#include "explore/portfolio.h"
#include "explore/saved_search.h"
#include "explore/scenario.h"
#include "trace/record.h"
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#define MAX_RECORDED_EVENTS (1 << 20)

/**
 * vmsim_explore_options_init() - the defaults
 * @options: filled in: one scripted execution on fibers with IPI flushes and all oracles
 */
VMSIM_API void vmsim_explore_options_init(struct vmsim_explore_options *options)
{
	*options = (struct vmsim_explore_options) {
		.strategy = VMSIM_STRATEGY_SCRIPT,
		.backend = VMSIM_BACKEND_FIBER,
		.tlb = VMSIM_TLB_IPI,
		.seed = 1,
		.executions = 1,
		.pct_depth = 3,
		.step_limit = 1000000,
		.variant = "",
		.preemptions = VMSIM_UNBOUNDED,
		.shards = 1,
	};
}

static const struct strategy *const strategies[VMSIM_STRATEGY_COUNT] = {
	[VMSIM_STRATEGY_SCRIPT] = &strategy_script,
	[VMSIM_STRATEGY_RANDOM] = &strategy_random,
	[VMSIM_STRATEGY_PCT] = &strategy_pct,
	[VMSIM_STRATEGY_REPLAY] = &strategy_replay,
	[VMSIM_STRATEGY_DFS] = &strategy_dfs,
	[VMSIM_STRATEGY_DPOR] = &strategy_dpor,
	[VMSIM_STRATEGY_STATES] = &strategy_states,
	[VMSIM_STRATEGY_BOUNDS] = &strategy_bounds,
};

static int __attribute__((format(printf, 3, 4)))
wrong(char *error, size_t error_size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error, error_size, format, args);
	va_end(args);
	return -EINVAL;
}

static int check_scenario(const struct vmsim_scenario *scenario, char *error, size_t size)
{
	if (!scenario->threads || scenario->nr_threads < 1 ||
	    scenario->nr_threads > VMSIM_MAX_THREADS)
		return wrong(error, size, "scenario %s: 1 to %d threads", scenario->name,
			     VMSIM_MAX_THREADS);
	if (scenario->bare && scenario->processes)
		return wrong(error, size, "scenario %s: bare, but with processes", scenario->name);
	for (unsigned int i = 0; i < scenario->nr_threads; i++) {
		const struct vmsim_thread_def *thread = &scenario->threads[i];

		if (thread->cpu >= scenario->config.cpus)
			return wrong(error, size, "scenario %s: thread %s: no CPU %u",
				     scenario->name, thread->name, thread->cpu);
		if (thread->process && thread->process >= scenario->processes)
			return wrong(error, size, "scenario %s: thread %s: no process %u",
				     scenario->name, thread->name, thread->process);
	}
	return 0;
}

/* Of a schedule that is replayed, nobody asks how many it has. */
static bool keeps_to_bounds(enum vmsim_strategy strategy)
{
	return strategy == VMSIM_STRATEGY_DFS || strategy == VMSIM_STRATEGY_STATES ||
	       strategy == VMSIM_STRATEGY_BOUNDS || strategy == VMSIM_STRATEGY_PORTFOLIO ||
	       strategy == VMSIM_STRATEGY_REPLAY;
}

/* A search that was found to fail has nothing to go on with. */
static bool can_be_saved(const struct vmsim_explore_options *options)
{
	const struct strategy *strategy = strategies[options->strategy];

	return strategy && strategy->save && !options->keep_going;
}

static int check_options(const struct vmsim_explore_options *options, char *error, size_t size)
{
	if ((unsigned int)options->strategy >= VMSIM_STRATEGY_COUNT)
		return wrong(error, size, "no such strategy");
	if ((unsigned int)options->memory_model > VMSIM_MEMORY_PSO)
		return wrong(error, size, "no such memory model");
	if (options->memory_model && options->strategy == VMSIM_STRATEGY_NATIVE)
		return wrong(error, size, "real threads have the memory model of this machine");
	if (options->ask & ~VMSIM_ASK_ALL)
		return wrong(error, size, "no such question");
	if (options->ask && options->strategy == VMSIM_STRATEGY_NATIVE)
		return wrong(error, size, "real threads are asked nothing");
	if (options->granularity != VMSIM_GRANULARITY_SYNC && !vmsim_is_instrumented()) {
		wrong(error, size, "full granularity needs libvmsim-full in this library's place");
		return -EOPNOTSUPP;
	}
	if (options->granularity != VMSIM_GRANULARITY_SYNC &&
	    options->memory_model != VMSIM_MEMORY_SC) {
		wrong(error, size, "full granularity has no memory model but sc");
		return -EOPNOTSUPP;
	}
	if (options->granularity == VMSIM_GRANULARITY_SYNC &&
	    options->oracles & VMSIM_ORACLE_BIT(O23) &&
	    !(options->oracles & ~VMSIM_ORACLE_BIT(O23)))
		return wrong(error, size, "O23 judges at full granularity only");
	if ((unsigned int)options->tlb >= VMSIM_TLB_COUNT)
		return wrong(error, size, "no such TLB back-end");
	if (options->strategy == VMSIM_STRATEGY_REPLAY && !options->schedule)
		return wrong(error, size, "replay needs a schedule");
	if (options->shards < 1 || options->shard >= options->shards)
		return wrong(error, size, "no such shard");
	if ((options->save_search || options->resume) && !can_be_saved(options)) {
		wrong(error, size, "not built yet: saving searches of strategy %s%s",
		      vmsim_strategy_name(options->strategy),
		      options->keep_going ? " that keep going" : "");
		return -EOPNOTSUPP;
	}
	if (options->preemptions != VMSIM_UNBOUNDED && !keeps_to_bounds(options->strategy)) {
		wrong(error, size, "strategy %s knows no bound on preemptions",
		      vmsim_strategy_name(options->strategy));
		return -EOPNOTSUPP;
	}
	if (options->pct_depth < 1 || options->pct_depth > 16)
		return wrong(error, size, "PCT depth must be 1 to 16");
#ifdef VMSIM_NO_CHECKS
	return wrong(error, size, "built with -Dchecks=false: nothing can be explored");
#endif
	return 0;
}

int session_check(const struct vmsim_scenario *scenario,
		  const struct vmsim_explore_options *options, char *error, size_t size)
{
	int err = check_scenario(scenario, error, size);

	return err ? err : check_options(options, error, size);
}

uint64_t session_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void session_name_schedule(const struct vmsim_explorer *x, struct vmsim_schedule *schedule)
{
	snprintf(schedule->scenario, sizeof(schedule->scenario), "%s", x->scenario->name);
	snprintf(schedule->variant, sizeof(schedule->variant), "%s",
		 x->options->variant ? x->options->variant : "");
	schedule->tlb = x->options->tlb;
	schedule->faulty_nth = x->machine->config.faulty_nth;
	schedule->oracles = x->options->oracles;
	schedule->memory_model = x->options->memory_model;
	schedule->granularity = x->options->granularity;
	schedule->ask = x->options->ask;
}

void session_hand_over(struct vmsim_explorer *x, struct vmsim_result *result)
{
	vmsim_schedule_free(&result->schedule);
	result->decisions = x->steps;
	result->violated = x->failed;
	result->violation = x->violation;
	session_name_schedule(x, &result->schedule);
	result->schedule.picks = x->recorded.picks;
	result->schedule.nr_picks = x->recorded.n;
	x->recorded = (struct pick_list) { 0 };
}

static int execute(struct vmsim_explorer *x, uint64_t seed)
{
	int err;

	x->failed = false;
	x->misfit[0] = 0;
	x->abandoned = false;
	picks_clear(&x->recorded);
	footprint_reset(&x->footprint);
	if (x->strategy->advance)
		return x->strategy->advance(x);
	world_restore(x);
	x->strategy->begin(x, seed);
	err = actors_start(x);
	if (err)
		return err;
	execution_run(x);
	if (x->strategy->end)
		x->strategy->end(x);
	actors_drop(x, ~x->at_rest);
	if (!x->failed && !x->abandoned && !setjmp(x->escape))
		world_finish(x);
	vmsim_self = &vmsim_no_task;
	if (x->strategy->done)
		x->strategy->done(x);
	x->deepest = max(x->deepest, x->steps);
	return x->misfit[0] ? -EINVAL : 0;
}

int session_execute(struct vmsim_explorer *x, uint64_t seed)
{
	int err;

	coroutine_alone_begin();
	err = execute(x, seed);
	coroutine_alone_end();
	return err;
}

/* A look at the clock takes as long as some decisions: one look for this many of them. */
#define CLOCK_EVERY 4096
#define EXECUTION_COST 64

static bool time_is_up(struct vmsim_explorer *x)
{
	if (!x->deadline_ns)
		return false;
	x->unclocked += EXECUTION_COST + x->steps;
	if (x->unclocked < CLOCK_EVERY)
		return false;
	x->unclocked = 0;
	return session_now_ns() >= x->deadline_ns;
}

static bool is_stopped(const struct vmsim_explorer *x)
{
	return x->options->stop && *x->options->stop;
}

static bool more(struct vmsim_explorer *x)
{
	if (x->executions >= x->last_seed - x->first_seed)
		return false;
	if (is_stopped(x) || time_is_up(x))
		return false;
	return !x->strategy->more || x->strategy->more(x);
}

int session_search(struct vmsim_explorer *x, uint64_t seed, struct vmsim_result *result)
{
	int err = session_execute(x, seed);

	x->executions += !x->abandoned;
	result->executions += !x->abandoned;
	result->coverage.decisions += x->steps;
	result->coverage.deepest = max(result->coverage.deepest, x->deepest);
	if (err || !x->failed)
		return err;
	if (!result->failures++) {
		session_hand_over(x, result);
		result->coverage.found_by = x->options->strategy;
	}
	return !x->options->keep_going;
}

/* What the shards before this one have learnt. */
static int learn(struct vmsim_explorer *x)
{
	uint64_t before = x->first_seed - x->options->seed;
	int err = 0;

	for (uint64_t i = 0; i < before && i < x->strategy->learns && !err; i++)
		err = session_execute(x, x->options->seed + i);
	return err;
}

/* What has not begun, or has failed, is nothing to go on with. */
static bool worth_saving(const struct vmsim_explore_options *options,
			 const struct vmsim_result *result)
{
	return options->save_search && !result->failures && result->coverage.states;
}

static int execute_all(struct vmsim_explorer *x, struct vmsim_result *result)
{
	const struct vmsim_explore_options *options = x->options;
	int stop = learn(x);

	while (!stop && more(x)) {
		stop = session_search(x, x->first_seed + x->executions, result);
		if (options->progress && x->executions % SESSION_PROGRESS_EVERY == 0)
			options->progress(options->progress_arg, x->executions);
	}
	if (stop < 0)
		return stop;
	if (!result->failures)
		session_hand_over(x, result);
	result->coverage.preemptions = options->preemptions;
	result->executions += x->executions_before;
	result->coverage.executions_by[options->strategy] = x->executions + x->executions_before;
	if (x->strategy->cover)
		x->strategy->cover(x, &result->coverage);
	result->coverage.exhausted_by[options->strategy] = result->coverage.exhausted;
	result->coverage.below_by[options->strategy] = result->coverage.below;
	return worth_saving(options, result) ? saved_search_write(x) : 0;
}

uint64_t session_first_seed(const struct vmsim_explore_options *options, unsigned int shard)
{
	unsigned __int128 before = (unsigned __int128)options->executions * shard / options->shards;

	return options->seed + (uint64_t)before;
}

/*
 * Executions that are told apart by their seeds are divided among shards; others divide themselves.
 */
static void take_share(struct vmsim_explorer *x)
{
	const struct vmsim_explore_options *options = x->options;
	bool seeds = !x->strategy->more;

	x->first_seed = seeds ? session_first_seed(options, options->shard) : options->seed;
	x->last_seed = seeds ? session_first_seed(options, options->shard + 1) :
		options->seed + options->executions;
}

static const char *script_of(const struct vmsim_scenario *scenario,
			     const struct vmsim_explore_options *options)
{
	const struct vmsim_variant *variant = scenario_variant(scenario, options->variant);

	if (options->script)
		return options->script;
	return variant && variant->script ? variant->script : scenario->script;
}

/* The world, and then what the strategy keeps beside it. */
static int session_prepare(struct vmsim_explorer *x, void *recorder, char *error, size_t size)
{
	int err = 0;

	if (!x->strategy) {
		wrong(error, size, "not built yet: strategy %s",
		      vmsim_strategy_name(x->options->strategy));
		return -EOPNOTSUPP;
	}
	if (x->options->shards > 1 && !x->strategy->shards) {
		wrong(error, size, "not built yet: shards of strategy %s",
		      vmsim_strategy_name(x->options->strategy));
		return -EOPNOTSUPP;
	}
	take_share(x);
	if (x->options->strategy == VMSIM_STRATEGY_SCRIPT)
		err = script_parse(x, script_of(x->scenario, x->options), error, size);
	if (err)
		return err;
	err = world_create(x, recorder);
	x->footprint.machine = x->machine;
	if (err && x->failed)
		wrong(error, size, "set-up: %s %s", x->violation.oracle, x->violation.text);
	else if (err)
		wrong(error, size, "set-up failed: %s", strerror(-err));
	if (err || !x->strategy->create)
		return err;
	err = x->strategy->create(x);
	if (err)
		wrong(error, size, "%s", x->misfit[0] ? x->misfit : strerror(-err));
	return err;
}

/* Below the machines: that is how far apart explorers are, and how many find such a place. */
#define EXPLORER_STRIDE (4ULL << 20)
#define EXPLORER_PLACES 16

_Static_assert(sizeof(struct vmsim_explorer) <= EXPLORER_STRIDE, "explorers overlap");

/*
 * Threads have its address on their stacks: for their states to be the same in another process, it
 * lies where it always does, unless there are many.
 */
static struct vmsim_explorer *explorer_alloc(void)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS;
	void *at = MAP_FAILED;

	for (unsigned int i = 1; i <= EXPLORER_PLACES && at == MAP_FAILED; i++)
		at = mmap((void *)(VMSIM_EXPLORE_BASE - i * EXPLORER_STRIDE),
			  sizeof(struct vmsim_explorer), PROT_READ | PROT_WRITE,
			  flags | MAP_FIXED_NOREPLACE, -1, 0);
	if (at == MAP_FAILED)
		at = mmap(NULL, sizeof(struct vmsim_explorer), PROT_READ | PROT_WRITE, flags, -1,
			  0);
	return at == MAP_FAILED ? NULL : at;
}

int session_create(const struct vmsim_scenario *scenario,
		   const struct vmsim_explore_options *options, const struct strategy *strategy,
		   void *recorder, struct vmsim_explorer **session, char *error, size_t size)
{
	struct vmsim_explorer *x = explorer_alloc();
	int err;

	*session = NULL;
	if (!x)
		return -ENOMEM;
	x->scenario = scenario;
	x->options = options;
	x->strategy = strategy ? strategy : strategies[options->strategy];
	x->backend = options->backend;
	x->preempts = options->tlb == VMSIM_TLB_PV_DEFER || (x->strategy && x->strategy->preempts);
	x->roams = x->strategy && x->strategy->roams && coroutine_can_stay(x->backend);
	coroutine_adopt(&x->main, x->backend);
	if (options->time_limit_ms)
		x->deadline_ns = session_now_ns() + options->time_limit_ms * 1000000;
	x->caller = vmsim_self;
	vmsim_self = &vmsim_no_task;
	err = session_prepare(x, recorder, error, size);
	if (err)
		session_destroy(x);
	else
		*session = x;
	return err;
}

void session_destroy(struct vmsim_explorer *x)
{
	struct task_struct *caller = x->caller;

	if (x->strategy && x->strategy->destroy)
		x->strategy->destroy(x);
	actors_drop(x, ~0u);
	coroutine_destroy(&x->main);
	world_destroy(x);
	free(x->script);
	free(x->recorded.picks);
	free(x->footprint.at);
	munmap(x, sizeof(*x));
	vmsim_self = caller;
}

static int run(const struct vmsim_scenario *scenario, const struct vmsim_explore_options *options,
	       struct vmsim_result *result, void *recorder, char *error, size_t size)
{
	struct vmsim_explorer *x;
	int err = session_create(scenario, options, NULL, recorder, &x, error, size);

	if (err)
		return err;
	err = execute_all(x, result);
	if (err)
		wrong(error, size, "%s", x->misfit[0] ? x->misfit : strerror(-err));
	session_destroy(x);
	return err;
}

/* The same execution again, with its events recorded: nothing is recorded before it is wanted. */
static int record_again(const struct vmsim_scenario *scenario,
			const struct vmsim_explore_options *options, struct vmsim_result *result,
			char *error, size_t size)
{
	struct vmsim_recorder *recorder = vmsim_recorder_new(MAX_RECORDED_EVENTS);
	struct vmsim_explore_options again = *options;
	struct vmsim_result second = { 0 };
	int err;

	if (!recorder)
		return -ENOMEM;
	options_replay(&again, &result->schedule);
	err = run(scenario, &again, &second, recorder, error, size);
	if (!err)
		err = vmsim_recorder_take(recorder, result);
	if (!err && result->violated)
		err = deciding_find(scenario, options, &result->schedule, &result->deciding);
	vmsim_recorder_free(recorder);
	vmsim_result_free(&second);
	return err;
}

/**
 * vmsim_explore() - runs executions of a scenario until one fails
 * @scenario: what runs
 * @options: how
 * @result: what came out; release it with vmsim_result_free(), also after an error
 * @error: receives one line when the return value is not 0
 * @error_size: its size
 *
 * Return: 0, whether or not a rule broke; -EINVAL: scenario, script or schedule do not fit; other
 * -errno when the world cannot be made.
 */
VMSIM_API int vmsim_explore(const struct vmsim_scenario *scenario,
			    const struct vmsim_explore_options *options,
			    struct vmsim_result *result, char *error, size_t error_size)
{
	int err;

	*result = (struct vmsim_result) { .coverage.left_within = VMSIM_UNBOUNDED };
	err = session_check(scenario, options, error, error_size);
	if (!err && options->strategy == VMSIM_STRATEGY_NATIVE)
		return vmsim_run_native(scenario, options, result, error, error_size);
	if (!err && options->strategy == VMSIM_STRATEGY_PORTFOLIO)
		err = vmsim_run_portfolio(scenario, options, result, error, error_size);
	else if (!err)
		err = run(scenario, options, result, NULL, error, error_size);
	if (!err && options->timeline)
		err = record_again(scenario, options, result, error, error_size);
	return err;
}

VMSIM_API void vmsim_result_free(struct vmsim_result *result)
{
	vmsim_schedule_free(&result->schedule);
	free(result->events);
	free(result->origins);
	free(result->stacks);
	*result = (struct vmsim_result) { 0 };
}

VMSIM_API void vmsim_point(const char *name)
{
	if (vmsim_self->machine)
		vmsim_event(POINT, (uintptr_t)name, 0, 0);
	vmsim_poll();
}

VMSIM_API void vmsim_fail(const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (vmsim_self->machine)
		vmsim_violate(vmsim_self->machine, "CHECK", "", "%s", text);
}
