// SPDX-License-Identifier: GPL-2.0-only
#include "run.h"
#include <sys/wait.h>
#include <time.h>

/*
 * Cuts the list of operations of a failure down: parts are left out as long as it still fails, in
 * whatever way; first large ones, in the end single operations.
 */

#define SECONDS 60

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* Whether a list still fails; if so, what comes after its failure is cut off. */
static bool still_fails(struct list *list, struct outcome *outcome)
{
	struct outcome before = *outcome;
	int status;
	pid_t pid = run_start(list, outcome, false);

	if (pid < 0 || waitpid(pid, &status, 0) != pid || run_is_good(status, outcome)) {
		*outcome = before;
		return false;
	}
	if (outcome->step < list->nr)
		list->nr = outcome->step + 1;
	return true;
}

static bool try_without(struct list *list, struct outcome *outcome, unsigned int at,
			unsigned int nr)
{
	struct list shorter = *list;
	unsigned int end = min(at + nr, list->nr);

	shorter.nr = list->nr - (end - at);
	shorter.step = malloc((shorter.nr + 1) * sizeof(*shorter.step));
	memcpy(shorter.step, list->step, at * sizeof(*list->step));
	memcpy(shorter.step + at, list->step + end, (list->nr - end) * sizeof(*list->step));
	if (!still_fails(&shorter, outcome)) {
		free(shorter.step);
		return false;
	}
	free(list->step);
	*list = shorter;
	return true;
}

/* One round with parts of that size, from the end; true if any could go. */
static bool shrink_by(struct list *list, struct outcome *outcome, unsigned int size, double until)
{
	bool any = false;

	for (unsigned int left = list->nr; left && now() < until;) {
		unsigned int at = left > size ? left - size : 0;

		any |= try_without(list, outcome, at, left - at);
		left = min(at, list->nr);
	}
	return any;
}

void run_shrink(struct list *list, struct outcome *outcome)
{
	double until = now() + SECONDS;

	for (unsigned int size = list->nr / 2; size && now() < until;)
		if (!shrink_by(list, outcome, size, until) || size > 1)
			size /= 2;
}
