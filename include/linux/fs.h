/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_FS_H
#define _VMSIM_LINUX_FS_H

#include <linux/mm_types.h>

struct vmsim_pagecache;
struct vmsim_store;

/**
 * struct address_space - the page cache of one file
 * @host: the file's inode
 * @i_pages: cached folios by index, and the lock over them
 * @i_mmap: mappings of the file, ordered by page offset
 * @i_mmap_rwsem: over @i_mmap
 * @nrpages: number of cached pages
 * @store: the backing store: what a crash would leave
 * @dirty_tracked: shared writable mappings must notice every first write (vma_wants_writenotify)
 * @swapbacked: shared anonymous memory: never written back, only forgotten with the file
 */
struct address_space {
	struct inode *host;
	struct vmsim_pagecache *i_pages;
	struct rb_root_cached i_mmap;
	struct rw_semaphore i_mmap_rwsem;
	unsigned long nrpages;
	struct vmsim_store *store;
	bool dirty_tracked;
	bool swapbacked;
};

struct inode {
	struct address_space *i_mapping;
	struct address_space i_data;
	unsigned long i_ino;
	u64 i_size;
};

/**
 * struct file - an open file of the machine
 * @f_id: number that vmsim_file_create() returned; VMSIM_NO_FILE for shared anonymous memory
 * @f_count: references: the machine's, if it has an id, and one for each mapping
 */
struct file {
	struct address_space *f_mapping;
	struct inode *f_inode;
	atomic_long_t f_count;
	int f_id;
	char f_name[48];
	struct list_head f_list;
};

static inline struct inode *file_inode(const struct file *file)
{
	return file->f_inode;
}

static inline loff_t i_size_read(const struct inode *inode)
{
	return (loff_t)READ_ONCE(inode->i_size);
}

/* As without CONFIG_FS_DAX. */
static inline bool vma_is_fsdax(struct vm_area_struct *vma)
{
	(void)vma;
	return false;
}

static inline bool vma_is_dax(const struct vm_area_struct *vma)
{
	(void)vma;
	return false;
}

static inline void i_mmap_lock_write(struct address_space *mapping)
{
	down_write(&mapping->i_mmap_rwsem);
}

static inline void i_mmap_unlock_write(struct address_space *mapping)
{
	up_write(&mapping->i_mmap_rwsem);
}

static inline void i_mmap_lock_read(struct address_space *mapping)
{
	down_read(&mapping->i_mmap_rwsem);
}

static inline int i_mmap_trylock_read(struct address_space *mapping)
{
	return down_read_trylock(&mapping->i_mmap_rwsem);
}

static inline void i_mmap_unlock_read(struct address_space *mapping)
{
	up_read(&mapping->i_mmap_rwsem);
}

#endif
