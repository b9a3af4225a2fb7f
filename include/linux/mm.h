/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_MM_H
#define _VMSIM_LINUX_MM_H

#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/mmdebug.h>
#include <linux/gfp.h>
#include <linux/slab.h>
#include <linux/mm_types.h>
#include <linux/page-flags.h>
#include <linux/vmsim-mapcount.h>
#include <linux/page_ref.h>
#include <linux/rcupdate.h>
#include <linux/pgtable.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/overflow.h>
#include <linux/vmsim-vma.h>

/* More mappings than this: -ENOMEM. Below this address nobody maps. (vm.max_map_count, .mmap_min_addr) */
#define sysctl_max_map_count 65530
#define mmap_min_addr 65536UL

#define VM_NONE 0x00000000
#define VM_READ 0x00000001
#define VM_WRITE 0x00000002
#define VM_EXEC 0x00000004
#define VM_SHARED 0x00000008
#define VM_MAYREAD 0x00000010
#define VM_MAYWRITE 0x00000020
#define VM_MAYEXEC 0x00000040
#define VM_MAYSHARE 0x00000080
#define VM_GROWSDOWN 0x00000100
#define VM_GROWSUP VM_NONE
#define VM_SHADOW_STACK VM_NONE
#define VM_PFNMAP 0x00000400
#define VM_LOCKED 0x00002000
#define VM_IO 0x00004000
#define VM_SEQ_READ 0x00008000
#define VM_RAND_READ 0x00010000
#define VM_DONTCOPY 0x00020000
#define VM_DONTEXPAND 0x00040000
#define VM_LOCKONFAULT 0x00080000
#define VM_ACCOUNT 0x00100000
#define VM_NORESERVE 0x00200000
#define VM_HUGETLB 0x00400000
#define VM_WIPEONFORK 0x02000000
#define VM_SOFTDIRTY 0x08000000
#define VM_MIXEDMAP 0x10000000
#define VM_NOHUGEPAGE 0x40000000
#define VM_MERGEABLE 0x80000000UL
#define VM_DROPPABLE 0x10000000000UL
#define VM_SEALED 0x8000000000000000UL
#define VM_ACCESS_FLAGS (VM_READ | VM_WRITE | VM_EXEC)
#define VM_LOCKED_MASK (VM_LOCKED | VM_LOCKONFAULT)
/* What a child has of what its parent said of future mappings. */
#define VM_INIT_DEF_MASK VM_NOHUGEPAGE
/* What mprotect() takes away besides the rights: nothing. */
#define VM_FLAGS_CLEAR VM_NONE
/* Mappings of these kinds grow into no other one. */
#define VM_SPECIAL (VM_IO | VM_DONTEXPAND | VM_PFNMAP | VM_MIXEDMAP)

/* Compound pages. */
static inline unsigned int folio_order(const struct folio *folio)
{
	if (!folio_test_large(folio))
		return 0;
	return folio->_flags_1 & 0xff;
}

static inline long folio_nr_pages(const struct folio *folio)
{
	return 1L << folio_order(folio);
}

static inline size_t folio_size(const struct folio *folio)
{
	return PAGE_SIZE << folio_order(folio);
}

static inline unsigned long folio_pfn(const struct folio *folio)
{
	return page_to_pfn(&folio->page);
}

/* One node of memory. */
static inline int folio_nid(const struct folio *folio)
{
	(void)folio;
	return 0;
}

static inline int page_to_nid(const struct page *page)
{
	(void)page;
	return 0;
}

static inline struct page *folio_page(struct folio *folio, unsigned long n)
{
	return &folio->page + n;
}

static inline unsigned long folio_page_idx(const struct folio *folio, const struct page *page)
{
	return (unsigned long)(page - &folio->page);
}

static inline struct folio *pfn_folio(unsigned long pfn)
{
	return page_folio(pfn_to_page(pfn));
}

/* References. The last put frees (src/folio/swap.c). */
__vmsim_export void __folio_put(struct folio *folio);

static inline void folio_get(struct folio *folio)
{
	folio_ref_inc(folio);
}

static inline void folio_put_refs(struct folio *folio, int refs)
{
	VM_BUG_ON_FOLIO(folio_ref_count(folio) < refs, folio);
	if (folio_ref_sub_and_test(folio, refs))
		__folio_put(folio);
}

#define folio_put(folio) folio_put_refs(folio, 1)

static inline void get_page(struct page *page) { folio_get(page_folio(page)); }
static inline void put_page(struct page *page) { folio_put(page_folio(page)); }

struct folio_batch;
__vmsim_export void folios_put_refs(struct folio_batch *folios, unsigned int *refs);

/* release_pages() takes plain and tagged arrays alike; it ignores the tags (E71). */
typedef union {
	struct page **pages;
	struct folio **folios;
	struct encoded_page **encoded_pages;
} release_pages_arg __attribute__((__transparent_union__));
__vmsim_export void release_pages(release_pages_arg arg, int nr);

