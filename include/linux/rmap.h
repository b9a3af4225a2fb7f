/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_RMAP_H
#define _VMSIM_LINUX_RMAP_H

#include <linux/rbtree.h>
#include <linux/mm.h>
#include <linux/fs.h>
#include <linux/pagemap.h>

struct mem_cgroup;
struct rmap_walk_control;

/**
 * struct anon_vma - the set of VMAs in which an anonymous page may be mapped
 * @root: oldest of its family; only its @rwsem is ever taken
 * @parent: of the process that forked
 * @rwsem: over @rb_root and the counts of the whole family
 * @rb_root: the VMAs, ordered by page offset
 * @refcount: users beside the VMAs, plus one for all VMAs together
 * @num_children: anon_vmas whose @parent this is; a root counts itself
 * @num_active_vmas: VMAs whose new pages come here (vma->anon_vma)
 *
 * A reader in an RCU section may look at an anon_vma that has been freed: until the section ends it
 * is a dead one, or another family's (R8).
 */
struct anon_vma {
	struct anon_vma *root, *parent;
	struct rw_semaphore rwsem;
	struct rb_root_cached rb_root;
	atomic_t refcount;
	unsigned long num_children, num_active_vmas;
};

/**
 * struct anon_vma_chain - says that a VMA belongs to an anon_vma
 * @vma, @anon_vma: the two
 * @same_vma: all of one VMA, newest anon_vma first
 * @rb: all of one anon_vma, ordered by page offset
 * @rb_subtree_last: highest page offset that the VMA, or one below it in the tree, maps
 */
struct anon_vma_chain {
	struct vm_area_struct *vma;
	struct anon_vma *anon_vma;
	struct list_head same_vma;
	struct rb_node rb;
	unsigned long rb_subtree_last;
};

typedef int rmap_t;
#define RMAP_NONE ((rmap_t)0)
#define RMAP_EXCLUSIVE ((rmap_t)1)

enum ttu_flags {
	TTU_SPLIT_HUGE_PMD = 1 << 2,
	TTU_IGNORE_MLOCK = 1 << 3,
	TTU_SYNC = 1 << 4,
	TTU_HWPOISON = 1 << 5,
	TTU_BATCH_FLUSH = 1 << 6,
	TTU_RMAP_LOCKED = 1 << 7,
};

__vmsim_export void anon_vma_init(void);
__vmsim_export int __anon_vma_prepare(struct vm_area_struct *vma);
__vmsim_export void unlink_anon_vmas(struct vm_area_struct *vma);
__vmsim_export int anon_vma_fork(struct vm_area_struct *vma, struct vm_area_struct *pvma);
__vmsim_export int anon_vma_clone(struct vm_area_struct *dst, struct vm_area_struct *src);
__vmsim_export bool vmsim_anon_vma_is_free(const struct anon_vma *anon_vma,
					   const struct vm_area_struct *src);
__vmsim_export void __put_anon_vma(struct anon_vma *anon_vma);
/* NULL where the folio is not mapped, or (@rwc->try_lock) where somebody else holds the lock. */
__vmsim_export struct anon_vma *folio_lock_anon_vma_read(struct folio *folio,
							 struct rmap_walk_control *rwc);
__vmsim_export struct anon_vma *folio_get_anon_vma(struct folio *folio);

static inline struct anon_vma *folio_anon_vma(const struct folio *folio)
{
	unsigned long mapping = (unsigned long)READ_ONCE(folio->mapping);

	if ((mapping & PAGE_MAPPING_FLAGS) != PAGE_MAPPING_ANON)
		return NULL;
	return (struct anon_vma *)(mapping - PAGE_MAPPING_ANON);
}

static inline void get_anon_vma(struct anon_vma *anon_vma) { atomic_inc(&anon_vma->refcount); }

static inline void put_anon_vma(struct anon_vma *anon_vma)
{
	if (atomic_dec_and_test(&anon_vma->refcount))
		__put_anon_vma(anon_vma);
}

static inline int anon_vma_prepare(struct vm_area_struct *vma)
{
	return likely(smp_load_acquire(&vma->anon_vma)) ? 0 : __anon_vma_prepare(vma);
}

/* One lock for all of a family. */
#define anon_vma_lock_write(anon_vma) down_write(&(anon_vma)->root->rwsem)
#define anon_vma_unlock_write(anon_vma) up_write(&(anon_vma)->root->rwsem)
#define anon_vma_lock_read(anon_vma) down_read(&(anon_vma)->root->rwsem)
#define anon_vma_trylock_read(anon_vma) down_read_trylock(&(anon_vma)->root->rwsem)
#define anon_vma_unlock_read(anon_vma) up_read(&(anon_vma)->root->rwsem)

/* How large the entries are that map or unmap: those of a PTE table, or huge ones. */
enum rmap_level {
	RMAP_LEVEL_PTE,
	RMAP_LEVEL_PMD,
};

