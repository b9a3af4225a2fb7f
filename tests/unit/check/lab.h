/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_TEST_LAB_H
#define VMSIM_TEST_LAB_H

#include "../vmsim_test.h"
#include <string.h>
#include <stdio.h>
#include <sys/mman.h>
#include "machine/internal.h"
#include <linux/mm.h>
#include <linux/rmap.h>
#include <linux/pagemap.h>
#include <linux/highmem.h>
#include <linux/mm_inline.h>
#include <asm/tlb.h>

/*
 * A machine on which one pthread plays all CPUs, in an order that the test spells out. It is an
 * explore machine outside an execution, so that the oracles know that the order is exact.
 */
#define LAB_CPUS 4
#define FILE_PAGES 4

struct lab {
	struct vmsim_machine *handle, *m;
	struct task_struct *cpu[LAB_CPUS];
	int pid;
	int file;
};

static struct lab lab;
/* With VMSIM_TLB_FAULTY: which flush is lost. */
static unsigned int lab_lost_flush = 1000000;

/* From here on the pthread is that CPU. */
static void be(unsigned int cpu)
{
	vmsim_self = lab.cpu[cpu];
}

static void attach(unsigned int cpu, int pid)
{
	vmsim_self = &vmsim_no_task;
	assert_int_equal(vmsim_attach(lab.handle, cpu, pid), 0);
	lab.cpu[cpu] = vmsim_self;
}

static void detach(unsigned int cpu)
{
	if (!lab.cpu[cpu])
		return;
	be(cpu);
	assert_int_equal(vmsim_detach(), 0);
	lab.cpu[cpu] = NULL;
}

/* A machine with these oracles, and a process with a thread on each of @cpus CPUs. */
static void lab_open(uint64_t oracles, enum vmsim_tlb tlb, unsigned int cpus)
{
	struct vmsim_config config;

	memset(&lab, 0, sizeof(lab));
	vmsim_config_init(&config);
	config.mode = VMSIM_EXPLORE;
	config.contents = VMSIM_CONTENTS_BYTES;
	config.tlb = tlb;
	config.faulty_nth = lab_lost_flush;
	config.cpus = LAB_CPUS + 1;
	config.frames = 512;
	assert_int_equal(vmsim_machine_create(&config, &lab.handle), 0);
	lab.m = vmsim_machine_get(lab.handle);
	assert_int_equal(vmsim_check_arm(lab.handle, oracles), 0);
	lab.pid = vmsim_process_create(lab.handle, "lab");
	assert_true(lab.pid > 0);
	lab.file = vmsim_file_create(lab.handle, "file", FILE_PAGES * PAGE_SIZE);
	assert_true(lab.file > 0);
	for (unsigned int cpu = 0; cpu < cpus; cpu++)
		attach(cpu, lab.pid);
	be(0);
}

/* Ends threads and process, so that nothing may be left. */
static inline void lab_end_process(void)
{
	for (unsigned int cpu = 0; cpu < LAB_CPUS; cpu++)
		detach(cpu);
	assert_int_equal(vmsim_process_destroy(lab.handle, lab.pid), 0);
}

static int lab_close(void **state)
{
	(void)state;
	if (!lab.handle)
		return 0;
	for (unsigned int cpu = 0; cpu < LAB_CPUS; cpu++)
		detach(cpu);
	return vmsim_machine_destroy(lab.handle);
}

/* How often the oracle reported the rule. */
static unsigned int reports_of(const char *oracle, const char *rule)
{
	struct vmsim_violation violation;
	unsigned int n = 0;

	for (unsigned int i = 0; !vmsim_violation_get(lab.handle, i, &violation); i++)
		n += !strcmp(violation.oracle, oracle) && !strcmp(violation.rule, rule);
	return n;
}

static void print_reports(void)
{
	struct vmsim_violation violation;

	for (unsigned int i = 0; !vmsim_violation_get(lab.handle, i, &violation); i++)
		print_message("%s/%s cpu %d: %s\n", violation.oracle, violation.rule,
			      violation.cpu, violation.text);
}

/* The oracle fired, with that rule, and no other did. */
static inline void assert_only(const char *oracle, const char *rule)
{
	if (!reports_of(oracle, rule) || reports_of(oracle, rule) != vmsim_violations(lab.handle)) {
		print_message("expected %s/%s, found:\n", oracle, rule);
		print_reports();
		fail();
	}
}

static inline void assert_quiet(void)
{
	if (vmsim_violations(lab.handle)) {
		print_reports();
		fail();
	}
}

/* Nobody is inside the library, and a recount finds nothing. */
static inline void assert_at_rest(void)
{
	vmsim_check_quiescent(lab.handle);
	assert_quiet();
}

static inline unsigned long map_anon(unsigned int pages)
{
	long addr = vmsim_mmap(0, pages * PAGE_SIZE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, VMSIM_NO_FILE, 0);

	assert_true(addr > 0);
	return (unsigned long)addr;
}

static inline unsigned long map_file(void)
{
	long addr = vmsim_mmap(0, FILE_PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			       lab.file, 0);

	assert_true(addr > 0);
	return (unsigned long)addr;
}

static inline void store(unsigned long addr, uint64_t value)
{
	assert_int_equal(vmsim_store(addr, 8, value), 0);
}

static inline uint64_t load(unsigned long addr)
{
	uint64_t value = 0;

	assert_int_equal(vmsim_load(addr, 8, &value), 0);
	return value;
}

/* The entry behind an address, with its lock held. */
struct entry {
	struct vm_area_struct *vma;
	unsigned long addr;
	pte_t *ptep;
	spinlock_t *ptl;
	struct page *page;
};

static inline struct entry entry_lock(unsigned long addr)
{
	struct mm_struct *mm = current->mm;
	struct entry entry = { .addr = addr };
	pud_t *pud = pud_offset(p4d_offset(pgd_offset(mm, addr), addr), addr);

	assert_int_equal(vmsim_enter(), 0);
	mmap_read_lock(mm);
	entry.vma = find_vma(mm, addr);
	mmap_read_unlock(mm);
	assert_non_null(entry.vma);
	entry.ptep = pte_offset_map_lock(mm, pmd_offset(pud, addr), addr, &entry.ptl);
	assert_non_null(entry.ptep);
	entry.page = pte_page(ptep_get(entry.ptep));
	return entry;
}

static inline void entry_unlock(struct entry *entry)
{
	pte_unmap_unlock(entry->ptep, entry->ptl);
	vmsim_leave();
}

/* Clears the entry as a zap does; what follows is the test's. */
static inline pte_t entry_clear(struct entry *entry)
{
	return ptep_get_and_clear(current->mm, entry->addr, entry->ptep);
}

static inline void entry_uncount(struct entry *entry)
{
	struct folio *folio = page_folio(entry->page);

	folio_remove_rmap_pte(folio, entry->page, entry->vma);
	dec_mm_counter(current->mm, mm_counter(folio));
}

static inline void entry_flush(struct entry *entry)
{
	flush_tlb_page(entry->vma, entry->addr);
}

#endif
