// SPDX-License-Identifier: GPL-2.0-only
#include "instrument/instrument.h"

/*
 * The functions that code calls which was compiled with -fsanitize=thread, for us instead of for
 * ThreadSanitizer's runtime: the interface of gcc 12 and clang 14. Plain and volatile accesses are
 * announced, and made by the caller; atomic ones are made here.
 */

#define HERE __builtin_return_address(0)
#define RUNTIME(result, name, ...)						\
	__vmsim_export result name(__VA_ARGS__);				\
	result name(__VA_ARGS__)

/* Nothing to set up, and calls are not followed. */
RUNTIME(void, __tsan_init, void) { }
RUNTIME(void, __tsan_func_entry, void *caller) { (void)caller; }
RUNTIME(void, __tsan_func_exit, void) { }
RUNTIME(void, __tsan_ignore_thread_begin, void) { }
RUNTIME(void, __tsan_ignore_thread_end, void) { }

static __always_inline void plain_read(const volatile void *addr, size_t size, const void *ip)
{
	if (unlikely(instrument_is_machines(addr)) && instrument_is_on())
		instrument_plain(VMSIM_EV_PLAIN_READ, addr, size, ip);
}

static __always_inline void plain_write(const volatile void *addr, size_t size, const void *ip)
{
	if (unlikely(instrument_is_machines(addr)) && instrument_is_on())
		instrument_plain(VMSIM_EV_PLAIN_WRITE, addr, size, ip);
}

static __always_inline void plain_read_write(const volatile void *addr, size_t size, const void *ip)
{
	plain_read(addr, size, ip);
	plain_write(addr, size, ip);
}

static __always_inline void volatile_read(const volatile void *addr, size_t size, const void *ip)
{
	if (unlikely(instrument_is_machines(addr)) && instrument_is_on())
		instrument_volatile(VMSIM_EV_READ, addr, size, ip);
}

static __always_inline void volatile_write(const volatile void *addr, size_t size, const void *ip)
{
	if (unlikely(instrument_is_machines(addr)) && instrument_is_on())
		instrument_volatile(VMSIM_EV_WRITE, addr, size, ip);
}

