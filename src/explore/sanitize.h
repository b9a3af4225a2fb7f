/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_EXPLORE_SANITIZE_H
#define VMSIM_EXPLORE_SANITIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Access to stacks as plain memory, which AddressSanitizer must not judge. */

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif

#if defined(__SANITIZE_THREAD__)
#define WITH_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WITH_TSAN 1
#endif
#endif

/* Somebody has to be told which stack is in use. */
#if defined(WITH_ASAN) || defined(WITH_TSAN)
#define SANITIZED true
#else
#define SANITIZED false
#endif

#define NO_SANITIZE_ADDRESS __attribute__((no_sanitize("address")))

#ifdef WITH_ASAN

/* Word by word, and volatile, so that no compiler makes a call of memcpy() of it. */
static inline NO_SANITIZE_ADDRESS void raw_copy(void *to, const void *from, size_t size)
{
	for (size_t i = 0; i < size / sizeof(uint64_t); i++)
		((volatile uint64_t *)to)[i] = ((const volatile uint64_t *)from)[i];
}

static inline NO_SANITIZE_ADDRESS void raw_clear(void *at, size_t size)
{
	for (size_t i = 0; i < size / sizeof(uint64_t); i++)
		((volatile uint64_t *)at)[i] = 0;
}

static inline NO_SANITIZE_ADDRESS bool raw_same(const void *a, const void *b, size_t size)
{
	for (size_t i = 0; i < size / sizeof(uint64_t); i++)
		if (((const volatile uint64_t *)a)[i] != ((const volatile uint64_t *)b)[i])
			return false;
	return true;
}

#else

static inline void raw_copy(void *to, const void *from, size_t size)
{
	memcpy(to, from, size);
}

static inline void raw_clear(void *at, size_t size)
{
	memset(at, 0, size);
}

static inline bool raw_same(const void *a, const void *b, size_t size)
{
	return !memcmp(a, b, size);
}

#endif
#endif
