/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_GROW_H
#define VMSIM_GROW_H

#include <stddef.h>

/*
 * Arrays that grow while an exploration runs. Without memory there is nothing sensible to go on
 * with: the program ends.
 */
void *grow_array(void *array, size_t *capacity, size_t needed, size_t size);

/* Makes room for @needed elements; whoever points into @array has to look again. */
#define GROW(array, capacity, needed)							\
do {											\
	if (__builtin_expect((needed) > (capacity), 0))					\
		(array) = grow_array((array), &(capacity), (needed), sizeof(*(array)));	\
} while (0)

#endif
