/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_VMSIM_GUP_H
#define _VMSIM_LINUX_VMSIM_GUP_H

/*
 * Holding pages of programs: pins and references (mm/gup.c, mm/internal.h and include/linux/mm.h of
 * Linux 6.12). Part of <linux/mm.h>.
 */
#include <linux/mm.h>
#include <linux/irqflags.h>

struct dev_pagemap;

/* What only the inside of get_user_pages*() says to itself. */
enum {
	FOLL_TOUCH = 1 << 16,
	FOLL_TRIED = 1 << 17,
	FOLL_REMOTE = 1 << 18,
	FOLL_PIN = 1 << 19,
	FOLL_FAST_ONLY = 1 << 20,
	FOLL_UNLOCKABLE = 1 << 21,
	FOLL_MADV_POPULATE = 1 << 22,
};

#define INTERNAL_GUP_FLAGS							\
	(FOLL_TOUCH | FOLL_TRIED | FOLL_REMOTE | FOLL_PIN | FOLL_FAST_ONLY |	\
	 FOLL_UNLOCKABLE | FOLL_MADV_POPULATE)

#define is_zero_page(page) is_zero_pfn(page_to_pfn(page))
#define is_zero_folio(folio) is_zero_pfn(folio_pfn(folio))

/* Without zones of movable memory or devices there is no frame that must not be pinned for long. */
static inline bool folio_is_longterm_pinnable(struct folio *folio)
{
	(void)folio;
	return true;
}

/*
 * A read-only pin through a write-protected entry holds only as long as the entry keeps its page,
 * which is promised for exclusive anonymous pages alone (A01, R12). True: make the page exclusive
 * first, by a fault with FAULT_FLAG_UNSHARE. @vma: NULL where it is not known; then what depends on
 * it has to be found out by the slow path. The barrier is the pinner's second one of R11.
 */
static inline bool gup_must_unshare(struct vm_area_struct *vma, unsigned int flags,
				    struct page *page)
{
	if ((flags & (FOLL_WRITE | FOLL_PIN)) != FOLL_PIN)
		return false;
	if (PageAnon(page)) {
		smp_rmb();
		return !PageAnonExclusive(page);
	}
	if (!(flags & FOLL_LONGTERM))
		return false;
	return !vma || is_cow_mapping(vma->vm_flags);
}

/* Some callers honour NUMA hints: inaccessible entries of accessible mappings. */
static inline bool gup_can_follow_protnone(struct vm_area_struct *vma, unsigned int flags)
{
	return !(flags & FOLL_HONOR_NUMA_FAULT) || !vma_is_accessible(vma);
}

/* What a caller with these FOLL_* is told of a fault; 0: it was none of the errors. */
static inline int vm_fault_to_errno(vm_fault_t vm_fault, int foll_flags)
{
	if (vm_fault & VM_FAULT_OOM)
		return -ENOMEM;
	if (vm_fault & (VM_FAULT_HWPOISON | VM_FAULT_HWPOISON_LARGE))
		return foll_flags & FOLL_HWPOISON ? -EHWPOISON : -EFAULT;
	return vm_fault & (VM_FAULT_SIGBUS | VM_FAULT_SIGSEGV) ? -EFAULT : 0;
}

/* The memmap is one array. */
#define nth_page(page, n) ((page) + (n))
#define offset_in_folio(folio, p) ((unsigned long)(p) & (folio_size(folio) - 1))

/* As without CONFIG_ZONE_DEVICE: the references of a device's page are counted by the folio. */
static inline bool put_devmap_managed_folio_refs(struct folio *folio, int refs)
{
	(void)folio, (void)refs;
	return false;
}

/* As where all memory of programs is accessible to devices. */
static inline int arch_make_folio_accessible(struct folio *folio)
{
	(void)folio;
	return 0;
}

