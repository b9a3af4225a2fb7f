/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_SESSION_H
#define VMSIM_SESSION_H

#include "machine/internal.h"
#include "explore/coroutine.h"
#include "explore/explorer.h"
#include "explore/footprint.h"
#include <vmsim/explore.h>
#include <setjmp.h>

/* Scenario threads, and the one that runs RCU callbacks. */
#define MAX_ACTORS (VMSIM_MAX_THREADS + 1)
/* Stores that may reach memory next, on all CPUs together: more are not offered. */
#define MAX_DRAINS 32
#define MAX_CANDIDATES (MAX_ACTORS + 3 * VMSIM_MAX_CPUS + MAX_DRAINS)

/**
 * struct vmsim_actor - a simulated thread as the explorer sees it
 * @index: place in the scenario; the RCU thread comes last
 * @task: the thread
 * @fn: its program; NULL: it runs RCU callbacks, and the execution may end without it
 */
struct vmsim_actor {
	struct vmsim_explorer *explorer;
	unsigned int index;
	const char *name;
	struct task_struct *task;
	int (*fn)(struct vmsim_world *world);
	struct vmsim_cpu *cpu;
	struct coroutine co;
};

/**
 * struct thread_states - where the threads of an execution are; plain data. Bits are indices
 * @live: those that have not ended
 * @waiting: those of them that wait for a condition, and for which
 * @yielded: others go first
 */
struct thread_states {
	unsigned int live, waiting, yielded;
	struct wait {
		bool (*ready)(const void *arg);
		const void *arg;
	} wait[MAX_ACTORS];
};

/* One thing that could happen next. */
struct candidate {
	char kind;		/* as in struct vmsim_pick */
	uint16_t id;
};

struct search_file;

/**
 * struct strategy - a way of deciding
 * @decisions: kinds of event at which it wants to pick, a mask; 0: all. At the others the thread
 *             that runs goes on. Who waits or ends is always a pick
 * @roams: it seldom picks the thread that runs, and never because that one runs
 * @preempts: it may want the hypervisor to take a CPU away where no back-end makes that matter
 * @footprints: x->footprint tells, in @pick and @end, what the candidate picked last has touched
 * @create: before the first execution; its state is x->strategy_state. 0 or -errno
 * @destroy: after the last one; also when there was none because something failed before
 * @more: whether there is another execution; NULL: as many as the options say, each with its seed
 * @begin: before each execution
 * @pick: index of the candidate that happens; -1: none, abandon the execution. If that is because
 *        the schedule does not fit, x->misfit says why; else the execution does not count as one
 * @choice: the answer to a yes-or-no question
 * @end: after each execution, before the scenario's check
 * @done: after the check of each execution: x->failed is final
 * @cover: what has been covered so far
 * @advance: instead of an execution from the start: goes on with a search of its own, step by
 *           step in the main context (loop_step()), until an execution has ended, or for a while
 *           (then x->abandoned). Needs fibers; the other functions up to @done are not called
 * @save: puts where the search is, between two executions. NULL: it cannot
 * @load: goes on from there, in another session of the same kind. 0 or -errno
 * @shards: it can do a part of the work: those with @more look at the options for which; those
 *          without get a part of the seeds
 * @learns: of so many executions with the first seeds it keeps what decides about all others
 */
struct strategy {
	uint64_t decisions;
	bool roams;
	bool preempts;
	bool footprints;
	int (*create)(struct vmsim_explorer *x);
	void (*destroy)(struct vmsim_explorer *x);
	bool (*more)(struct vmsim_explorer *x);
	void (*begin)(struct vmsim_explorer *x, uint64_t seed);
	int (*pick)(struct vmsim_explorer *x, const struct candidate *candidates, int n);
	bool (*choice)(struct vmsim_explorer *x);
	void (*end)(struct vmsim_explorer *x);
	void (*done)(struct vmsim_explorer *x);
	void (*cover)(const struct vmsim_explorer *x, struct vmsim_coverage *coverage);
	int (*advance)(struct vmsim_explorer *x);
	void (*save)(const struct vmsim_explorer *x, struct search_file *file);
	int (*load)(struct vmsim_explorer *x, struct search_file *file);
	bool shards;
	unsigned int learns;
};

