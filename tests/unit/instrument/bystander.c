// SPDX-License-Identifier: GPL-2.0-only
#include "bystander.h"

/* Code that was compiled without instrumentation. */
bool bystander_put(struct page *page)
{
	return folio_ref_sub_return((struct folio *)page, 1) == 0;
}
