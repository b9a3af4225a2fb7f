/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_EXPLORE_H
#define VMSIM_EXPLORE_H

#include <vmsim/scenario.h>
#include <vmsim/event.h>
#include <limits.h>
#include <stdio.h>

/**
 * DOC: Exploration
 *
 * One execution runs the threads of a scenario one at a time. At every event of
 * VMSIM_DECISIONS the strategy picks what goes on: a thread, or the delivery of a pending
 * interrupt to a CPU, or the RCU grace period. The picks are the schedule; the same schedule
 * gives the same execution, in this or in another process.
 */

enum vmsim_strategy {
	VMSIM_STRATEGY_SCRIPT,
	VMSIM_STRATEGY_RANDOM,
	VMSIM_STRATEGY_PCT,
	VMSIM_STRATEGY_REPLAY,
	VMSIM_STRATEGY_NATIVE,	/* real threads in parallel: nothing is decided or replayed */
	VMSIM_STRATEGY_DFS,	/* all schedules with at most so many preemptions */
	VMSIM_STRATEGY_DPOR,	/* one schedule of each class of equivalent ones */
	VMSIM_STRATEGY_STATES,	/* all states, each once */
	VMSIM_STRATEGY_BOUNDS,	/* the same with no preemption, then with one, and so on */
	VMSIM_STRATEGY_PORTFOLIO, /* shares of dpor, states, pct and random */
	VMSIM_STRATEGY_COUNT
};

enum vmsim_backend {
	VMSIM_BACKEND_FIBER,	/* all threads on one pthread: fast */
	VMSIM_BACKEND_PTHREAD,	/* one pthread each, one token: for gdb and sanitizers */
};

/* Order in which a CPU's accesses reach memory (docs/barriers.md). */
enum vmsim_memory_model {
	VMSIM_MEMORY_SC,	/* program order */
	VMSIM_MEMORY_TSO,	/* stores wait in a first-in first-out buffer per CPU */
	VMSIM_MEMORY_PSO,	/* the same, and stores to different places overtake each other */
};

#define VMSIM_MEMORY_COUNT (VMSIM_MEMORY_PSO + 1)
#define VMSIM_MEMORY_BIT(name) (1u << VMSIM_MEMORY_##name)

VMSIM_API const char *vmsim_memory_model_name(enum vmsim_memory_model model);
VMSIM_API int vmsim_memory_model_parse(const char *name);

/* What the simulated machine asks the strategy, which answers yes or no. */
enum vmsim_question {
	VMSIM_ASK_RESCHED, /* does the scheduler want the CPU? Always asked */
	VMSIM_ASK_ALLOC, /* does this allocation fail? */
	VMSIM_ASK_BATCH, /* does this one, of a page by somebody who cannot wait, and has a way without it? */
	VMSIM_QUESTION_COUNT
};

#define VMSIM_ASK_BIT(name) (1u << VMSIM_ASK_##name)
/* Those that are asked where an exploration says so. */
#define VMSIM_ASK_ALL (VMSIM_ASK_BIT(ALLOC) | VMSIM_ASK_BIT(BATCH))

/* "alloc"; NULL: not one that can be asked for. The question of a name, or -EINVAL. */
VMSIM_API const char *vmsim_question_name(enum vmsim_question question);
VMSIM_API int vmsim_question_parse(const char *name);

/* What is a decision. */
enum vmsim_granularity {
	VMSIM_GRANULARITY_SYNC, /* what primitives and marked accesses do */
	VMSIM_GRANULARITY_FULL, /* plain accesses of instrumented code, too; races among them are reported */
};

#define VMSIM_UNBOUNDED UINT_MAX

/**
 * struct vmsim_explore_options - how to explore
 * @strategy: how decisions are taken
 * @backend: what threads are made of
 * @tlb: flush back-end, overrides the scenario's
 * @faulty_nth: as in struct vmsim_config
 * @seed: of the first execution; execution i uses seed + i
 * @executions: how many at most; the first failure ends the search
 * @pct_depth: number of priority changes plus one
 * @step_limit: decisions per execution; more count as a livelock (O20)
 * @script: for VMSIM_STRATEGY_SCRIPT; NULL: the variant's, or else the scenario's
 * @schedule: for VMSIM_STRATEGY_REPLAY
 * @oracles: mask of oracles that are armed, see <vmsim/check.h>; 0 = all
 * @variant: name put into schedules and reports; the override itself is loaded by the caller
 * @timeline: record events, for struct vmsim_result
 * @debugger: tell a debugger of the state of memory at each decision, see <vmsim/debug.h>
 * @preemptions: most preemptions of a schedule (dfs, states, bounds); VMSIM_UNBOUNDED
 * @memory_model: order of accesses
 * @granularity: what is a decision
 * @ask: questions that are asked, a mask of VMSIM_ASK_BIT(); most often none
 * @time_limit_ms: stop then, between executions; 0: never
 * @memory_limit: bytes that a strategy may keep; 0: its default
 * @save_search: where a search that was stopped is written, to go on with it; NULL: nowhere
 * @resume: such a file, of a search with the same options but for limits; NULL: from the start
 * @stop: stop when this is not 0, between executions; NULL: never
 * @keep_going: count failures, and do not stop at the first one; @result tells of the first
 * @shard, @shards: do part @shard of @shards of the work (0 of 1)
 * @progress: called now and then, with @progress_arg and the number of executions; NULL: not
 */
