/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_MMDEBUG_H
#define _VMSIM_LINUX_MMDEBUG_H

#include <linux/bug.h>

struct page;
struct folio;
struct vm_area_struct;
struct mm_struct;

__vmsim_export void dump_page(const struct page *page, const char *reason);

#define VM_BUG_ON(cond) BUG_ON(cond)
#define VM_BUG_ON_PAGE(cond, page)						\
do {										\
	if (unlikely(cond)) {							\
		dump_page(page, #cond);						\
		vmsim_bug(__FILE__, __LINE__, #cond);				\
	}									\
} while (0)
#define VM_BUG_ON_FOLIO(cond, folio) VM_BUG_ON_PAGE(cond, (const struct page *)(folio))
#define VM_BUG_ON_VMA(cond, vma) BUG_ON(cond)
#define VM_BUG_ON_MM(cond, mm) BUG_ON(cond)
#define VM_WARN_ON(cond) ((void)WARN_ON(cond))
#define VM_WARN_ON_ONCE(cond) WARN_ON(cond)
#define VM_WARN_ONCE(cond, ...) ((void)WARN_ON(cond))
#define VM_WARN_ON_FOLIO(cond, folio) WARN_ON(cond)
#define VM_WARN_ON_ONCE_FOLIO(cond, folio) WARN_ON(cond)
#define VM_WARN_ON_ONCE_PAGE(cond, page) WARN_ON(cond)
#define VM_WARN_ON_ONCE_MM(cond, mm) WARN_ON(cond)

#endif
