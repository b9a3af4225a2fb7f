/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_FOLIO_H
#define VMSIM_FOLIO_H

#include "machine/internal.h"
#include <linux/fs.h>
#include <linux/pagevec.h>

/*
 * The memmap (memmap.c). The cells of frames from m->frames_used on were never touched, and a
 * section that is not valid has no cells at all.
 */
int vmsim_memmap_init(struct vmsim_machine *machine);

static inline bool vmsim_in_hole(const struct vmsim_machine *m, unsigned long pfn)
{
	for (unsigned int i = 0; i < m->config.holes; i++)
		if (pfn >= m->config.hole[i].start && pfn < m->config.hole[i].end)
			return true;
	return false;
}

void vmsim_lruvec_init(struct vmsim_machine *machine);

/* Free frames: in the zone, and kept by CPUs. Exact when no thread is inside the library. */
u64 vmsim_free_frames(struct vmsim_machine *machine);

/*
 * Blocks of 2^order frames (buddy.c). All with zone->lock held; m->zone.nr_free_pages is kept by
 * vmsim_buddy_take*() and vmsim_buddy_give().
 */
void vmsim_buddy_init(struct vmsim_machine *machine);
struct page *vmsim_buddy_take(struct vmsim_machine *machine, unsigned int order);
/* Up to @want single frames, low ones first; returns how many. */
unsigned int vmsim_buddy_take_frames(struct vmsim_machine *machine, struct page **frame,
				     unsigned int want);
void vmsim_buddy_give(struct vmsim_machine *machine, struct page *page, unsigned int order);
/* Takes all frames of a section out: -EBUSY, and nothing changed, when one is in use. */
int vmsim_buddy_take_section(struct vmsim_machine *machine, unsigned long start, unsigned long end);
void vmsim_buddy_give_section(struct vmsim_machine *machine, unsigned long start,
			      unsigned long end);

/* Around what is done to blocks that no CPU keeps (pcp.c). */
void vmsim_zone_lock(struct vmsim_machine *machine);
void vmsim_zone_unlock(struct vmsim_machine *machine);
/* Frames that CPUs keep. */
struct page *vmsim_pcp_take(struct vmsim_machine *machine);
void vmsim_pcp_give(struct vmsim_machine *machine, struct page *page);
/* Makes every CPU give back what it keeps. Interrupts on, no spinlock held. */
void vmsim_pcp_drain_all(struct vmsim_machine *machine);

/* Frees a block whose last reference is gone (page_alloc.c). */
void vmsim_free_block(struct page *page, unsigned int order);

/* One word per index, sparse (index.c). Zero = nothing. Reads need no lock. */
struct vmsim_index {
	struct vmsim_index_node *root;
};

unsigned long vmsim_index_load(const struct vmsim_index *index, pgoff_t at);
/* The word of @at; makes room for it. NULL: no memory. The caller excludes other writers. */
unsigned long *vmsim_index_slot(struct vmsim_index *index, pgoff_t at);
/* The first non-zero word at or after *@at and up to @last; moves *@at there. */
unsigned long vmsim_index_next(const struct vmsim_index *index, pgoff_t *at, pgoff_t last);
/* Frees the index. The words are the caller's. */
void vmsim_index_destroy(struct vmsim_index *index);

/* The page cache of a file: folios by index (pagecache.c). */
struct vmsim_pagecache {
	spinlock_t lock;
	struct vmsim_index folios;
};

struct folio *vmsim_pagecache_load(const struct address_space *mapping, pgoff_t index);
/* The first cached folio from *@index to @last, with a reference, or NULL; moves *@index. */
struct folio *vmsim_pagecache_next(struct address_space *mapping, pgoff_t *index, pgoff_t last);
int vmsim_pagecache_insert(struct address_space *mapping, struct folio *folio, pgoff_t index);
/* With @mapping->i_pages->lock held and the folio locked. */
void vmsim_pagecache_erase(struct address_space *mapping, struct folio *folio);

/* The backing store: what a crash would leave (store.c). */
struct vmsim_store {
	spinlock_t lock;
	struct vmsim_index pages;
};

int vmsim_store_read(struct address_space *mapping, struct folio *folio);
int vmsim_store_write(struct address_space *mapping, struct folio *folio);
/* Bytes of one stored page, as read(2) would give them after a crash. */
void vmsim_store_peek(struct address_space *mapping, pgoff_t index, unsigned int offset,
		      void *buf, unsigned int length);
void vmsim_store_destroy(struct vmsim_store *store);

/* Fills a locked folio from the backing store. */
int vmsim_folio_fill(struct folio *folio);

/*
 * "Buffers attached": the state of a folio whose file system is prepared for its dirtying (E33).
 * Attaching takes a reference; filemap_release_folio() drops both.
 */
void vmsim_folio_attach_buffers(struct folio *folio);

/*
 * Files (file.c). vmsim_file_get(): the file of that id with a reference, or NULL.
 * vmsim_file_new_shmem(): shared anonymous memory, with one reference, or NULL.
 * vmsim_file_put(): the last one ends the file and all that is cached of it.
 */
#define VMSIM_MAX_FILE_SIZE (1ULL << 44)
struct file *vmsim_file_get(struct vmsim_machine *machine, int id);
struct file *vmsim_file_new_shmem(struct vmsim_machine *machine, uint64_t size);
void vmsim_file_put(struct file *file);
/* Writes dirty pages of the range back, and waits; what fsync(2) and msync(2) do. */
int vmsim_file_writeback(struct file *file, uint64_t offset, uint64_t length);

#endif
