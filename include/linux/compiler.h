/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_COMPILER_H
#define _VMSIM_LINUX_COMPILER_H

#include <linux/kconfig.h>
#include <assert.h>

/* Annotations that sparse reads and compilers ignore. */
#define __user
#define __kernel
#define __iomem
#define __percpu
#define __rcu
#define __force
#define __must_hold(x)
#define __acquires(x)
#define __releases(x)
#define __acquire(x) ((void)0)
#define __release(x) ((void)0)
#define __cond_lock(x, c) (c)

#ifndef likely
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#endif
#define __maybe_unused __attribute__((unused))
#ifndef __always_unused
#define __always_unused __attribute__((unused))
#endif
#define __must_check __attribute__((warn_unused_result))
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#ifndef noinline
#define noinline __attribute__((noinline))
#endif
#ifndef __packed
#define __packed __attribute__((packed))
#endif
#ifndef __aligned
#define __aligned(n) __attribute__((aligned(n)))
#endif
#define __randomize_layout
#define __read_mostly
#define __ref
#define __init
#define __exit
#define __meminit
#define __cold
#define __weak __attribute__((weak))
#define fallthrough __attribute__((fallthrough))
#define barrier() __asm__ __volatile__("" : : : "memory")
#define __same_type(a, b) __builtin_types_compatible_p(typeof(a), typeof(b))
#define BUILD_BUG_ON(cond) _Static_assert(!(cond), "BUILD_BUG_ON: " #cond)
#define BUILD_BUG_ON_MSG(cond, msg) _Static_assert(!(cond), msg)
/* Needs the optimiser to prove the condition false, which -O0 cannot: evaluated, never enforced. */
#define BUILD_BUG_ON_INVALID(e) ((void)(sizeof((long)(e))))
#define BUILD_BUG() ((void)0)

/* Functions that a user may replace by a definition of the same name (docs/overrides.md). */
#define __vmsim_overridable __attribute__((weak, visibility("default")))
#define __vmsim_export __attribute__((visibility("default")))

/*
 * What a kernel-named function is worth, for readers and for docs/kernel-symbols.md; without a mark it
 * is modelled. Customised: it does something else than the kernel's, on purpose. Stubbed: it does not do
 * what the kernel's does under our configuration; it calls vmsim_stub_reached(). Macros have the mark
 * as a comment at the end of their first line.
 */
#define __vmsim_customised
#define __vmsim_stubbed

/*
 * What the library was built for, by name: an object with a reference to it is loaded by a library of the
 * same flavour and with the same layouts, and by no other.
 */
#if defined(VMSIM_ARCH_X86_PAE)
#define __VMSIM_FLAVOUR x86_pae
#elif defined(VMSIM_ARCH_S390)
#define __VMSIM_FLAVOUR s390
#else
#define __VMSIM_FLAVOUR x86_64
#endif
#ifdef VMSIM_NO_CHECKS
#define __VMSIM_BUILT_FOR(flavour) vmsim_built_for_##flavour##_no_checks
#else
#define __VMSIM_BUILT_FOR(flavour) vmsim_built_for_##flavour
#endif
#define __VMSIM_EXPAND(macro, argument) macro(argument)
#define VMSIM_BUILT_FOR __VMSIM_EXPAND(__VMSIM_BUILT_FOR, __VMSIM_FLAVOUR)
extern const char VMSIM_BUILT_FOR __vmsim_export;

/*
 * Code that is instrumented for our own runtime (docs/full.md). What data_race() accesses is no
 * data race, and memcpy() and its like are accesses.
 */
__vmsim_export void vmsim_data_race_begin(void);
__vmsim_export void vmsim_data_race_end(void);
#ifdef VMSIM_FULL
#define data_race(expr)								\
({										\
	vmsim_data_race_begin();						\
	__auto_type __dr_val = (expr);						\
	vmsim_data_race_end();							\
	__dr_val;								\
})
void *memcpy(void *to, const void *from, __SIZE_TYPE__ size) __asm__("__tsan_memcpy");
void *memmove(void *to, const void *from, __SIZE_TYPE__ size) __asm__("__tsan_memmove");
void *memset(void *to, int value, __SIZE_TYPE__ size) __asm__("__tsan_memset");
#else
#define data_race(expr) (expr)
#endif

#include <asm/rwonce.h>

#endif
