/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_MMDEBUG_H
#define _VMSIM_LINUX_MMDEBUG_H

#include <linux/bug.h>
#include <linux/sched.h>

struct page;
struct folio;
struct vm_area_struct;
struct mm_struct;

__vmsim_export void dump_page(const struct page *page, const char *reason);

/*
 * Kernels in use do not have these checks (CONFIG_DEBUG_VM): to look is no access, and no place
 * where another CPU could come in.
 */
#define vmsim_vm_check(cond)							\
({										\
	bool __vc_watched = vmsim_watched(READ), __vc_hit;			\
	const u64 *__vc_armed = NULL;						\
	if (__vc_watched)							\
		__vc_armed = vmsim_look_begin(vmsim_self);			\
	__vc_hit = !!(cond);							\
	if (__vc_watched)							\
		vmsim_look_end(vmsim_self, __vc_armed);				\
	__vc_hit;								\
})
#define VM_BUG_ON(cond)								\
do {										\
	if (unlikely(vmsim_vm_check(cond)))					\
		vmsim_bug(__FILE__, __LINE__, #cond);				\
} while (0)
#define VM_BUG_ON_PAGE(cond, page)						\
do {										\
	if (unlikely(vmsim_vm_check(cond))) {					\
		dump_page(page, #cond);						\
		vmsim_bug(__FILE__, __LINE__, #cond);				\
	}									\
} while (0)
#define VM_BUG_ON_FOLIO(cond, folio) VM_BUG_ON_PAGE(cond, (const struct page *)(folio))
#define VM_BUG_ON_VMA(cond, vma) VM_BUG_ON(cond)
#define VM_BUG_ON_MM(cond, mm) VM_BUG_ON(cond)
#define VM_WARN_ON_ONCE(cond)							\
({										\
	bool __vw_hit = vmsim_vm_check(cond);					\
	if (unlikely(__vw_hit))							\
		vmsim_warn(__FILE__, __LINE__, #cond);				\
	unlikely(__vw_hit);							\
})
#define VM_WARN_ON(cond) ((void)VM_WARN_ON_ONCE(cond))
#define VM_WARN_ONCE(cond, ...) ((void)VM_WARN_ON_ONCE(cond))
#define VM_WARN_ON_FOLIO(cond, folio) VM_WARN_ON_ONCE(cond)
#define VM_WARN_ON_ONCE_FOLIO(cond, folio) VM_WARN_ON_ONCE(cond)
#define VM_WARN_ON_ONCE_PAGE(cond, page) VM_WARN_ON_ONCE(cond)
#define VM_WARN_ON_ONCE_MM(cond, mm) VM_WARN_ON_ONCE(cond)

#endif
