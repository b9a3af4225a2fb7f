/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_EVENT_H
#define VMSIM_EVENT_H

#include <stdint.h>

/**
 * DOC: Events
 *
 * Everything that can be watched is an event. Primitives (PTE accessors, locks, counts, TLB, IPI,
 * page cache) raise one right after they did their work; algorithms raise none. Three kinds of
 * watcher subscribe: the oracles (src/check), the recorder behind timelines (src/trace) and the
 * explorer (src/explore), for which the events in VMSIM_DECISIONS are also the places where
 * another CPU may go on.
 *
 * An event that nobody watches costs one predictable branch, and nothing at all in a build with
 * -Dchecks=false.
 *
 * Where a READ is a test of one bit, its size has the number of the bit above that of the bytes.
 *
 * PLAIN_READ and PLAIN_WRITE, which only instrumented code raises, are told right before the access
 * (docs/full.md).
 *
 * X(ID, name, arg0, arg1, arg2): the arguments are 64-bit values; a name that ends in '*' is the
 * address of an object.
 *
 * READ, WRITE and ATOMIC name the word. The words behind other events: REF changes
 * &folio->_refcount, MAP_ADD and MAP_REMOVE &page->_mapcount, FLAG, FOLIO_DIRTY and FOLIO_CLEAN the
 * flags at the page's beginning, FLUSH_PENDING &mm->tlb_flush_pending, LOCK and UNLOCK the
 * beginning of the lock; CACHE_ADD and CACHE_REMOVE the index of the mapping, whose address READ
 * has when it is looked up.
 */
#define VMSIM_EVENTS(X)								\
	X(POINT,	  "point",	     "name*",    "-",	    "-")	\
	X(PTE_READ,	  "pte-read",	     "ptep*",    "value",    "-")	\
	X(PTE_SET,	  "pte-set",	     "ptep*",    "old",	     "new")	\
	X(TABLE_SET,	  "table-set",	     "entry*",   "old",	     "new")	\
	X(TABLE_ALLOC,	  "table-alloc",     "page*",    "level",    "mm*")	\
	X(TABLE_FREE,	  "table-free",      "page*",    "level",    "mm*")	\
	X(LOCK,		  "lock",	     "lock*",    "class*",   "mode")	\
	X(UNLOCK,	  "unlock",	     "lock*",    "class*",   "mode")	\
	X(PTL_LOCK,	  "ptl-lock",	     "ptl*",	 "table*",   "-")	\
	X(PTL_UNLOCK,	  "ptl-unlock",      "ptl*",	 "table*",   "-")	\
	X(PTL_RELEASED,   "ptl-released",    "ptl*",	 "-",	     "-")	\
	X(REF,		  "ref",	     "folio*",   "old",	     "new")	\
	X(MAP_ADD,	  "map-add",	     "page*",    "old",	     "new")	\
	X(MAP_REMOVE,	  "map-remove",      "page*",    "old",	     "new")	\
	X(MAP_ZERO,	  "map-zero",	     "folio*",   "-",	     "-")	\
	X(FLAG,		  "flag",	     "page*",    "bit",	     "set")	\
	X(FRAME_ALLOC,	  "frame-alloc",     "page*",    "order",    "-")	\
	X(FRAME_FREE,	  "frame-free",      "page*",    "order",    "-")	\
	X(FRAME_READ,	  "frame-read",      "page*",    "device",   "-")	\
	X(FRAME_WRITE,	  "frame-write",     "page*",    "device",   "-")	\
	X(FOLIO_DIRTY,	  "folio-dirty",     "folio*",   "was",	     "-")	\
	X(FOLIO_CLEAN,	  "folio-clean",     "folio*",   "was",	     "-")	\
	X(CACHE_ADD,	  "cache-add",	     "folio*",   "mapping*", "index")	\
	X(CACHE_REMOVE,	  "cache-remove",    "folio*",   "mapping*", "index")	\
	X(STORE_READ,	  "store-read",      "folio*",   "mapping*", "index")	\
	X(STORE_WRITE,	  "store-write",     "folio*",   "mapping*", "index")	\
	X(TLB_FILL,	  "tlb-fill",	     "cpu",	 "va",	     "entry*")	\
	X(TLB_USE,	  "tlb-use",	     "cpu",	 "va",	     "entry*")	\
	X(TLB_DROP,	  "tlb-drop",	     "cpu",	 "va",	     "entry*")	\
	X(FLUSH_BEGIN,	  "tlb-flush",       "mm*",	 "start",    "end")	\
	X(FLUSH_END,	  "tlb-flush-done",  "mm*",	 "start",    "end")	\
	X(FLUSH_PENDING,  "flush-pending",   "mm*",	 "old",	     "new")	\
	X(IPI_SEND,	  "ipi-send",	     "cpu",	 "call*",    "-")	\
	X(IPI_RUN,	  "ipi-run",	     "cpu",	 "call*",    "-")	\
	X(IPI_DONE,	  "ipi-done",	     "cpu",	 "call*",    "seen")	\
	X(IRQ,		  "irq",	     "cpu",	 "enabled",  "-")	\
	X(RCU_READ,	  "rcu-read",	     "depth",    "-",	     "-")	\
	X(RCU_CALL,	  "rcu-call",	     "head*",    "-",	     "-")	\
	X(RCU_DONE,	  "rcu-done",	     "head*",    "-",	     "-")	\
	X(RCU_SYNC,	  "rcu-sync",	     "-",	 "-",	     "-")	\
	X(VCPU,		  "vcpu",	     "cpu",	 "preempted", "-")	\
	X(LOAD,		  "load",	     "va",	 "size",     "value")	\
	X(STORE,	  "store",	     "va",	 "size",     "value")	\
	X(FAULT,	  "fault",	     "va",	 "flags",    "result")	\
	X(FAULT_KIND,	  "fault-kind",      "va",	 "kind",     "page*")	\
	X(SYSCALL,	  "syscall",	     "name*",    "arg0",     "arg1")	\
	X(SYSCALL_RET,	  "syscall-ret",     "name*",    "result",   "pins*")	\
	X(VMA_ADD,	  "vma-add",	     "vma*",	 "start",    "end")	\
	X(VMA_REMOVE,	  "vma-remove",      "vma*",	 "start",    "end")	\
	X(VMA_UNLINK,	  "vma-unlink",      "vma*",	 "start",    "end")	\
	X(MM_ADD,	  "mm-add",	     "mm*",	 "-",	     "-")	\
	X(MM_EXIT,	  "mm-exit",	     "mm*",	 "-",	     "-")	\
	X(MM_REMOVE,	  "mm-remove",       "mm*",	 "-",	     "-")	\
	X(MM_SWITCH,	  "mm-switch",       "cpu",	 "prev*",    "next*")	\
	X(ATOMIC,	  "atomic",	     "addr*",    "kind",    "old")	\
	X(READ,		  "read",	     "addr*",    "value",    "size")	\
	X(WRITE,	  "write",	     "addr*",    "value",    "size")	\
	X(BARRIER,	  "barrier",	     "kind",	 "-",	     "-")	\
	X(DRAIN,	  "drain",	     "cpu",	 "addr*",    "value")	\
	X(PLAIN_READ,	  "plain-read",      "addr*",    "size",     "-")	\
	X(PLAIN_WRITE,	  "plain-write",     "addr*",    "size",     "why")	\
	X(RESCHED,	  "cond-resched",    "-",	 "-",	     "-")	\
	X(THREAD,	  "thread",	     "tid",	 "state",    "-")	\
	X(VIOLATION,	  "violation",       "oracle*",  "text*",    "-")

