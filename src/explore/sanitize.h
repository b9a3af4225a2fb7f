/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_EXPLORE_SANITIZE_H
#define VMSIM_EXPLORE_SANITIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Access to stacks, and to all of a machine, as plain memory, which no sanitizer is to judge. */

#if defined(WITH_ASAN)
/* In a file that is not instrumented, of a library that is. */
#elif defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif

#if defined(WITH_TSAN)
#elif defined(__SANITIZE_THREAD__)
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
#define NO_SANITIZE							\
	__attribute__((no_sanitize("address"), no_sanitize("undefined"), no_sanitize("thread")))

#if defined(WITH_ASAN) || defined(WITH_TSAN)

typedef uint64_t raw_wide __attribute__((vector_size(16), aligned(1)));
typedef uint64_t raw_word __attribute__((aligned(1)));

#define RAW_AT_ONCE (4 * sizeof(raw_wide))

/* So that no compiler makes a call of memcpy() of a loop, which would be checked. */
#define RAW_STEP() __asm__ volatile("" ::: "memory")

static inline NO_SANITIZE void raw_copy(void *to, const void *from, size_t size)
{
	char *out = to;
	const char *in = from;

	for (; size >= RAW_AT_ONCE; size -= RAW_AT_ONCE) {
		const raw_wide *part = (const void *)in;
		raw_wide a = part[0], b = part[1], c = part[2], d = part[3];
		raw_wide *place = (void *)out;

		place[0] = a, place[1] = b, place[2] = c, place[3] = d;
		in += RAW_AT_ONCE;
		out += RAW_AT_ONCE;
		RAW_STEP();
	}
	for (; size >= sizeof(raw_word); size -= sizeof(raw_word)) {
		*(raw_word *)(void *)out = *(const raw_word *)(const void *)in;
		in += sizeof(raw_word);
		out += sizeof(raw_word);
		RAW_STEP();
	}
	for (; size; size--) {
		*out++ = *in++;
		RAW_STEP();
	}
}

static inline NO_SANITIZE void raw_clear(void *at, size_t size)
{
	char *out = at;

	for (; size >= RAW_AT_ONCE; size -= RAW_AT_ONCE) {
		raw_wide *place = (void *)out;

		place[0] = place[1] = place[2] = place[3] = (raw_wide) { 0 };
		out += RAW_AT_ONCE;
		RAW_STEP();
	}
	for (; size >= sizeof(raw_word); size -= sizeof(raw_word)) {
		*(raw_word *)(void *)out = 0;
		out += sizeof(raw_word);
		RAW_STEP();
	}
	for (; size; size--) {
		*out++ = 0;
		RAW_STEP();
	}
}

/* In multiples of RAW_AT_ONCE. */
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
