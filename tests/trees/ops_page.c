// SPDX-License-Identifier: GPL-2.0-only
#include "ops.h"

/* Accesses of programs to their memory and to that of others. */

static bool is_accessible(const struct slot *slot)
{
	return slot->kind != HOLE && slot->prot;
}

static bool is_writable(const struct slot *slot)
{
	return slot->kind != HOLE && slot->prot & PROT_WRITE;
}

static int signal_of(const struct slot *slot, bool allowed)
{
	if (!allowed)
		return SIGSEGV;
	return slot_is_beyond(slot) ? SIGBUS : 0;
}

static void check_value(const struct slot *slot, u64 found)
{
	if (found != slot_value(slot))
		tree_fail("expected %lx, found %lx", slot_value(slot), found);
}

static void load(struct act *act, unsigned int page)
{
	struct slot *slot = &act->space->slot[page];
	int expected = signal_of(slot, is_accessible(slot));
	uint64_t value = 0;

	if (act_expect(act, vmsim_load(TREE_ADDR(page), 8, &value), expected) && !expected)
		check_value(slot, value);
}

/*
 * Linux 6.12 loses VM_SOFTDIRTY where mprotect() merges mappings of which one has it (until "mm:
 * propagate VM_SOFTDIRTY on merge", 6.19): entries may then be writable with nobody to hear of it.
 */
static bool is_heard(const struct space *space, unsigned int page)
{
	return (tree_entry(space, page) & (_PAGE_RW | _PAGE_SOFT_DIRTY)) != _PAGE_RW;
}

static void store(struct act *act, unsigned int page)
{
	struct slot *slot = &act->space->slot[page];
	bool heard = is_heard(act->space, page);
	int expected = signal_of(slot, is_writable(slot));
	struct cell *cell;
	bool done;
	u64 value;

	if (expected) {
		act_expect(act, vmsim_store(TREE_ADDR(page), 8, 1), expected);
		return;
	}
	cell = act_store_to(slot, &value);
	done = act_expect(act, vmsim_store(TREE_ADDR(page), 8, value), 0);
	slot->written |= done && heard;
	act_stored(slot, cell, value, done);
}

/* Some pages, or all of a range. */
static void each_page(struct act *act, void (*access)(struct act *act, unsigned int page))
{
	unsigned int distance = 1 + act->op->x % 4;

	for (unsigned int i = 0; i < act->nr; i += distance)
		access(act, act->first + i);
}

void op_load(struct act *act)
{
	act_say("load %u+%u, each %u.", act->first, act->nr, 1 + act->op->x % 4);
	each_page(act, load);
}

void op_store(struct act *act)
{
	act_say("store %u+%u, each %u.", act->first, act->nr, 1 + act->op->x % 4);
	each_page(act, store);
}

/* What MADV_POPULATE_* says of a page. */
static int populate_one(struct slot *slot, bool write)
{
	if (slot->kind == HOLE)
		return -ENOMEM;
	if (!(slot->prot & (write ? PROT_WRITE : PROT_READ)))
		return -EINVAL;
	if (slot_is_beyond(slot))
		return -EFAULT;
	return 0;
}

void op_populate(struct act *act)
{
	bool write = act->op->x & 1;
	unsigned int good = 0;
	int expected = 0;

	act_say("populate-%s %u+%u", write ? "write" : "read", act->first, act->nr);
	while (good < act->nr && !expected)
		expected = populate_one(act_slot(act) + good++, write);
	good -= expected != 0;
	if (!act_expect(act, vmsim_madvise(TREE_ADDR(act->first), act->nr * PAGE_SIZE,
					   write ? MADV_POPULATE_WRITE : MADV_POPULATE_READ),
			expected)) {
		act_adopt_own(act);
		return;
	}
	/* The expected error may have come from a shortage, too: earlier, at another page. */
	if (act->failing && expected == -ENOMEM) {
		act_adopt_own(act);
		return;
	}
	for (unsigned int i = 0; i < good && write; i++)
		if (act_slot(act)[i].kind != SHARED)
			slot_own_cell(act_slot(act) + i);
}

static const struct proc *target(struct act *act)
{
	const struct proc *proc = act_other(act->op->y);

	act->space = proc->space;
	return proc;
}

void op_vm_read(struct act *act)
{
	const struct proc *proc = target(act);
	struct slot *slot = act_slot(act);
	bool good = is_accessible(slot) && !slot_is_beyond(slot);
	u64 value = 0;

	act_say("process_vm_readv %d: %u", proc->pid, act->first);
	if (act_expect(act, vmsim_process_vm_read(proc->pid, TREE_ADDR(act->first), &value, 8),
		       good ? 8 : -EFAULT) && good)
		check_value(slot, value);
}

typedef ssize_t (*write_fn)(int pid, unsigned long addr, const void *buf, size_t length);

static void write_remote(struct act *act, const struct proc *proc, write_fn write, bool allowed)
{
	struct slot *slot = act_slot(act);
	struct cell *cell;
	bool done;
	u64 value = 1;

	if (!allowed || slot_is_beyond(slot)) {
		act_expect(act, write(proc->pid, TREE_ADDR(act->first), &value, 8), -EFAULT);
		return;
	}
	cell = act_store_to(slot, &value);
	done = act_expect(act, write(proc->pid, TREE_ADDR(act->first), &value, 8), 8);
	act_stored(slot, cell, value, done);
	act->nr = 1;
	if (!done)
		act_adopt_own(act);
}

void op_vm_write(struct act *act)
{
	const struct proc *proc = target(act);

	act_say("process_vm_writev %d: %u", proc->pid, act->first);
	write_remote(act, proc, vmsim_process_vm_write, is_writable(act_slot(act)));
}

void op_ptrace_write(struct act *act)
{
	const struct proc *proc = target(act);
	const struct slot *slot = act_slot(act);

	act_say("ptrace write %d: %u", proc->pid, act->first);
	write_remote(act, proc, vmsim_ptrace_write,
		     slot->kind == ANON || slot->kind == PRIVATE || is_writable(slot));
}
