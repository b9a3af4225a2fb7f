// SPDX-License-Identifier: GPL-2.0-only
/* CVE-2016-5195: the retry does not ask for a write any more. */
#include "gup-retry.h"

static unsigned int after_the_copy(unsigned int flags)
{
	return flags & ~FOLL_WRITE;
}
