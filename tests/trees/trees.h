/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TREES_H
#define TREES_H

#include "mm/mm_internal.h"
#include "folio/folio.h"
#include "check/checker.h"
#include <vmsim/vmsim.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <signal.h>
#include <sys/mman.h>

/*
 * Random trees of processes: a seed gives a list of operations; after each of them everything is
 * counted again (recount.c), every reverse-map walk is compared with a scan of all page tables
 * (scan.c), and what every process finds with a plain model of its memory (view.c, model.c).
 */

#define TREE_PROCS 8
#define TREE_CPUS 3
#define TREE_HOLDS 8
#define TREE_HOLD_PAGES 4
#define TREE_FRAMES 4096
/*
 * Pages lie in banks. Half of those of a bank hang from one PTE table, half from the next. All banks
 * lie alike, so that whole tables can move from one to another.
 */
#define TREE_BANKS 4
#define TREE_BANK_PAGES 64u
#define TREE_PAGES (TREE_BANKS * TREE_BANK_PAGES)
#define TREE_BASE (0x10000000UL + PMD_SIZE - TREE_BANK_PAGES / 2 * PAGE_SIZE)
#define TREE_BANK_SIZE (PUD_SIZE / 2 + 8 * PMD_SIZE)
#define TREE_ADDR(page)								\
	(TREE_BASE + (page) / TREE_BANK_PAGES * TREE_BANK_SIZE +		\
	 (page) % TREE_BANK_PAGES * PAGE_SIZE)
#define TREE_FILE_PAGES 24

/**
 * struct cell - one page of memory as a program knows it, whichever frame it is in
 * @value: what it holds
 * @refs: places that have it
 * @pins: pins of it: as long as there are any, it must not change its frame
 * @id: in the upper half of all values that are stored through it
 * @pinned: the frame of the pins
 */
struct cell {
	u64 value;
	unsigned int refs, pins;
	u32 id;
	struct page *pinned;
};

/**
 * struct object - a file, or shared anonymous memory
 * @file: NULL: nobody maps it any more
 * @users: pages of mappings
 * @tracked: a file that is written back
 * @device: pages that a device has written to: what is stored of them may be older (E35)
 * @cell: its pages; NULL: zeroes
 */
struct object {
	struct file *file;
	unsigned int pages, users;
	bool tracked;
	bool device[TREE_PAGES];
	struct cell *cell[TREE_PAGES];
};

enum slot_kind { HOLE, ANON, PRIVATE, SHARED };

/**
 * struct slot - one page of an address space
 * @prot: PROT_*
 * @dontfork, @wipe: what fork does with it
 * @locked, @onfault: it stays in memory; once it has come there
 * @written: since soft-dirty bits were cleared
 * @object, @index: what is mapped; ANON: NULL
 * @own: page of its own; NULL: it shows the object's, or zeroes
 */
struct slot {
	enum slot_kind kind;
	int prot;
	bool dontfork, wipe, locked, onfault, written;
	struct object *object;
	unsigned int index;
	struct cell *own;
};

/* An address space, of one process or (vfork) of several. */
struct space {
	unsigned int users;
	struct mm_struct *mm;
	struct slot slot[TREE_PAGES];
};

struct proc {
	int pid;			/* 0: none */
	struct space *space;
};

/**
 * struct hold - pages that somebody holds
 * @pins: the handle; NULL: none
 * @cell: what each page is; NULL: the page of zeroes
 * @first: what it held at first
 */
struct hold {
	struct vmsim_pins *pins;
	unsigned int nr, flags;
	struct cell *cell[TREE_HOLD_PAGES];
	u64 first[TREE_HOLD_PAGES];
};

struct tree {
	struct vmsim_machine *machine, *m;
	struct task_struct *task[TREE_CPUS];
	struct proc proc[TREE_PROCS];
	struct hold hold[TREE_HOLDS];
	struct object file;
	int file_id;
	unsigned int span;		/* pages that this world uses, in the middle of a bank */
	unsigned int procs;		/* processes that there may be at a time */
	unsigned int cpus;		/* each with a thread */
	bool watched;			/* by oracles that know what file systems rely on */
	bool as_6_1;			/* mm/gup.c is that of Linux 6.1, or does as it did */
	bool log;			/* a line for each step (log.c) */
	unsigned int whole;		/* number of the step after which the whole state is told */
	u32 cells;			/* made so far */
	u32 stores;
	uint64_t frames_free;		/* of the machine at first */
	char said[256];			/* the operation that is being made */
};

extern struct tree tree;

/* One operation: random numbers, which mean something in every state. */
struct op {
	u8 kind, proc, cpu, at, n, x, y, fail, to, size, move;
};

/* Ends the run. Printed with the seed and the operations that led there. */
void tree_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* The world (world.c). */
void tree_begin(u64 seed, u64 oracles);
void tree_end(void);
/* The caller becomes a thread of the process on one of the CPUs. */
void tree_become(unsigned int cpu, const struct proc *proc);
/* No thread may run in the process any more. */
void tree_leave(const struct proc *proc);
/* Lets the n-th allocation of an object from now on fail; 0: none. */
void tree_fail_object(unsigned int nth);
/* Objects of the library that are alive. */
long tree_objects(void);

/* Operations (ops.c). */
struct op tree_op(u64 seed, unsigned int step);
void tree_step(const struct op *op);

/* The model (model.c). */
struct cell *cell_new(u64 value);
void cell_get(struct cell *cell);
void cell_put(struct cell *cell);
u64 cell_stamp(const struct cell *cell);
u64 slot_value(const struct slot *slot);
/* Beyond the end of its file: SIGBUS. */
bool slot_is_beyond(const struct slot *slot);
struct cell *slot_shared_cell(struct slot *slot);
struct cell *slot_own_cell(struct slot *slot);
void slot_drop_own(struct slot *slot);
void slot_clear(struct slot *slot);
void slot_fork(struct slot *child, const struct slot *parent);
struct space *space_new(struct mm_struct *mm);
void space_put(struct space *space);

/* Where the entry of a page stands, read past the library; 0: no table. */
u64 tree_entry(const struct space *space, unsigned int page);

/* Comparisons; each ends the run with the first difference. */
void tree_scan(void);
void tree_recount(void);
void tree_recount_anon(void);
void tree_view(void);

/* What calls said, and the line of a step (log.c). */
void tree_result(const char *what, long result);
void tree_result_held(struct page **pages, unsigned int nr);
void tree_log_step(u64 seed, unsigned int step);

/* What the scan found (scan.c). */
struct mapped {
	struct mm_struct *mm;
	unsigned long addr;
	u64 pte;
	int next;			/* of the same frame */
	bool walked;
};

struct scan {
	struct mapped at[TREE_PROCS * TREE_PAGES];
	unsigned int nr;
	int first[TREE_FRAMES];
	unsigned int entries[TREE_FRAMES];
	u64 tables;
};

extern struct scan scan;

#endif
