/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_TEST_PGTABLE_FIXTURE_H
#define VMSIM_TEST_PGTABLE_FIXTURE_H

#include "vmsim_test.h"
#include "machine/internal.h"
#include <asm/pgalloc.h>
#include <asm/tlb.h>
#include <errno.h>

/*
 * A machine whose CPUs are all played by the test's thread: fixture_as() says which one it is.
 * CPUs that it does not play are outside the library, so that their interrupts are served.
 */
struct fixture {
	struct vmsim_machine *handle;
	struct vmsim_machine *m;
	struct mm_struct *mm;
	struct task_struct *before;
};

static inline void fixture_as(struct fixture *f, unsigned int cpu)
{
	if (vmsim_self->machine)
		vmsim_leave();
	vmsim_self = &f->m->cpu[cpu].idle;
	assert_int_equal(vmsim_enter(), 0);
}

static inline struct vmsim_config fixture_config(void)
{
	struct vmsim_config config;

	vmsim_config_init(&config);
	config.frames = 1024;
	config.cpus = 4;
	return config;
}

static inline void fixture_make(struct fixture *f, const struct vmsim_config *config)
{
	assert_int_equal(vmsim_machine_create(config, &f->handle), 0);
	f->m = vmsim_machine_get(f->handle);
	assert_non_null(f->m);
	f->before = vmsim_self;
	fixture_as(f, 0);
	f->mm = mm_alloc();
	assert_non_null(f->mm);
}

static inline void fixture_end(struct fixture *f)
{
	for (unsigned int cpu = 0; cpu < f->m->nr_cpus; cpu++) {
		fixture_as(f, cpu);
		vmsim_switch_mm(&f->m->cpu[cpu], NULL);
	}
	mmput(f->mm);
	rcu_barrier();
	vmsim_leave();
	vmsim_self = f->before;
	assert_int_equal(vmsim_machine_destroy(f->handle), 0);
}

static inline struct vmsim_stats fixture_stats(struct fixture *f)
{
	struct vmsim_stats stats;

	assert_int_equal(vmsim_stats_get(f->handle, &stats), 0);
	return stats;
}

static inline pmd_t *fixture_pmd(struct mm_struct *mm, unsigned long addr)
{
	p4d_t *p4d = p4d_alloc(mm, pgd_offset(mm, addr), addr);
	pud_t *pud = p4d ? pud_alloc(mm, p4d, addr) : NULL;

	return pud ? pmd_alloc(mm, pud, addr) : NULL;
}

/* The entry of @addr; its tables are made where they are missing. */
static inline pte_t *fixture_pte(struct mm_struct *mm, unsigned long addr)
{
	pmd_t *pmd = fixture_pmd(mm, addr);

	assert_non_null(pmd);
	assert_int_equal(pte_alloc(mm, pmd), 0);
	return pte_offset_kernel(pmd, addr);
}

/* Takes out entries and tables of [start, end), which are all that it has there. */
static inline void fixture_free_tables(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct mmu_gather tlb;

	tlb_gather_mmu(&tlb, mm);
	free_pgd_range(&tlb, start, end, 0, 0);
	tlb_finish_mmu(&tlb);
	rcu_barrier();
}

#endif
