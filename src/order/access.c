// SPDX-License-Identifier: GPL-2.0-only
#include "machine/internal.h"

/* Marked accesses that somebody watches (<asm/rwonce.h>). */

static u64 value_of(const void *value, unsigned int size)
{
	switch (size) {
	case 1:
		return *(const u8 *)value;
	case 2:
		return *(const u16 *)value;
	case 4:
		return *(const u32 *)value;
	default:
		return *(const u64 *)value;
	}
}

void vmsim_read_watched(const volatile void *at, void *value, unsigned int size)
{
	vmsim_event_raise(VMSIM_EV_READ, (uintptr_t)at, value_of(value, size), size,
			  __builtin_return_address(0));
}

static void store(volatile void *at, const void *value, unsigned int size)
{
	switch (size) {
	case 1:
		__atomic_store_n((volatile u8 *)at, *(const u8 *)value, __ATOMIC_RELEASE);
		break;
	case 2:
		__atomic_store_n((volatile u16 *)at, *(const u16 *)value, __ATOMIC_RELEASE);
		break;
	case 4:
		__atomic_store_n((volatile u32 *)at, *(const u32 *)value, __ATOMIC_RELEASE);
		break;
	case 8:
		__atomic_store_n((volatile u64 *)at, *(const u64 *)value, __ATOMIC_RELEASE);
		break;
	default:
		BUG();
	}
}

void vmsim_write_watched(volatile void *at, const void *value, unsigned int size)
{
	store(at, value, size);
	vmsim_event_raise(VMSIM_EV_WRITE, (uintptr_t)at, value_of(value, size), size,
			  __builtin_return_address(0));
}
