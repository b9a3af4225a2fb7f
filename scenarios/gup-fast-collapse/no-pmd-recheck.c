// SPDX-License-Identifier: GPL-2.0-only
/* GUP-fast as before 70cbc3cc78a9: only the entry itself is looked at again. */
#define RECHECK_PTE true
#define RECHECK_PMD false
#include "../gup-fast-walk.h"
