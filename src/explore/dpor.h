/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_DPOR_H
#define VMSIM_DPOR_H

#include "explore/grow.h"
#include "explore/session.h"
#include "explore/step.h"

/*
 * Source-set DPOR with sleep sets (Abdulla, Aronis, Jonsson, Sagonas: "Source Sets", JACM 2017),
 * stateless: the path to a branch is executed again.
 *
 * What goes on is an actor: a thread, the interrupts of a CPU, the hypervisor's hand on a CPU, the
 * store buffer of a CPU. Sets of actors are words of 64 bits.
 */

#define DPOR_ACTORS 64

/**
 * struct dpor_node - a place where something was decided, and the step that followed
 * @can: actors that could go on
 * @enabled: those that were not waiting for something new to read
 * @spinning: actors that do
 * @backtrack: those that are explored from here, at once or later
 * @sleep: those that have been, here or at a node before
 * @actor: who went on
 * @choice: not a node of its own, but a yes-or-no question inside of the step of @step
 * @answer: to that question
 * @fatal: the step broke a rule
 * @shared: by the shards: all actors are explored from here
 * @step: the node at which the step began that this node belongs to
 * @seq: number of the step among those of its actor, from 1
 * @before: node of the actor's step before that, plus one
 * @section: node at which the read section began that it is part of, plus one
 * @accesses, @own_accesses, @accesses_end: what the step touched, in dpor.access. Those before
 *                      @own_accesses come from other answers: the step when it goes to sleep
 * @sleepers, @nr_sleepers: who sleeps here, in dpor.sleeper
 * @undo, @records, @graces: marks in dpor.undo, dpor.record and dpor.grace: how things were before
 *                           the step
 */
struct dpor_node {
	uint64_t can, enabled, spinning, backtrack, sleep;
	uint8_t actor;
	bool choice, answer, fatal, shared;
	uint32_t step, seq, before, section;
	uint32_t accesses, own_accesses, accesses_end;
	uint32_t sleepers, nr_sleepers;
	uint32_t undo, records, graces;
};

/* An actor that sleeps, and the step that it would do. */
struct dpor_sleeper {
	uint8_t actor;
	uint32_t accesses, accesses_end;
};

/* One access in the list of an object; @change: with those of the same actor right before it. */
struct dpor_record {
	uint32_t node, next;
	enum access_mode mode;
	int change;
};

/*
 * An earlier step that the step under way meets. @behind: after it has acquired something; @ahead:
 * before it does.
 */
struct dpor_conflict {
	uint32_t node;
	bool behind;
	bool ahead;
};

/* From the node where somebody acquired something to the one where it was released. */
struct dpor_section {
	uint32_t acquire, release;
};

/*
 * Whatever changes along a path is a cell, so that going back is playing back a log. Nodes and
 * records are stored plus one: zero is none.
 */
enum object_cell {
	CELL_EXCLUSIVE,		/* node of the last write or exclusive acquire */
	CELL_SHARED,		/* records of reads and shared acquires since then */
	CELL_RELEASE,		/* node of the last exclusive release since then */
	CELL_RELEASE_SHARED,	/* records of shared releases since then */
	CELLS_OF_OBJECT,
};

enum actor_cell {
	CELL_LAST,		/* node of the last step */
	CELL_STEPS,		/* how many */
	CELL_ENABLER,		/* node of the step that ended a wait */
	CELL_WAITS_FOR,		/* CPUs whose readers it waits for */
	CELL_YIELDED,		/* its last step ended with a yield */
	CELL_LOOP,		/* node of the first step since it yielded last */
	CELL_WOKEN,		/* there is something in the clocks that follow */
	CELL_WAKE,		/* and the following ones: the clocks of what it waited for */
};

struct dpor_undo {
	uint32_t cell;
	uint64_t old;
};

struct dpor {
	struct vmsim_explorer *x;
	unsigned int nr_threads, nr_cpus, width;	/* width: of clocks */

	struct dpor_node *node;
	size_t depth, length, capacity;	/* of the path: this execution, what is forced, allocated */
	size_t first_new;		/* steps before are known from the execution before */
	size_t step;			/* node of the step under way */
	bool in_step;
	uint32_t *clock;		/* of each node, @width words */
	uint32_t *weak;			/* the same, if no grace period had to end */

	struct access *access;
	size_t nr_accesses, access_capacity;
	struct dpor_sleeper *sleeper;
	size_t nr_sleepers, sleeper_capacity;
	struct dpor_record *record;
	size_t nr_records, record_capacity;
	uint32_t *grace;		/* nodes at which grace periods began */
	size_t nr_graces, grace_capacity;
	uint64_t *cell;
	size_t nr_cells, cell_capacity;
	struct dpor_undo *undo;
	size_t nr_undo, undo_capacity;
	struct dpor_object {
		uint64_t name;
		uint32_t cells;		/* index in @cell; 0: unused */
	} *object;
	size_t nr_objects, object_slots;

	struct node_list {
		struct dpor_conflict *at;
		size_t n, capacity;
	} races, edges;			/* of the step under way */
	struct dpor_section *section;	/* the same: when others had what it acquires */
	size_t nr_sections, section_capacity;

	uint64_t spinning;		/* actors that yielded, and have read nothing new since */
	uint64_t yielded;		/* at the last decision */
	struct step_before before;	/* of the step under way */

	uint64_t shard_hash;		/* of who went on at the shared nodes of this path */
	unsigned int shared;		/* how many */

	uint64_t classes, blocked;
	bool started, exhausted;
};

/* Order (src/explore/dpor_order.c). */
int dpor_order_create(struct dpor *d);
void dpor_order_destroy(struct dpor *d);
/* The step of @node has ended: who came before it, and what could have come in another order. */
void dpor_order_step(struct dpor *d, size_t node);
/* The step of @node would have followed, if something had not stopped it for ever. */
void dpor_order_pending(struct dpor *d, size_t node);
/* The same where @actor waited for the end of a grace period, for the readers on @cpus. */
void dpor_order_pending_grace(struct dpor *d, unsigned int actor, uint64_t cpus);
/* As it was before the step of @node. */
void dpor_order_undo(struct dpor *d, size_t node);
/* Whether who sleeps has to be woken by a step that has just ended. */
bool dpor_sleeper_is_concerned(const struct dpor *d, const struct dpor_sleeper *sleeper,
			       const struct dpor_node *step);
bool dpor_steps_conflict(const struct dpor *d, const struct dpor_node *a,
			 const struct dpor_node *b);
uint64_t dpor_actor_cell(const struct dpor *d, unsigned int actor, unsigned int cell);
void dpor_actor_cell_set(struct dpor *d, unsigned int actor, unsigned int cell, uint64_t value);
/* What @actor waits for includes the step of @node: the end of a read section, or anything else. */
void dpor_wake_join(struct dpor *d, unsigned int actor, size_t node, bool reader);
uint32_t dpor_cell_object(struct dpor *d, uint64_t name);

#endif
