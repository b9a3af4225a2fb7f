/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_VMA_6_1_H
#define _VMSIM_LINUX_VMA_6_1_H

/*
 * What mm/mprotect.c and mm/mremap.c of Linux 6.1 call otherwise than those of 6.12. Part of
 * <linux/vmsim-compat-6.1.h>.
 */
#include <linux/ksm.h>
#include <linux/mempolicy.h>
#include <linux/mm.h>
#include <linux/mm_inline.h>
#include <linux/userfaultfd_k.h>
#include <mm/internal.h>
#include <mm/vma.h>

/*
 * Functions of these files that took other arguments, and that only they themselves call: the name
 * stands for one of its own.
 */
#define can_change_pte_writable can_change_pte_writable_6_1
#define change_protection change_protection_6_1
#define mprotect_fixup mprotect_fixup_6_1
#define move_page_tables move_page_tables_6_1

struct mmu_gather;
long change_protection(struct mmu_gather *tlb, struct vm_area_struct *vma, unsigned long start,
		       unsigned long end, pgprot_t newprot, unsigned long cp_flags);
int mprotect_fixup(struct mmu_gather *tlb, struct vm_area_struct *vma,
		   struct vm_area_struct **pprev, unsigned long start, unsigned long end,
		   unsigned long newflags);
unsigned long move_page_tables(struct vm_area_struct *vma, unsigned long old_addr,
			       struct vm_area_struct *new_vma, unsigned long new_addr,
			       unsigned long len, bool need_rmap_locks);

#define VM_LOCKED_CLEAR_MASK (~(vm_flags_t)VM_LOCKED_MASK)
#define anon_vma_name(vma) ((vma)->anon_name)
#define mlock_future_check(mm, flags, len) (mlock_future_ok(mm, flags, len) ? 0 : -EAGAIN)

/* Nobody asked the mapping. */
#undef move_pte
#define move_pte(pte, prot, old_addr, new_addr) (pte)
#define pte_mkwrite(pte) pte_mkwrite_novma(pte)
#define pmd_read_atomic(pmdp) pmdp_get_lockless(pmdp)
#define PageKsm(page) folio_test_ksm(page_folio(page))
#define page_is_file_lru(page) folio_is_file_lru(page_folio(page))
#define xchg_page_access_time(page, time) folio_xchg_access_time(page_folio(page), time)

/* No walk had to be told where the mappings stand. */
static inline int vmsim_split_vma_6_1(struct mm_struct *mm, struct vm_area_struct *vma,
				      unsigned long addr, int new_below)
{
	VMA_ITERATOR(vmi, mm, addr);

	return split_vma(&vmi, vma, addr, new_below);
}

#define split_vma(mm, vma, addr, new_below) vmsim_split_vma_6_1(mm, vma, addr, new_below)

/* One function for what is mapped and for what is not yet. NULL without memory, too. */
static inline struct vm_area_struct *vmsim_vma_merge_6_1(struct vma_merge_struct vmg)
{
	vmg.vma = vma_lookup(vmg.mm, vmg.start);
	if (vmg.vma)
		return vma_merge_existing_range(&vmg);
	vmg.next = find_vma(vmg.mm, vmg.end);
	return vma_merge_new_range(&vmg);
}

#define vma_merge(_mm, _prev, addr, _end, _flags, _anon_vma, _file, _pgoff, policy, uffd, name) \
	vmsim_vma_merge_6_1((struct vma_merge_struct) {				\
		.mm = (_mm), .prev = (_prev), .start = (addr), .end = (_end),	\
		.flags = (_flags), .anon_vma = (_anon_vma), .file = (_file),	\
		.pgoff = (_pgoff), .anon_name = (name),				\
	})

/* Another range for a mapping that stays the one it is. */
static inline int vmsim_vma_adjust_6_1(struct vm_area_struct *vma, unsigned long start,
				       unsigned long end, pgoff_t pgoff)
{
	struct vma_merge_struct vmg = {
		.mm = vma->vm_mm, .vma = vma, .start = start, .end = end, .pgoff = pgoff,
	};

	return commit_merge(&vmg, NULL, NULL, NULL, 0, true);
}

#define vma_adjust(vma, start, end, pgoff, insert) vmsim_vma_adjust_6_1(vma, start, end, pgoff)

/*
 * What was left of a mapping on either side of a hole was the object that had been there: move_vma()
 * goes on to use it. The library keeps the one in the middle.
 */
static inline int vmsim_do_munmap_6_1(struct mm_struct *mm, unsigned long start, size_t len,
				      struct list_head *uf)
{
	unsigned long end = start + PAGE_ALIGN(len);
	bool room = mm->map_count < sysctl_max_map_count - 1;
	struct vm_area_struct *vma = offset_in_page(start) ? NULL : vma_lookup(mm, start);
	int err = 0;

	if (room && vma && vma->vm_start < start)
		err = vmsim_split_vma_6_1(mm, vma, start, 0);
	vma = offset_in_page(start) ? NULL : vma_lookup(mm, end);
	if (!err && room && vma && vma->vm_start < end && end > start)
		err = vmsim_split_vma_6_1(mm, vma, end, 1);
	return err ? err : do_munmap(mm, start, len, uf);
}

#define do_munmap(mm, start, len, uf) vmsim_do_munmap_6_1(mm, start, len, uf)

/* 1: mmap_lock is held for reading now. */
static inline int do_mas_munmap(struct ma_state *mas, struct mm_struct *mm, unsigned long start,
				size_t len, struct list_head *uf, bool downgrade)
{
	struct vma_iterator vmi = { .mas = *mas };

	(void)uf;
	return vmsim_unmap(&vmi, mm, start, len, downgrade);
}

#endif
