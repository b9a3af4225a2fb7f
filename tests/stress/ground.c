// SPDX-License-Identifier: GPL-2.0-only
#include "ground.h"
#include <linux/rcupdate.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define FAILURES_PRINTED 20

void failed(struct ground *ground, const char *format, ...)
{
	va_list args;

	if (__atomic_fetch_add(&ground->failures, 1, __ATOMIC_RELAXED) >= FAILURES_PRINTED)
		return;
	va_start(args, format);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
}

double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec * 1e-9;
}

double stress_seconds(double by_default)
{
	const char *seconds = getenv("VMSIM_STRESS_SECONDS");

	return seconds ? atof(seconds) : by_default;
}

unsigned int pick(uint64_t *random, unsigned int limit)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return (*random >> 33) % limit;
}

/* What is in use when nothing waits for a grace period any more. */
static int count(struct ground *ground, struct vmsim_stats *stats)
{
	int result = vmsim_attach(ground->machine, 0, ground->observer);

	if (result)
		return result;
	rcu_barrier();
	vmsim_detach();
	return vmsim_stats_get(ground->machine, stats);
}

int ground_begin(struct ground *ground, const struct vmsim_config *config, uint64_t oracles)
{
	int result = vmsim_machine_create(config, &ground->machine);

	if (!result)
		result = vmsim_check_arm(ground->machine, oracles);
	if (result)
		return result;
	ground->observer = vmsim_process_create(ground->machine, "observer");
	if (ground->observer < 0)
		return ground->observer;
	return count(ground, &ground->before);
}

void ground_recount(struct ground *ground, const char *when)
{
	int found = vmsim_check_quiescent(ground->machine);
	struct vmsim_violation v;

	if (!found && !vmsim_violations(ground->machine))
		return;
	failed(ground, "recount %s: %d; %llu violations", when, found,
	       (unsigned long long)vmsim_violations(ground->machine));
	for (unsigned int i = 0; !vmsim_violation_get(ground->machine, i, &v); i++)
		failed(ground, "%s %s: %s", v.oracle, v.rule, v.text);
}

void ground_end(struct ground *ground)
{
	struct vmsim_stats after;

	if (count(ground, &after)) {
		failed(ground, "nothing can be counted at the end");
		return;
	}
	ground_recount(ground, "at the end");
	if (after.frames_free != ground->before.frames_free ||
	    after.tables != ground->before.tables || after.rcu_callbacks)
		failed(ground, "left behind: %lld frames, %lld tables, %llu RCU callbacks",
		       (long long)(ground->before.frames_free - after.frames_free),
		       (long long)(after.tables - ground->before.tables),
		       (unsigned long long)after.rcu_callbacks);
	printf("flushes %llu, ipis %llu (%llu proxied), faults %llu, fills %llu, hits %llu\n",
	       (unsigned long long)after.flushes, (unsigned long long)after.ipis,
	       (unsigned long long)after.ipis_proxied, (unsigned long long)after.faults,
	       (unsigned long long)after.tlb_fills, (unsigned long long)after.tlb_hits);
	vmsim_machine_destroy(ground->machine);
}
