/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_MACHINE_INTERNAL_H
#define VMSIM_MACHINE_INTERNAL_H

#include <vmsim/machine.h>
#include <vmsim/check.h>
#include <vmsim/explore.h>
#include <linux/mm_types.h>
#include <linux/mutex.h>
#include <linux/smp.h>
#include <linux/mmzone.h>
#include <linux/sched/signal.h>
#include <linux/user_namespace.h>
#include <linux/vm_event_item.h>
#include <vmsim/hook.h>
#include "machine/slab.h"
#include "tlb/tlb.h"

/*
 * The machine as the library sees it. One region of address space holds it all, in this order:
 *
 *   struct vmsim_machine | CPUs | heap (explore) | memmap | versions | stacks (explore) | frames
 *
 * In explore mode the region lies at a fixed address, so that a schedule replays in another
 * process and a reset is a copy of what is used.
 */

/*
 * Explore machines lie where no loader puts anything, at the same place in every process: the n-th
 * of a process a stride further. Under ThreadSanitizer only the low half terabyte is free for
 * applications.
 */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define VMSIM_UNDER_TSAN 1
#endif
#elif defined(__SANITIZE_THREAD__)
#define VMSIM_UNDER_TSAN 1
#endif
/* Instrumented code for our own runtime looks to the compiler as if it were for its own. */
#if defined(VMSIM_UNDER_TSAN) && !defined(VMSIM_FULL)
#define VMSIM_EXPLORE_BASE 0x4000000000UL
#else
#define VMSIM_EXPLORE_BASE 0x200000000000UL
#endif
#define VMSIM_EXPLORE_STRIDE (1UL << 30)
#define VMSIM_EXPLORE_SPAN (VMSIM_EXPLORE_STRIDE << 10)

#define VMSIM_MAX_WATCHERS 8
#define VMSIM_MAX_KEPT_VIOLATIONS 16

struct vmsim_watcher {
	uint64_t kinds;
	void (*fn)(void *arg, const struct vmsim_event *event);
	void *arg;
};

/* An interrupt to other CPUs: one call, one acknowledgement from each target. */
struct vmsim_ipi {
	smp_call_func_t func;
	void *info;
	u32 unacked;
};

#define VMSIM_IPI_SLOTS 64

/* Where the thread of a CPU is, in the eyes of those who interrupt it. */
enum vmsim_cpu_state {
	VMSIM_CPU_OUTSIDE,	/* user code, idle or blocked: the sender serves its interrupts */
	VMSIM_CPU_INSIDE,	/* polls its mailbox at safepoints */
	VMSIM_CPU_PROXIED,	/* somebody serves it right now */
};

/*
 * Whether the hypervisor lets a CPU run. A flusher that defers does so by cmpxchg(AWAY,
 * AWAY_FLUSH); where that fails with any other value than AWAY_FLUSH, it interrupts the CPU
 * instead. The resume exchanges for COMING, does the flush that was put off, and only then stores
 * RUNNING.
 */
enum vmsim_hv_state {
	VMSIM_HV_RUNNING,
	VMSIM_HV_AWAY,
	VMSIM_HV_AWAY_FLUSH,
	VMSIM_HV_COMING,
};

static inline bool vmsim_hv_away(const u32 *hv_state)
{
	return __atomic_load_n(hv_state, __ATOMIC_ACQUIRE) != VMSIM_HV_RUNNING;
}

/* What a CPU has counted; only its own thread does. */
struct vmsim_cpu_counts {
	u64 faults, copies, reuses;
	long node[NR_VM_NODE_STAT_ITEMS];	/* <linux/vmstat.h> */
	long zone[NR_VM_ZONE_STAT_ITEMS];
	long event[NR_VM_EVENT_ITEMS];
};

static inline void vmsim_count(u64 *count)
{
	__WRITE_ONCE(*count, __READ_ONCE(*count) + 1);
}