extern const struct strategy strategy_random, strategy_pct, strategy_script, strategy_replay,
	strategy_dfs, strategy_dpor, strategy_states, strategy_bounds;

struct script_step {
	char kind;		/* 't', 'i', 'p', 'u', or 'd' */
	uint16_t id;
	int until;		/* event kind, or -1: as far as it goes */
	char point[48];		/* with POINT: its name */
	unsigned int times;
};

struct pick_list {
	struct vmsim_pick *picks;
	size_t n, capacity;
	uint32_t noes;			/* questions answered no since the last pick */
};

struct vmsim_explorer {
	const struct vmsim_scenario *scenario;
	const struct vmsim_explore_options *options;
	const struct strategy *strategy;
	struct task_struct *caller;	/* vmsim_self of whoever made the session */
	enum vmsim_backend backend;
	struct vmsim_machine *machine;
	struct vmsim_world world;
	struct vmsim_actor actor[MAX_ACTORS];
	unsigned int nr_actors;
	struct vmsim_actor *rcu;
	unsigned int rcu_bit;		/* of @rcu */
	unsigned int crowded; /* bit per actor: it shares its CPU with another one, or with RCU's */
	unsigned int crowded_threads;	/* the same, of the scenario's threads among themselves */
	struct listed {			/* what @candidate has, if it has nothing else */
		unsigned int threads;
		int n;
		uint64_t interrupts;
		bool lasts;		/* as long as these live and wait, see candidates_now() */
		unsigned int live, waiting;
	} listed;
	bool relisted;			/* since somebody cleared this */
	/*
	 * The thread that was picked last would be picked again before there are so many steps, or
	 * marks, as long as the candidates stay what they are. Strategies that know set this in
	 * @pick.
	 */
	struct standing {
		uint64_t steps, marks;
	} standing;
	bool roams;			/* as @strategy does; a thread may be switched to itself */
	unsigned int at_rest;		/* bit per actor: its context is where a thread begins */
	struct thread_states threads;
	bool preempts;			/* the hypervisor may take CPUs away */
	struct candidate candidate[MAX_CANDIDATES];
	struct vmsim_actor *running;	/* NULL: the main context */
	struct coroutine main;
	jmp_buf escape;			/* for a BUG() in the main context */
	struct vmsim_actor *asking; /* stepwise: who waits for the answer to a yes-or-no question */
	bool answer;
	uint64_t steps;
	uint64_t marks;			/* steps at which something is left for others to find */
	bool at_mark;
	bool failed;
	struct vmsim_violation violation;
	char misfit[160];

	/* Strategy state. */
	void *strategy_state;
	struct footprint footprint;
	uint64_t executions, deepest, deadline_ns, unclocked;
	uint64_t executions_before;	/* of the search that this one goes on with */
	uint64_t first_seed, last_seed;	/* of this shard */
	uint64_t learnt;		/* executions from which the strategy has learnt */
	bool abandoned;			/* by the strategy */
	uint64_t rng;
	uint64_t drawn;			/* by random: its next number */
	uint64_t longest, longest_marks;
	struct pct_change {
		bool by_mark;
		uint64_t at;
	} pct_change[16];
	struct standing pct_next;	/* where priorities change next */
	int pct_priority[MAX_ACTORS + 2 * VMSIM_MAX_CPUS];
	int pct_best;			/* of the candidates as they were listed last */
	unsigned int hv_preemptions;
	unsigned int yeses[VMSIM_QUESTION_COUNT];	/* answers so far */
	struct script_step *script;
	size_t script_len, script_at;
	unsigned int script_seen;
	const struct vmsim_schedule *replay;
	size_t replay_at;
	uint32_t replay_used;

