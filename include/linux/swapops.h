/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_SWAPOPS_H
#define _VMSIM_LINUX_SWAPOPS_H

#include <linux/mm.h>
#include <linux/swap.h>

/*
 * What a PTE says that is neither empty nor present: a swap_entry_t of a type and an offset. Types
 * from MAX_SWAPFILES on say something else than "swapped out". Layout of the architecture's form:
 * <asm/pgtable_swap.h>. Source: include/linux/swapops.h, Linux 6.12, as with CONFIG_MIGRATION, and
 * without memory failures, device memory and migration of huge pages.
 */
#define SWP_TYPE_SHIFT (63 - MAX_SWAPFILES_SHIFT)
#define SWP_OFFSET_MASK ((1UL << SWP_TYPE_SHIFT) - 1)

/* The frame number in an entry that has one, and above it A and D of the PTE that it replaced. */
#define MAX_PHYSMEM_BITS (pgtable_l5_enabled() ? 52 : 46)
#define SWP_PFN_BITS (MAX_PHYSMEM_BITS - PAGE_SHIFT)
#define SWP_PFN_MASK (BIT(SWP_PFN_BITS) - 1)
#define SWP_MIG_YOUNG BIT(SWP_PFN_BITS)
#define SWP_MIG_DIRTY BIT(SWP_PFN_BITS + 1)

static inline swp_entry_t swp_entry(unsigned long type, pgoff_t offset)
{
	return (swp_entry_t){ type << SWP_TYPE_SHIFT | (offset & SWP_OFFSET_MASK) };
}

static inline unsigned int swp_type(swp_entry_t entry)
{
	return entry.val >> SWP_TYPE_SHIFT;
}

static inline pgoff_t swp_offset(swp_entry_t entry)
{
	return entry.val & SWP_OFFSET_MASK;
}

static inline int is_swap_pte(pte_t pte)
{
	return !pte_present(pte) && !pte_none(pte);
}

/* The flags that stand beside type and offset. */
static inline pte_t pte_swp_clear_flags(pte_t pte)
{
	return pte_swp_clear_uffd_wp(pte_swp_clear_soft_dirty(pte_swp_clear_exclusive(pte)));
}

static inline swp_entry_t pte_to_swp_entry(pte_t pte)
{
	swp_entry_t in_table = __pte_to_swp_entry(pte_swp_clear_flags(pte));

	return swp_entry(__swp_type(in_table), __swp_offset(in_table));
}

static inline pte_t swp_entry_to_pte(swp_entry_t entry)
{
	swp_entry_t in_table = __swp_entry(swp_type(entry), swp_offset(entry));

	return __swp_entry_to_pte(in_table);
}

static inline int non_swap_entry(swp_entry_t entry)
{
	return swp_type(entry) >= MAX_SWAPFILES;
}

/* Entries that stand for a page while it migrates. */
#define VMSIM_SWP_KIND(kind, TYPE)							\
static inline swp_entry_t make_##kind##_entry(pgoff_t offset)				\
{											\
	return swp_entry(TYPE, offset);							\
}											\
static inline int is_##kind##_entry(swp_entry_t entry)					\
{											\
	return swp_type(entry) == (TYPE);						\
}

VMSIM_SWP_KIND(readable_migration, SWP_MIGRATION_READ)
VMSIM_SWP_KIND(readable_exclusive_migration, SWP_MIGRATION_READ_EXCLUSIVE)
VMSIM_SWP_KIND(writable_migration, SWP_MIGRATION_WRITE)

static inline int is_migration_entry(swp_entry_t entry)
{
	return is_readable_migration_entry(entry) || is_writable_migration_entry(entry) ||
	       is_readable_exclusive_migration_entry(entry);
}

/* The offset has 50 bits: room for A and D on every machine. */
static inline bool migration_entry_supports_ad(void) { return true; }

static inline swp_entry_t make_migration_entry_young(swp_entry_t entry)
{
	return swp_entry(swp_type(entry), swp_offset(entry) | SWP_MIG_YOUNG);
}

static inline swp_entry_t make_migration_entry_dirty(swp_entry_t entry)
{
	return swp_entry(swp_type(entry), swp_offset(entry) | SWP_MIG_DIRTY);
}

static inline bool is_migration_entry_young(swp_entry_t entry)
{
	return swp_offset(entry) & SWP_MIG_YOUNG;
}

static inline bool is_migration_entry_dirty(swp_entry_t entry)
{
	return swp_offset(entry) & SWP_MIG_DIRTY;
}

/* Nothing migrates here: whoever waits for the end would wait for ever. */
static inline void migration_entry_wait(struct mm_struct *mm, pmd_t *pmd, unsigned long address)
{
	(void)mm, (void)pmd, (void)address;
	vmsim_bug(__FILE__, __LINE__, "migration is not modelled");
}

