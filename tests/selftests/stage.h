/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TEST_STAGE_H
#define TEST_STAGE_H

#include <vmsim/vmsim.h>
#include <vmsim/pin.h>
#include <sys/mman.h>
#include "check/checker.h"
#include "mm/mm_internal.h"

/*
 * A selftest as a table. A case is a list of steps, each taken by one of up to three threads; a
 * state is the memory that they begin with. Each cell, a state and a case, runs
 * - in order, as the selftest of the kernel does, and what each step did to pages and entries is
 *   looked at right after it;
 * - side by side: each thread takes its own steps in order, and waits for nobody. What holds then
 *   in every order is claimed by the steps themselves, and at the end.
 * Both natively, on threads that really run, and under the explorer.
 */

#define PG 4096UL
#define RW (PROT_READ | PROT_WRITE)
#define MAX_PAGES 16

enum actor { PARENT, CHILD, OTHER, ACTORS };

struct stage;

/**
 * struct step - what one thread does, between two moments at which others are looked at
 * @actor: CHILD is a thread of the parent until it becomes one of the child
 * @act: does it; claims only what holds whatever the others do
 * @exact: claims what it did to the page, when it was taken in order; may be NULL
 */
struct step {
	enum actor actor;
	int (*act)(struct stage *s);
	int (*exact)(struct stage *s);
};

/**
 * struct test_case - a column
 * @id, @name: for people
 * @steps, @nr_steps: in the order of the kernel's selftest
 * @prefix: how many of them come before the others also where these run side by side
 * @final: claims what holds at the end, in whatever order the steps were taken
 * @bounded: too many states to see all of them: those that one preemption leads to
 */
struct test_case {
	const char *id, *name;
	const struct step *steps;
	unsigned int nr_steps, prefix;
	int (*final)(struct stage *s);
	bool bounded;
};

/**
 * struct state - a row
 * @id, @name: for people
 * @prepare: maps memory as the process of PARENT, and fills it
 * @precondition: claims that it is in the state it should be in
 */
struct state {
	const char *id, *name;
	int (*prepare)(struct stage *s);
	int (*precondition)(struct stage *s);
};

/**
 * struct stage - what the threads of a cell have in common; lies in the machine
 * @mem: the memory under test; @smem: another mapping of what is behind it, or 0
 * @pages: how many pages it has
 * @old: what it is filled with
 * @was: its pages at the beginning
 * @parent, @child: pids; @child: 0 before there is one
 * @held: what is pinned, or in a pipe; @nr_held: how many pages, or why not
 * @seen: what the child found in its memory
 * @before: counts at the beginning of the step
 * @begin: counts at the beginning of the case
 */
struct stage {
	const struct state *state;
	const struct test_case *test;
	bool in_order;
	unsigned int turn;
	int failed;
	struct vmsim_machine *machine;
	unsigned long mem, smem;
	size_t pages;
	uint64_t old;
	struct page *was[MAX_PAGES];
	int parent, child;
	struct vmsim_pins *held;
	int nr_held;
	uint64_t seen[MAX_PAGES];
	struct vmsim_stats before, begin;
};

/* In functions that return 0, or -1 where a claim does not hold. */
#define claim(condition)							\
do {										\
	if (!(condition)) {							\
		vmsim_fail("%s: %s:%d: not so: %s", s->test->id, __FILE__, __LINE__, #condition); \
		return -1;							\
	}									\
} while (0)

/**
 * struct look - an entry, and the page behind it
 * @page: NULL where nothing is mapped
 * @maps, @refs: of the page
 */
struct look {
	pte_t pte;
	struct page *page;
	bool write, dirty, soft_dirty, zero, anon, exclusive;
	int maps, refs;
};

struct look look_at(const struct stage *s, int pid, unsigned long addr);
/* The page alone, however it is mapped. */
struct look look_at_page(struct page *page);
struct vmsim_stats stats_of(const struct stage *s);

/* How a cell is run; each returns 0, or prints what was wrong, and be it that it is not built. */
int stage_in_order(const struct state *state, const struct test_case *test);
int stage_in_order_explored(const struct state *state, const struct test_case *test);
int stage_side_by_side(const struct state *state, const struct test_case *test);
int stage_side_by_side_explored(const struct state *state, const struct test_case *test);

#endif
