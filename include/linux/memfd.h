/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_MEMFD_H
#define _VMSIM_LINUX_MEMFD_H

#include <linux/pagemap.h>

/* A page of a memfd, made if need be, with a reference; ERR_PTR(-errno) (mm/memfd.c, 6.12). */
static inline struct folio *memfd_alloc_folio(struct file *memfd, pgoff_t idx)
{
	return read_mapping_folio(memfd->f_mapping, idx, memfd);
}

#endif