/* No CONFIG_DEVICE_PRIVATE: there are no such entries. */
static inline swp_entry_t make_readable_device_private_entry(pgoff_t offset)
{
	(void)offset;
	return swp_entry(0, 0);
}

static inline swp_entry_t make_writable_device_private_entry(pgoff_t offset)
{
	return make_readable_device_private_entry(offset);
}

static inline swp_entry_t make_readable_device_exclusive_entry(pgoff_t offset)
{
	return make_readable_device_private_entry(offset);
}

static inline swp_entry_t make_writable_device_exclusive_entry(pgoff_t offset)
{
	return make_readable_device_private_entry(offset);
}

static inline bool is_device_private_entry(swp_entry_t entry)
{
	(void)entry;
	return false;
}

static inline bool is_writable_device_private_entry(swp_entry_t entry)
{
	return is_device_private_entry(entry);
}

static inline bool is_device_exclusive_entry(swp_entry_t entry)
{
	return is_device_private_entry(entry);
}

static inline bool is_writable_device_exclusive_entry(swp_entry_t entry)
{
	return is_device_private_entry(entry);
}

/* No CONFIG_MEMORY_FAILURE. */
static inline swp_entry_t make_hwpoison_entry(struct page *page)
{
	(void)page;
	return swp_entry(0, 0);
}

static inline int is_hwpoison_entry(swp_entry_t entry)
{
	(void)entry;
	return 0;
}

/* Marks on entries that map nothing. */
typedef unsigned long pte_marker;

#define PTE_MARKER_UFFD_WP BIT(0)
#define PTE_MARKER_POISONED BIT(1)
#define PTE_MARKER_MASK (BIT(2) - 1)

#define make_pte_marker_entry(marker) swp_entry(SWP_PTE_MARKER, marker)
#define is_pte_marker_entry(entry) (swp_type(entry) == SWP_PTE_MARKER)
#define pte_marker_get(entry) ((pte_marker)(swp_offset(entry) & PTE_MARKER_MASK))
#define make_pte_marker(marker) swp_entry_to_pte(make_pte_marker_entry(marker))

static inline bool is_pte_marker(pte_t pte)
{
	return is_swap_pte(pte) && is_pte_marker_entry(pte_to_swp_entry(pte));
}

static inline swp_entry_t make_poisoned_swp_entry(void)
{
	return make_pte_marker_entry(PTE_MARKER_POISONED);
}

static inline int is_poisoned_swp_entry(swp_entry_t entry)
{
	return is_pte_marker_entry(entry) && pte_marker_get(entry) & PTE_MARKER_POISONED;
}

static inline int pte_none_mostly(pte_t pte)
{
	return pte_none(pte) || is_pte_marker(pte);
}

/* Entries whose offset is, or begins with, a frame number. */
static inline bool is_pfn_swap_entry(swp_entry_t entry)
{
	return is_migration_entry(entry) || is_device_private_entry(entry) ||
	       is_device_exclusive_entry(entry) || is_hwpoison_entry(entry);
}

static inline unsigned long swp_offset_pfn(swp_entry_t entry)
{
	VM_BUG_ON(!is_pfn_swap_entry(entry));
	return swp_offset(entry) & SWP_PFN_MASK;
}

static inline struct folio *pfn_swap_entry_folio(swp_entry_t entry)
{
	struct folio *folio = pfn_folio(swp_offset_pfn(entry));

	if (is_migration_entry(entry)) {
		/* Against a split, after which a tail page is a folio that may be unlocked. */
		smp_rmb();
		BUG_ON(!folio_test_locked(folio));
	}
	return folio;
}

static inline struct page *pfn_swap_entry_to_page(swp_entry_t entry)
{
	(void)pfn_swap_entry_folio(entry);
	return pfn_to_page(swp_offset_pfn(entry));
}

/* Names that Debian's 6.12 has from later versions. */
typedef swp_entry_t softleaf_t;
#define softleaf_from_pte(pte) pte_to_swp_entry(pte)
#define softleaf_to_pfn(entry) swp_offset_pfn(entry)

/* No CONFIG_ARCH_ENABLE_THP_MIGRATION. */
static inline swp_entry_t pmd_to_swp_entry(pmd_t pmd)
{
	(void)pmd;
	return swp_entry(0, 0);
}

static inline pmd_t swp_entry_to_pmd(swp_entry_t entry)
{
	(void)entry;
	return __pmd(0);
}

static inline int is_pmd_migration_entry(pmd_t pmd)
{
	(void)pmd;
	return 0;
}

static inline void pmd_migration_entry_wait(struct mm_struct *mm, pmd_t *pmd)
{
	(void)mm, (void)pmd;
}

#endif
