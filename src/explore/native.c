// SPDX-License-Identifier: GPL-2.0-only
#include "explore/native.h"
#include "explore/scenario.h"
#include "machine/internal.h"
#include "check/check.h"
#include "mm/mm_internal.h"
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

/*
 * A scenario on a native machine: its threads are pthreads that really run in parallel, each on a
 * simulated CPU of its own. Nothing is decided and nothing can be replayed; what is found is found
 * by the oracles that need no exact order, and by the scenario's own check.
 */

struct native_thread {
	const struct vmsim_scenario *scenario;
	struct vmsim_world *world;
	const struct vmsim_thread_def *def;
	pthread_barrier_t *start;
	pthread_t pthread;
	int err;
};

static void *thread_main(void *arg)
{
	struct native_thread *thread = arg;

	thread->err = scenario_attach(thread->scenario, thread->world, thread->def->cpu,
				      thread->def->process);
	pthread_barrier_wait(thread->start);
	if (thread->err)
		return NULL;
	thread->err = thread->def->fn(thread->world);
	vmsim_detach();
	return NULL;
}

static int threads_run(const struct vmsim_scenario *scenario, struct vmsim_world *world)
{
	struct native_thread thread[VMSIM_MAX_THREADS];
	pthread_barrier_t start;
	int err = 0;

	pthread_barrier_init(&start, NULL, scenario->nr_threads);
	for (unsigned int i = 0; i < scenario->nr_threads; i++) {
		thread[i] = (struct native_thread){
			.scenario = scenario,
			.world = world,
			.def = &scenario->threads[i],
			.start = &start,
		};
		/* The others wait for every one of them: there is no way back. */
		if (pthread_create(&thread[i].pthread, NULL, thread_main, &thread[i]))
			abort();
	}
	for (unsigned int i = 0; i < scenario->nr_threads; i++) {
		pthread_join(thread[i].pthread, NULL);
		if (thread[i].err)
			err = thread[i].err;
	}
	pthread_barrier_destroy(&start);
	return err;
}

static int world_make(const struct vmsim_scenario *scenario,
		      const struct vmsim_explore_options *options, struct vmsim_world *world)
{
	struct vmsim_config config = scenario->config;
	int err;

	config.mode = VMSIM_NATIVE;
	config.tlb = options->tlb;
	config.faulty_nth = options->tlb == VMSIM_TLB_FAULTY && !options->faulty_nth ?
		1 : options->faulty_nth;
	err = vmsim_machine_create(&config, &world->machine);
	if (err)
		return err;
	err = vmsim_check_arm(world->machine,
			      options->oracles ? options->oracles : VMSIM_ORACLES_ALL);
	return err ? err : scenario_set_up(scenario, options->variant, world);
}

static void world_judge(const struct vmsim_scenario *scenario, struct vmsim_world *world)
{
	struct vmsim_machine *m = vmsim_machine_get(world->machine);
	int err = scenario_call(scenario, world, scenario->check);

	if (err < 0)
		vmsim_violate(m, "CHECK", "", "the scenario's check returned %d", err);
	vmsim_check_quiescent(world->machine);
	scenario_end_processes(world);
	vmsim_check_quiescent(world->machine);
}

static int execute(const struct vmsim_scenario *scenario,
		   const struct vmsim_explore_options *options, struct vmsim_result *result)
{
	struct vmsim_world world = { 0 };
	int err;

	err = world_make(scenario, options, &world);
	if (!err)
		err = threads_run(scenario, &world);
	if (!err)
		world_judge(scenario, &world);
	if (!err && vmsim_violations(world.machine)) {
		result->violated = true;
		result->failures++;
		vmsim_violation_get(world.machine, 0, &result->violation);
	}
	if (world.machine)
		vmsim_machine_destroy(world.machine);
	return err;
}

int vmsim_run_native(const struct vmsim_scenario *scenario,
		     const struct vmsim_explore_options *options, struct vmsim_result *result,
		     char *error, size_t error_size)
{
	if (options->tlb == VMSIM_TLB_UP) {
		snprintf(error, error_size, "native threads need a CPU each: not under up");
		return -EINVAL;
	}
	for (uint64_t i = 0; i < options->executions && !result->violated; i++) {
		int err = execute(scenario, options, result);

		result->executions++;
		if (err) {
			snprintf(error, error_size, "native execution %llu: %s",
				 (unsigned long long)result->executions, strerror(-err));
			return err;
		}
	}
	return 0;
}
