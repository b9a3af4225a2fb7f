/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_SCENARIO_H
#define VMSIM_SCENARIO_H

#include <vmsim/machine.h>

/**
 * DOC: Scenarios
 *
 * A scenario is a small simulated world: a set-up, threads that race, and a check when all have
 * ended. The set-up runs once; each execution starts from a copy of the world that it left.
 * Everything that an execution may change lies in the machine: the scenario's own data is @ctx,
 * which the library allocates there.
 */

#define VMSIM_MAX_THREADS 16

struct vmsim_world {
	struct vmsim_machine *machine;
	void *ctx;
};

/**
 * struct vmsim_thread_def - a thread of a scenario
 * @name: as scripts and schedules name it; one upper-case letter and any number of others
 * @cpu: the CPU it runs on (CPU 0 under VMSIM_TLB_UP)
 * @fn: its program; a negative return value fails the execution
 * @process: index of the process it belongs to, see vmsim_world_process()
 */
struct vmsim_thread_def {
	const char *name;
	unsigned int cpu;
	int (*fn)(struct vmsim_world *world);
	unsigned int process;
};

/**
 * struct vmsim_verdict - what a variant must do under one or under every back-end
 * @variant: name of the variant
 * @tlb: mask of back-ends, BIT(VMSIM_TLB_x)
 * @oracle: the oracles that must fire, each when it is armed alone ("O3|O6"); NULL: the variant
 *          passes with all of them armed
 * @why: one line
 * @depth: of a variant that must fail: the fewest preemptions of a schedule that fails
 * @exhausts: of one that passes: mask of the back-ends under which all of its states are seen in
 *            less than a minute
 * @models: mask of memory models, VMSIM_MEMORY_BIT(); 0: sequentially consistent
 */
struct vmsim_verdict {
	const char *variant;
	unsigned int tlb;
	const char *oracle;
	const char *why;
	int depth;
	unsigned int exhausts;
	unsigned int models;
};

#define VMSIM_ALL_TLBS ((1u << VMSIM_TLB_COUNT) - 1)

/**
 * struct vmsim_variant - the code as it was, or as it was proposed
 * @name: name; an override object NAME.so lies in the scenario's folder, unless @builtin
 * @builtin: the library as it is. The first such variant is the default
 * @source: where it comes from: kernel version, commit, mail
 * @script: what fails it in every run, where that is not the scenario's script
 * @ctx_init: as in struct vmsim_scenario, where that is not the scenario's
 * @part_of: the kernel's function of which the replaced one is a part, where only we have it apart
 */
struct vmsim_variant {
	const char *name;
	bool builtin;
	const char *source;
	const char *script;
	const void *ctx_init;
	const char *part_of;
};

/**
 * struct vmsim_scenario - what runs
 * @name, @summary: for people; schedules name it
 * @seeds: ids in the reference, "E30 E33"
 * @tags: words to select by
 * @config: the machine; its mode and its flush back-end are those of the run
 * @ctx_size: size of the scenario's own data
 * @processes: how many are made before the set-up, pids 1..n; 0: one
 * @bare: no process is made, and threads have no address space: what races is @ctx alone. System
 *        calls and simulated loads and stores give -ESRCH there
 * @ctx_init: what @ctx begins as, @ctx_size bytes; NULL: zeroes
 * @setup: runs once, as a thread of the first process on CPU 0; may be NULL
 * @threads, @nr_threads: what races
 * @check: the scenario's own expectation, after each execution; as @setup
 * @script: fails the buggy variants in every run; NULL: so few states that scripts are not needed
 * @variants, @nr_variants: the code as it was, or as it was proposed
 * @verdicts, @nr_verdicts: what each of them must do
 */
struct vmsim_scenario {
	const char *name;
	const char *summary;
	const char *seeds;
	const char *tags;
	struct vmsim_config config;
	size_t ctx_size;
	unsigned int processes;
	bool bare;
	const void *ctx_init;
	int (*setup)(struct vmsim_world *world);
	const struct vmsim_thread_def *threads;
	unsigned int nr_threads;
	int (*check)(struct vmsim_world *world);
	const char *script;
	const struct vmsim_variant *variants;
	unsigned int nr_variants;
	const struct vmsim_verdict *verdicts;
	unsigned int nr_verdicts;
};

/* A named point: scripts stop threads there, timelines show it. @name must be static. */
VMSIM_API void vmsim_point(const char *name);

/* Reports that the scenario's own expectation broke; ends the execution. */
VMSIM_API void vmsim_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
