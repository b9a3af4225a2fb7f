// SPDX-License-Identifier: GPL-2.0-only
/* GUP-fast that looks at nothing again (E10). */
#define RECHECK_PTE false
#define RECHECK_PMD false
#include "../gup-fast-walk.h"