enum vmsim_event_kind {
#define X(id, name, a, b, c) VMSIM_EV_##id,
	VMSIM_EVENTS(X)
#undef X
	VMSIM_EV_COUNT
};

_Static_assert(VMSIM_EV_COUNT <= 64, "event kinds are bits of one 64-bit word");

#define VMSIM_EV_BIT(id) (UINT64_C(1) << VMSIM_EV_##id)
#define VMSIM_EV_ALL (~UINT64_C(0) >> (64 - VMSIM_EV_COUNT))

/* The "size" argument of READ: a test of one bit of the word. */
#define VMSIM_READ_BIT(nr) (sizeof(long) | ((uint64_t)(nr) + 1) << 8)
#define VMSIM_READ_IS_BIT(size) ((size) >> 8)
#define VMSIM_READ_BIT_OF(size) (((size) >> 8) - 1)

/*
 * The "device" argument of FRAME_READ and FRAME_WRITE: 1 where pages of a program are accessed past
 * its tables on somebody's behalf, a device's or another process'; 0 where a kernel moves contents.
 *
 * SYSCALL_RET of "pin" names the pages that are held from then on, as SYSCALL of "unpin" does.
 */

/* Values of the "why" argument of PLAIN_WRITE. */
enum vmsim_plain_write {
	VMSIM_PLAIN_STORE,
	VMSIM_PLAIN_ALLOC,		/* the object begins: what was there before is forgotten */
	VMSIM_PLAIN_FREE,		/* the object ends */
};

/* Values of the "kind" argument of BARRIER. */
enum vmsim_barrier {
	VMSIM_BARRIER_FULL,
	VMSIM_BARRIER_READ,
	VMSIM_BARRIER_WRITE,
	VMSIM_BARRIER_ATOMIC,		/* full, where next to an atomic operation or a lock */
};

/* Values of the "kind" argument of ATOMIC: what the caller learns from it. */
enum vmsim_atomic_kind {
	VMSIM_ATOMIC_CHANGES,		/* the value */
	VMSIM_ATOMIC_ADDS,		/* nothing */
	VMSIM_ATOMIC_DROPS,		/* whether nothing is left after one less */
};

/* VMSIM_ATOMIC_ADDS says in its upper half how much is added; its "old" is what comes out. */
#define VMSIM_ATOMIC_ADDING(n) (VMSIM_ATOMIC_ADDS | (uint64_t)(uint32_t)(n) << 32)

/* Values of the "kind" argument of FAULT_KIND. */
enum vmsim_fault_kind {
	VMSIM_FAULT_NONE,
	VMSIM_FAULT_SPURIOUS,
	VMSIM_FAULT_ANON_NEW,		/* new zeroed anonymous page */
	VMSIM_FAULT_ZERO,		/* zero page mapped for a read */
	VMSIM_FAULT_FILE_READ,		/* page-cache page(s) mapped read-only */
	VMSIM_FAULT_FILE_COW,		/* private write: copy of the page-cache page */
	VMSIM_FAULT_FILE_SHARED,	/* shared write: page-cache page mapped writable */
	VMSIM_FAULT_COPY,		/* write-protection fault that copied */
	VMSIM_FAULT_REUSE,		/* write-protection fault that reused the page */
	VMSIM_FAULT_MKWRITE,		/* shared file page made writable in place */
	VMSIM_FAULT_SEGV,
	VMSIM_FAULT_BUS,
};

/**
 * struct vmsim_event - one thing that happened
 * @seq: number of the event in its machine, from 1
 * @kind: what happened
 * @cpu: simulated CPU that did it
 * @tid: simulated thread that did it
 * @arg: the arguments named in VMSIM_EVENTS
 * @ip: code address that raised it
 */
struct vmsim_event {
	uint64_t seq;
	enum vmsim_event_kind kind;
	int cpu;
	int tid;
	uint64_t arg[3];
	const void *ip;
};

#endif
