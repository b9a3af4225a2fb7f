// SPDX-License-Identifier: GPL-2.0-only
#include "run.h"
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE 300			/* seconds */

static struct outcome *outcome_here;

void tree_fail(const char *format, ...)
{
	va_list args;
	int length;

	length = snprintf(outcome_here->text, sizeof(outcome_here->text), "%s: ", tree.said);
	va_start(args, format);
	vsnprintf(outcome_here->text + length, sizeof(outcome_here->text) - (size_t)length, format,
		  args);
	va_end(args);
	fflush(NULL);
	_exit(1);
}

static void bug(const char *file, int line, const char *cond)
{
	const char *name = strrchr(file, '/');

	tree_fail("BUG at %s:%d: %s", name ? name + 1 : file, line, cond);
}

static void say_op(unsigned int step, const struct op *op)
{
	const char *failing = op->fail >= 40 ? "" : op->fail < 24 ? ", a frame fails" :
			      ", an object fails";

	fprintf(stderr, "%6u: slot %u, CPU %u: %s%s\n", step, op->proc % TREE_PROCS,
		op->cpu % tree.cpus, tree.said, failing);
}

static void make(const struct list *list, bool loud)
{
	vmsim_set_bug_handler(bug);
	tree.as_6_1 = list->as_6_1;
	tree.log = list->log;
	tree.whole = list->whole;
	tree_begin(list->seed, list->oracles);
	for (unsigned int i = 0; i < list->nr; i++) {
		struct op op = tree_op(list->seed, list->step[i]);

		outcome_here->step = i;
		if (loud)
			fprintf(stderr, "%6u: kind %u\n", list->step[i], op.kind);
		tree_step(&op);
		tree_log_step(list->seed, list->step[i]);
		if (loud)
			say_op(list->step[i], &op);
	}
	outcome_here->step = list->nr;
	snprintf(tree.said, sizeof(tree.said), "the end");
	tree_end();
}

pid_t run_start(const struct list *list, struct outcome *outcome, bool loud)
{
	pid_t pid;

	*outcome = (struct outcome) { 0 };
	fflush(NULL);
	pid = fork();
	if (pid)
		return pid;
	alarm(PATIENCE);
	outcome_here = outcome;
	make(list, loud);
	fflush(NULL);
	_exit(0);
}

bool run_is_good(int status, struct outcome *outcome)
{
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return true;
	if (!outcome->text[0] && WIFSIGNALED(status))
		snprintf(outcome->text, sizeof(outcome->text), "ended by signal %d",
			 WTERMSIG(status));
	else if (!outcome->text[0])
		snprintf(outcome->text, sizeof(outcome->text), "ended with status %d",
			 WEXITSTATUS(status));
	return false;
}