/* How much a pin (FOLL_PIN) raises the reference count of a folio of one page. */
#define GUP_PIN_COUNTING_BIAS (1U << 10)

/**
 * folio_maybe_dma_pinned() - may somebody have the folio pinned?
 * @folio: the folio
 *
 * A large folio counts its pins. For a small one the answer yes may be wrong: many plain references
 * look the same. A count that has overflowed is a large one.
 *
 * Source: include/linux/mm.h, Linux 6.12.
 */
static inline bool folio_maybe_dma_pinned(struct folio *folio)
{
	if (folio_test_large(folio))
		return atomic_read(&folio->_pincount) > 0;
	return (unsigned int)folio_ref_count(folio) >= GUP_PIN_COUNTING_BIAS;
}

/*
 * Map counts, model of Linux 6.12: each page counts the entries that map it; a large folio also
 * counts them all, and its mapped pages.
 */
#define ENTIRELY_MAPPED 0x800000
#define FOLIO_PAGES_MAPPED (ENTIRELY_MAPPED - 1)

static inline int folio_entire_mapcount(const struct folio *folio)
{
	return atomic_read(&folio->_entire_mapcount) + 1;
}

static inline int folio_large_mapcount(const struct folio *folio)
{
	return atomic_read(&folio->_large_mapcount) + 1;
}

static inline int folio_mapcount(const struct folio *folio)
{
	if (folio_test_large(folio))
		return folio_large_mapcount(folio);
	return atomic_read(&folio->_mapcount) + 1;
}

static inline int page_mapcount(const struct page *page)
{
	return atomic_read(&page->_mapcount) + 1;
}

static inline bool folio_mapped(const struct folio *folio)
{
	return folio_mapcount(folio) >= 1;
}

static inline bool page_mapped(const struct page *page)
{
	return folio_mapped(page_folio(page));
}

/* A guess, where a large folio is mapped more often than it has pages. */
static inline bool folio_likely_mapped_shared(struct folio *folio)
{
	int entries = folio_mapcount(folio);

	if (entries < 2 || !folio_test_large(folio))
		return entries > 1;
	return entries > folio_nr_pages(folio) || folio_entire_mapcount(folio) > 0 ||
	       page_mapcount(&folio->page) > 1;
}

/* Resident-set counters. */
static inline long vmsim_rss_sum(const struct mm_struct *mm, int member)
{
	long sum = 0;

	for (unsigned int i = 0; i < mm->nr_rss_slots; i++)
		sum += __READ_ONCE(mm->rss_stat[i].count[member].counter);
	return sum;
}

static inline unsigned long get_mm_counter(struct mm_struct *mm, int member)
{
	long value = vmsim_rss_sum(mm, member);

	return value < 0 ? 0 : (unsigned long)value;
}

static inline void add_mm_counter(struct mm_struct *mm, int member, long value)
{
	atomic_long_fetch_add_unseen(value, &mm->rss_stat[current->cpu_nr].count[member]);
}

static inline void inc_mm_counter(struct mm_struct *mm, int member)
{
	add_mm_counter(mm, member, 1);
}

static inline void dec_mm_counter(struct mm_struct *mm, int member)
{
	add_mm_counter(mm, member, -1);
}

/* Nobody asks for the most that a process ever had. */
static inline void update_hiwater_rss(struct mm_struct *mm) /* customised */
{
	(void)mm;
}

static inline int mm_counter_file(const struct folio *folio)
{
	return folio_test_swapbacked(folio) ? MM_SHMEMPAGES : MM_FILEPAGES;
}

static inline int mm_counter(const struct folio *folio)
{
	return folio_test_anon(folio) ? MM_ANONPAGES : mm_counter_file(folio);
}

/*
 * Memory that page tables take: those with PTEs, PMDs and PUDs count. A statistic: no decision of
 * the explorer.
 */
static inline void vmsim_count_tables(struct mm_struct *mm, long tables)
{
	__atomic_fetch_add(&mm->pgtables_bytes.counter, tables * (long)PAGE_SIZE, __ATOMIC_RELAXED);
}

#define mm_inc_nr_ptes(mm) vmsim_count_tables(mm, 1)
#define mm_dec_nr_ptes(mm) vmsim_count_tables(mm, -1)
#define mm_inc_nr_pmds(mm) vmsim_count_tables(mm, 1)
#define mm_dec_nr_pmds(mm) vmsim_count_tables(mm, -1)
#define mm_inc_nr_puds(mm) vmsim_count_tables(mm, 1)
#define mm_dec_nr_puds(mm) vmsim_count_tables(mm, -1)

