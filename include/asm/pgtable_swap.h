/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_ASM_PGTABLE_SWAP_H
#define _VMSIM_ASM_PGTABLE_SWAP_H

#include <linux/mm_types.h>

/*
 * Swap entries as they stand in page tables (arch/x86/include/asm/pgtable_64.h, Linux 6.12): bits
 * 59 to 63 have the type, 9 to 58 the inverted offset; 1 to 3 are flags beside it, see
 * _PAGE_SWP_*. Bits 0, 7 and 8 are 0: any of them would say "present". All flavours have this
 * layout.
 */
#define SWP_TYPE_BITS 5
#define SWP_OFFSET_FIRST_BIT 9
#define SWP_OFFSET_SHIFT (SWP_OFFSET_FIRST_BIT + SWP_TYPE_BITS)

#define __swp_type(x) ((x).val >> (64 - SWP_TYPE_BITS))
#define __swp_offset(x) (~(x).val << SWP_TYPE_BITS >> SWP_OFFSET_SHIFT)
#define __swp_entry(type, offset)						\
	((swp_entry_t){ ((unsigned long)(type) << (64 - SWP_TYPE_BITS)) |	\
			(~(unsigned long)(offset) << SWP_OFFSET_SHIFT >> SWP_TYPE_BITS) })
#define __pte_to_swp_entry(pte) ((swp_entry_t){ pte_val(pte) })
#define __pmd_to_swp_entry(pmd) ((swp_entry_t){ pmd_val(pmd) })
#define __swp_entry_to_pte(x) __pte((x).val)
#define __swp_entry_to_pmd(x) __pmd((x).val)

#define VMSIM_SWP_FLAG(level, name, with, without, mask)			\
static inline int level##_swp_##name(level##_t entry)				\
{										\
	return (level##_val(entry) & (mask)) != 0;				\
}										\
static inline level##_t level##_swp_##with(level##_t entry)			\
{										\
	return __##level(level##_val(entry) | (mask));				\
}										\
static inline level##_t level##_swp_##without(level##_t entry)			\
{										\
	return __##level(level##_val(entry) & ~(mask));				\
}

#define __HAVE_ARCH_PTE_SWP_EXCLUSIVE
VMSIM_SWP_FLAG(pte, exclusive, mkexclusive, clear_exclusive, _PAGE_SWP_EXCLUSIVE)
VMSIM_SWP_FLAG(pte, soft_dirty, mksoft_dirty, clear_soft_dirty, _PAGE_SWP_SOFT_DIRTY)
VMSIM_SWP_FLAG(pte, uffd_wp, mkuffd_wp, clear_uffd_wp, _PAGE_SWP_UFFD_WP)
VMSIM_SWP_FLAG(pmd, soft_dirty, mksoft_dirty, clear_soft_dirty, _PAGE_SWP_SOFT_DIRTY)
VMSIM_SWP_FLAG(pmd, uffd_wp, mkuffd_wp, clear_uffd_wp, _PAGE_SWP_UFFD_WP)

#endif
