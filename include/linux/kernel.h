/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_KERNEL_H
#define _VMSIM_LINUX_KERNEL_H

#include <linux/types.h>
#include <linux/compiler.h>
#include <linux/bug.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define min(x, y) ({ typeof(x) _mn1 = (x); typeof(y) _mn2 = (y); _mn1 < _mn2 ? _mn1 : _mn2; })
#define max(x, y) ({ typeof(x) _mx1 = (x); typeof(y) _mx2 = (y); _mx1 > _mx2 ? _mx1 : _mx2; })
#define min_t(type, x, y) min((type)(x), (type)(y))
#define max_t(type, x, y) max((type)(x), (type)(y))
#define clamp(val, lo, hi) min((typeof(val))max(val, lo), hi)
#define swap(a, b) do { typeof(a) _sw = (a); (a) = (b); (b) = _sw; } while (0)

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(arr) (sizeof(arr) / sizeof((arr)[0]))
#endif
#ifndef container_of
#define container_of(ptr, type, member) \
	((type *)((char *)(1 ? (ptr) : &((type *)0)->member) - offsetof(type, member)))
#endif

#define BITS_PER_LONG 64
#ifndef BIT
#define BIT(nr) (1UL << (nr))
#endif
#define BIT_ULL(nr) (1ULL << (nr))
#define GENMASK(h, l) (((~0UL) << (l)) & (~0UL >> (BITS_PER_LONG - 1 - (h))))
#define ALIGN(x, a) (((x) + ((typeof(x))(a) - 1)) & ~((typeof(x))(a) - 1))
#define ALIGN_DOWN(x, a) ((x) & ~((typeof(x))(a) - 1))
#define IS_ALIGNED(x, a) (((x) & ((typeof(x))(a) - 1)) == 0)
#define round_up(x, y) ALIGN(x, y)
#define round_down(x, y) ALIGN_DOWN(x, y)
#define DIV_ROUND_UP(n, d) (((n) + (d) - 1) / (d))
#define DECLARE_BITMAP(name, bits) unsigned long name[DIV_ROUND_UP(bits, BITS_PER_LONG)]

#define might_sleep() ((void)0)
#define might_fault() ((void)0)

#define pr_err(...) fprintf(stderr, __VA_ARGS__)
#define pr_alert(...) fprintf(stderr, __VA_ARGS__)
#define pr_warn(...) fprintf(stderr, __VA_ARGS__)
#define pr_warn_once(...)							\
do {										\
	static bool __said;							\
	if (!__atomic_exchange_n(&__said, true, __ATOMIC_RELAXED))		\
		pr_warn(__VA_ARGS__);						\
} while (0)
#define pr_info(...) fprintf(stderr, __VA_ARGS__)
/* Checked and never said. */
#define pr_debug(...) ((void)(0 ? printf(__VA_ARGS__) : 0))
#define printk(...) fprintf(stderr, __VA_ARGS__)
/* Says where, not on whose behalf: nobody would want the simulator's frames between. */
#define dump_stack() pr_info("vmsim: dump_stack() at %s:%d\n", __FILE__, __LINE__) /* customised */
#define EXPORT_SYMBOL(sym)
#define EXPORT_SYMBOL_GPL(sym)

#endif
