/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_SLEEP_H
#define VMSIM_SLEEP_H

#include "explore/search_file.h"
#include "explore/session.h"

/*
 * What need not be tried in a state, because all that it leads to is known. When everything that
 * can follow one transition of a state was seen, that transition sleeps: after another one that
 * leaves it alone, and so on as long as nothing concerns it, it would lead to a state that can also
 * be reached by beginning with it. Sleep sets (Godefroid, Partial-order methods, 1996); but what
 * sleeps here leads to what was seen for certain, in whichever way it was reached. So nothing has to
 * be remembered with a state about what slept there, and a livelock cannot hide.
 *
 * To leave alone means what it means for dpor (footprint.h), with less trust: two on one CPU, two
 * that take frames, whatever is asked or yields, all that is neither a thread's step nor an
 * interrupt, and what was written without an event concern everything.
 */

#define SLEEP_WORDS 4

/**
 * struct doing - what a transition does
 * @pick: what happens
 * @actor: whose step it is
 * @cpu: on which CPU
 * @alone: it concerns nobody but those whose accesses conflict with its own
 * @all, @changes: bits that stand for the objects that it accesses, does not only read
 * @first, @end: its accesses
 */
struct doing {
	struct candidate pick;
	unsigned int actor, cpu;
	bool alone;
	uint64_t all[SLEEP_WORDS], changes[SLEEP_WORDS];
	size_t first, end;
};

/**
 * struct sleep - stacks of what sleeps in the states of a path
 * @doing: that of each state behind that of the one before
 * @access: what @doing has first and end of
 */
struct sleep {
	struct doing *doing;
	size_t n, capacity;
	struct access *access;
	size_t accesses, access_capacity;
};

/* The part of a stack that belongs to a state. */
struct sleepers {
	size_t first, n, accesses;
};

void sleep_free(struct sleep *sleep);

/* In the first state nothing sleeps. */
struct sleepers sleep_first(struct sleep *sleep);
/* In the state that @doing leads to from one with @before: who is not concerned sleeps on. */
struct sleepers sleep_after(struct sleep *sleep, const struct sleepers *before,
			    const struct doing *doing);
/* The state is left. */
void sleep_leave(struct sleep *sleep, const struct sleepers *sleepers);

bool sleep_has(const struct sleep *sleep, const struct sleepers *sleepers, struct candidate pick);

/* What @pick did, with the accesses [@at, @at + @n), for the state on top of the stack. */
struct doing sleep_doing(struct sleep *sleep, const struct vmsim_explorer *x, struct candidate pick,
			 const struct access *at, size_t n);
/* All that follows @doing in the state on top of the stack is known. */
void sleep_add(struct sleep *sleep, struct sleepers *sleepers, const struct doing *doing);
/* It is not. */
void sleep_forget(struct sleep *sleep, const struct doing *doing);

/* Into a file, and back where nothing sleeps. False: the file is damaged. */
void sleep_save(const struct sleep *sleep, struct search_file *file);
bool sleep_load(struct sleep *sleep, struct search_file *file);

#endif