/* Page tables (src/pgtable). See <linux/pgtable.h> for walking. */
__vmsim_export int __pte_alloc(struct mm_struct *mm, pmd_t *pmd);
__vmsim_export int __pmd_alloc(struct mm_struct *mm, pud_t *pud, unsigned long address);
__vmsim_export int __pud_alloc(struct mm_struct *mm, p4d_t *p4d, unsigned long address);
__vmsim_export int __p4d_alloc(struct mm_struct *mm, pgd_t *pgd, unsigned long address);
__vmsim_export p4d_t *p4d_alloc(struct mm_struct *mm, pgd_t *pgd, unsigned long address);
__vmsim_export pud_t *pud_alloc(struct mm_struct *mm, p4d_t *p4d, unsigned long address);
__vmsim_export pmd_t *pmd_alloc(struct mm_struct *mm, pud_t *pud, unsigned long address);

__vmsim_export spinlock_t *pte_lockptr(struct mm_struct *mm, pmd_t *pmd);
__vmsim_export spinlock_t *pmd_lockptr(struct mm_struct *mm, pmd_t *pmd);
__vmsim_export spinlock_t *pmd_lock(struct mm_struct *mm, pmd_t *pmd);

/* All levels above the PMD have one lock. */
static inline spinlock_t *pud_lockptr(struct mm_struct *mm, pud_t *pud)
{
	(void)pud;
	return &mm->page_table_lock;
}

static inline spinlock_t *pud_lock(struct mm_struct *mm, pud_t *pud)
{
	spinlock_t *lock = pud_lockptr(mm, pud);

	spin_lock(lock);
	return lock;
}

/*
 * Lookups of a PTE table. They fail (NULL) where the entry above is empty or a leaf, and recheck
 * it after the lock is taken, as since Linux 6.5 (mm/pgtable-generic.c in 6.12). Between map and
 * unmap the thread is in an RCU read section.
 */
__vmsim_export pte_t *__pte_offset_map(pmd_t *pmd, unsigned long addr, pmd_t *pmdvalp);
__vmsim_export pte_t *pte_offset_map_nolock(struct mm_struct *mm, pmd_t *pmd, unsigned long addr,
					    spinlock_t **ptlp);
__vmsim_export pte_t *__pte_offset_map_lock(struct mm_struct *mm, pmd_t *pmd, unsigned long addr,
					    spinlock_t **ptlp);

static inline pte_t *pte_offset_map(pmd_t *pmd, unsigned long addr)
{
	return __pte_offset_map(pmd, addr, NULL);
}

static inline pte_t *pte_offset_map_lock(struct mm_struct *mm, pmd_t *pmd, unsigned long addr,
					 spinlock_t **ptlp)
{
	return __pte_offset_map_lock(mm, pmd, addr, ptlp);
}

static inline void pte_unmap(pte_t *pte)
{
	(void)pte;
	rcu_read_unlock();
}

static inline void pte_unmap_unlock(pte_t *pte, spinlock_t *ptl)
{
	spin_unlock(ptl);
	pte_unmap(pte);
}

#define pte_alloc(mm, pmd) (unlikely(pmd_none(pmdp_get(pmd))) && __pte_alloc(mm, pmd))
#define pte_alloc_map_lock(mm, pmd, address, ptlp) \
	(pte_alloc(mm, pmd) ? NULL : pte_offset_map_lock(mm, pmd, address, ptlp))

/* VMAs. */
__vmsim_export struct vm_area_struct *vm_area_alloc(struct mm_struct *mm);
__vmsim_export void vm_area_free(struct vm_area_struct *vma);
__vmsim_export struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr);
__vmsim_export struct vm_area_struct *vma_lookup(struct mm_struct *mm, unsigned long addr);
__vmsim_export struct vm_area_struct *find_vma_prev(struct mm_struct *mm, unsigned long addr,
						    struct vm_area_struct **pprev);
__vmsim_export struct vm_area_struct *find_vma_intersection(struct mm_struct *mm,
							    unsigned long start_addr,
							    unsigned long end_addr);
__vmsim_export pgprot_t vm_get_page_prot(unsigned long vm_flags);
__vmsim_export void vma_set_page_prot(struct vm_area_struct *vma);
__vmsim_export bool vma_wants_writenotify(struct vm_area_struct *vma, pgprot_t vm_page_prot);
__vmsim_export bool vma_needs_dirty_tracking(struct vm_area_struct *vma);

enum vma_merge_state {
	VMA_MERGE_START,
	VMA_MERGE_ERROR_NOMEM,
	VMA_MERGE_NOMERGE,
	VMA_MERGE_SUCCESS,
};

/**
 * struct vma_merge_struct - a range of addresses that is or becomes one mapping (mm/vma.h)
 * @prev, @next: the mappings before and behind it
 * @vma: the mapping that it is a part of, or NULL; a merge sets it to the one that has the range
 * @anon_vma, @anon_name: of the mapping that it is, or is to be a copy of
 *
 * What the kernel keeps of policies, userfaultfd and its position in the tree does not exist here.
 */
