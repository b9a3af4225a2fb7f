/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_CHECK_RACE_H
#define VMSIM_CHECK_RACE_H

#include "check/checker.h"

/*
 * O23, data races (docs/full.md): who is ordered behind whom, by vector clocks (race_clock.c,
 * race_order.c), and what was accessed by whom last (race_shadow.c). All of it lies in the
 * machine.
 */

/*
 * What orders one thread behind another. Tests take each away in turn: what it orders is reported
 * then.
 */
#define RACE_EDGES(X)								\
	X(LOCK)			/* a lock: from who let it go to who takes it */	\
	X(SHARED)		/* the same from readers to the next writer */	\
	X(ATOMIC)		/* release and acquire, or fully ordered */	\
	X(CHAIN)		/* a change that orders nothing passes on what is there */ \
	X(DEPENDENCY)		/* a marked read of a pointer, and what it points to */ \
	X(FENCE_RELEASE)	/* a barrier, and a marked write behind it */	\
	X(FENCE_ACQUIRE)	/* a marked read, and a barrier behind it */	\
	X(RCU_CALLBACK)		/* call_rcu() and the callback */		\
	X(RCU_GRACE)		/* read sections, and the end of a grace period */ \
	X(IPI)			/* an interrupt: sender and handler */		\
	X(IPI_DONE)		/* handler, and the sender that waited */	\
	X(CPU)			/* sections of one CPU that nothing interrupts */

enum race_edge {
#define X(id) RACE_EDGE_##id,
	RACE_EDGES(X)
#undef X
	RACE_EDGE_COUNT
};

/* Edges that are missing; none, unless a test defines it. */
u64 vmsim_muted_edges(void);

#define RACE_MAX_ACTORS (VMSIM_STACKS + VMSIM_MAX_CPUS)

/* A vector clock: how far each actor was when this was known. */
typedef u32 race_clock;

/**
 * struct race_actor - a thread, or a CPU without one
 * @key: the thread's number, or less than 0
 * @clock: what it knows of all; its own component is its epoch
 * @published: what its marked writes publish: its clock at its last release barrier
 * @seen: what its marked reads have seen, to be known from its next acquire barrier on
 * @section: the read-side section of its last event, 0: none; @section_cpu: where
 * @alone: its last event was where nobody else of its CPU comes in between
 * @section_last: its epoch at its last event in it
 * @section_done: its epoch at the end of the last one that has ended
 */
struct race_actor {
	int key;
	char name[TASK_COMM_LEN];
	race_clock *clock, *published, *seen;
	u64 section;
	unsigned int section_cpu;
	bool alone;
	u32 section_last, section_done;
};

/* What one access to eight bytes leaves behind. */
struct race_record {
	struct race_record *next;
	const void *ip;
	u32 epoch;
	u16 actor;
	u8 mask;
	bool write : 1, marked : 1, freed : 1;
};

/**
 * struct chk_races - the detector's state
 * @width: components of a clock
 * @edges: which are judged
 * @clocks: of locks, atomics and the like, by key (race_order.c)
 * @cells: last accesses, struct race_record, by address / 8
 * @spare: records to be used again
 * @cpu_last: by CPU: who had a section on it last, and the epoch
 */
struct chk_races {
	unsigned int width;
	u64 edges;
	unsigned int nr_actors;
	struct race_actor actor[RACE_MAX_ACTORS];
	struct chk_map clocks;
	struct chk_map cells;
	struct race_record *spare;
	struct {
		bool used;
		u16 actor;
		u32 epoch;
	} cpu_last[VMSIM_MAX_CPUS];
};

static inline bool race_edge_on(const struct chk_races *races, enum race_edge edge)
{
	return races->edges >> edge & 1;
}

static inline unsigned int race_index(const struct chk_races *races, const struct race_actor *actor)
{
	return (unsigned int)(actor - races->actor);
}

static inline u32 *race_epoch(struct chk_races *races, struct race_actor *actor)
{
	return &actor->clock[race_index(races, actor)];
}

/* Clocks and actors (race_clock.c). NULL: no memory, and reported. */
struct chk_races *race_state(struct vmsim_checker *chk);
struct race_actor *race_actor_of(struct vmsim_checker *chk, int tid, unsigned int cpu);
race_clock *race_clock_new(struct vmsim_checker *chk);
void race_clock_join(const struct chk_races *races, race_clock *to, const race_clock *from);
void race_clock_set(const struct chk_races *races, race_clock *to, const race_clock *from);

/* What orders (race_order.c). */
enum race_object {
	RACE_WORD,		/* accessed atomically */
	RACE_LOCK,		/* a lock: what its exclusive holders left */
	RACE_SHARED,		/* what its readers left */
	RACE_CALL,		/* a callback or an interrupt on its way */
	RACE_REPLY,
};
void race_release(struct vmsim_checker *chk, struct race_actor *actor, enum race_edge edge,
		  enum race_object kind, u64 object);
void race_acquire(struct vmsim_checker *chk, struct race_actor *actor, enum race_edge edge,
		  enum race_object kind, u64 object);
/* The object is used for something else from now on. */
void race_drop(struct vmsim_checker *chk, enum race_object kind, u64 object);
void race_fence(struct vmsim_checker *chk, struct race_actor *actor, bool acquire, bool release);
void race_atomic(struct vmsim_checker *chk, struct race_actor *actor, enum vmsim_atomic_op op,
		 const void *addr, size_t size, int order);
/* Where @actor is, before anything else is judged that it does. */
void race_section_note(struct vmsim_checker *chk, struct race_actor *actor,
		       const struct task_struct *task);
void race_grace_period(struct vmsim_checker *chk, struct race_actor *actor);

/* What was accessed (race_shadow.c). */
struct race_access {
	const struct race_actor *actor;
	u64 addr;
	size_t size;
	const void *ip;
	bool write, marked, freed;
};
void race_access(struct vmsim_checker *chk, const struct race_access *access);
void race_forget(struct vmsim_checker *chk, u64 addr, size_t size);

/* Two accesses that nothing orders (race_report.c). */
void race_report(struct vmsim_checker *chk, const struct race_access *access,
		 const struct race_record *before);

#endif