/**
 * struct vmsim_cpu - a simulated CPU
 * @state: enum vmsim_cpu_state (native)
 * @attention: non-zero: something in @mailbox; polled at safepoints
 * @mailbox: bit set of senders (CPU numbers) with a call for this CPU
 * @rcu_state: odd while the thread on the CPU is an RCU reader; see src/sync/rcu.c
 * @irq_off: interrupts are off
 * @hv_state: enum vmsim_hv_state: whether the hypervisor took the CPU away
 * @curr: thread on it
 * @idle: stands for the CPU when no thread is on it
 * @loaded_mm: address space whose tables it has loaded
 * @pcp: its free frames, see src/folio/page_alloc.c
 * @counts: for struct vmsim_stats
 * @tlb: what it has cached; behind the rest, because explore machines use only its first part
 * @calls: the pending call of each sender; last, because there are fewer CPUs than that
 */
struct vmsim_cpu {
	u32 id;
	u32 state;
	u32 attention;
	u64 mailbox;
	u64 rcu_state;
	bool irq_off;
	u32 hv_state;
	struct task_struct *curr;
	struct task_struct idle;
	struct mm_struct *loaded_mm;
	struct vmsim_pcp pcp;
	struct vmsim_cpu_counts counts;
	struct vmsim_tlb_cache tlb;
	struct vmsim_ipi *calls[VMSIM_MAX_CPUS];
} __aligned(64);

struct vmsim_process {
	int pid;
	int threads;
	bool vforked;
	struct signal_struct signal;
	struct mm_struct *mm;
	struct list_head list;
	char name[TASK_COMM_LEN];
};

struct vmsim_checker;
struct vmsim_explorer;
struct vmsim_order;

/*
 * Callbacks: those of the grace period under way, and those queued since it began. @snapshot is
 * last, because there are fewer CPUs than that.
 */
struct vmsim_rcu_state {
	u32 lock;
	struct rcu_head *waiting, **waiting_tail;
	struct rcu_head *batch;
	u64 pending;
	u64 waiters;			/* that have a snapshot of their own */
	u64 snapshot[VMSIM_MAX_CPUS];
};

struct vmsim_machine {
	u64 armed;			/* watched event kinds; what task->armed points to */
	u64 armed_looking;		/* those that are more than events: for who only looks */
	u64 detailed;			/* those of which somebody wants the arguments */
	struct vmsim_config config;
	u64 handle;
	u64 seq;			/* events raised */
	struct vmsim_watcher watcher[VMSIM_MAX_WATCHERS];
	unsigned int nr_watchers;

	/* Memory. */
	size_t region_size;
	char *heap;			/* explore; see src/machine/heap.c */
	u32 heap_parts;			/* explore: bit per part of it that has objects */
	unsigned int jemalloc_arena;	/* native */
	struct vmsim_slab slab[VMSIM_TYPESAFE_CACHES];
	char *machine_data;		/* variables of kernel files, for each CPU (percpu.c) */
	size_t machine_data_size;	/* of one CPU */
	struct page *memmap;
	u64 *versions;			/* NULL unless VMSIM_CONTENTS_VERSION */
	char *frames;
	char *stacks;			/* explore: one per thread */
	char *control;			/* explore: VMSIM_CONTROL_SIZE bytes for the explorer */
	unsigned long nr_frames;
	unsigned long frames_used;	/* one more than the highest frame ever handed out */
	u8 *section;			/* states of sections */
	unsigned long zero_pfn;
	struct zone zone;
	struct lruvec lruvec;
	u64 fail_pages_nth, fail_pages_count, pages_asked;

	/* CPUs and threads. */
	u64 mail;			/* explore: bit per CPU with calls in its mailbox */
	u64 away;			/* explore: bit per CPU that the hypervisor took away */
	unsigned int nr_online;		/* CPUs that run programs and take interrupts */
	unsigned int nr_cpus;		/* those, and the one for RCU callbacks */
	struct vmsim_cpu *cpu;
	u32 tasks_lock;
	struct list_head tasks;
	int next_tid;

	/* Address spaces, processes, files. */
	spinlock_t mm_list_lock;
	struct list_head mms;
	struct list_head processes;
	int next_pid;
	struct signal_struct signal;	/* of what belongs to no process; processes begin with it */
	struct ucounts ucounts;
	spinlock_t shmlock_user_lock;
	u64 next_ctx_id;
	u64 random;			/* state of get_random_long() */
	struct list_head files;
	int next_file;
	struct mutex ksm_lock;
	struct list_head ksm_nodes;	/* src/rmap/ksm.c */

	/* Flush back-end. */
	enum vmsim_tlb tlb_backend;
	u64 flushes_asked;
	struct vmsim_stats stats;

