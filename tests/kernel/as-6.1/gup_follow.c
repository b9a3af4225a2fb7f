// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"

/*
 * What was to be held for long and only read stayed shared with the file, or zero (before "mm/gup:
 * reliable R/O long-term pinning in COW mappings", 6.2).
 */
#define gup_must_unshare(vma, flags, page) gup_must_unshare(vma, (flags) & ~FOLL_LONGTERM, page)

#include "mm/gup_follow.c"
