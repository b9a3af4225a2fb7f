/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_TRACE_SCAN_H
#define VMSIM_TRACE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * Strict scanning of text that nobody vouches for: a piece of memory without a terminating NUL.
 * No function reads at or behind @end, skips blanks, or takes a sign.
 */
struct vmsim_scan {
	const char *at, *end;
};

static inline struct vmsim_scan scan_text(const char *text, size_t length)
{
	return (struct vmsim_scan){ text, text + length };
}

static inline bool scan_done(const struct vmsim_scan *scan)
{
	return scan->at == scan->end;
}

static inline size_t scan_left(const struct vmsim_scan *scan)
{
	return (size_t)(scan->end - scan->at);
}

static inline bool scan_char(struct vmsim_scan *scan, char c)
{
	if (scan_done(scan) || *scan->at != c)
		return false;
	scan->at++;
	return true;
}

static inline bool scan_literal(struct vmsim_scan *scan, const char *literal)
{
	size_t length = strlen(literal);

	if (scan_left(scan) < length || memcmp(scan->at, literal, length))
		return false;
	scan->at += length;
	return true;
}

/* The next run of characters up to a blank or the end; empty where there is none. */
static inline struct vmsim_scan scan_word(struct vmsim_scan *scan)
{
	struct vmsim_scan word = { scan->at, scan->at };

	while (!scan_done(scan) && *scan->at != ' ')
		scan->at++;
	word.end = scan->at;
	return word;
}

static inline bool scan_equals(struct vmsim_scan word, const char *literal)
{
	return scan_literal(&word, literal) && scan_done(&word);
}

static inline int scan_digit(char c, unsigned int base)
{
	int digit = -1;

	if (c >= '0' && c <= '9')
		digit = c - '0';
	else if (c >= 'a' && c <= 'f')
		digit = c - 'a' + 10;
	return digit < (int)base ? digit : -1;
}

/* One or more digits of a number that is at most @max. */
static inline bool scan_number(struct vmsim_scan *scan, unsigned int base, uint64_t max,
			       uint64_t *number)
{
	const char *start = scan->at;
	uint64_t n = 0;

	while (!scan_done(scan)) {
		int digit = scan_digit(*scan->at, base);

		if (digit < 0)
			break;
		if ((uint64_t)digit > max || n > (max - (uint64_t)digit) / base)
			return false;
		n = n * base + (uint64_t)digit;
		scan->at++;
	}
	*number = n;
	return scan->at != start;
}

/* Cuts the next line off; false: it does not end. The newline belongs to no line. */
static inline bool scan_line(struct vmsim_scan *scan, struct vmsim_scan *line)
{
	const char *newline = memchr(scan->at, '\n', scan_left(scan));

	line->at = scan->at;
	line->end = newline ? newline : scan->end;
	scan->at = newline ? newline + 1 : scan->end;
	return newline != NULL;
}

#endif
