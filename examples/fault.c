// SPDX-License-Identifier: GPL-2.0-only
/* cc fault.c $(pkg-config --cflags --libs vmsim) && ./a.out */
#include <vmsim/vmsim.h>
#include <stdio.h>
#include <sys/mman.h>

int main(void)
{
	struct vmsim_config config;
	struct vmsim_machine *machine;
	struct vmsim_stats stats;
	uint64_t value = 0;
	long addr;
	int pid, signal;

	vmsim_config_init(&config);
	if (vmsim_machine_create(&config, &machine))
		return 1;
	pid = vmsim_process_create(machine, "demo");
	if (pid < 0 || vmsim_attach(machine, 0, pid)) /* this thread is CPU 0 now */
		return 1;
	addr = vmsim_mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  VMSIM_NO_FILE, 0);
	vmsim_store(addr, 8, 42); /* through the TLB: a miss, a fault, a retry */
	vmsim_load(addr, 8, &value);
	vmsim_munmap(addr, 8192);
	signal = vmsim_load(addr, 8, &value);
	vmsim_stats_get(machine, &stats);
	printf("value %llu, faults %llu, flushes %llu; after munmap: signal %d\n",
	       (unsigned long long)value, (unsigned long long)stats.faults,
	       (unsigned long long)stats.flushes, signal);
	vmsim_detach();
	vmsim_process_destroy(machine, pid);
	return vmsim_machine_destroy(machine) ? 1 : 0;
}
