/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_SCHED_H
#define _VMSIM_LINUX_SCHED_H

#include <linux/types.h>
#include <asm/tlbbatch.h>

struct mm_struct;
struct vmsim_machine;
struct vmsim_cpu;
struct vmsim_actor;
struct signal_struct;

#define TASK_COMM_LEN 16

/**
 * struct tlbflush_unmap_batch - flushes that reclaim owes (TTU_BATCH_FLUSH; src/rmap/unmap_batch.c)
 * @arch: which
 * @flush_required: some entry was cleared and not flushed
 * @writable: some such entry was dirty, so its flush must come before the page is written
 */
struct tlbflush_unmap_batch {
	struct arch_tlbflush_unmap_batch arch;
	bool flush_required;
	bool writable;
};

enum vmsim_unsettled {
	VMSIM_SETTLED,
	VMSIM_UNSETTLED_READ,
	VMSIM_UNSETTLED_WRITE,
};

/**
 * struct task_struct - a simulated thread
 * @armed: the machine's set of watched events (one bit per kind); comes first, see <asm/rwonce.h>
 * @armed_looking: what takes its place while the thread only looks
 * @attention: non-zero when this thread's CPU has interrupts to take
 * @memmap, @frames: where the machine's cells and frames begin
 * @machine: the machine it belongs to; NULL for a thread that is not attached
 * @cpu: the simulated CPU it runs on
 * @cpu_nr: number of @cpu
 * @mm: its address space
 * @active_mm: the address space its CPU has loaded for it
 * @tid: thread id, unique in the machine; 0 for what stands for a CPU without a thread
 * @pid: process id
 * @signal: what it shares with the other threads of its process (<linux/sched/signal.h>)
 * @preempt_count: nesting of preempt_disable() and of spinlocks held
 * @rcu_depth: nesting of rcu_read_lock()
 * @rcu_nesting: what makes the thread an RCU reader: sections, preemption off, interrupts off
 * @kernel_depth: nesting of entries into the library; 0 = runs user code
 * @atomic_step: non-zero while what the thread does is one indivisible step for the explorer
 * @unsettled: a plain access that no decision came after yet (enum vmsim_unsettled)
 * @data_race: nesting of data_race(): what it accesses is not judged
 * @in_watcher: non-zero while a watcher runs; events raised then are not delivered
 * @looking: non-zero while it only looks, at what it waits for or asserts: events are not delivered
 * @pgtable_l5: the machine has five levels of page tables
 * @tlb_ubc: flushes that it owes for pages that it unmapped in reclaim
 * @fault_kind: how its last fault ended (enum vmsim_fault_kind)
 * @actor: the explorer's view of the thread
 * @personality: bits of <linux/personality.h>; none are set
 * @comm: name
 */
struct task_struct {
	const u64 *armed;
	const u64 *armed_looking;
	const u32 *attention;
	char *memmap;
	char *frames;
	struct vmsim_machine *machine;
	struct vmsim_cpu *cpu;
	unsigned int cpu_nr;
	struct mm_struct *mm;
	struct mm_struct *active_mm;
	int tid;
	int pid;
	int preempt_count;
	int rcu_depth;
	int rcu_nesting;
	int kernel_depth;
	int atomic_step;
	int unsettled;
	int data_race;
	int in_watcher;
	int looking;
	bool pgtable_l5;
	struct tlbflush_unmap_batch tlb_ubc;
	int fault_kind;
	struct vmsim_actor *actor;
	struct signal_struct *signal;
	struct list_head task_list;
	unsigned int personality;
	char comm[TASK_COMM_LEN];
};

_Static_assert(offsetof(struct task_struct, armed) == 0, "<asm/rwonce.h> relies on it");

#define current vmsim_self

static inline int task_pid_nr(struct task_struct *tsk)
{
	return tsk->pid;
}

/*
 * What a thread does in between is no access of anybody's: no event is delivered, nor raised where
 * that is known. The first one returns what the second one needs.
 */
static inline const u64 *vmsim_look_begin(struct task_struct *self)
{
	const u64 *armed = self->armed;

	self->looking++;
	self->armed = self->armed_looking;
	return armed;
}

static inline void vmsim_look_end(struct task_struct *self, const u64 *armed)
{
	self->armed = armed;
	self->looking--;
}

__vmsim_export void vmsim_cond_resched(void);
__vmsim_export bool vmsim_need_resched(void);

/*
 * Points where a long operation lets others run; whether it is asked to is the explorer's choice.
 */
#define cond_resched() ({ vmsim_cond_resched(); 0; })
#define need_resched() vmsim_need_resched()

#endif
