/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_RMAP_H
#define _VMSIM_LINUX_RMAP_H

#include <linux/mm.h>
#include <linux/fs.h>

/**
 * struct anon_vma - the set of VMAs in which an anonymous page may be mapped
 *
 * The memory is type-stable: it may become another anon_vma while an RCU reader still looks at it
 * (R8). @generation counts its lives, for the oracles.
 */
RB_HEAD(vmsim_anon_tree, anon_vma_chain);
struct anon_vma {
	struct anon_vma *root;
	struct rw_semaphore rwsem;
	atomic_t refcount;
	unsigned long num_children;
	unsigned long num_active_vmas;
	struct anon_vma *parent;
	struct vmsim_anon_tree rb_root;
	unsigned long generation;
};

struct anon_vma_chain {
	struct vm_area_struct *vma;
	struct anon_vma *anon_vma;
	struct list_head same_vma;
	RB_ENTRY(anon_vma_chain) rb;
};

typedef int rmap_t;
#define RMAP_NONE ((rmap_t)0)
#define RMAP_EXCLUSIVE ((rmap_t)1)

enum ttu_flags {
	TTU_SPLIT_HUGE_PMD = 0x4,
	TTU_IGNORE_MLOCK = 0x8,
	TTU_SYNC = 0x10,
	TTU_HWPOISON = 0x20,
	TTU_BATCH_FLUSH = 0x40,
	TTU_RMAP_LOCKED = 0x80,
};

__vmsim_export int __anon_vma_prepare(struct vm_area_struct *vma);
__vmsim_export void unlink_anon_vmas(struct vm_area_struct *vma);
__vmsim_export int anon_vma_clone(struct vm_area_struct *dst, struct vm_area_struct *src);
__vmsim_export struct anon_vma *folio_lock_anon_vma_read(struct folio *folio);

static inline int anon_vma_prepare(struct vm_area_struct *vma)
{
	return likely(vma->anon_vma) ? 0 : __anon_vma_prepare(vma);
}

static inline void anon_vma_lock_write(struct anon_vma *anon_vma) { down_write(&anon_vma->root->rwsem); }
static inline void anon_vma_unlock_write(struct anon_vma *anon_vma) { up_write(&anon_vma->root->rwsem); }
static inline void anon_vma_lock_read(struct anon_vma *anon_vma) { down_read(&anon_vma->root->rwsem); }
static inline void anon_vma_unlock_read(struct anon_vma *anon_vma) { up_read(&anon_vma->root->rwsem); }

/* Counting. All under the PTL of the entry (R6, R7). */
__vmsim_export void folio_add_new_anon_rmap(struct folio *folio, struct vm_area_struct *vma,
					    unsigned long address, rmap_t flags);
__vmsim_export void folio_add_anon_rmap_ptes(struct folio *folio, struct page *page, int nr_pages,
					     struct vm_area_struct *vma, unsigned long address,
					     rmap_t flags);
__vmsim_export void folio_add_file_rmap_ptes(struct folio *folio, struct page *page, int nr_pages,
					     struct vm_area_struct *vma);
__vmsim_export void folio_remove_rmap_ptes(struct folio *folio, struct page *page, int nr_pages,
					   struct vm_area_struct *vma);
#define folio_add_anon_rmap_pte(folio, page, vma, address, flags) \
	folio_add_anon_rmap_ptes(folio, page, 1, vma, address, flags)
#define folio_add_file_rmap_pte(folio, page, vma) folio_add_file_rmap_ptes(folio, page, 1, vma)
#define folio_remove_rmap_pte(folio, page, vma) folio_remove_rmap_ptes(folio, page, 1, vma)
__vmsim_export void folio_move_anon_rmap(struct folio *folio, struct vm_area_struct *vma);

/**
 * struct page_vma_mapped_walk - looks for the entries that map one folio in one VMA
 *
 * PVMW_SYNC: take the PTL even where the entry looks empty (732ed55823fc).
 */