	struct pick_list recorded;
	struct world_snapshot *snapshot;
	struct image *image;		/* stepwise: of the present state */
	unsigned int stepped;		/* stepwise: bit per actor that ran in the last step */
	bool happening;			/* stepwise: what no thread does is under way */
};

/* What is one execution of its own, whatever it is an execution from. */
static inline void options_replay(struct vmsim_explore_options *options,
				  const struct vmsim_schedule *schedule)
{
	options->strategy = VMSIM_STRATEGY_REPLAY;
	options->schedule = schedule;
	options->executions = 1;
	options->shard = 0;
	options->shards = 1;
	options->save_search = options->resume = NULL;
	options->stop = NULL;
}

/* Executions between two reports of progress. */
#define SESSION_PROGRESS_EVERY 256

/*
 * A session (src/explore/explore.c): one world, any number of executions, each of them from the
 * same start. @strategy NULL: that of the options. A failed execution leaves x->failed,
 * x->violation and x->recorded behind, until the next one.
 */
int session_create(const struct vmsim_scenario *scenario,
		   const struct vmsim_explore_options *options, const struct strategy *strategy,
		   void *recorder, struct vmsim_explorer **session, char *error, size_t size);
/* Whether they are something that a session can be made of; if not, @error says why. */
int session_check(const struct vmsim_scenario *scenario,
		  const struct vmsim_explore_options *options, char *error, size_t size);
int session_execute(struct vmsim_explorer *x, uint64_t seed);
/* The same as part of a search: counts, and keeps the first failure in @result. 1: stop there. */
int session_search(struct vmsim_explorer *x, uint64_t seed, struct vmsim_result *result);
/* The first seed of a shard; that of the one after the last is the end. */
uint64_t session_first_seed(const struct vmsim_explore_options *options, unsigned int shard);
/* What @result tells of when nothing has failed: the last execution. */
void session_hand_over(struct vmsim_explorer *x, struct vmsim_result *result);
void session_destroy(struct vmsim_explorer *x);
/* What the picks of the last execution are picks for. */
void session_name_schedule(const struct vmsim_explorer *x, struct vmsim_schedule *schedule);
uint64_t session_now_ns(void);

struct image;

/* Each range of memory that the world uses, stacks excepted. */
void world_each_range(struct vmsim_machine *machine,
		      void (*fn)(void *arg, void *from, void *to), void *arg);
/* Without what has been all zeroes from the start, and without frames. */
void world_each_used_range(struct vmsim_machine *machine,
			   void (*fn)(void *arg, void *from, void *to), void *arg);
void world_each_used_frame(struct vmsim_machine *machine,
			   void (*fn)(void *arg, void *from, void *to), void *arg);
/* Those that hold what no event tells of: memory that was asked for in pages. */
void world_each_silent_frame(struct vmsim_machine *machine,
			     void (*fn)(void *arg, void *from, void *to), void *arg);
/* What in frames is changed by writing to @object (footprint.h). */
void world_each_told_change(struct vmsim_machine *machine, uint64_t object,
			    void (*fn)(void *arg, void *from, void *to), void *arg);
/* The world (src/explore/world.c): made once, copied back before every execution. */
int world_create(struct vmsim_explorer *x, void *recorder);
void world_restore(struct vmsim_explorer *x);
void world_destroy(struct vmsim_explorer *x);
/* What follows an execution that did not fail: the scenario's check, the end of all, recounts. */
void world_finish(struct vmsim_explorer *x);

/*
 * The threads (src/explore/actors.c): made once; started before each execution; contexts that
 * nobody will go on in are dropped; detached from their processes when all have ended.
 */
int actors_create(struct vmsim_explorer *x);
int actors_start(struct vmsim_explorer *x);
void actors_drop(struct vmsim_explorer *x, unsigned int which);
void actors_detach(struct vmsim_explorer *x);

static inline void actor_waits(struct vmsim_actor *actor, bool (*ready)(const void *arg),
			       const void *arg)
{
	struct thread_states *threads = &actor->explorer->threads;

	threads->waiting |= 1u << actor->index;
	threads->wait[actor->index] = (struct wait) { ready, arg };
}

