/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TEST_MM_WORLD_H
#define TEST_MM_WORLD_H

#include "../vmsim_test.h"
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include "mm/mm_internal.h"

#define PG 4096UL
#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

/* Kernel-named functions are called from inside the library. */
#define in_kernel(call)				\
({						\
	vmsim_enter();				\
	__auto_type __result = (call);		\
	vmsim_leave();				\
	__result;				\
})

#define do_in_kernel(call)			\
do {						\
	vmsim_enter();				\
	call;					\
	vmsim_leave();				\
} while (0)

/* As callers do that have to hold mmap_lock. */
#define under_mmap_lock(call)			\
({						\
	struct mm_struct *__mm = current->mm;	\
	vmsim_enter();				\
	mmap_read_lock(__mm);			\
	__auto_type __result = (call);		\
	mmap_read_unlock(__mm);			\
	vmsim_leave();				\
	__result;				\
})

/* A machine, one process, and the test as its thread on CPU 0. */
struct world {
	struct vmsim_machine *machine;
	int pid;
	uint64_t frames_free;
};

static struct world world;

static inline struct vmsim_stats stats_now(void)
{
	struct vmsim_stats stats;

	assert_int_equal(vmsim_stats_get(world.machine, &stats), 0);
	return stats;
}

/* Waits for frames and tables on their way through RCU. */
static inline void settle(void)
{
	struct vmsim_borrowed borrowed;
	struct vmsim_machine *m = vmsim_machine_get(world.machine);

	assert_int_equal(vmsim_borrow_cpu(m, &borrowed), 0);
	rcu_barrier();
	vmsim_return_cpu(&borrowed);
}

static inline int world_begin_as(const struct vmsim_config *config, uint64_t oracles)
{
	assert_int_equal(vmsim_machine_create(config, &world.machine), 0);
	if (oracles)
		assert_int_equal(vmsim_check_arm(world.machine, oracles), 0);
	world.frames_free = stats_now().frames_free;
	world.pid = vmsim_process_create(world.machine, "test");
	assert_true(world.pid > 0);
	assert_int_equal(vmsim_attach(world.machine, 0, world.pid), 0);
	return 0;
}

static inline struct vmsim_config world_config(void)
{
	struct vmsim_config config;

	vmsim_config_init(&config);
	config.cpus = 5;
	config.frames = 8192;
	return config;
}

static inline int world_begin(void **state)
{
	const struct vmsim_config config = world_config();

	(void)state;
	return world_begin_as(&config, 0);
}

/* Nothing may be left behind: no frame, no table. */
static inline int world_end(void **state)
{
	struct vmsim_stats stats;

	(void)state;
	if (vmsim_self->machine)
		assert_int_equal(vmsim_detach(), 0);
	assert_int_equal(vmsim_process_destroy(world.machine, world.pid), 0);
	settle();
	stats = stats_now();
	assert_int_equal(stats.tables, 0);
	assert_int_equal(stats.frames_free, world.frames_free);
	assert_int_equal(vmsim_machine_destroy(world.machine), 0);
	return 0;
}

#define in_world(test) cmocka_unit_test_setup_teardown(test, world_begin, world_end)

static inline struct vmsim_rss rss_now(void)
{
	struct vmsim_rss rss;

	assert_int_equal(vmsim_rss_get(world.machine, world.pid, &rss), 0);
	return rss;
}

#define assert_rss(anon_pages, file_pages)				\
do {									\
	struct vmsim_rss __rss = rss_now();				\
	assert_int_equal(__rss.anon, anon_pages);			\
	assert_int_equal(__rss.file, file_pages);			\
} while (0)

static inline unsigned long map(size_t pages, int prot, int flags)
{
	long addr = vmsim_mmap(0, pages * PG, prot, flags, VMSIM_NO_FILE, 0);

	assert_true(addr > 0);
	return (unsigned long)addr;
}

static inline unsigned long map_file(int file, size_t pages, int prot, int flags, uint64_t page)
{
	long addr = vmsim_mmap(0, pages * PG, prot, flags, file, page * PG);

	assert_true(addr > 0);
	return (unsigned long)addr;
}

static inline uint64_t load(unsigned long addr)
{
	uint64_t value = ~0UL;

	assert_int_equal(vmsim_load(addr, 8, &value), 0);
	return value;
}

static inline void store(unsigned long addr, uint64_t value)
{
	assert_int_equal(vmsim_store(addr, 8, value), 0);
}

static inline enum vmsim_fault_kind touch(unsigned long addr, int prot)
{
	enum vmsim_fault_kind kind = VMSIM_FAULT_BUS + 1;

	assert_int_equal(vmsim_touch(addr, prot, &kind), 0);
	return kind;
}

/* The number of mappings of the caller's address space. */
static inline int mappings(void)
{
	return vmsim_self->mm->map_count;
}

/* True if one mapping is exactly [start, start + pages). */
static inline bool mapped_as(unsigned long start, size_t pages)
{
	struct mm_struct *mm = vmsim_self->mm;
	struct vm_area_struct *vma;
	bool exact;

	vmsim_enter();
	mmap_read_lock(mm);
	vma = vma_lookup(mm, start);
	exact = vma && vma->vm_start == start && vma->vm_end == start + pages * PG;
	mmap_read_unlock(mm);
	vmsim_leave();
	return exact;
}

#endif