/* As without a page at a fixed address that every address space has. */
static inline int in_gate_area(struct mm_struct *mm, unsigned long addr)
{
	(void)mm, (void)addr;
	return 0;
}

static inline struct vm_area_struct *get_gate_vma(struct mm_struct *mm)
{
	(void)mm;
	return NULL;
}

/* As without shared tables of huge pages: they stay while mmap_lock is held. */
static inline void vma_pgtable_walk_begin(struct vm_area_struct *vma)
{
	(void)vma;
}

static inline void vma_pgtable_walk_end(struct vm_area_struct *vma)
{
	(void)vma;
}

/* References and pins of folios (src/folio/pin.c). */
__vmsim_export int __must_check try_grab_folio(struct folio *folio, int refs, unsigned int flags);
__vmsim_export void folio_add_pin(struct folio *folio);
__vmsim_export void unpin_user_page(struct page *page);
__vmsim_export void unpin_user_pages(struct page **pages, unsigned long npages);
__vmsim_export void unpin_user_pages_dirty_lock(struct page **pages, unsigned long npages,
						bool make_dirty);
__vmsim_export void unpin_user_folio(struct folio *folio, unsigned long npages);
__vmsim_export void unpin_folio(struct folio *folio);
__vmsim_export void unpin_folios(struct folio **folios, unsigned long nfolios);
__vmsim_export void unpin_user_page_range_dirty_lock(struct page *page, unsigned long npages,
						     bool make_dirty);

/* What the kernel's file has for itself. */
#ifndef VMSIM_KERNEL_FILE
__vmsim_export struct folio *try_get_folio(struct page *page, int refs);
__vmsim_export void gup_put_folio(struct folio *folio, int refs, unsigned int flags);
__vmsim_export void sanity_check_pinned_pages(struct page **pages, unsigned long npages);
__vmsim_export void mm_set_has_pinned_flag(unsigned long *mm_flags);

/* Walks without locks (src/gup_fast). All but gup_fast() run with interrupts off. */
__vmsim_export struct folio *try_grab_folio_fast(struct page *page, int refs, unsigned int flags);
__vmsim_export bool gup_fast_folio_allowed(struct folio *folio, unsigned int flags);
__vmsim_export int gup_fast_pte_range(pmd_t pmd, pmd_t *pmdp, unsigned long addr,
				      unsigned long end, unsigned int flags, struct page **pages,
				      int *nr);
__vmsim_export int gup_fast_pmd_range(pud_t *pudp, pud_t pud, unsigned long addr,
				      unsigned long end, unsigned int flags, struct page **pages,
				      int *nr);
__vmsim_export int gup_fast_pud_range(p4d_t *p4dp, p4d_t p4d, unsigned long addr,
				      unsigned long end, unsigned int flags, struct page **pages,
				      int *nr);
__vmsim_export int gup_fast_p4d_range(pgd_t *pgdp, pgd_t pgd, unsigned long addr,
				      unsigned long end, unsigned int flags, struct page **pages,
				      int *nr);
__vmsim_export void gup_fast_pgd_range(unsigned long addr, unsigned long end, unsigned int flags,
				       struct page **pages, int *nr);
__vmsim_export unsigned long gup_fast(unsigned long start, unsigned long end,
				      unsigned int gup_flags, struct page **pages);
__vmsim_export void gup_fast_unpin_user_pages(struct page **pages, unsigned long npages);

/**
 * struct follow_page_context - what a walk tells besides the page
 * @pgmap: of device memory, which is not modelled: NULL
 * @page_mask: pages of the same leaf, minus one; 0: no huge pages
 */
struct follow_page_context {
	struct dev_pagemap *pgmap;
	unsigned int page_mask;
};

/* With mmap_lock (src/mm/gup.c, gup_follow.c, gup_user.c). */
__vmsim_export bool can_follow_write_pte(pte_t pte, struct page *page, struct vm_area_struct *vma,
					 unsigned int flags);
