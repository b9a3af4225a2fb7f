/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_FIBER_H
#define VMSIM_FIBER_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Stacks that are switched between: for x86-64 a few lines of assembly, elsewhere boost.context
 * (docs/dependencies.md has the measurements). A fiber that does not run is known by where it
 * stands on its stack: what is below that is not in use.
 */

/* Where a fiber stands that will run @fn(@arg). @fn must not return. */
void *fiber_make(void *stack, size_t size, void (*fn)(void *arg), void *arg);
/* Leaves where the caller stands in *@from, and goes on in *@to. */
void fiber_jump(void **from, void *const *to);
/* Whether @from and @to may be the same. */
bool fiber_can_stay(void);

#endif
