// SPDX-License-Identifier: GPL-2.0-only
/* KSM that asks for flushes under way (b3a81d0841a9); exclusive pages are not known yet. */
#define MAY_BE_WRITTEN(mm, page, entry) \
	(pte_write(entry) || pte_dirty(entry) || mm_tlb_flush_pending(mm))
#define ASK_FOR_PINS false
#include "../ksm-protect.h"
