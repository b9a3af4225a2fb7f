// SPDX-License-Identifier: GPL-2.0-only
/* GUP-fast that takes what is mapped read-only, exclusive or not (A08). */
#define RECHECK_PTE true
#define RECHECK_PMD true
#define MUST_UNSHARE false
#include "../gup-fast-walk.h"
#include "../no-exclusive-check.h"