#define PVMW_SYNC (1u << 0)
#define PVMW_MIGRATION (1u << 1)

struct page_vma_mapped_walk {
	unsigned long pfn;
	unsigned long nr_pages;
	pgoff_t pgoff;
	struct vm_area_struct *vma;
	unsigned long address;
	pmd_t *pmd;
	pte_t *pte;
	spinlock_t *ptl;
	unsigned int flags;
};

#define DEFINE_FOLIO_VMA_WALK(name, _folio, _vma, _address, _flags)	\
	struct page_vma_mapped_walk name = {				\
		.pfn = folio_pfn(_folio),				\
		.nr_pages = folio_nr_pages(_folio),			\
		.pgoff = folio_pgoff(_folio),				\
		.vma = _vma,						\
		.address = _address,					\
		.flags = _flags,					\
	}

__vmsim_export bool page_vma_mapped_walk(struct page_vma_mapped_walk *pvmw);
__vmsim_export void page_vma_mapped_walk_done(struct page_vma_mapped_walk *pvmw);

struct rmap_walk_control {
	void *arg;
	bool try_lock;
	bool contended;
	bool (*rmap_one)(struct folio *folio, struct vm_area_struct *vma, unsigned long addr, void *arg);
	int (*done)(struct folio *folio);
	struct anon_vma *(*anon_lock)(struct folio *folio, struct rmap_walk_control *rwc);
	bool (*invalid_vma)(struct vm_area_struct *vma, void *arg);
};

__vmsim_export void rmap_walk(struct folio *folio, struct rmap_walk_control *rwc);
__vmsim_export void rmap_walk_locked(struct folio *folio, struct rmap_walk_control *rwc);
__vmsim_export int folio_mkclean(struct folio *folio);
__vmsim_export int folio_referenced(struct folio *folio, int is_locked, void *memcg,
				    unsigned long *vm_flags);
__vmsim_export void try_to_unmap(struct folio *folio, enum ttu_flags flags);
__vmsim_export void try_to_unmap_flush(void);
__vmsim_export void try_to_unmap_flush_dirty(void);
__vmsim_export void flush_tlb_batched_pending(struct mm_struct *mm);

/* Reverse maps of files: mappings of one file ordered by page offset. */
__vmsim_export void vma_interval_tree_insert(struct vm_area_struct *vma, struct vmsim_mapping_tree *root);
__vmsim_export void vma_interval_tree_remove(struct vm_area_struct *vma, struct vmsim_mapping_tree *root);
__vmsim_export struct vm_area_struct *
vma_interval_tree_iter_first(struct vmsim_mapping_tree *root, unsigned long start, unsigned long last);
__vmsim_export struct vm_area_struct *
vma_interval_tree_iter_next(struct vm_area_struct *vma, unsigned long start, unsigned long last);

#define vma_interval_tree_foreach(vma, root, start, last)			\
	for ((vma) = vma_interval_tree_iter_first(root, start, last); (vma);	\
	     (vma) = vma_interval_tree_iter_next(vma, start, last))

__vmsim_export void anon_vma_interval_tree_insert(struct anon_vma_chain *avc, struct vmsim_anon_tree *root);
__vmsim_export void anon_vma_interval_tree_remove(struct anon_vma_chain *avc, struct vmsim_anon_tree *root);
__vmsim_export struct anon_vma_chain *
anon_vma_interval_tree_iter_first(struct vmsim_anon_tree *root, unsigned long start, unsigned long last);
__vmsim_export struct anon_vma_chain *
anon_vma_interval_tree_iter_next(struct anon_vma_chain *avc, unsigned long start, unsigned long last);

#define anon_vma_interval_tree_foreach(avc, root, start, last)			\
	for ((avc) = anon_vma_interval_tree_iter_first(root, start, last); (avc); \
	     (avc) = anon_vma_interval_tree_iter_next(avc, start, last))

#endif