static inline bool actor_done(const struct vmsim_explorer *x, unsigned int index)
{
	return !(x->threads.live >> index & 1);
}

/* What can happen next (src/explore/candidates.c): how many things, and which. */
int candidates_find(const struct vmsim_explorer *x, struct candidate *out);
/* Whether @thread is among them; nobody (-1) is not. */
bool can_go_on(const struct candidate *candidates, int n, int thread);

/* One execution (src/explore/loop.c). */
void execution_run(struct vmsim_explorer *x);
bool rcu_can_run(const void *arg);
void actor_entry(void *arg);
/* A thread leaves its CPU only where a kernel would schedule. */
bool actor_can_leave_cpu(const struct vmsim_actor *actor);
struct vmsim_actor *actor_in_the_way(const struct vmsim_actor *actor);

/*
 * The same, step by step, in the main context: what can happen next (none: nobody can go on);
 * whether all has happened; one of them happens; nobody can go on, or there is no end to it, which
 * are violations.
 */
int loop_candidates(struct vmsim_explorer *x, struct candidate *out);
bool loop_all_done(const struct vmsim_explorer *x);
void loop_step(struct vmsim_explorer *x, struct candidate pick);
void loop_stuck(struct vmsim_explorer *x);
void loop_endless(struct vmsim_explorer *x);

/*
 * A preemption takes the CPU from a thread that could have gone on: what bounds count. Interrupts
 * are none; a vCPU taken away by the hypervisor is one.
 */
static inline bool is_preemption(const struct candidate *candidates, int n,
				 const struct candidate *pick, int running)
{
	if (pick->kind != 't' || pick->id == running)
		return pick->kind == 'p';
	return can_go_on(candidates, n, running);
}

static inline int running_thread(const struct vmsim_explorer *x)
{
	return x->running ? (int)x->running->index : -1;
}

int script_parse(struct vmsim_explorer *x, const char *text, char *error, size_t error_size);

/* A debugger may stop here, and look at the state of memory (src/explore/debug.c). */
void debug_decision(struct vmsim_explorer *x, const struct candidate *pick);
void debug_violation(struct vmsim_explorer *x);

/*
 * Lists of picks (src/explore/pick_list.c). picks_add() joins equal neighbours, the others do not.
 */
void picks_clear(struct pick_list *list);
void picks_add(struct pick_list *list, char kind, uint16_t id, uint32_t count);
void picks_append(struct pick_list *to, const struct vmsim_pick *picks, size_t n);
void picks_copy(struct pick_list *to, const struct vmsim_pick *picks, size_t n);

/* As picks_add(), once; quick for all but choices, and without a branch on who it is. */
static inline void pick_record(struct pick_list *list, char kind, uint16_t id)
{
	struct vmsim_pick *last;
	bool again;

	/* No pick before this one, or no room. */
	if (unlikely(kind == 'n' || list->n - 1 >= list->capacity - 1)) {
		picks_add(list, kind, id, 1);
		return;
	}
	list->noes = 0;
	last = &list->picks[list->n - 1];
	again = (last->kind == kind) & (last->id == id);
	last->count += again;
	last[1] = (struct vmsim_pick) { .kind = kind, .id = id, .count = 1 };
	list->n += !again;
}

/* A 64-bit generator (splitmix64). */
static inline uint64_t rng_next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* Of what a strategy divides by a hash: whether it belongs to the shard at hand. */
static inline bool shard_has(const struct vmsim_explore_options *options, uint64_t hash)
{
	return options->shards <= 1 || rng_next(&hash) % options->shards == options->shard;
}

/* One of the numbers below @n, without a division, from a random number. */
static inline unsigned int random_below(uint64_t random, unsigned int n)
{
	return (unsigned int)((random >> 32) * n >> 32);
}

static inline unsigned int rng_below(uint64_t *state, unsigned int n)
{
	return random_below(rng_next(state), n);
}

#endif