struct vmsim_explore_options {
	enum vmsim_strategy strategy;
	enum vmsim_backend backend;
	enum vmsim_tlb tlb;
	unsigned int faulty_nth;
	uint64_t seed;
	uint64_t executions;
	unsigned int pct_depth;
	uint64_t step_limit;
	const char *script;
	const struct vmsim_schedule *schedule;
	uint64_t oracles;
	const char *variant;
	bool timeline;
	bool debugger;
	unsigned int preemptions;
	enum vmsim_memory_model memory_model;
	enum vmsim_granularity granularity;
	unsigned int ask;
	uint64_t time_limit_ms;
	uint64_t memory_limit;
	const char *save_search, *resume;
	const volatile int *stop;
	bool keep_going;
	unsigned int shard, shards;
	void (*progress)(void *arg, uint64_t executions);
	void *progress_arg;
};

/** struct vmsim_violation - a rule that broke */
struct vmsim_violation {
	char oracle[16];	/* "O3", "O20", "BUG", "CHECK" */
	char rule[16];		/* "R5", "MR3", "" */
	char text[512];
	uint64_t step;
	int cpu, tid;
};

/**
 * struct vmsim_schedule - the picks of one execution, and what they are picks for
 *
 * Text form (one item a line; see docs/schedule.md):
 *   vmsim-schedule 1
 *   scenario NAME
 *   variant NAME
 *   tlb NAME [N]
 *   memory NAME
 *   ask NAME NAME
 *   oracles O3 O6
 *   picks A17 B3 i0 A2 ...
 *   end N
 *
 * A parsed schedule has names of threads: the id of a 't' pick is an index into @thread_name until
 * vmsim_schedule_bind() has made it the index of a thread of the scenario (@nr_thread_names is 0
 * then). Schedules that vmsim_explore() returns are bound.
 */
#define VMSIM_THREAD_NAME_MAX 32
struct vmsim_schedule {
	char scenario[64];
	char variant[64];
	enum vmsim_tlb tlb;
	unsigned int faulty_nth;
	uint64_t oracles;		/* armed; 0 = all */
	enum vmsim_memory_model memory_model;
	enum vmsim_granularity granularity;
	unsigned int ask;
	struct vmsim_pick {
		/*
		 * 't' thread, 'i' interrupt, 'r' RCU, 'p' preempt, 'u' resume, 'n' a no/yes choice,
		 * 'd' drain a store
		 */
		char kind;
		uint16_t id;
		uint32_t count;
	} *picks;
	size_t nr_picks;
	char thread_name[VMSIM_MAX_THREADS + 1][VMSIM_THREAD_NAME_MAX];
	unsigned int nr_thread_names;
};

/**
 * struct vmsim_coverage - how far a search came
 * @exhausted: nothing is left, within @preemptions and the step limit
 * @preemptions: the bound; VMSIM_UNBOUNDED
 * @below: nothing is left of what has fewer preemptions than this
 * @classes: complete executions, one for each class of equivalent schedules (dpor)
 * @blocked: executions that were cut because they are equivalent to others (dpor)
 * @states, @transitions: distinct states, and steps between them (states)
 * @decisions: of all executions together
 * @deepest: decisions of the longest execution
 * @estimate: executions in all, as far as can be told (dfs, dpor); 0: no idea
 * @states_left: states that were not seen, as far as can be told (states, bounds); 0: no idea
 * @left_within: ... and can be reached with so many preemptions; VMSIM_UNBOUNDED
 * @found_by: the strategy that found the failure
 * @executions_by: how many executions each strategy decided
 * @exhausted_by, @below_by: what each of them says of @exhausted, @below: of shards all have to be
 *			     exhausted by the same one
 */
struct vmsim_coverage {
	bool exhausted;
	unsigned int preemptions, below;
	uint64_t classes, blocked;
	uint64_t states, transitions;
	uint64_t decisions;
	uint64_t deepest;
	double estimate, states_left;
	unsigned int left_within;
	enum vmsim_strategy found_by;
	uint64_t executions_by[VMSIM_STRATEGY_COUNT];
	bool exhausted_by[VMSIM_STRATEGY_COUNT];
	unsigned int below_by[VMSIM_STRATEGY_COUNT];
};

