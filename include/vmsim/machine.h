/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_MACHINE_H
#define VMSIM_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VMSIM_API __attribute__((visibility("default")))

/**
 * DOC: Machines
 *
 * A machine is simulated memory with CPUs on it. Handles are opaque: every function checks that
 * the handle is live, and a handle of a machine that was destroyed gives -EBADF.
 */
struct vmsim_machine;

/** enum vmsim_mode - how threads of the machine run */
enum vmsim_mode {
	VMSIM_NATIVE,		/* in parallel, one pthread per simulated CPU */
	VMSIM_EXPLORE,		/* one at a time, as the explorer decides */
};

/** enum vmsim_contents - what is kept of the contents of frames */
enum vmsim_contents {
	VMSIM_CONTENTS_NONE,	/* nothing: loads give zeros */
	VMSIM_CONTENTS_VERSION,	/* one 64-bit value per frame */
	VMSIM_CONTENTS_BYTES,	/* 4 KiB */
};

/** enum vmsim_tlb - how a flush reaches other CPUs (F5) */
enum vmsim_tlb {
	VMSIM_TLB_IPI,		/* interrupt each CPU in mm_cpumask, wait for all */
	VMSIM_TLB_PV_DEFER,	/* as IPI, but a preempted vCPU flushes when it resumes */
	VMSIM_TLB_BROADCAST,	/* no interrupt; complete when the issuer synchronises */
	VMSIM_TLB_SYNC_ON_CLEAR, /* replacing a valid entry drops it everywhere (s390) */
	VMSIM_TLB_UP,		/* one CPU: no remote flush; all threads share CPU 0 */
	VMSIM_TLB_COHERENT,	/* cached entries follow the page tables */
	VMSIM_TLB_FAULTY,	/* as IPI, but the n-th flush is lost */
	VMSIM_TLB_COUNT
};

/** struct vmsim_range - frames [start, end) */
struct vmsim_range {
	uint64_t start, end;
};

#define VMSIM_MAX_HOLES 8
#define VMSIM_MAX_CPUS 64

/**
 * struct vmsim_config - a machine to be made
 * @mode: native or explore
 * @contents: what is kept of frames
 * @tlb: flush back-end
 * @faulty_nth: with VMSIM_TLB_FAULTY, which flush is lost, from 1
 * @cpus: number of simulated CPUs, 1 to VMSIM_MAX_CPUS
 * @frames: number of frames, holes included
 * @levels: levels of page tables; 0 = the flavour's default (4 on x86_64)
 * @hole: frame ranges without memory, multiples of VMSIM_SECTION_FRAMES
 * @holes: number of entries of @hole that are used
 */
struct vmsim_config {
	enum vmsim_mode mode;
	enum vmsim_contents contents;
	enum vmsim_tlb tlb;
	unsigned int faulty_nth;
	unsigned int cpus;
	uint64_t frames;
	unsigned int levels;
	struct vmsim_range hole[VMSIM_MAX_HOLES];
	unsigned int holes;
};

/* Frames per section: the unit of holes and of removal. */
#define VMSIM_SECTION_FRAMES 64

VMSIM_API void vmsim_config_init(struct vmsim_config *config);
VMSIM_API int vmsim_machine_create(const struct vmsim_config *config,
				   struct vmsim_machine **machine);
VMSIM_API int vmsim_machine_destroy(struct vmsim_machine *machine);

/* Threads: a pthread becomes one simulated thread of a process on one CPU (native machines). */
VMSIM_API int vmsim_attach(struct vmsim_machine *machine, unsigned int cpu, int pid);
VMSIM_API int vmsim_detach(void);

/* Lets the @nth next page allocation of the machine, and the @count - 1 after it, fail. */
VMSIM_API int vmsim_fail_pages(struct vmsim_machine *machine, uint64_t nth, uint64_t count);

/* Removes the memory of a section whose frames are all free (F20), or brings it back. */
VMSIM_API int vmsim_section_remove(struct vmsim_machine *machine, uint64_t section);
VMSIM_API int vmsim_section_add(struct vmsim_machine *machine, uint64_t section);

/* The hypervisor takes the CPU away, or gives it back. IRQ state and pending IPIs stay. */
VMSIM_API int vmsim_cpu_preempt(struct vmsim_machine *machine, unsigned int cpu);
VMSIM_API int vmsim_cpu_resume(struct vmsim_machine *machine, unsigned int cpu);

/** struct vmsim_stats - exact counts since the machine was made */
struct vmsim_stats {
	uint64_t flushes;		/* flush requests */
	uint64_t flushes_full;		/* of these, for a whole address space */
	uint64_t flushes_lost;		/* dropped by VMSIM_TLB_FAULTY */
	uint64_t flushes_deferred;	/* CPU flushes put off to the resume of a vCPU */
	uint64_t ipis;			/* interrupts sent, one per target CPU */
	uint64_t ipis_proxied;		/* of these, served by the sender */
	uint64_t tlb_fills, tlb_hits;
	uint64_t faults;
	uint64_t copies, reuses;	/* of anonymous pages on write-protection faults */
	uint64_t frames_free;		/* now */
	uint64_t tables;		/* page tables in use now */
	uint64_t rcu_callbacks;		/* pending now */
};

VMSIM_API int vmsim_stats_get(struct vmsim_machine *machine, struct vmsim_stats *stats);

VMSIM_API const char *vmsim_tlb_name(enum vmsim_tlb tlb);
VMSIM_API int vmsim_tlb_parse(const char *name);
VMSIM_API const char *vmsim_version(void);

#endif
