// SPDX-License-Identifier: GPL-2.0-only
/* GUP-fast that does not look at the entry again (E10). */
#define RECHECK_PTE false
#define RECHECK_PMD true
#include "../gup-fast-walk.h"
