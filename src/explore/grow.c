// SPDX-License-Identifier: GPL-2.0-only
#include "explore/grow.h"
#include <stdlib.h>

#define FIRST_ELEMENTS 64

void *grow_array(void *array, size_t *capacity, size_t needed, size_t size)
{
	size_t wanted = *capacity ? *capacity : FIRST_ELEMENTS;

	while (wanted < needed)
		wanted *= 2;
	array = realloc(array, wanted * size);
	if (!array)
		abort();
	*capacity = wanted;
	return array;
}
