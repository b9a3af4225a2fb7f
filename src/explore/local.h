/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_LOCAL_H
#define VMSIM_LOCAL_H

#include "explore/holds.h"
#include "explore/search_file.h"
#include "explore/session.h"

/*
 * Steps that are nobody else's business. A step of a thread is local if nothing that others can do
 * before it depends on it: for each of its accesses, and each access of others to the same object
 * that conflicts with it, either they are known never to make it, or they make it only while they
 * hold something that the thread holds already when its step begins (a lock; the CPU, on which it
 * has interrupts off). In a state where some thread can take a local step nothing else needs to be
 * tried: in all that can follow, the step could just as well have come first. That is a persistent
 * set of one (Godefroid, Partial-order methods, 1996), where locks tell who stays away, as in
 * Lipton's reduction (1975).
 *
 * What others access, and under which locks, is not known before the search has seen it. So what
 * has been seen is taken to be all, and note is taken of where that was relied upon; when it turns
 * out wrong, the search begins again, with what it has learned.
 *
 * Besides: interrupts come to a CPU that has none to take only from those who were seen to send it
 * some (and who may be kept away); nobody gets in the way of who reads a word that was never seen
 * to change once it has, or has not, a value.
 *
 * Depends means what it means for dpor (src/explore/footprint.h). A word that changes although no
 * event told of it counts as written to.
 */
struct local;

/* What each thread holds, in one state. */
struct local_holds {
	hold_set of[MAX_ACTORS];
};

/*
 * @bounded: what a step lets go may let others go on; then to leave them is a preemption, which it
 * was not before. Under a bound on preemptions such steps are not local.
 */
struct local *local_create(unsigned int nr_threads, unsigned int nr_cpus, bool bounded);
void local_destroy(struct local *local);

/**
 * struct local_run - what happened at a pick
 * @local: the first step was local
 * @times: how many steps the thread took; all but the first one were local
 * @mark: of the checkpoint after them
 * @told: events told of all that they wrote, where anybody accesses it
 * @lost: at some time before, frames were written to and no event told: the way back is lost
 */
struct local_run {
	bool local, told, lost;
	unsigned int times;
	size_t mark;
};

/*
 * Takes a step from the state of the last checkpoint, and if @run all that follow as long as they
 * are local; brings @holds up to date, and takes the next checkpoint.
 */
struct local_run local_loop_step(struct local *local, struct vmsim_explorer *x,
				 struct candidate pick, bool run, struct local_holds *holds);
/* What the steps of the last run accessed. */
const struct access *local_run_accesses(const struct local *local, size_t *n);
/* The same again, of which all is known; the result is the mark of the checkpoint after it. */
size_t local_repeat(struct vmsim_explorer *x, struct candidate pick, unsigned int times);
/* In how many ways threads were seen to access things. */
size_t local_known(const struct local *local);
/* True once an assumption turned out wrong, until it is asked. */
bool local_was_wrong(struct local *local);

/* How likely it is that the next step of the thread is local, from where it stands now. */
enum local_hope { LOCAL_HARDLY, LOCAL_PERHAPS, LOCAL_LIKELY, LOCAL_HOPES };

enum local_hope local_guess(const struct local *local, uint64_t thread_key);
void local_learn(struct local *local, uint64_t thread_key, bool is_local);

/* What was learnt, into a file, and back where nothing was. False: the file is damaged. */
void local_save(const struct local *local, struct search_file *file);
bool local_load(struct local *local, struct search_file *file);

#endif
