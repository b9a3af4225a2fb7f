// SPDX-License-Identifier: GPL-2.0-only
#include "rmap/internal.h"

/*
 * A flush was owed for entries that no CPU can have cached, too (before "mm,unmap: avoid flushing
 * TLB in batch if PTE is inaccessible", 6.5).
 */
#define pte_accessible(mm, pte) ((void)(mm), (void)(pte), true)

#include "rmap/unmap_batch.c"