#define ACCESS(infix, what, size)						\
	RUNTIME(void, __tsan_##infix##size, void *addr)				\
	{									\
		what(addr, size, HERE);						\
	}									\
	RUNTIME(void, __tsan_##infix##size##_pc, void *addr, void *pc)		\
	{									\
		what(addr, size, pc);						\
	}
#define ACCESSES(infix, what)							\
	ACCESS(infix, what, 2)							\
	ACCESS(infix, what, 4)							\
	ACCESS(infix, what, 8)							\
	ACCESS(infix, what, 16)

ACCESS(read, plain_read, 1)
ACCESSES(read, plain_read)
ACCESSES(unaligned_read, plain_read)
ACCESS(write, plain_write, 1)
ACCESSES(write, plain_write)
ACCESSES(unaligned_write, plain_write)
ACCESS(read_write, plain_read_write, 1)
ACCESSES(read_write, plain_read_write)
ACCESSES(unaligned_read_write, plain_read_write)
ACCESS(volatile_read, volatile_read, 1)
ACCESSES(volatile_read, volatile_read)
ACCESSES(unaligned_volatile_read, volatile_read)
ACCESS(volatile_write, volatile_write, 1)
ACCESSES(volatile_write, volatile_write)
ACCESSES(unaligned_volatile_write, volatile_write)

RUNTIME(void, __tsan_read_range, void *addr, size_t size)
{
	plain_read(addr, size, HERE);
}

RUNTIME(void, __tsan_write_range, void *addr, size_t size)
{
	plain_write(addr, size, HERE);
}

RUNTIME(void, __tsan_read_range_pc, void *addr, size_t size, void *pc)
{
	plain_read(addr, size, pc);
}

RUNTIME(void, __tsan_write_range_pc, void *addr, size_t size, void *pc)
{
	plain_write(addr, size, pc);
}

/* <linux/compiler.h> gives memcpy() and its like these names in instrumented code. */
RUNTIME(void *, __tsan_memcpy, void *to, const void *from, size_t size)
{
	plain_read(from, size, HERE);
	plain_write(to, size, HERE);
	return memcpy(to, from, size);
}

RUNTIME(void *, __tsan_memmove, void *to, const void *from, size_t size)
{
	plain_read(from, size, HERE);
	plain_write(to, size, HERE);
	return memmove(to, from, size);
}

RUNTIME(void *, __tsan_memset, void *to, int value, size_t size)
{
	plain_write(to, size, HERE);
	return memset(to, value, size);
}

typedef u8 atomic_8;
typedef u16 atomic_16;
typedef u32 atomic_32;
typedef u64 atomic_64;

/* Stronger than asked for does no harm: what was asked for is what the detector judges. */
#define ATOMIC(op, type, addr, order, perform)					\
({										\
	bool watched = unlikely(instrument_is_machines(addr)) &&		\
		       instrument_is_on() && instrument_atomic_begin(addr);	\
	type was = perform;							\
	if (watched)								\
		instrument_atomic_end(op, addr, sizeof(type), order, HERE);	\
	was;									\
})

#define FETCH(bits, name)							\
	RUNTIME(atomic_##bits, __tsan_atomic##bits##_fetch_##name,		\
		volatile atomic_##bits *addr, atomic_##bits value, int order)	\
	{									\
		return ATOMIC(VMSIM_ATOMIC_CHANGE, atomic_##bits, addr, order,	\
			      __atomic_fetch_##name(addr, value, __ATOMIC_SEQ_CST)); \
	}

/* A failed compare-and-exchange is a read. */
#define EXCHANGE_IF(bits, name)							\
	RUNTIME(int, __tsan_atomic##bits##_compare_exchange_##name,		\
		volatile atomic_##bits *addr, atomic_##bits *expected,		\
		atomic_##bits value, int order, int fail_order)			\
	{									\
		return exchange_if_##bits(addr, expected, value, order, fail_order, HERE); \
	}

#define ATOMICS(bits)								\
	RUNTIME(atomic_##bits, __tsan_atomic##bits##_load,			\
		const volatile atomic_##bits *addr, int order)			\
	{									\
		return ATOMIC(VMSIM_ATOMIC_LOAD, atomic_##bits, addr, order,	\
			      __atomic_load_n(addr, __ATOMIC_SEQ_CST));		\
	}									\
	RUNTIME(void, __tsan_atomic##bits##_store,				\
		volatile atomic_##bits *addr, atomic_##bits value, int order)	\
	{									\
		ATOMIC(VMSIM_ATOMIC_STORE, atomic_##bits, addr, order,		\
		       (__atomic_store_n(addr, value, __ATOMIC_SEQ_CST), value)); \
	}									\
	RUNTIME(atomic_##bits, __tsan_atomic##bits##_exchange,			\
		volatile atomic_##bits *addr, atomic_##bits value, int order)	\
	{									\
		return ATOMIC(VMSIM_ATOMIC_CHANGE, atomic_##bits, addr, order,	\
			      __atomic_exchange_n(addr, value, __ATOMIC_SEQ_CST)); \
	}									\
	FETCH(bits, add)							\
	FETCH(bits, sub)							\
	FETCH(bits, and)							\
	FETCH(bits, or)								\
	FETCH(bits, xor)							\
	FETCH(bits, nand)							\
	static __always_inline bool						\
	exchange_if_##bits(volatile atomic_##bits *addr, atomic_##bits *expected, \
			   atomic_##bits value, int order, int fail_order, const void *ip) \
	{									\
		bool watched = unlikely(instrument_is_machines(addr)) &&	\
			       instrument_is_on() && instrument_atomic_begin(addr); \
		bool done = __atomic_compare_exchange_n(addr, expected, value, false, \
							__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
										\
		if (watched)							\
			instrument_atomic_end(done ? VMSIM_ATOMIC_CHANGE : VMSIM_ATOMIC_LOAD, \
					      addr, sizeof(value),		\
					      done ? order : fail_order, ip);	\
		return done;							\
	}									\
	EXCHANGE_IF(bits, strong)						\
	EXCHANGE_IF(bits, weak)							\
	RUNTIME(atomic_##bits, __tsan_atomic##bits##_compare_exchange_val,	\
		volatile atomic_##bits *addr, atomic_##bits expected,		\
		atomic_##bits value, int order, int fail_order)			\
	{									\
		exchange_if_##bits(addr, &expected, value, order, fail_order, HERE); \
		return expected;						\
	}

ATOMICS(8)
ATOMICS(16)
ATOMICS(32)
ATOMICS(64)

RUNTIME(void, __tsan_atomic_thread_fence, int order)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (instrument_is_on())
		instrument_fence(order);
}

RUNTIME(void, __tsan_atomic_signal_fence, int order)
{
	(void)order;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}
