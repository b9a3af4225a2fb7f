// SPDX-License-Identifier: GPL-2.0-only
/*
 * Override: Linux 6.6 to 6.11. Tables are retracted without mmap_lock, and mremap() relies on what
 * it saw before it took the locks of the reverse map.
 */
#include "move-normal-pmd.h"