struct vma_merge_struct {
	struct mm_struct *mm;
	pgoff_t pgoff;
	struct vm_area_struct *prev, *next, *vma;
	unsigned long start, end;
	unsigned long flags;
	struct file *file;
	struct anon_vma *anon_vma;
	const char *anon_name;
	enum vma_merge_state state;
};

static inline bool vmg_nomem(const struct vma_merge_struct *vmg)
{
	return vmg->state == VMA_MERGE_ERROR_NOMEM;
}

__vmsim_export bool is_mergeable_anon_vma(struct anon_vma *anon_vma1, struct anon_vma *anon_vma2,
					  struct vm_area_struct *vma);
__vmsim_export int dup_anon_vma(struct vm_area_struct *dst, struct vm_area_struct *src,
				struct vm_area_struct **dup);
__vmsim_export int commit_merge(struct vma_merge_struct *vmg, struct vm_area_struct *adjust,
				struct vm_area_struct *remove, struct vm_area_struct *remove2,
				long adj_start, bool expanded);
__vmsim_export int vma_expand(struct vma_merge_struct *vmg);
__vmsim_export struct vm_area_struct *vma_merge_new_range(struct vma_merge_struct *vmg);
__vmsim_export struct vm_area_struct *vma_merge_existing_range(struct vma_merge_struct *vmg);
__vmsim_export struct vm_area_struct *vma_merge_extend(struct vma_iterator *vmi,
						       struct vm_area_struct *vma,
						       unsigned long delta);
__vmsim_export struct vm_area_struct *copy_vma(struct vm_area_struct **vmap, unsigned long addr,
					       unsigned long len, pgoff_t pgoff,
					       bool *need_rmap_locks, bool keep_source);

/* System calls' insides (src/mm/munmap.c, unmapped_area.c). */
__vmsim_export int do_vmi_munmap(struct vma_iterator *vmi, struct mm_struct *mm,
				 unsigned long start, size_t len, struct list_head *uf,
				 bool unlock);
__vmsim_export int vmsim_unmap(struct vma_iterator *vmi, struct mm_struct *mm, unsigned long start,
			       size_t len, bool downgrade);
__vmsim_export int do_munmap(struct mm_struct *mm, unsigned long start, size_t len,
			     struct list_head *uf);
__vmsim_export unsigned long get_unmapped_area(struct file *file, unsigned long addr,
					       unsigned long len, unsigned long pgoff,
					       unsigned long flags);

/* Limits of address space and data (setrlimit(2)) are not modelled. */
static inline bool may_expand_vm(struct mm_struct *mm, vm_flags_t flags, unsigned long npages)
{
	(void)mm, (void)flags, (void)npages;
	return true;
}

/* What of it is code, data and stack nobody asks. */
static inline void vm_stat_account(struct mm_struct *mm, vm_flags_t flags, long npages)
{
	(void)flags;
	WRITE_ONCE(mm->total_vm, mm->total_vm + npages);
}

static inline unsigned long vma_pages(const struct vm_area_struct *vma)
{
	return (vma->vm_end - vma->vm_start) >> PAGE_SHIFT;
}

static inline bool vma_is_anonymous(const struct vm_area_struct *vma)
{
	return !vma->vm_ops;
}

static inline bool vma_has_recency(const struct vm_area_struct *vma)
{
	return !(READ_ONCE(vma->vm_flags) & (VM_SEQ_READ | VM_RAND_READ));
}

static inline bool vma_is_accessible(const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_ACCESS_FLAGS;
}

/* Stacks that an exec() is still making are not modelled. */
static inline bool vma_is_temporary_stack(const struct vm_area_struct *vma) /* customised */
{
	(void)vma;
	return false;
}

/* Writable entries only where the mapping is: others may come from ptrace and the like. */
static inline pte_t maybe_mkwrite(pte_t pte, struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_WRITE ? pte_mkwrite(pte, vma) : pte;
}

