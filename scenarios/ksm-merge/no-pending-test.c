// SPDX-License-Identifier: GPL-2.0-only
/* Linux 6.12 without the question for flushes under way. */
#define MAY_BE_WRITTEN(mm, page, entry) \
	(pte_write(entry) || pte_dirty(entry) || PageAnonExclusive(page))
#include "../ksm-protect.h"
