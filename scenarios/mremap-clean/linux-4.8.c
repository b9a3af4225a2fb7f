// SPDX-License-Identifier: GPL-2.0-only
/* move_ptes() before Linux 4.9 (5d1904204c99): no entry is flushed under its lock. */
#define FLUSHED_IN_TIME(pte) false
#include "../move-ptes.h"