static inline bool is_cow_mapping(vm_flags_t flags)
{
	return (flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE;
}

/*
 * Since CLEAR_REFS_SOFT_DIRTY, writes to each page are noticed by faults. A mapping with VM_SOFTDIRTY
 * counts as written all over.
 */
static inline bool vma_soft_dirty_enabled(struct vm_area_struct *vma)
{
	return !(vma->vm_flags & VM_SOFTDIRTY);
}

/* Must the next write fault, because it would be the first one since then? */
static inline bool pte_needs_soft_dirty_wp(struct vm_area_struct *vma, pte_t pte)
{
	return vma_soft_dirty_enabled(vma) && !pte_soft_dirty(pte);
}

/**
 * folio_needs_cow_for_dma() - must a fork copy the folio instead of sharing it?
 * @vma: mapping of the parent
 * @folio: anonymous folio that it maps
 *
 * Context: write_protect_seq odd, so that who pins without locks drops the pin again (R13).
 * Source: include/linux/mm.h, Linux 6.12.
 */
static inline bool folio_needs_cow_for_dma(struct vm_area_struct *vma, struct folio *folio)
{
	VM_BUG_ON_VMA(!(raw_read_seqcount(&vma->vm_mm->write_protect_seq) & 1), vma);
	if (!test_bit(MMF_HAS_PINNED, &vma->vm_mm->flags))
		return false;
	return folio_maybe_dma_pinned(folio);
}

static inline void mmap_read_lock(struct mm_struct *mm) { down_read(&mm->mmap_lock); }
static inline bool mmap_read_trylock(struct mm_struct *mm)
{
	return down_read_trylock(&mm->mmap_lock);
}
static inline void mmap_read_unlock(struct mm_struct *mm) { up_read(&mm->mmap_lock); }
static inline void mmap_write_lock(struct mm_struct *mm) { down_write(&mm->mmap_lock); }
/* Nobody is killed: never interrupted. */
static inline int mmap_write_lock_killable(struct mm_struct *mm)
{
	mmap_write_lock(mm);
	return 0;
}
static inline int mmap_read_lock_killable(struct mm_struct *mm)
{
	mmap_read_lock(mm);
	return 0;
}
static inline void mmap_write_unlock(struct mm_struct *mm) { up_write(&mm->mmap_lock); }
static inline void mmap_write_downgrade(struct mm_struct *mm) { downgrade_write(&mm->mmap_lock); }
/* A second mmap_lock: that of a child, which nobody else knows yet. */
#define mmap_write_lock_nested(mm, subclass) mmap_write_lock(mm)
#define mmap_assert_locked(mm) VM_BUG_ON(!rwsem_is_locked(&(mm)->mmap_lock))
#define mmap_assert_write_locked(mm) VM_BUG_ON(__READ_ONCE((mm)->mmap_lock.owner) != current)

/*
 * Reverse maps: the mappings of one file, and the VMAs of one anon_vma, by page offset
 * (src/rmap/interval_tree.c).
 */
struct anon_vma_chain;
__vmsim_export void vma_interval_tree_insert(struct vm_area_struct *node,
					     struct rb_root_cached *root);
__vmsim_export void vma_interval_tree_insert_after(struct vm_area_struct *node,
						   struct vm_area_struct *prev,
						   struct rb_root_cached *root);
__vmsim_export void vma_interval_tree_remove(struct vm_area_struct *node,
					     struct rb_root_cached *root);
__vmsim_export struct vm_area_struct *
vma_interval_tree_iter_first(struct rb_root_cached *root, unsigned long start, unsigned long last);
__vmsim_export struct vm_area_struct *
vma_interval_tree_iter_next(struct vm_area_struct *node, unsigned long start, unsigned long last);
__vmsim_export void anon_vma_interval_tree_insert(struct anon_vma_chain *node,
						  struct rb_root_cached *root);
__vmsim_export void anon_vma_interval_tree_remove(struct anon_vma_chain *node,
						  struct rb_root_cached *root);
__vmsim_export struct anon_vma_chain *
anon_vma_interval_tree_iter_first(struct rb_root_cached *root, unsigned long start,
				  unsigned long last);
__vmsim_export struct anon_vma_chain *
anon_vma_interval_tree_iter_next(struct anon_vma_chain *node, unsigned long start,
				 unsigned long last);

#define vma_interval_tree_foreach(vma, root, start, last)			\
	for ((vma) = vma_interval_tree_iter_first(root, start, last); (vma);	\
	     (vma) = vma_interval_tree_iter_next(vma, start, last))
#define anon_vma_interval_tree_foreach(avc, root, start, last)			\
	for ((avc) = anon_vma_interval_tree_iter_first(root, start, last); (avc); \
	     (avc) = anon_vma_interval_tree_iter_next(avc, start, last))

/*
 * Faults and zaps (src/mm). Every function below is replaceable, those that are static in the
 * kernel included (docs/overrides.md).
 */
struct vm_fault {
	struct vm_area_struct *vma;
	gfp_t gfp_mask;
	pgoff_t pgoff;
	unsigned long address;
	unsigned long real_address;
	enum fault_flag flags;
	pmd_t *pmd;
	pud_t *pud;
	union {
		pte_t orig_pte;
		pmd_t orig_pmd;
	};
	struct page *cow_page;
	struct page *page;
	pte_t *pte;
	spinlock_t *ptl;
	pgtable_t prealloc_pte;
};

struct vm_operations_struct {
	void (*open)(struct vm_area_struct *area);
	void (*close)(struct vm_area_struct *area);
	int (*may_split)(struct vm_area_struct *area, unsigned long addr);
	int (*mremap)(struct vm_area_struct *area);
	int (*mprotect)(struct vm_area_struct *vma, unsigned long start, unsigned long end,
			unsigned long newflags);
	vm_fault_t (*fault)(struct vm_fault *vmf);
	vm_fault_t (*map_pages)(struct vm_fault *vmf, pgoff_t start_pgoff, pgoff_t end_pgoff);
	vm_fault_t (*page_mkwrite)(struct vm_fault *vmf);
};

struct zap_details {
	struct folio *single_folio;
	bool even_cows;
	unsigned int zap_flags;
};

#define ZAP_FLAG_DROP_MARKER 1u
#define ZAP_FLAG_UNMAP 2u

struct mmu_gather;

/* How change_protection() treats entries (include/linux/mm.h, Linux 6.12). */
#define MM_CP_TRY_CHANGE_WRITABLE (1UL << 0)
#define MM_CP_PROT_NUMA (1UL << 1)
#define MM_CP_UFFD_WP (1UL << 2)
#define MM_CP_UFFD_WP_RESOLVE (1UL << 3)
#define MM_CP_UFFD_WP_ALL (MM_CP_UFFD_WP | MM_CP_UFFD_WP_RESOLVE)

struct pt_regs;
__vmsim_export vm_fault_t handle_mm_fault(struct vm_area_struct *vma, unsigned long address,
					  unsigned int flags, struct pt_regs *regs);
__vmsim_export vm_fault_t __handle_mm_fault(struct vm_area_struct *vma, unsigned long address,
					    unsigned int flags);
__vmsim_export vm_fault_t handle_pte_fault(struct vm_fault *vmf);
__vmsim_export bool vmf_pte_changed(struct vm_fault *vmf);
__vmsim_export vm_fault_t do_anonymous_page(struct vm_fault *vmf);
__vmsim_export vm_fault_t do_fault(struct vm_fault *vmf);
__vmsim_export vm_fault_t __do_fault(struct vm_fault *vmf);
__vmsim_export vm_fault_t do_fault_around(struct vm_fault *vmf);
__vmsim_export vm_fault_t do_read_fault(struct vm_fault *vmf);
__vmsim_export vm_fault_t do_cow_fault(struct vm_fault *vmf);
__vmsim_export vm_fault_t do_shared_fault(struct vm_fault *vmf);
__vmsim_export void set_pte_range(struct vm_fault *vmf, struct folio *folio, struct page *page,
				  unsigned int nr, unsigned long addr);
__vmsim_export vm_fault_t finish_fault(struct vm_fault *vmf);
__vmsim_export vm_fault_t do_page_mkwrite(struct vm_fault *vmf, struct folio *folio);
__vmsim_export vm_fault_t finish_mkwrite_fault(struct vm_fault *vmf, struct folio *folio);
__vmsim_export vm_fault_t fault_dirty_shared_page(struct vm_fault *vmf);
__vmsim_export vm_fault_t do_wp_page(struct vm_fault *vmf);
__vmsim_export vm_fault_t wp_page_copy(struct vm_fault *vmf);
__vmsim_export vm_fault_t wp_page_shared(struct vm_fault *vmf, struct folio *folio);
__vmsim_export void wp_page_reuse(struct vm_fault *vmf, struct folio *folio);
__vmsim_export bool wp_can_reuse_anon_folio(struct folio *folio, struct vm_area_struct *vma);

__vmsim_export void unmap_vmas(struct mmu_gather *tlb, struct ma_state *mas,
			       struct vm_area_struct *vma, unsigned long start_addr,
			       unsigned long end_addr, unsigned long tree_end, bool mm_wr_locked);
__vmsim_export void unmap_single_vma(struct mmu_gather *tlb, struct vm_area_struct *vma,
				     unsigned long start_addr, unsigned long end_addr,
				     struct zap_details *details, bool mm_wr_locked);
__vmsim_export void unmap_page_range(struct mmu_gather *tlb, struct vm_area_struct *vma,
				     unsigned long addr, unsigned long end,
				     struct zap_details *details);
__vmsim_export unsigned long zap_p4d_range(struct mmu_gather *tlb, struct vm_area_struct *vma,
					   pgd_t *pgd, unsigned long addr, unsigned long end,
					   struct zap_details *details);
__vmsim_export unsigned long zap_pud_range(struct mmu_gather *tlb, struct vm_area_struct *vma,
					   p4d_t *p4d, unsigned long addr, unsigned long end,
					   struct zap_details *details);
__vmsim_export unsigned long zap_pmd_range(struct mmu_gather *tlb, struct vm_area_struct *vma,
					   pud_t *pud, unsigned long addr, unsigned long end,
					   struct zap_details *details);
__vmsim_export unsigned long zap_pte_range(struct mmu_gather *tlb, struct vm_area_struct *vma,
					   pmd_t *pmd, unsigned long addr, unsigned long end,
					   struct zap_details *details);
__vmsim_export int zap_present_ptes(struct mmu_gather *tlb, struct vm_area_struct *vma,
				    pte_t *pte, pte_t ptent, unsigned int max_nr,
				    unsigned long addr, struct zap_details *details, int *rss,
				    bool *force_flush, bool *force_break);
__vmsim_export void zap_present_folio_ptes(struct mmu_gather *tlb, struct vm_area_struct *vma,
					   struct folio *folio, struct page *page, pte_t *pte,
					   pte_t ptent, unsigned int nr, unsigned long addr,
					   struct zap_details *details, int *rss,
					   bool *force_flush, bool *force_break);
__vmsim_export void zap_page_range_single(struct vm_area_struct *vma, unsigned long address,
					  unsigned long size, struct zap_details *details);
__vmsim_export void free_pgtables(struct mmu_gather *tlb, struct ma_state *mas,
				  struct vm_area_struct *vma, unsigned long floor,
				  unsigned long ceiling, bool mm_wr_locked);

/* Runs of entries that map one folio (src/mm/pte_batch.c). */
typedef int fpb_t;
#define FPB_IGNORE_DIRTY ((fpb_t)1)
#define FPB_IGNORE_SOFT_DIRTY ((fpb_t)2)
__vmsim_export int folio_pte_batch(struct folio *folio, unsigned long addr, pte_t *start_ptep,
				   pte_t pte, int max_nr, fpb_t flags, bool *any_writable,
				   bool *any_young, bool *any_dirty);

/* fork: src/mm/fork.c, src/mm/copy.c. */
__vmsim_export struct mm_struct *dup_mm(struct task_struct *tsk, struct mm_struct *oldmm);
__vmsim_export int dup_mmap(struct mm_struct *mm, struct mm_struct *oldmm);
__vmsim_export int vmsim_dup_mappings(struct mm_struct *mm, struct mm_struct *oldmm);
__vmsim_export int copy_page_range(struct vm_area_struct *dst_vma, struct vm_area_struct *src_vma);
__vmsim_export bool vma_needs_copy(struct vm_area_struct *dst_vma, struct vm_area_struct *src_vma);
__vmsim_export int copy_p4d_range(struct vm_area_struct *dst_vma, struct vm_area_struct *src_vma,
				  pgd_t *dst_pgd, pgd_t *src_pgd, unsigned long addr,
				  unsigned long end);
__vmsim_export int copy_pud_range(struct vm_area_struct *dst_vma, struct vm_area_struct *src_vma,
				  p4d_t *dst_p4d, p4d_t *src_p4d, unsigned long addr,
				  unsigned long end);
__vmsim_export int copy_pmd_range(struct vm_area_struct *dst_vma, struct vm_area_struct *src_vma,
				  pud_t *dst_pud, pud_t *src_pud, unsigned long addr,
				  unsigned long end);
__vmsim_export int copy_pte_range(struct vm_area_struct *dst_vma, struct vm_area_struct *src_vma,
				  pmd_t *dst_pmd, pmd_t *src_pmd, unsigned long addr,
				  unsigned long end);
__vmsim_export int copy_present_ptes(struct vm_area_struct *dst_vma,
				     struct vm_area_struct *src_vma, pte_t *dst_pte, pte_t *src_pte,
				     pte_t pte, unsigned long addr, int max_nr, int *rss,
				     struct folio **prealloc);
__vmsim_export void __copy_present_ptes(struct vm_area_struct *dst_vma,
					struct vm_area_struct *src_vma, pte_t *dst_pte,
					pte_t *src_pte, pte_t pte, unsigned long addr, int nr);
__vmsim_export int copy_present_page(struct vm_area_struct *dst_vma,
				     struct vm_area_struct *src_vma, pte_t *dst_pte, pte_t *src_pte,
				     unsigned long addr, int *rss, struct folio **prealloc,
				     struct page *page);
__vmsim_export unsigned long copy_nonpresent_pte(struct mm_struct *dst_mm,
						 struct mm_struct *src_mm, pte_t *dst_pte,
						 pte_t *src_pte, struct vm_area_struct *dst_vma,
						 struct vm_area_struct *src_vma, unsigned long addr,
						 int *rss);

/* mremap: src/mm/mremap.c, src/mm/move_page_tables.c. What is static in the kernel stands last. */
__vmsim_export unsigned long move_page_tables(struct vm_area_struct *vma, unsigned long old_addr,
					      struct vm_area_struct *new_vma,
					      unsigned long new_addr, unsigned long len,
					      bool need_rmap_locks, bool for_stack);
__vmsim_export int mprotect_fixup(struct vma_iterator *vmi, struct mmu_gather *tlb,
				  struct vm_area_struct *vma, struct vm_area_struct **pprev,
				  unsigned long start, unsigned long end, unsigned long newflags);
__vmsim_export long change_protection(struct mmu_gather *tlb, struct vm_area_struct *vma,
				      unsigned long start, unsigned long end,
				      unsigned long cp_flags);
__vmsim_export bool can_change_pte_writable(struct vm_area_struct *vma, unsigned long addr,
					    pte_t pte);
__vmsim_export void clear_soft_dirty(struct vm_area_struct *vma, unsigned long addr, pte_t *pte);
__vmsim_export struct page *vm_normal_page(struct vm_area_struct *vma, unsigned long addr,
					   pte_t pte);
static inline struct folio *vm_normal_folio(struct vm_area_struct *vma, unsigned long addr,
					    pte_t pte)
{
	struct page *page = vm_normal_page(vma, addr, pte);

	return page ? page_folio(page) : NULL;
}

/* When a page was accessed last only NUMA balancing asks. */
static inline bool folio_use_access_time(struct folio *folio)
{
	(void)folio;
	return false;
}

static inline int folio_xchg_access_time(struct folio *folio, int time)
{
	(void)folio, (void)time;
	return 0;
}

__vmsim_export void print_bad_pte(struct vm_area_struct *vma, unsigned long addr, pte_t pte,
				  struct page *page);
__vmsim_export void free_pgd_range(struct mmu_gather *tlb, unsigned long addr, unsigned long end,
				   unsigned long floor, unsigned long ceiling);

#ifndef VMSIM_KERNEL_FILE
__vmsim_export unsigned long move_vma(struct vm_area_struct *vma, unsigned long old_addr,
				      unsigned long old_len, unsigned long new_len,
				      unsigned long new_addr, bool *locked, unsigned long flags,
				      struct vm_userfaultfd_ctx *uf, struct list_head *uf_unmap);
__vmsim_export int move_ptes(struct vm_area_struct *vma, pmd_t *old_pmd, unsigned long old_addr,
			     unsigned long old_end, struct vm_area_struct *new_vma, pmd_t *new_pmd,
			     unsigned long new_addr, bool need_rmap_locks);
__vmsim_export bool move_normal_pmd(struct vm_area_struct *vma, unsigned long old_addr,
				    unsigned long new_addr, pmd_t *old_pmd, pmd_t *new_pmd);
__vmsim_export bool move_normal_pud(struct vm_area_struct *vma, unsigned long old_addr,
				    unsigned long new_addr, pud_t *old_pud, pud_t *new_pud);
__vmsim_export void retract_page_tables(struct address_space *mapping, pgoff_t pgoff);
__vmsim_export void take_rmap_locks(struct vm_area_struct *vma);
__vmsim_export void drop_rmap_locks(struct vm_area_struct *vma);
__vmsim_export long change_pte_range(struct mmu_gather *tlb, struct vm_area_struct *vma,
				     pmd_t *pmd, unsigned long addr, unsigned long end,
				     pgprot_t newprot, unsigned long cp_flags);
struct mm_walk;
__vmsim_export int mlock_pte_range(pmd_t *pmd, unsigned long addr, unsigned long end,
				   struct mm_walk *walk);
__vmsim_export void mlock_vma_pages_range(struct vm_area_struct *vma, unsigned long start,
					  unsigned long end, vm_flags_t newflags);
__vmsim_export int mlock_fixup(struct vma_iterator *vmi, struct vm_area_struct *vma,
			       struct vm_area_struct **prev, unsigned long start,
			       unsigned long end, vm_flags_t newflags);
#endif

struct ucounts;
__vmsim_export bool can_do_mlock(void);
__vmsim_export int user_shm_lock(size_t size, struct ucounts *ucounts);
__vmsim_export void user_shm_unlock(size_t size, struct ucounts *ucounts);

static inline void init_rss_vec(int *rss)
{
	memset(rss, 0, sizeof(int) * NR_MM_COUNTERS);
}

static inline void add_mm_rss_vec(struct mm_struct *mm, int *rss)
{
	for (int member = 0; member < NR_MM_COUNTERS; member++)
		if (rss[member])
			add_mm_counter(mm, member, rss[member]);
}

__vmsim_export void mmgrab(struct mm_struct *mm);
__vmsim_export void mmdrop(struct mm_struct *mm);
__vmsim_export void mmput(struct mm_struct *mm);
__vmsim_export struct mm_struct *mm_alloc(void);
__vmsim_export void exit_mmap(struct mm_struct *mm);

/* Dirtying and cleaning (src/folio/writeback.c). */
__vmsim_export bool folio_mark_dirty(struct folio *folio);
__vmsim_export bool folio_clear_dirty_for_io(struct folio *folio);
__vmsim_export bool set_page_dirty(struct page *page);
__vmsim_export int set_page_dirty_lock(struct page *page);
__vmsim_export void folio_mark_accessed(struct folio *folio);

/* As memcmp(3) (src/machine/contents.c). */
__vmsim_export int memcmp_pages(struct page *page1, struct page *page2);

static inline int pages_identical(struct page *page1, struct page *page2)
{
	return !memcmp_pages(page1, page2);
}

#include <linux/vmsim-gup.h>
#include <linux/huge_mm.h>
#include <linux/memremap.h>
#include <linux/vmstat.h>

#endif