	/* Watchers of our own. */
	struct vmsim_checker *checker;
	struct vmsim_explorer *explorer;
	bool clean_stacks;		/* watchers leave nothing behind on stacks */
	u32 violation_lock;
	u64 nr_violations;
	struct vmsim_violation *kept;

	struct vmsim_order *order;	/* store buffers; NULL: memory is sequentially consistent */
	u64 tables;			/* page tables in use */

	struct vmsim_rcu_state rcu;	/* last, because of its snapshot */
};

/* Stacks of the threads of an explore machine, and what the explorer keeps. */
#define VMSIM_STACK_SIZE (256UL << 10)
#define VMSIM_CONTROL_SIZE 4096UL

/* Handles (src/machine/handle.c): the machine behind a live handle, or NULL. */
struct vmsim_machine *vmsim_machine_get(struct vmsim_machine *handle);

/* The machine of the calling thread. Kernel-named functions may be called only with one. */
static inline struct vmsim_machine *vmsim_this_machine(void)
{
	return vmsim_self->machine;
}

/* From one to the next when a section is removed. What was never written to is online. */
enum vmsim_section_state {
	VMSIM_SECTION_ONLINE,		/* the allocator has its frames */
	VMSIM_SECTION_UNUSED,		/* nobody has them */
	VMSIM_SECTION_INVALID,		/* pfn_valid() says no */
	VMSIM_SECTION_GONE,		/* it has no cells in the memmap; holes never had any */
};

static inline enum vmsim_section_state vmsim_section_state(const struct vmsim_machine *m,
							   unsigned long pfn)
{
	return (enum vmsim_section_state)__READ_ONCE(m->section[pfn / VMSIM_SECTION_FRAMES]);
}

static inline bool vmsim_section_is_valid(const struct vmsim_machine *m, unsigned long pfn)
{
	return vmsim_section_state(m, pfn) < VMSIM_SECTION_INVALID;
}

/* As pfn_valid(), for who only looks on: no event, and nobody's replacement. */
static inline bool vmsim_machine_has_cell(const struct vmsim_machine *m, unsigned long pfn)
{
	return pfn < m->nr_frames && vmsim_section_is_valid(m, pfn);
}

static inline bool vmsim_has_cell(unsigned long pfn)
{
	return vmsim_machine_has_cell(vmsim_self->machine, pfn);
}

static inline struct vmsim_cpu *vmsim_this_cpu(void)
{
	return vmsim_self->cpu;
}

static inline bool vmsim_exploring(const struct vmsim_machine *machine)
{
	return machine->config.mode == VMSIM_EXPLORE;
}

/*
 * Entering and leaving the library (native): inside, a thread polls; outside, it is served.
 * Every function of the public API that acts for a thread stands between the two. -ESRCH when the
 * thread is not attached.
 */
int vmsim_enter(void);
void vmsim_leave(void);

/*
 * Waits until @ready(@arg) holds. Native: polls, then yields. Explore: the thread is not picked
 * before. The condition must be side-effect free; the caller re-tries its operation afterwards.
 */
void vmsim_wait_until(bool (*ready)(const void *arg), const void *arg);

/* Before the first machine (src/machine/boot.c). */
void vmsim_boot(void);

/* Objects that live as long as the machine. */
void *vmsim_machine_alloc(struct vmsim_machine *machine, size_t size);
void vmsim_machine_free(struct vmsim_machine *machine, void *object);
/* Copies of the variables of kernel files, for all CPUs (src/machine/percpu.c). 0, or -ENOMEM. */
int vmsim_machine_data_init_all(struct vmsim_machine *machine);
/* The same for those who watch: what they allocate moves nothing else. */
void *vmsim_watcher_alloc(struct vmsim_machine *machine, size_t size);
/*
 * For allocators: whether this allocation is one that fails (src/machine/no_memory.c). For those
 * who were told so: whether another try may succeed.
 */
bool vmsim_alloc_fails(gfp_t gfp);
bool vmsim_memory_may_return(void);

/*
 * Reports a broken rule. Explore: ends the execution and does not return, unless a watcher or the
 * explorer itself calls it. Native: counts and returns.
 */
