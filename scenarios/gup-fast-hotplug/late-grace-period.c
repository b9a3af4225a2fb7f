// SPDX-License-Identifier: GPL-2.0-only
/* The cells wait for those who walk without locks; that pfn_valid() is true of them does not. */
#include <linux/mmzone.h>
#include <linux/rcupdate.h>

void section_deactivate(unsigned long pfn, unsigned long nr_pages, struct vmem_altmap *altmap)
{
	if (clear_subsection_map(pfn, nr_pages))
		return;
	synchronize_rcu();
	depopulate_section_memmap(pfn, nr_pages, altmap);
}
