/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TEST_MM_MLOCK_TEST_H
#define TEST_MM_MLOCK_TEST_H

#include "fork_test.h"
#include <linux/capability.h>
#include <linux/mman.h>
#include <linux/vmstat.h>

#define AT 0x20000000UL

static inline unsigned long map_at(unsigned long addr, size_t pages, int prot, int flags)
{
	flags |= MAP_FIXED_NOREPLACE;
	assert_int_equal(vmsim_mmap(addr, pages * PG, prot, flags, -1, 0), addr);
	return addr;
}

static inline bool is_there(unsigned long addr)
{
	return pte_present(entry_of(vmsim_self->mm, addr));
}

static inline bool is_mlocked(unsigned long addr)
{
	return is_there(addr) && folio_test_mlocked(page_folio(page_at(vmsim_self->mm, addr)));
}

static inline vm_flags_t lock_flags(unsigned long addr)
{
	return vma_at(addr)->vm_flags & (VM_LOCKED | VM_LOCKONFAULT | VM_IO);
}

/* What the kernel counts: pages of locked mappings, there or not; and folios that are there. */
#define assert_locked(pages, folios)						\
do {										\
	assert_int_equal(vmsim_self->mm->locked_vm, pages);			\
	assert_int_equal(in_kernel(global_zone_page_state(NR_MLOCK)), folios);	\
} while (0)

#endif