void vmsim_violate(struct vmsim_machine *machine, const char *oracle, const char *rule,
		   const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Keeps a set of CPUs. Only where threads run one at a time; native machines have no such sets. */
static inline void vmsim_set_cpu(const struct vmsim_cpu *cpu, u64 *set, bool in)
{
	if (vmsim_exploring(cpu->idle.machine))
		*set = in ? *set | BIT_ULL(cpu->id) : *set & ~BIT_ULL(cpu->id);
}

/* Interrupts (src/machine/ipi.c). */
void vmsim_ipi_send(const struct cpumask *mask, smp_call_func_t func, void *info, bool wait);

/* The hypervisor's verbs, on a CPU of this machine (src/machine/cpu.c). */
void vmsim_cpu_set_away(struct vmsim_cpu *cpu);
void vmsim_cpu_set_running(struct vmsim_cpu *cpu);

/* Loads the address space of @task on its CPU (src/tlb/switch.c). */
void vmsim_switch_mm(struct vmsim_cpu *cpu, struct mm_struct *next);

/* Around what a watcher does: as for who only looks. The first returns what the second needs. */
const u64 *vmsim_watcher_begin(struct task_struct *self);
void vmsim_watcher_end(struct task_struct *self, const u64 *armed);

/* Watches events; as vmsim_subscribe(), by the machine itself. -ENOSPC when there are too many. */
int vmsim_watch(struct vmsim_machine *machine, uint64_t kinds,
		void (*fn)(void *arg, const struct vmsim_event *event), void *arg);

/* The slow path of every event, for primitives that are no inline functions: raised at @ip. */
void vmsim_event_raise(enum vmsim_event_kind kind, uint64_t a, uint64_t b, uint64_t c,
		       const void *ip);

/*
 * True in the library whose kernel-like code announces its plain accesses, and which can be
 * explored at VMSIM_GRANULARITY_FULL (src/instrument).
 */
bool vmsim_is_instrumented(void);

/* Kinds of events that are never raised; none, unless a test defines it (src/machine/event.c). */
u64 vmsim_muted_kinds(void);

/* RCU (src/sync/rcu.c). */
void vmsim_rcu_init(struct vmsim_machine *machine);
bool vmsim_rcu_ready(struct vmsim_machine *machine);
/* For the explorer: a condition that is the end of a grace period; the CPUs that it waits for. */
bool vmsim_rcu_is_grace(bool (*ready)(const void *arg));
u64 vmsim_rcu_waits_for(struct vmsim_machine *machine, bool (*ready)(const void *arg),
			const void *arg);
void vmsim_rcu_run_ready(struct vmsim_machine *machine);
void vmsim_rcu_forget(struct vmsim_machine *machine);
void vmsim_rcu_reader_enter(struct task_struct *task);
void vmsim_rcu_reader_exit(struct task_struct *task);

/* Takes the calls in the mailbox of @cpu; the caller acts as that CPU (src/machine/ipi.c). */
void vmsim_ipi_take(struct vmsim_cpu *cpu);

/* The calling pthread becomes a thread on a CPU, without a process. 0, -EINVAL, -EBUSY, -ENOMEM. */
int vmsim_attach_bare(struct vmsim_machine *machine, unsigned int cpu);

/* A thread on a CPU, without a process (src/machine/task.c). */
void vmsim_task_init(struct task_struct *task, struct vmsim_cpu *cpu,
		     struct vmsim_machine *machine);
struct task_struct *vmsim_task_create(struct vmsim_machine *machine, struct vmsim_cpu *cpu);
void vmsim_task_destroy(struct task_struct *task);
extern struct task_struct vmsim_no_task;

/* A lock for short sections in which nothing may be watched or switch: no events, no owner. */
static inline void vmsim_raw_lock(u32 *word)
{
	while (__atomic_exchange_n(word, 1, __ATOMIC_ACQUIRE))
		while (__atomic_load_n(word, __ATOMIC_RELAXED))
			__builtin_ia32_pause();
}

static inline void vmsim_raw_unlock(u32 *word)
{
	__atomic_store_n(word, 0, __ATOMIC_RELEASE);
}

/* Contents (src/machine/contents.c). */
u64 vmsim_frame_load(struct page *page, unsigned int offset, unsigned int size);
void vmsim_frame_store(struct page *page, unsigned int offset, unsigned int size, u64 value);
void vmsim_frame_clear(struct page *page);
void vmsim_frame_copy(struct page *to, struct page *from);

#endif
