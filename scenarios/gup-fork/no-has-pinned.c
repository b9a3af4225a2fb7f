// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

/* Override, a mutation: nobody is told that an address space may have pinned pages (R13). */

void mm_set_has_pinned_flag(unsigned long *mm_flags)
{
	(void)mm_flags;
}
