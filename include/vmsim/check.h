/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_CHECK_H
#define VMSIM_CHECK_H

#include <vmsim/machine.h>
#include <vmsim/event.h>

/**
 * DOC: Oracles
 *
 * Oracles watch events and report broken rules. Ids are those of the reference: O1 stale use,
 * O2 free while live, O3 lost dirty, O4 data, O6 debt (with the meta-rules MR1 to MR3), O7 counts,
 * O8 reverse map, O9 lifetime of anon_vmas, O10 exclusive pages, O11 pins, O12 isolation of private
 * memory, O13 lifetime of page tables, O14 locks, O20 progress and leaks, O21 what file systems may
 * rely on, O23 data races (at full granularity).
 */
#define VMSIM_ORACLES(X)							\
	X(O1, "stale use: an access through an entry whose frame has been freed")		\
	X(O2, "free live: a frame freed while a usable entry translates to it")		\
	X(O3, "lost dirty: a clean file page that is newer than its backing store")		\
	X(O4, "data: a load, a read or a stored page that is not what was written")		\
	X(O6, "debt: excess TLB rights at PTL unlock without a promise to flush, or relied upon") \
	X(O7, "counts: references, map counts or resident sets differ from a recount")		\
	X(O8, "reverse map: an entry that no walk finds, or a count without an entry")		\
	X(O9, "anon_vma: a mapped page whose anon_vma no mapping is in any more")		\
	X(O10, "exclusive: a writable entry of a page that is not, or one mapped more than once") \
	X(O11, "pins: a page that is held without having been mapped, or that was replaced")	\
	X(O12, "isolation: a store to private memory that another process sees")		\
	X(O13, "page tables: an entry that is read in, or leads to, a frame which is no table")	\
	X(O14, "locks: an access without the lock it needs, or locks in inverted order")	\
	X(O20, "progress: deadlock, livelock, or something left behind at the end")	\
	X(O21, "file system: a page made dirty where nothing keeps writeback away from it") \
	X(O23, "data race: two accesses that nothing orders, one of them plain, one a write")

enum vmsim_oracle {
#define X(id, text) VMSIM_ORACLE_##id,
	VMSIM_ORACLES(X)
#undef X
	VMSIM_ORACLE_COUNT
};

#define VMSIM_ORACLE_BIT(id) (UINT64_C(1) << VMSIM_ORACLE_##id)
#define VMSIM_ORACLES_ALL ((UINT64_C(1) << VMSIM_ORACLE_COUNT) - 1)

VMSIM_API const char *vmsim_oracle_name(enum vmsim_oracle oracle);
/* What the oracle is about, in one line. */
VMSIM_API const char *vmsim_oracle_text(enum vmsim_oracle oracle);
/* The oracle of that id, in either case; -EINVAL: there is none. */
VMSIM_API int vmsim_oracle_parse(const char *name);

/*
 * Arms oracles on a machine before its first process is made; vmsim_explore() does so by itself.
 * Disarming is only for the machine's end.
 */
VMSIM_API int vmsim_check_arm(struct vmsim_machine *machine, uint64_t oracles);

/*
 * Recounts everything at a moment when no thread is inside the library (O7, O8, O9, O3, O20).
 * Returns the number of violations found, each of them reported.
 */
VMSIM_API int vmsim_check_quiescent(struct vmsim_machine *machine);

/* Violations of a native machine: counted, and the first ones kept. */
VMSIM_API uint64_t vmsim_violations(struct vmsim_machine *machine);
struct vmsim_violation;
VMSIM_API int vmsim_violation_get(struct vmsim_machine *machine, unsigned int n,
				  struct vmsim_violation *violation);

/*
 * What a BUG() does outside the explorer: by default it prints and aborts. A handler may leave by
 * longjmp(). NULL restores the default. One handler per thread.
 */
VMSIM_API void vmsim_set_bug_handler(void (*handler)(const char *file, int line, const char *cond));

/* Watches events. @fn runs in the thread that raised the event, inside the event. */
VMSIM_API int vmsim_subscribe(struct vmsim_machine *machine, uint64_t kinds,
			      void (*fn)(void *arg, const struct vmsim_event *event), void *arg);
VMSIM_API int vmsim_unsubscribe(struct vmsim_machine *machine,
				void (*fn)(void *arg, const struct vmsim_event *event), void *arg);

#endif
