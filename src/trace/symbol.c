// SPDX-License-Identifier: GPL-2.0-only
#include "trace/symbol.h"
#include <elfutils/libdwfl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct symbols {
	Dwfl *dwfl;
};

struct symbols *symbols_open(void)
{
	static const Dwfl_Callbacks callbacks = {
		.find_elf = dwfl_linux_proc_find_elf,
		.find_debuginfo = dwfl_standard_find_debuginfo,
	};
	struct symbols *symbols = calloc(1, sizeof(*symbols));

	if (symbols)
		symbols->dwfl = dwfl_begin(&callbacks);
	if (symbols && symbols->dwfl && !dwfl_linux_proc_report(symbols->dwfl, getpid()) &&
	    !dwfl_report_end(symbols->dwfl, NULL, NULL))
		return symbols;
	symbols_close(symbols);
	return NULL;
}

void symbols_close(struct symbols *symbols)
{
	if (symbols && symbols->dwfl)
		dwfl_end(symbols->dwfl);
	free(symbols);
}

/* A return address may belong to what comes after the call. */
static Dwarf_Addr address_of(const void *ip)
{
	return (Dwarf_Addr)(uintptr_t)ip - 1;
}

static const char *look_up(struct symbols *symbols, const void *ip, GElf_Sym *symbol)
{
	Dwarf_Addr address = address_of(ip);
	Dwfl_Module *module = symbols ? dwfl_addrmodule(symbols->dwfl, address) : NULL;
	GElf_Off offset;

	return module ? dwfl_module_addrinfo(module, address, &offset, symbol, NULL, NULL, NULL) :
			NULL;
}

const char *symbol_name(struct symbols *symbols, const void *ip)
{
	GElf_Sym symbol;

	return look_up(symbols, ip, &symbol);
}

/* Weak is what can be replaced; what replaces it is global, and not called as ours are. */
bool symbol_is_kernel(struct symbols *symbols, const void *ip)
{
	GElf_Sym symbol;
	const char *name = look_up(symbols, ip, &symbol);

	if (!name || !strncmp(name, "vmsim_", 6))
		return false;
	return GELF_ST_BIND(symbol.st_info) != STB_LOCAL;
}

/* The last two parts of a path: a folder and a file. */
static const char *short_path(const char *path)
{
	const char *at = path + strlen(path);

	for (int slashes = 0; at > path; at--)
		if (at[-1] == '/' && ++slashes == 2)
			break;
	return at;
}

/* Of the unit that has @address: not every compiler writes an index of them. */
static Dwarf_Line *line_of(Dwfl_Module *module, Dwarf_Addr address)
{
	Dwarf_Die *unit = NULL;
	Dwarf_Addr bias;

	while ((unit = dwfl_module_nextcu(module, unit, &bias)))
		if (dwarf_haspc(unit, address - bias) > 0)
			return dwarf_getsrc_die(unit, address - bias);
	return NULL;
}

bool symbol_place(struct symbols *symbols, const void *ip, char *text, size_t size)
{
	Dwarf_Addr address = address_of(ip);
	Dwfl_Module *module = symbols ? dwfl_addrmodule(symbols->dwfl, address) : NULL;
	Dwarf_Line *line = module ? line_of(module, address) : NULL;
	const char *file;
	int number;

	file = line ? dwarf_linesrc(line, NULL, NULL) : NULL;
	if (!file || dwarf_lineno(line, &number))
		return false;
	snprintf(text, size, "%s:%d", short_path(file), number);
	return true;
}

/* Where a simulated thread, or an interrupt, begins; or where one was put off for the other. */
static bool is_beginning(const char *name)
{
	return name && (!strcmp(name, "actor_entry") || !strcmp(name, "vmsim_ipi_take") ||
			!strcmp(name, "vmsim_explorer_event"));
}

/* From what raised the event up to where the thread begins. */
struct call_path symbols_path(struct symbols *symbols, const struct vmsim_stack *stack,
			      const void *raised)
{
	struct call_path path = { 0 };
	bool called = false;		/* the last function was the innermost one */
	unsigned int i = 0;

	if (!symbols)
		return path;
	while (i < stack->n && stack->ip[i] != raised)
		i++;
	for (; i < stack->n; i++) {
		const char *name = symbol_name(symbols, stack->ip[i]);

		if (is_beginning(name))
			break;
		if (!path.inner || called)
			path.ip = stack->ip[i];
		called = false;
		if (!symbol_is_kernel(symbols, stack->ip[i]))
			continue;
		called = !path.inner;
		if (!path.inner)
			path.inner = name;
		path.outer = name;
	}
	return path;
}
