// SPDX-License-Identifier: GPL-2.0-only
/* KSM that believes a clean entry that forbids writing (M10), as until b3a81d0841a9. */
#define MAY_BE_WRITTEN(mm, page, entry) (pte_write(entry) || pte_dirty(entry))
#define ASK_FOR_PINS false
#include "../ksm-protect.h"
