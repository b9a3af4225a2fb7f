// SPDX-License-Identifier: GPL-2.0-only
#include "ops.h"

/* What operations have in common; which there are, and how often. */

static const struct {
	void (*act)(struct act *act);
	unsigned int weight;
	bool compared;
} kinds[] = {
	{ op_store, 50 }, { op_load, 16 }, { op_populate, 10 }, { op_vm_read, 2 },
	{ op_vm_write, 2 }, { op_ptrace_write, 8 },
	{ op_mmap, 24 }, { op_munmap, 8 }, { op_mremap, 20 }, { op_mprotect, 24 },
	{ op_dontneed, 6 }, { op_fork_advice, 12 }, { op_mlock, 8 }, { op_munlock, 8 },
	{ op_fork, 16 }, { op_vfork, 1 }, { op_exit, 8 }, { op_exec, 1 }, { op_create, 1 },
	{ op_pin, 20 }, { op_unpin, 12 }, { op_dma_read, 3 }, { op_dma_write, 10 },
	{ op_file_read, 1 }, { op_file_write, 2 }, { op_file_sync, 6 }, { op_file_drop, 2 },
	{ op_file_unmap, 6 }, { op_referenced, 3 },
	{ op_clear_refs, 3 }, { op_walk, 3 },
	/* Only where results are compared. */
	{ op_hold, 50, true }, { op_fault_in, 20, true }, { op_hold_memfd, 4, true },
	{ op_rmap, 30, true }, { op_tables, 8, true },
};

static u64 mix(u64 x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9UL;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebUL;
	return x ^ x >> 31;
}

static u8 kind_of(u64 random)
{
	unsigned int total = 0, at;

	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++)
		if (tree.log || !kinds[i].compared)
			total += kinds[i].weight;
	at = (unsigned int)(random % total);
	for (u8 i = 0;; at -= kinds[i++].weight)
		if (at < kinds[i].weight)
			return i;
}

/* Each step has its own numbers, whatever was before: so operations can be left out of a list. */
struct op tree_op(u64 seed, unsigned int step)
{
	u64 random[2] = { mix(mix(seed * 0x9e3779b97f4a7c15UL + 1) + step) };
	struct op op;

	random[1] = mix(random[0]);
	memcpy(&op, random, sizeof(op));
	op.kind = kind_of(mix(random[1]));
	return op;
}

void act_say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(tree.said, sizeof(tree.said), format, args);
	va_end(args);
}

/* What calls say where memory is short. -EFAULT: they read or write memory of another process. */
static bool is_short(long result)
{
	return result == -ENOMEM || result == -EAGAIN || result == -EFAULT;
}

bool act_expect(const struct act *act, long result, long expected)
{
	tree_result("", result);
	if (result == expected)
		return true;
	if (!act->failing || !is_short(result))
		tree_fail("expected %ld, found %ld", expected, result);
	return false;
}

struct slot *act_slot(const struct act *act)
{
	return &act->space->slot[act->first];
}

struct vm_area_struct *act_vma(const struct act *act, unsigned int page)
{
	unsigned long addr = TREE_ADDR(page);

	for (struct vm_area_struct *vma = vmsim_vma_first(&act->space->mm->mm_mt); vma;
	     vma = vmsim_vma_next(vma))
		if (vma->vm_start <= addr && addr < vma->vm_end)
			return vma;
	return NULL;
}

void act_take_all(struct act *act)
{
	const struct vm_area_struct *vma = act_vma(act, act->first);

	if (!vma)
		return;
	act->first -= (TREE_ADDR(act->first) - vma->vm_start) >> PAGE_SHIFT;
	act->nr = (unsigned int)vma_pages(vma);
}

void act_adopt_own(const struct act *act)
{
	for (unsigned int i = 0; i < act->nr; i++) {
		struct slot *slot = act_slot(act) + i;
		u64 pte = tree_entry(act->space, act->first + i);

		if ((slot->kind == ANON || slot->kind == PRIVATE) && pte &&
		    chk_pfn(pte) != tree.m->zero_pfn && chk_is_anon(pfn_to_page(chk_pfn(pte))))
			slot_own_cell(slot);
	}
}

struct proc *act_other(unsigned int number)
{
	while (!tree.proc[number % TREE_PROCS].pid)
		number++;
	return &tree.proc[number % TREE_PROCS];
}

struct cell *act_store_to(struct slot *slot, u64 *value)
{
	struct cell *cell = slot->kind == SHARED ? slot_shared_cell(slot) : slot->own;

	if (cell)
		cell_get(cell);
	else
		cell = cell_new(0);
	*value = cell_stamp(cell);
	return cell;
}

void act_stored(struct slot *slot, struct cell *cell, u64 value, bool done)
{
	if (done)
		cell->value = value;
	if (done && slot->kind != SHARED && !slot->own)
		slot->own = cell;
	else
		cell_put(cell);
}

/* One of a few allocations from now on fails, now and then. */
static bool let_fail(const struct op *op)
{
	if (op->fail < 24)
		vmsim_fail_pages(tree.machine, 1u + op->fail % 4, 1);
	else if (op->fail < 40)
		tree_fail_object(1u + op->y % 24);
	return op->fail < 40;
}

static void let_succeed(void)
{
	vmsim_fail_pages(tree.machine, 1, 0);
	tree_fail_object(0);
}

static void let_grace_periods_end(void)
{
	vmsim_enter();
	vmsim_rcu_run_ready(tree.m);
	vmsim_rcu_run_ready(tree.m);
	vmsim_leave();
	if (tree.m->rcu.pending)
		tree_fail("a grace period does not end");
}

static void check_violations(void)
{
	struct vmsim_violation v;

	if (!vmsim_violation_get(tree.machine, 0, &v))
		tree_fail("%s %s: %s", v.oracle, v.rule, v.text);
}

/* A page of one of the banks: most often of the first one, so that others may be empty. */
unsigned int act_page(u8 random)
{
	unsigned int bank = random < 150 ? 0 : random < 220 ? 1 : random < 245 ? 2 : 3;

	return bank * TREE_BANK_PAGES + (TREE_BANK_PAGES - tree.span) / 2 + random % tree.span;
}

/* How many pages the world uses from there on. */
unsigned int act_room(unsigned int page)
{
	return (TREE_BANK_PAGES + tree.span) / 2 - page % TREE_BANK_PAGES;
}

/* Often that one of which the CPU has a thread already, and remembers entries. */
static struct proc *actor(const struct op *op)
{
	int pid = tree.task[op->cpu % tree.cpus]->pid;

	for (unsigned int i = 0; i < TREE_PROCS; i++)
		if (op->proc & 0x80 && tree.proc[i].pid == pid)
			return &tree.proc[i];
	return act_other(op->proc);
}

void tree_step(const struct op *op)
{
	struct act act = { .op = op, .proc = actor(op) };

	act.space = act.proc->space;
	act.first = act_page(op->at);
	act.nr = min(1u + op->n % (tree.span / 2), act_room(act.first));
	tree_become(op->cpu % tree.cpus, act.proc);
	act.failing = let_fail(op);
	kinds[op->kind].act(&act);
	let_succeed();
	let_grace_periods_end();
	check_violations();
	vmsim_enter();
	tree_scan();
	tree_recount();
	tree_recount_anon();
	tree_view();
	vmsim_leave();
	/* Where oracles watch that recount, too. */
	vmsim_check_quiescent(tree.machine);
	check_violations();
}
