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

/*
 * For inner loops over all of the machine's memory: their bounds were checked before, and what they
 * read and write is no access of the code that is examined.
 */
#define NO_SANITIZE __attribute__((no_sanitize("address"), no_sanitize("undefined")))

#ifdef WITH_ASAN

typedef uint64_t raw_wide __attribute__((vector_size(16), aligned(8)));

/* In multiples of eight bytes; volatile, so that no compiler makes a call of memcpy() of it. */
static inline NO_SANITIZE void raw_copy(void *to, const void *from, size_t size)
{
	size_t wides = size / sizeof(raw_wide);

	for (size_t i = 0; i < wides; i++)
		((volatile raw_wide *)to)[i] = ((const volatile raw_wide *)from)[i];
	if (size & 8)
		((volatile uint64_t *)to)[2 * wides] = ((const volatile uint64_t *)from)[2 * wides];
}

static inline NO_SANITIZE void raw_clear(void *at, size_t size)
{
	size_t wides = size / sizeof(raw_wide);

	for (size_t i = 0; i < wides; i++)
		((volatile raw_wide *)at)[i] = (raw_wide) { 0 };
	if (size & 8)
		((volatile uint64_t *)at)[2 * wides] = 0;
}

/* In multiples of 64 bytes. */
static inline NO_SANITIZE bool raw_same(const void *a, const void *b, size_t size)
{
	const raw_wide *l = a, *r = b;

	for (const raw_wide *end = l + size / sizeof(raw_wide); l < end; l += 4, r += 4) {
		raw_wide differ = (l[0] ^ r[0]) | (l[1] ^ r[1]) | (l[2] ^ r[2]) | (l[3] ^ r[3]);

		if (differ[0] | differ[1])
			return false;
	}
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
