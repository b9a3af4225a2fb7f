// SPDX-License-Identifier: GPL-2.0-only
#include "check/check.h"
#include <elfutils/libdw.h>
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

/* Of the unit that has @addr: not every compiler writes an index of them. */
static Dwarf_Line *line_of(Dwfl_Module *module, Dwarf_Addr addr)
{
	Dwarf_Die *unit = NULL;
	Dwarf_Addr bias;

	while ((unit = dwfl_module_nextcu(module, unit, &bias)))
		if (dwarf_haspc(unit, addr - bias) > 0)
			return dwarf_getsrc_die(unit, addr - bias);
	return NULL;
}

bool vmsim_source_place(const void *ip, char *text, size_t size)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	/* A return address belongs to what comes after the call. */
	Dwarf_Addr addr = (Dwarf_Addr)(uintptr_t)ip - 1;
	Dwfl_Module *module;
	Dwarf_Line *line;
	const char *file, *slash;
	int number;

	pthread_once(&once, read_process);
	module = dwfl ? dwfl_addrmodule(dwfl, addr) : NULL;
	line = module ? line_of(module, addr) : NULL;
	file = line ? dwarf_linesrc(line, NULL, NULL) : NULL;
	if (!file || dwarf_lineno(line, &number))
		return false;
	slash = strrchr(file, '/');
	snprintf(text, size, "%s:%d", slash ? slash + 1 : file, number);
	return true;
}
