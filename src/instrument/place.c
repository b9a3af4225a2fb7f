// SPDX-License-Identifier: GPL-2.0-only
#include "check/check.h"
#include <elfutils/libdwfl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

/*
 * File and line of an address, from the debugging information of the process. It is read once, when
 * the first report asks for it: what is loaded later has none.
 */

static Dwfl *dwfl;

static void read_process(void)
{
	static const Dwfl_Callbacks callbacks = {
		.find_elf = dwfl_linux_proc_find_elf,
		.find_debuginfo = dwfl_standard_find_debuginfo,
	};

	dwfl = dwfl_begin(&callbacks);
	if (!dwfl)
		return;
	if (dwfl_linux_proc_report(dwfl, getpid()) || dwfl_report_end(dwfl, NULL, NULL)) {
		dwfl_end(dwfl);
		dwfl = NULL;
	}
}

bool vmsim_source_place(const void *ip, char *text, size_t size)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	/* A return address belongs to what comes after the call. */
	Dwarf_Addr addr = (Dwarf_Addr)(uintptr_t)ip - 1;
	Dwfl_Module *module;
	Dwfl_Line *line;
	const char *file, *slash;
	int number;

	pthread_once(&once, read_process);
	module = dwfl ? dwfl_addrmodule(dwfl, addr) : NULL;
	line = module ? dwfl_module_getsrc(module, addr) : NULL;
	file = line ? dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL) : NULL;
	if (!file)
		return false;
	slash = strrchr(file, '/');
	snprintf(text, size, "%s:%d", slash ? slash + 1 : file, number);
	return true;
}
