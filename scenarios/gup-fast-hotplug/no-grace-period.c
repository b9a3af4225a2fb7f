// SPDX-License-Identifier: GPL-2.0-only
/*
 * The removal of a section as in Linux 6.12: nobody is waited for. And GUP-fast as it is built
 * without CONFIG_DEBUG_VM, which does not ask pfn_valid().
 */
#define RECHECK_PTE true
#define RECHECK_PMD true
#include "../gup-fast-walk.h"
#include <linux/mmzone.h>

void section_deactivate(unsigned long pfn, unsigned long nr_pages, struct vmem_altmap *altmap)
{
	if (!clear_subsection_map(pfn, nr_pages))
		depopulate_section_memmap(pfn, nr_pages, altmap);
}
