// SPDX-License-Identifier: GPL-2.0-only
#include "explore/scenario.h"
#include "machine/internal.h"
#include <vmsim/process.h>
#include <errno.h>

unsigned int scenario_process_count(const struct vmsim_scenario *scenario)
{
	if (scenario->bare)
		return 0;
	return scenario->processes ? scenario->processes : 1;
}

static int make_processes(const struct vmsim_scenario *scenario, struct vmsim_machine *machine)
{
	for (unsigned int i = 0; i < scenario_process_count(scenario); i++) {
		char name[32];
		int pid;

		snprintf(name, sizeof(name), "process%u", i);
		pid = vmsim_process_create(machine, name);
		if (pid != (int)i + 1)
			return pid < 0 ? pid : -EINVAL;
	}
	return 0;
}

int scenario_attach(const struct vmsim_scenario *scenario, struct vmsim_world *world,
		    unsigned int cpu, unsigned int process)
{
	if (scenario->bare)
		return vmsim_attach_bare(vmsim_machine_get(world->machine), cpu);
	return vmsim_attach(world->machine, cpu, (int)process + 1);
}

int scenario_call(const struct vmsim_scenario *scenario, struct vmsim_world *world,
		  int (*fn)(struct vmsim_world *world))
{
	int err;

	if (!fn)
		return 0;
	err = scenario_attach(scenario, world, 0, 0);
	if (err)
		return err;
	err = fn(world);
	/* It may have detached, or attached elsewhere. */
	if (vmsim_self->machine)
		vmsim_detach();
	return err;
}

const struct vmsim_variant *scenario_variant(const struct vmsim_scenario *scenario,
					     const char *name)
{
	for (unsigned int i = 0; name && i < scenario->nr_variants; i++)
		if (!strcmp(scenario->variants[i].name, name))
			return &scenario->variants[i];
	return NULL;
}

static const void *ctx_init_of(const struct vmsim_scenario *scenario, const char *name)
{
	const struct vmsim_variant *variant = scenario_variant(scenario, name);

	return variant && variant->ctx_init ? variant->ctx_init : scenario->ctx_init;
}

int scenario_set_up(const struct vmsim_scenario *scenario, const char *variant,
		    struct vmsim_world *world)
{
	const void *ctx_init = ctx_init_of(scenario, variant);
	int err;

	world->ctx = vmsim_machine_alloc(vmsim_machine_get(world->machine), scenario->ctx_size);
	if (!world->ctx)
		return -ENOMEM;
	if (ctx_init)
		memcpy(world->ctx, ctx_init, scenario->ctx_size);
	err = make_processes(scenario, world->machine);
	return err ? err : scenario_call(scenario, world, scenario->setup);
}

void scenario_end_processes(struct vmsim_world *world)
{
	struct vmsim_machine *m = vmsim_machine_get(world->machine);
	struct vmsim_process *process, *next;

	/* Those that an abandoned execution left attached stay. */
	list_for_each_entry_safe(process, next, &m->processes, list)
		vmsim_process_destroy(world->machine, process->pid);
}
