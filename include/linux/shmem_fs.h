/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_SHMEM_FS_H
#define _VMSIM_LINUX_SHMEM_FS_H

#include <linux/fs.h>

/* Files that live in memory alone: memfds, and what shared anonymous mappings are made of. */
static inline bool shmem_mapping(const struct address_space *mapping)
{
	return mapping->swapbacked;
}

static inline bool shmem_file(const struct file *file)
{
	return shmem_mapping(file->f_mapping);
}

#endif
