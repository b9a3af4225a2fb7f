/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_MM_TYPES_H
#define _VMSIM_LINUX_MM_TYPES_H

#include <linux/types.h>
#include <linux/list.h>
#include <linux/rbtree_types.h>
#include <linux/atomic.h>
#include <linux/spinlock.h>
#include <linux/rwsem.h>
#include <linux/seqlock.h>
#include <linux/cpumask.h>
#include <asm/pgtable_types.h>
#include <bsd/sys/tree.h>

struct address_space;
struct anon_vma;
struct file;
struct vm_operations_struct;
struct mmu_gather;

/* Map counts, each a type of its own: <linux/vmsim-mapcount.h>. */
typedef struct { int counter; } vmsim_mapcount_t;
typedef struct { int counter; } vmsim_folio_mapcount_t;

/**
 * struct page - one frame of simulated memory
 *
 * Size, overlaps and field names are those of Linux 6.12 on 64-bit (mm_types.h), so that an access
 * through the wrong view of a cell damages what it would damage in a kernel. What is ours stands
 * where the kernel has memcg_data.
 * @flags: PG_* bits; the word is only changed atomically
 * @_mapcount: number of page-table entries that map exactly this page, minus one
 * @_refcount: references; 0 = free or frozen
 * @vmsim_gen: generation, odd while the frame is allocated; bumped at every allocation and free
 */
struct page {
	unsigned long flags;
	union {
		struct {
			union {
				struct list_head lru;
				struct {
					void *__filler;
					unsigned int mlock_count;
				};
				struct list_head buddy_list;
				struct list_head pcp_list;
			};
			struct address_space *mapping;
			union {
				pgoff_t index;
				unsigned long share;
			};
			unsigned long private;
		};
		struct {
			unsigned long compound_head;	/* tail page: head | 1 */
		};
		struct rcu_head rcu_head;
	};
	union {
		unsigned int page_type;
		vmsim_mapcount_t _mapcount;
	};
	atomic_t _refcount;
	u32 vmsim_gen;
	u32 vmsim_reserved;
} __aligned(2 * sizeof(unsigned long));

_Static_assert(sizeof(struct page) == 64, "struct page has the kernel's size");

/**
 * struct folio - a struct page that is no tail page, with the pages behind it
 *
 * The fields of tail pages lie in the cells of the second page, as in Linux 6.12.
 */
struct folio {
	union {
		struct {
			unsigned long flags;
			union {
				struct list_head lru;
				struct {
					void *__filler;
					unsigned int mlock_count;
				};
			};
			struct address_space *mapping;
			pgoff_t index;
			void *private;
			vmsim_mapcount_t _mapcount;
			atomic_t _refcount;
			u32 vmsim_gen;
			u32 vmsim_reserved;
		};
		struct page page;
	};
	union {
		struct {
			unsigned long _flags_1;
			unsigned long _head_1;
			vmsim_folio_mapcount_t _large_mapcount;
			atomic_t _entire_mapcount;
			atomic_t _nr_pages_mapped;
			atomic_t _pincount;
			unsigned int _folio_nr_pages;
		};
		struct page __page_1;
	};
	union {
		struct {
			unsigned long _flags_2;
			unsigned long _head_2;
			struct list_head _deferred_list;
		};
		struct page __page_2;
	};
};

_Static_assert(offsetof(struct folio, _mapcount) == offsetof(struct page, _mapcount), "overlay");
_Static_assert(offsetof(struct folio, _refcount) == offsetof(struct page, _refcount), "overlay");
_Static_assert(offsetof(struct folio, __page_2) == 2 * sizeof(struct page), "overlay");

/**
 * struct ptdesc - a frame used as a page table, laid over its struct page
 * @pt_mm: address space it belongs to
 * @pt_base: first address that it translates
 * @pt_rcu_head: of a table that waits for those who are still in it; its lock, and what it was the
 *               table of, are theirs until then
 * @ptl: its lock
 * @pt_level: 1 = PTE table ... 5 = PGD
 *
 * The kernel keeps the lock inside the cell only where it fits; ours is allocated with the table.
 */
struct ptdesc {
	unsigned long __page_flags;
	struct mm_struct *pt_mm;
	unsigned long pt_base;
	union {
		struct rcu_head pt_rcu_head;
		pgtable_t pmd_huge_pte;
	};
	spinlock_t *ptl;
	unsigned int __page_type;
	atomic_t __page_refcount;
	u32 vmsim_gen;
	u32 pt_level;
};