static inline void __folio_rmap_sanity_checks(struct folio *folio, struct page *page, int nr_pages,
					      enum rmap_level level)
{
	VM_WARN_ON_FOLIO(is_zero_folio(folio), folio);
	VM_WARN_ON_ONCE(nr_pages <= 0);
	VM_WARN_ON_FOLIO(page_folio(page) != folio, folio);
	VM_WARN_ON_FOLIO(page_folio(page + nr_pages - 1) != folio, folio);
	VM_WARN_ON_FOLIO(level != RMAP_LEVEL_PTE, folio);
}

/* Counting. All under the PTL of the entry (R6, R7). */
__vmsim_export void folio_add_new_anon_rmap(struct folio *folio, struct vm_area_struct *vma,
					    unsigned long address, rmap_t flags);
__vmsim_export void folio_add_anon_rmap_ptes(struct folio *folio, struct page *page, int nr_pages,
					     struct vm_area_struct *vma, unsigned long address,
					     rmap_t flags);
__vmsim_export void folio_add_file_rmap_ptes(struct folio *folio, struct page *page, int nr_pages,
					     struct vm_area_struct *vma);
__vmsim_export void folio_dup_file_rmap_ptes(struct folio *folio, struct page *page, int nr_pages);
__vmsim_export int folio_try_dup_anon_rmap_ptes(struct folio *folio, struct page *page,
						int nr_pages, struct vm_area_struct *src_vma);
__vmsim_export int folio_try_share_anon_rmap_pte(struct folio *folio, struct page *page);
__vmsim_export void folio_remove_rmap_ptes(struct folio *folio, struct page *page, int nr_pages,
					   struct vm_area_struct *vma);
#define folio_add_anon_rmap_pte(folio, page, vma, address, flags) \
	folio_add_anon_rmap_ptes(folio, page, 1, vma, address, flags)
#define folio_add_file_rmap_pte(folio, page, vma) folio_add_file_rmap_ptes(folio, page, 1, vma)
#define folio_dup_file_rmap_pte(folio, page) folio_dup_file_rmap_ptes(folio, page, 1)
#define folio_try_dup_anon_rmap_pte(folio, page, src_vma) \
	folio_try_dup_anon_rmap_ptes(folio, page, 1, src_vma)
#define folio_remove_rmap_pte(folio, page, vma) folio_remove_rmap_ptes(folio, page, 1, vma)
__vmsim_export void folio_move_anon_rmap(struct folio *folio, struct vm_area_struct *vma);
__vmsim_export unsigned long page_address_in_vma(struct page *page, struct vm_area_struct *vma);

/**
 * struct page_vma_mapped_walk - looks for the entries that map one folio in one VMA
 *
 * PVMW_SYNC: take the PTL even where the entry looks empty (732ed55823fc).
 */
#define PVMW_SYNC (1u << 0)
#define PVMW_MIGRATION (1u << 1)

struct page_vma_mapped_walk {
	struct vm_area_struct *vma;
	unsigned long address;
	unsigned long pfn, nr_pages;
	pgoff_t pgoff;
	unsigned int flags;
	spinlock_t *ptl;
	pmd_t *pmd;
	pte_t *pte;
};

#define DEFINE_FOLIO_VMA_WALK(name, _folio, _vma, _address, _flags)	\
	struct page_vma_mapped_walk name = {				\
		.vma = _vma,						\
		.address = _address,					\
		.pfn = folio_pfn(_folio),				\
		.pgoff = folio_pgoff(_folio),				\
		.nr_pages = folio_nr_pages(_folio),			\
		.flags = _flags,					\
	}

__vmsim_export bool page_vma_mapped_walk(struct page_vma_mapped_walk *pvmw);
__vmsim_export void page_vma_mapped_walk_done(struct page_vma_mapped_walk *pvmw);

/* The table that the walk stands in is about to change: look again, from the same address on. */
static inline void page_vma_mapped_walk_restart(struct page_vma_mapped_walk *pvmw)
{
	WARN_ON(!pvmw->pmd && !pvmw->pte);
	if (!WARN_ON(!pvmw->ptl))
		spin_unlock(pvmw->ptl);
	pvmw->ptl = NULL;
	pvmw->pmd = NULL;
	pvmw->pte = NULL;
}

struct rmap_walk_control {
	void *arg;
	bool try_lock;
	bool contended;
	bool (*rmap_one)(struct folio *folio, struct vm_area_struct *vma, unsigned long addr,
			 void *arg);
	int (*done)(struct folio *folio);
	struct anon_vma *(*anon_lock)(struct folio *folio, struct rmap_walk_control *rwc);
	bool (*invalid_vma)(struct vm_area_struct *vma, void *arg);
};

__vmsim_export void rmap_walk(struct folio *folio, struct rmap_walk_control *rwc);
__vmsim_export void rmap_walk_locked(struct folio *folio, struct rmap_walk_control *rwc);
__vmsim_export int folio_mkclean(struct folio *folio);
__vmsim_export int folio_referenced(struct folio *folio, int is_locked,
				    struct mem_cgroup *memcg, unsigned long *vm_flags);
__vmsim_export void try_to_unmap(struct folio *folio, enum ttu_flags flags);
__vmsim_export void try_to_unmap_flush(void);
__vmsim_export void try_to_unmap_flush_dirty(void);
__vmsim_export void flush_tlb_batched_pending(struct mm_struct *mm);

#endif