__vmsim_export struct page *follow_page_pte(struct vm_area_struct *vma, unsigned long address,
					    pmd_t *pmd, unsigned int flags,
					    struct dev_pagemap **pgmap);
__vmsim_export struct page *follow_page_mask(struct vm_area_struct *vma, unsigned long address,
					     unsigned int flags, struct follow_page_context *ctx);
__vmsim_export int faultin_page(struct vm_area_struct *vma, unsigned long address,
				unsigned int flags, bool unshare, int *locked);
__vmsim_export bool writable_file_mapping_allowed(struct vm_area_struct *vma,
						  unsigned long gup_flags);
__vmsim_export int check_vma_flags(struct vm_area_struct *vma, unsigned long gup_flags);
__vmsim_export long __get_user_pages(struct mm_struct *mm, unsigned long start,
				     unsigned long nr_pages, unsigned int gup_flags,
				     struct page **pages, int *locked);
__vmsim_export long __get_user_pages_locked(struct mm_struct *mm, unsigned long start,
					    unsigned long nr_pages, struct page **pages,
					    int *locked, unsigned int flags);
__vmsim_export int gup_fast_fallback(unsigned long start, unsigned long nr_pages,
				     unsigned int gup_flags, struct page **pages);
#endif

/* Faults for others, without pages to hold (src/mm/populate.c). */
__vmsim_export long faultin_page_range(struct mm_struct *mm, unsigned long start,
				       unsigned long end, bool write, int *locked);
__vmsim_export int __mm_populate(unsigned long start, unsigned long len, int ignore_errors);
__vmsim_export int fixup_user_fault(struct mm_struct *mm, unsigned long address,
				    unsigned int fault_flags, bool *unlocked);
__vmsim_export size_t fault_in_writeable(char __user *uaddr, size_t size);
__vmsim_export size_t fault_in_subpage_writeable(char __user *uaddr, size_t size);
__vmsim_export size_t fault_in_safe_writeable(const char __user *uaddr, size_t size);
__vmsim_export size_t fault_in_readable(const char __user *uaddr, size_t size);

static inline void mm_populate(unsigned long addr, unsigned long len)
{
	(void)__mm_populate(addr, len, 1);
}
__vmsim_export long get_user_pages(unsigned long start, unsigned long nr_pages,
				   unsigned int gup_flags, struct page **pages);
__vmsim_export long get_user_pages_remote(struct mm_struct *mm, unsigned long start,
					  unsigned long nr_pages, unsigned int gup_flags,
					  struct page **pages, int *locked);
__vmsim_export long get_user_pages_unlocked(unsigned long start, unsigned long nr_pages,
					    struct page **pages, unsigned int gup_flags);
__vmsim_export int get_user_pages_fast(unsigned long start, int nr_pages, unsigned int gup_flags,
				       struct page **pages);
__vmsim_export int get_user_pages_fast_only(unsigned long start, int nr_pages,
					    unsigned int gup_flags, struct page **pages);
__vmsim_export long pin_user_pages(unsigned long start, unsigned long nr_pages,
				   unsigned int gup_flags, struct page **pages);
__vmsim_export long pin_user_pages_remote(struct mm_struct *mm, unsigned long start,
					  unsigned long nr_pages, unsigned int gup_flags,
					  struct page **pages, int *locked);
__vmsim_export long pin_user_pages_unlocked(unsigned long start, unsigned long nr_pages,
					    struct page **pages, unsigned int gup_flags);
__vmsim_export int pin_user_pages_fast(unsigned long start, int nr_pages, unsigned int gup_flags,
				       struct page **pages);
__vmsim_export long memfd_pin_folios(struct file *memfd, loff_t start, loff_t end,
				     struct folio **folios, unsigned int max_folios,
				     pgoff_t *offset);
__vmsim_export int access_remote_vm(struct mm_struct *mm, unsigned long addr, void *buf, int len,
				    unsigned int gup_flags);

#endif
