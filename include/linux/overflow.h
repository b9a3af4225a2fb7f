/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_OVERFLOW_H
#define _VMSIM_LINUX_OVERFLOW_H

/* True: the mathematical result does not fit into *@d, which holds what is left of it. */
#define check_add_overflow(a, b, d) __builtin_add_overflow(a, b, d)
#define check_sub_overflow(a, b, d) __builtin_sub_overflow(a, b, d)
#define check_mul_overflow(a, b, d) __builtin_mul_overflow(a, b, d)

#endif
