/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_TEST_TLB_FIXTURE_H
#define VMSIM_TEST_TLB_FIXTURE_H

#include "pgtable/fixture.h"
#include "pgtable/table.h"
#include "tlb/cache.h"

/* Simulated instructions of a CPU that the test plays. */
static inline int access_as(struct fixture *f, unsigned int cpu, unsigned long addr,
			    enum vmsim_access access, u64 *value)
{
	fixture_as(f, cpu);
	return vmsim_tlb_access(&f->m->cpu[cpu], f->mm, addr, access, 8, value);
}

static inline int load_as(struct fixture *f, unsigned int cpu, unsigned long addr, u64 *value)
{
	return access_as(f, cpu, addr, VMSIM_ACCESS_READ, value);
}

static inline int store_as(struct fixture *f, unsigned int cpu, unsigned long addr, u64 value)
{
	return access_as(f, cpu, addr, VMSIM_ACCESS_WRITE, &value);
}

static inline int fetch_as(struct fixture *f, unsigned int cpu, unsigned long addr)
{
	return access_as(f, cpu, addr, VMSIM_ACCESS_EXEC, NULL);
}

static inline void load_mm_on(struct fixture *f, unsigned int cpus)
{
	for (unsigned int cpu = cpus; cpu-- > 0;) {
		fixture_as(f, cpu);
		vmsim_switch_mm(&f->m->cpu[cpu], f->mm);
	}
}

/* A frame that has @value in its first word. */
static inline struct page *new_frame(u64 value)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);

	assert_non_null(page);
	vmsim_frame_store(page, 0, 8, value);
	return page;
}

static inline pte_t *map(struct fixture *f, unsigned long addr, struct page *page, pgprot_t prot)
{
	pte_t *ptep = fixture_pte(f->mm, addr);

	set_pte(ptep, pte_mkold(mk_pte(page, prot)));
	return ptep;
}

static inline const struct vmsim_tlb_entry *cached(struct fixture *f, unsigned int cpu,
						   unsigned long addr)
{
	return vmsim_tlb_lookup(&f->m->cpu[cpu].tlb, f->mm->context.ctx_id, addr);
}

/* Ends a test: the address space must have no entries any more that matter. */
static inline void tlb_fixture_end(struct fixture *f)
{
	fixture_as(f, 0);
	fixture_free_tables(f->mm, 0, TASK_SIZE);
	fixture_end(f);
}

#define CLEARING_FLUSHES(f) \
	(IS_ENABLED(CONFIG_S390) || (f)->m->tlb_backend == VMSIM_TLB_SYNC_ON_CLEAR)

#endif