_Static_assert(sizeof(struct ptdesc) == sizeof(struct page), "ptdesc overlays page");
_Static_assert(offsetof(struct ptdesc, __page_refcount) == offsetof(struct page, _refcount),
	       "ptdesc overlays page");
_Static_assert(offsetof(struct ptdesc, vmsim_gen) == offsetof(struct page, vmsim_gen),
	       "ptdesc overlays page");

#define ptdesc_page(pt) ((struct page *)(pt))
#define page_ptdesc(page) ((struct ptdesc *)(page))
#define ptdesc_folio(pt) ((struct folio *)(pt))

/*
 * A page pointer with flags in its low bits, as mmu_gather stores it. The type is never defined:
 * the compiler keeps tagged and plain pointers apart (R32).
 */
struct encoded_page;

#define ENCODED_PAGE_BITS 3ul
#define ENCODED_PAGE_BIT_DELAY_RMAP 1ul		/* drop the map count after the flush */
#define ENCODED_PAGE_BIT_NR_PAGES_NEXT 2ul	/* the next entry is a page count */

static __always_inline struct encoded_page *encode_page(struct page *page, unsigned long flags)
{
	BUILD_BUG_ON_INVALID(flags);
	return (struct encoded_page *)((unsigned long)page | flags);
}

static inline unsigned long encoded_page_flags(struct encoded_page *tagged)
{
	return (unsigned long)tagged & ENCODED_PAGE_BITS;
}

static inline struct page *encoded_page_ptr(struct encoded_page *tagged)
{
	return (struct page *)((unsigned long)tagged & ~ENCODED_PAGE_BITS);
}

static __always_inline struct encoded_page *encode_nr_pages(unsigned long nr)
{
	return (struct encoded_page *)(nr << 2);
}

static __always_inline unsigned long encoded_nr_pages(struct encoded_page *count)
{
	return (unsigned long)count >> 2;
}

enum {
	MM_FILEPAGES,
	MM_ANONPAGES,
	MM_SWAPENTS,
	MM_SHMEMPAGES,
	NR_MM_COUNTERS
};

RB_HEAD(vmsim_vma_tree, vm_area_struct);

/* Programs do not handle their faults (CONFIG_USERFAULTFD=n). */
struct vm_userfaultfd_ctx {};
#define NULL_VM_UFFD_CTX ((struct vm_userfaultfd_ctx) {})

/**
 * struct vm_area_struct - a mapping of one object at one range of addresses
 *
 * Kernel fields under their kernel names. @vm_node links it into the address space's tree,
 * ordered by address; @shared links it into its file's tree of mappings, ordered by page offset,
 * where @shared.rb_subtree_last is the highest page offset that it or a VMA below it maps.
 * @anon_name: name given by the trace or by the caller, for reports; may be NULL.
 */
struct vm_area_struct {
	unsigned long vm_start;
	unsigned long vm_end;
	struct mm_struct *vm_mm;
	pgprot_t vm_page_prot;
	vm_flags_t vm_flags;
	unsigned long vm_pgoff;
	struct file *vm_file;
	const struct vm_operations_struct *vm_ops;
	void *vm_private_data;
	struct list_head anon_vma_chain;
	struct anon_vma *anon_vma;
	RB_ENTRY(vm_area_struct) vm_node;
	struct {
		struct rb_node rb;
		unsigned long rb_subtree_last;
	} shared;
	const char *anon_name;
	struct vm_userfaultfd_ctx vm_userfaultfd_ctx;
};

/* Resident pages by kind, as one CPU counted them: only the sum over all CPUs means something. */
struct vmsim_rss_slot {
	atomic_long_t count[NR_MM_COUNTERS];
} __aligned(64);

typedef struct {
	u64 ctx_id;			/* address-space id, never reused in a machine */
	atomic64_t tlb_gen;		/* generation of the newest requested flush */
} mm_context_t;

/**
 * struct mm_struct - an address space
 *
 * @rss_stat: one slot for each CPU, so that faults on different CPUs share no counter
 * @nr_rss_slots: number of CPUs
 * @mm_list: all address spaces of the machine
 * @mmlist: those that have something in swap: none
 * @pid: process that it was made for, for reports
 * @tables: number of page tables, all levels
 */
