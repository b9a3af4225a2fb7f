/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_TRACE_SYMBOL_H
#define VMSIM_TRACE_SYMBOL_H

#include <vmsim/explore.h>
#include <stdbool.h>
#include <stddef.h>

/* Names and places of code addresses, from the symbols and debugging information of the process. */
struct symbols;

/* NULL when nothing can be read: then nothing has a name. */
struct symbols *symbols_open(void);
void symbols_close(struct symbols *symbols);

/* The function around a return address, or NULL; lives as long as @symbols. */
const char *symbol_name(struct symbols *symbols, const void *ip);
/* Whether it has a kernel's name: one that can be replaced, or replaces one. */
bool symbol_is_kernel(struct symbols *symbols, const void *ip);
/* "mm/zap.c:26"; false: not known. */
bool symbol_place(struct symbols *symbols, const void *ip, char *text, size_t size);

/**
 * struct call_path - how an event was reached
 * @outer: the outermost function with a kernel's name, below the program; NULL: none
 * @inner: the innermost one
 * @ip: return address of what called @inner; without @inner, of the program's call of the library
 */
struct call_path {
	const char *outer, *inner;
	const void *ip;
};

/* @raised: return address of the call that raised the event. */
struct call_path symbols_path(struct symbols *symbols, const struct vmsim_stack *stack,
			      const void *raised);

#endif
