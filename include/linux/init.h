/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_INIT_H
#define _VMSIM_LINUX_INIT_H

/* __init and its like. Who calls initialisers: src/machine/boot.c. */
#include <linux/compiler.h>

/* Nobody calls it by itself: vmsim_initcall_FN() does. */
#define late_initcall(fn)	/* customised */					\
int vmsim_initcall_##fn(void);								\
int vmsim_initcall_##fn(void) { return fn(); }

#endif