struct mm_struct {
	pgd_t *pgd;
	atomic_t mm_users;
	atomic_t mm_count;
	int map_count;
	spinlock_t page_table_lock;
	struct rw_semaphore mmap_lock;
	seqcount_t write_protect_seq;
	struct vmsim_vma_tree mm_mt;
	unsigned long mmap_base;
	unsigned long task_size;
	unsigned long start_brk, brk;
	unsigned long hiwater_vm, total_vm, locked_vm;
	unsigned long def_flags;
	unsigned long flags;
	struct vmsim_rss_slot *rss_stat;
	atomic_long_t pgtables_bytes;
	atomic_t tlb_flush_pending;
	atomic_t tlb_flush_batched;
	mm_context_t context;
	struct cpumask cpu_bitmap;
	struct list_head mm_list;
	struct list_head mmlist;
	unsigned int nr_rss_slots;
	int pid;
};

/* Bits of mm_struct.flags (include/linux/sched/coredump.h, Linux 6.12). */
#define MMF_HAS_PINNED 27		/* FOLL_PIN was used once; never cleared */

/* The kernel has no address space here: to be compared with; to lock it is a crash (init_mm.c). */
extern __vmsim_export struct mm_struct init_mm;	/* customised */

static inline struct cpumask *mm_cpumask(struct mm_struct *mm)
{
	return &mm->cpu_bitmap;
}

/* The gather's ends (src/tlbgather); the rest of it is <asm/tlb.h>. */
__vmsim_export void tlb_gather_mmu(struct mmu_gather *tlb, struct mm_struct *mm);
__vmsim_export void tlb_gather_mmu_fullmm(struct mmu_gather *tlb, struct mm_struct *mm);
__vmsim_export void tlb_gather_mmu_vma(struct mmu_gather *tlb, struct vm_area_struct *vma);
__vmsim_export void tlb_finish_mmu(struct mmu_gather *tlb);

/*
 * Flags of a fault, with the kernel's values.
 */
enum fault_flag {
	FAULT_FLAG_WRITE = 1 << 0,
	FAULT_FLAG_MKWRITE = 1 << 1,
	FAULT_FLAG_ALLOW_RETRY = 1 << 2,
	FAULT_FLAG_RETRY_NOWAIT = 1 << 3,
	FAULT_FLAG_KILLABLE = 1 << 4,
	FAULT_FLAG_TRIED = 1 << 5,
	FAULT_FLAG_USER = 1 << 6,
	FAULT_FLAG_REMOTE = 1 << 7,
	FAULT_FLAG_INSTRUCTION = 1 << 8,
	FAULT_FLAG_INTERRUPTIBLE = 1 << 9,
	FAULT_FLAG_UNSHARE = 1 << 10,
	FAULT_FLAG_ORIG_PTE_VALID = 1 << 11,
	FAULT_FLAG_VMA_LOCK = 1 << 12,
};

enum vm_fault_reason {
	VM_FAULT_OOM = 0x000001,
	VM_FAULT_SIGBUS = 0x000002,
	VM_FAULT_MAJOR = 0x000004,
	VM_FAULT_HWPOISON = 0x000010,
	VM_FAULT_HWPOISON_LARGE = 0x000020,
	VM_FAULT_SIGSEGV = 0x000040,
	VM_FAULT_NOPAGE = 0x000100,
	VM_FAULT_LOCKED = 0x000200,
	VM_FAULT_RETRY = 0x000400,
	VM_FAULT_FALLBACK = 0x000800,
	VM_FAULT_DONE_COW = 0x001000,
	VM_FAULT_NEEDDSYNC = 0x002000,
	VM_FAULT_COMPLETED = 0x004000,
};

#define VM_FAULT_ERROR (VM_FAULT_OOM | VM_FAULT_SIGBUS | VM_FAULT_SIGSEGV | VM_FAULT_HWPOISON | \
			VM_FAULT_HWPOISON_LARGE | VM_FAULT_FALLBACK)

typedef struct {
	unsigned long val;
} swp_entry_t;

/*
 * What callers of get_user_pages*() and pin_user_pages*() ask for, with the kernel's values. Of
 * poisoned memory, huge pages, device memory, signals and NUMA hints there are none: flags that
 * only say something about these change nothing.
 */
enum {
	FOLL_WRITE = 1 << 0,
	FOLL_GET = 1 << 1,
	FOLL_DUMP = 1 << 2,
	FOLL_FORCE = 1 << 3,
	FOLL_NOWAIT = 1 << 4,
	FOLL_NOFAULT = 1 << 5,
	FOLL_HWPOISON = 1 << 6,
	FOLL_ANON = 1 << 7,
	FOLL_LONGTERM = 1 << 8,
	FOLL_SPLIT_PMD = 1 << 9,
	FOLL_PCI_P2PDMA = 1 << 10,
	FOLL_INTERRUPTIBLE = 1 << 11,
	FOLL_HONOR_NUMA_FAULT = 1 << 12,
};

#endif
