// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

/* As in gup_follow.c. */
#define gup_must_unshare(vma, flags, page) gup_must_unshare(vma, (flags) & ~FOLL_LONGTERM, page)

#include "gup_fast/entries.c"
