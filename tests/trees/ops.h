/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TREES_OPS_H
#define TREES_OPS_H

#include "trees.h"

/**
 * struct act - an operation with what its numbers mean now
 * @proc, @space: who makes it
 * @first, @nr: pages
 * @failing: an allocation may fail
 */
struct act {
	const struct op *op;
	struct proc *proc;
	struct space *space;
	unsigned int first, nr;
	bool failing;
};

/* Says what is being made, for the list of operations of a run that fails. */
void act_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* True if the result is the expected one, false where memory was short; anything else is wrong. */
bool act_expect(const struct act *act, long result, long expected);
unsigned int act_page(u8 random);
unsigned int act_room(unsigned int page);
struct slot *act_slot(const struct act *act);
/* What it acts on is all of the mapping at the first page. */
void act_take_all(struct act *act);
struct vm_area_struct *act_vma(const struct act *act, unsigned int page);
/* Memory was short: pages that the process has got of its own are seen in the entries. */
void act_adopt_own(const struct act *act);
/* Pages were faulted in as far as they are locked: what may be written is the process's own now. */
void act_populated(struct slot *slot, unsigned int nr);
/* The process that a number names: that one, or the next one that lives. */
struct proc *act_other(unsigned int number);

/* What a write of the page stores, and where; settled by act_stored(). */
struct cell *act_store_to(struct slot *slot, u64 *value);
void act_stored(struct slot *slot, struct cell *cell, u64 value, bool done);

void op_load(struct act *act);
void op_store(struct act *act);
void op_populate(struct act *act);
void op_vm_read(struct act *act);
void op_vm_write(struct act *act);
void op_ptrace_write(struct act *act);

void op_mmap(struct act *act);
void op_munmap(struct act *act);
void op_mprotect(struct act *act);
void op_dontneed(struct act *act);
void op_fork_advice(struct act *act);
void op_mremap(struct act *act);
void op_mlock(struct act *act);
void op_munlock(struct act *act);

void op_clear_refs(struct act *act);
void op_walk(struct act *act);

void op_fork(struct act *act);
void op_vfork(struct act *act);
void op_exit(struct act *act);
void op_exec(struct act *act);
void op_create(struct act *act);

void op_pin(struct act *act);
void op_unpin(struct act *act);
void op_dma_read(struct act *act);
void op_dma_write(struct act *act);

void op_file_read(struct act *act);
void op_file_write(struct act *act);
void op_file_sync(struct act *act);
void op_file_drop(struct act *act);
void op_file_unmap(struct act *act);
void op_referenced(struct act *act);

/* For comparisons alone. */
void op_hold(struct act *act);
void op_fault_in(struct act *act);
void op_hold_memfd(struct act *act);
void op_rmap(struct act *act);
void op_tables(struct act *act);

#endif
