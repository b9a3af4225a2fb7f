// SPDX-License-Identifier: GPL-2.0-only
#include "cli.h"
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <gelf.h>
#include <string.h>
#include <unistd.h>

/*
 * What functions an object was made of. Its symbols name static ones, too, but not those of which the
 * compiler has left nothing; these its debug information names.
 */

struct visit {
	void (*name)(const char *name, void *data);
	void *data;
};

/* Without what the compiler appends: "zap_pte_range.constprop.0". */
static void visit_symbol(const struct visit *visit, const char *symbol)
{
	char name[256];
	size_t length = symbol ? strcspn(symbol, ".") : 0;

	if (!length || length >= sizeof(name))
		return;
	memcpy(name, symbol, length);
	name[length] = '\0';
	visit->name(name, visit->data);
}

static void visit_table(Elf *elf, Elf_Scn *section, const GElf_Shdr *header,
			const struct visit *visit)
{
	Elf_Data *data = elf_getdata(section, NULL);

	if (!data || !header->sh_entsize)
		return;
	for (size_t i = 0; i < header->sh_size / header->sh_entsize; i++) {
		GElf_Sym symbol;

		if (gelf_getsym(data, (int)i, &symbol) && symbol.st_shndx != SHN_UNDEF &&
		    GELF_ST_TYPE(symbol.st_info) == STT_FUNC)
			visit_symbol(visit, elf_strptr(elf, header->sh_link, symbol.st_name));
	}
}

static void visit_symbols(Elf *elf, const struct visit *visit)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while ((section = elf_nextscn(elf, section))) {
		if (gelf_getshdr(section, &header) &&
		    (header.sh_type == SHT_SYMTAB || header.sh_type == SHT_DYNSYM))
			visit_table(elf, section, &header, visit);
	}
}

/* Functions of headers are not what the object replaces. */
static bool in_header(Dwarf_Die *die)
{
	const char *file = dwarf_decl_file(die);
	size_t length = file ? strlen(file) : 0;

	return length > 2 && !strcmp(file + length - 2, ".h");
}

static int visit_die(Dwarf_Die *die, void *data)
{
	const char *name = dwarf_diename(die);
	const struct visit *visit = data;

	if (name && !dwarf_hasattr(die, DW_AT_declaration) && !in_header(die))
		visit->name(name, visit->data);
	return DWARF_CB_OK;
}

static void visit_debug(Elf *elf, struct visit *visit)
{
	Dwarf *dwarf = dwarf_begin_elf(elf, DWARF_C_READ, NULL);
	Dwarf_Off offset = 0, next;
	size_t header_size;

	while (dwarf && !dwarf_nextcu(dwarf, offset, &next, &header_size, NULL, NULL, NULL)) {
		Dwarf_Die unit;

		if (dwarf_offdie(dwarf, offset + header_size, &unit))
			dwarf_getfuncs(&unit, visit_die, visit, 0);
		offset = next;
	}
	if (dwarf)
		dwarf_end(dwarf);
}

bool cli_visit_functions(const char *path, void (*name)(const char *name, void *data), void *data)
{
	struct visit visit = { name, data };
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	Elf *elf;

	if (fd < 0)
		return false;
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (elf) {
		visit_symbols(elf, &visit);
		visit_debug(elf, &visit);
		elf_end(elf);
	}
	close(fd);
	return elf;
}
