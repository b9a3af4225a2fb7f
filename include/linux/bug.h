/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_BUG_H
#define _VMSIM_LINUX_BUG_H

#include <linux/types.h>

/*
 * BUG and WARN end in the machine's report, so that a test, a scenario or the explorer can catch
 * them (see vmsim_set_bug_handler() in <vmsim/check.h>).
 */
__vmsim_export __attribute__((noreturn, cold))
void vmsim_bug(const char *file, int line, const char *cond);
__vmsim_export __attribute__((cold))
void vmsim_warn(const char *file, int line, const char *cond);
/* A stub says on the standard error that it was called, once. @name: the function's, a literal. */
__vmsim_export __attribute__((cold))
void vmsim_stub_reached(const char *name);

#define BUG() vmsim_bug(__FILE__, __LINE__, "BUG()")
#define BUG_ON(cond)								\
do {										\
	if (unlikely(cond))							\
		vmsim_bug(__FILE__, __LINE__, #cond);				\
} while (0)
#define WARN_ON(cond)								\
({										\
	bool __warn_hit = !!(cond);						\
	if (unlikely(__warn_hit))						\
		vmsim_warn(__FILE__, __LINE__, #cond);				\
	unlikely(__warn_hit);							\
})
#define WARN_ON_ONCE(cond) WARN_ON(cond)
#define WARN(cond, ...) WARN_ON(cond)
#define WARN_ONCE(cond, ...) WARN_ON(cond)

#endif
