// SPDX-License-Identifier: GPL-2.0-only
#include <vmsim/explore.h>
#include <errno.h>
#include <string.h>

static const char *const strategy_name[VMSIM_STRATEGY_COUNT] = {
	[VMSIM_STRATEGY_SCRIPT] = "script",
	[VMSIM_STRATEGY_RANDOM] = "random",
	[VMSIM_STRATEGY_PCT] = "pct",
	[VMSIM_STRATEGY_REPLAY] = "replay",
	[VMSIM_STRATEGY_NATIVE] = "native",
	[VMSIM_STRATEGY_DFS] = "dfs",
	[VMSIM_STRATEGY_DPOR] = "dpor",
	[VMSIM_STRATEGY_STATES] = "states",
	[VMSIM_STRATEGY_BOUNDS] = "bounds",
	[VMSIM_STRATEGY_PORTFOLIO] = "portfolio",
};

/**
 * vmsim_strategy_name() - the name that the command knows a strategy by
 * @strategy: which
 *
 * Return: the name; NULL: no such strategy.
 */
VMSIM_API const char *vmsim_strategy_name(enum vmsim_strategy strategy)
{
	return (unsigned int)strategy < VMSIM_STRATEGY_COUNT ? strategy_name[strategy] : NULL;
}

/**
 * vmsim_strategy_parse() - the strategy of a name
 * @name: as vmsim_strategy_name() gives it
 *
 * Return: the strategy; -1: no strategy has that name.
 */
VMSIM_API int vmsim_strategy_parse(const char *name)
{
	for (int strategy = 0; strategy < VMSIM_STRATEGY_COUNT; strategy++)
		if (!strcmp(name, strategy_name[strategy]))
			return strategy;
	return -1;
}

static const char *const question_name[VMSIM_QUESTION_COUNT] = {
	[VMSIM_ASK_ALLOC] = "alloc",
	[VMSIM_ASK_BATCH] = "batch",
};

/**
 * vmsim_question_name() - the name of a question that an exploration may ask
 * @question: which
 *
 * Return: the name; NULL: there is none, or it is asked in any case.
 */
VMSIM_API const char *vmsim_question_name(enum vmsim_question question)
{
	return (unsigned int)question < VMSIM_QUESTION_COUNT ? question_name[question] : NULL;
}

/**
 * vmsim_question_parse() - the question of that name
 * @name: as vmsim_question_name() gives it
 *
 * Return: enum vmsim_question, or -EINVAL.
 */
VMSIM_API int vmsim_question_parse(const char *name)
{
	for (int question = 0; question < VMSIM_QUESTION_COUNT; question++)
		if (question_name[question] && !strcmp(name, question_name[question]))
			return question;
	return -EINVAL;
}
