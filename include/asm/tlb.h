/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_ASM_TLB_H
#define _VMSIM_ASM_TLB_H

#include <linux/mm.h>
#include <linux/rmap.h>
#include <linux/swap.h>
#include <asm/cacheflush.h>
#include <asm/pgalloc.h>

struct mmu_gather;

/* Tables go through the gather's table batch, at every level. */
#define __pte_free_tlb(tlb, pte, address) tlb_remove_table(tlb, pte)
#define __pmd_free_tlb(tlb, pmd, address) tlb_remove_table(tlb, virt_to_page(pmd))
#define __pud_free_tlb(tlb, pud, address) tlb_remove_table(tlb, virt_to_page(pud))
#define __p4d_free_tlb(tlb, p4d, address) tlb_remove_table(tlb, virt_to_page(p4d))

#define tlb_flush tlb_flush
static inline void tlb_flush(struct mmu_gather *tlb);

#if defined(VMSIM_ARCH_S390)
#include <asm/tlb-s390.h>
#endif
/* Ours or a kernel's; both end the gather's first batch, an array without size, in its middle. */
#ifdef __clang__
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wgnu-variable-sized-type-not-at-end"
#endif
#include <asm-generic/tlb.h>
#ifdef __clang__
#pragma clang diagnostic pop
#endif
#ifndef tlb_delay_rmap
#include <asm/tlb-6.1.h>
#endif

#if defined(VMSIM_ARCH_S390)
/* Entries are gone already; what is left are cached pointers to tables. */
static inline void tlb_flush(struct mmu_gather *tlb)
{
	if (tlb->freed_tables || tlb->fullmm)
		flush_tlb_mm_range(tlb->mm, 0, TLB_FLUSH_ALL, PAGE_SHIFT, tlb->freed_tables);
}
#else
/* One ranged flush with the granularity that the gather recorded; everything for a whole mm. */
static inline void tlb_flush(struct mmu_gather *tlb)
{
	bool all = tlb->fullmm || tlb->need_flush_all;

	flush_tlb_mm_range(tlb->mm, all ? 0 : tlb->start, all ? TLB_FLUSH_ALL : tlb->end,
			   tlb_get_unmap_shift(tlb), tlb->freed_tables);
}
#endif

#endif
