// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"

/*
 * The first table went as a whole only where the range began with it (before "mm/mremap: optimize
 * the start addresses in move_page_tables()", 6.7): as if something was always mapped below.
 */
#define find_vma_intersection(mm, start, end) ((void)(mm), (void)(start), (void)(end), true)

#include "mm/move_page_tables.c"
