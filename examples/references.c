// SPDX-License-Identifier: GPL-2.0-only
/* Kernel names. cc references.c $(pkg-config --cflags --libs vmsim-linux) && ./a.out */
#include <linux/mm.h>
#include <vmsim/vmsim.h>
#include <stdio.h>

/* Two holders of one page; true if the page went back with the last reference, and not before. */
static bool two_holders(struct vmsim_machine *machine)
{
	struct vmsim_stats before, held, after;
	struct page *page;

	vmsim_stats_get(machine, &before);
	page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!page)
		return false;
	get_page(page);
	printf("pfn %lu: %d references\n", page_to_pfn(page), page_ref_count(page));
	put_page(page);
	vmsim_stats_get(machine, &held);
	put_page(page);
	vmsim_stats_get(machine, &after);
	return held.frames_free + 1 == before.frames_free &&
	       after.frames_free == before.frames_free;
}

int main(void)
{
	struct vmsim_config config;
	struct vmsim_machine *machine;
	int pid;
	bool right;

	vmsim_config_init(&config);
	if (vmsim_machine_create(&config, &machine))
		return 1;
	pid = vmsim_process_create(machine, "demo");
	/* Kernel-named functions act for a thread of the machine. */
	if (pid < 0 || vmsim_attach(machine, 0, pid))
		return 1;
	right = two_holders(machine);
	vmsim_detach();
	vmsim_process_destroy(machine, pid);
	return vmsim_machine_destroy(machine) || !right;
}
