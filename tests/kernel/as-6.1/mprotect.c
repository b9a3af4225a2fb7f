// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include <asm/tlb.h>
#include <mm/vma.h>

/*
 * Exclusive pages became writable without a fault only where their entries were dirty (before
 * "mm/mprotect: allow clean exclusive anon pages to be writable", 6.2).
 */
#define pte_needs_soft_dirty_wp(vma, pte) (!pte_dirty(pte) || pte_needs_soft_dirty_wp(vma, pte))

/* What was promised once stayed promised, where there were no pages yet, too. */
#define vma_is_anonymous(vma) ((void)(vma), false)

#include "mm/mprotect.c"
