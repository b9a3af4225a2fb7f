// SPDX-License-Identifier: GPL-2.0-only
/*
 * A replacement of do_anonymous_page() must be what a store to new memory reaches. It is linked in
 * or, if its path is given, preloaded into a second run of this program.
 */
#include <vmsim/vmsim.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static int store_to_new_memory(void)
{
	struct vmsim_config config;
	struct vmsim_machine *machine;
	long addr;
	int pid, result;

	vmsim_config_init(&config);
	if (vmsim_machine_create(&config, &machine))
		return -1;
	pid = vmsim_process_create(machine, "override");
	if (pid < 0 || vmsim_attach(machine, 0, pid))
		return -1;
	addr = vmsim_mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  VMSIM_NO_FILE, 0);
	result = addr < 0 ? -1 : vmsim_store((unsigned long)addr, 8, 1);
	vmsim_detach();
	vmsim_process_destroy(machine, pid);
	vmsim_machine_destroy(machine);
	return result;
}

int main(int argc, char **argv)
{
	int result = store_to_new_memory();

	if (argc == 2) {
		if (result != 0) {
			fprintf(stderr, "without a replacement: %d, expected 0\n", result);
			return 1;
		}
		setenv("LD_PRELOAD", argv[1], 1);
		/* The sanitizer's run-time library comes second then. */
		setenv("ASAN_OPTIONS", "verify_asan_link_order=0", 1);
		execl("/proc/self/exe", argv[0], (char *)NULL);
		perror("execl");
		return 1;
	}
	if (result != SIGBUS) {
		fprintf(stderr, "with a replacement: %d, expected SIGBUS\n", result);
		return 1;
	}
	return 0;
}