#define VMSIM_STACK_DEPTH 32

/** struct vmsim_stack - return addresses, the innermost first */
struct vmsim_stack {
	unsigned int n;
	const void *ip[VMSIM_STACK_DEPTH];
};

/**
 * struct vmsim_origin - where a recorded event comes from
 * @step: the decision that led to it
 * @pid: the process whose memory it is about; 0: none
 * @stack: index of the call stack
 */
struct vmsim_origin {
	uint64_t step;
	int pid;
	uint32_t stack;
};

/**
 * struct vmsim_deciding - two steps whose order decides whether the rule breaks
 * @first, @second: decisions, in the order in which they were taken; 0: there are no such steps
 * @passes: with their order reversed nothing fails; else something else does
 */
struct vmsim_deciding {
	uint64_t first, second;
	bool passes;
};

/** struct vmsim_result - what came out */
struct vmsim_result {
	uint64_t executions;
	uint64_t failures;
	uint64_t decisions;		/* of the last execution */
	bool violated;
	struct vmsim_violation violation;
	struct vmsim_schedule schedule;	/* of the failing, or of the last execution */
	struct vmsim_coverage coverage;
	struct vmsim_event *events;	/* if asked for: of that execution */
	struct vmsim_origin *origins;	/* of each of them */
	size_t nr_events;
	struct vmsim_stack *stacks;
	size_t nr_stacks;
	struct vmsim_deciding deciding;	/* if events were asked for, and it failed */
};

VMSIM_API void vmsim_explore_options_init(struct vmsim_explore_options *options);
/* Returns 0 (see @result), or -errno: the scenario, script or schedule does not fit. */
VMSIM_API int vmsim_explore(const struct vmsim_scenario *scenario,
			    const struct vmsim_explore_options *options,
			    struct vmsim_result *result, char *error, size_t error_size);
VMSIM_API void vmsim_result_free(struct vmsim_result *result);
/* "random", or -1: no such strategy */
VMSIM_API const char *vmsim_strategy_name(enum vmsim_strategy strategy);
VMSIM_API int vmsim_strategy_parse(const char *name);

/**
 * struct vmsim_minimise_limits - what cutting down a failure may cost
 * @replays: most executions for cutting
 * @certify: most executions for certifying, of which each counts as 32 steps between states where
 *           those are searched; 0: do not certify
 * @time_ms: most milliseconds for all; 0: any number
 */
struct vmsim_minimise_limits {
	uint64_t replays, certify, time_ms;
};

/**
 * struct vmsim_minimised - a failure, cut down
 * @schedule: the smallest schedule found that breaks the same rule
 * @violation: what it ends with
 * @preemptions: how often a thread loses its CPU that could have gone on: the depth of the bug
 * @preemptions_before: of the schedule given
 * @steps, @steps_before: decisions
 * @certified: a search of all schedules with fewer preemptions found none that breaks the rule
 * @improved: how often that search found one, from which the cutting began anew
 * @replays: executions used for cutting
 * @certify_executions: executions used for certifying
 * @time_ns: time for all
 */
struct vmsim_minimised {
	struct vmsim_schedule schedule;
	struct vmsim_violation violation;
	unsigned int preemptions, preemptions_before;
	uint64_t steps, steps_before;
	bool certified;
	unsigned int improved;
	uint64_t replays, certify_executions, time_ns;
};

VMSIM_API void vmsim_minimise_limits_init(struct vmsim_minimise_limits *limits);
/* Returns 0, or -errno: the schedule does not fit, or does not fail. */
VMSIM_API int vmsim_minimise(const struct vmsim_scenario *scenario,
			     const struct vmsim_explore_options *options,
			     const struct vmsim_schedule *failing,
			     const struct vmsim_minimise_limits *limits,
			     struct vmsim_minimised *minimised, char *error, size_t error_size);
VMSIM_API void vmsim_minimised_free(struct vmsim_minimised *minimised);

VMSIM_API int vmsim_schedule_write(const struct vmsim_scenario *scenario,
				   const struct vmsim_schedule *schedule, FILE *out);
VMSIM_API int vmsim_schedule_write_line(const struct vmsim_scenario *scenario,
					const struct vmsim_schedule *schedule, FILE *out);
/* -EINVAL with "line N: what" in @error for anything but a well-formed schedule. */
VMSIM_API int vmsim_schedule_parse(const char *text, size_t length, struct vmsim_schedule *schedule,
				   char *error, size_t error_size);
/* Makes thread names indices. -EINVAL with the reason in @error when it is for another scenario. */
VMSIM_API int vmsim_schedule_bind(const struct vmsim_scenario *scenario,
				  struct vmsim_schedule *schedule, char *error, size_t error_size);
VMSIM_API void vmsim_schedule_free(struct vmsim_schedule *schedule);

#endif
