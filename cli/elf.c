// SPDX-License-Identifier: GPL-2.0-only
#include "cli.h"
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is in an object file that somebody names as an override, before it is run. */

#define OBJECT_MAX (256u << 20)

#if defined(__x86_64__)
#define THIS_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define THIS_MACHINE EM_AARCH64
#elif defined(__s390x__)
#define THIS_MACHINE EM_S390
#else
#error "unknown machine"
#endif

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define THIS_ORDER ELFDATA2LSB
#else
#define THIS_ORDER ELFDATA2MSB
#endif

struct image {
	const unsigned char *data;
	size_t length;
	cli_name_test replaceable;
	char *what;
	size_t size;
};

static bool __attribute__((format(printf, 2, 3)))
wrong(struct image *image, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(image->what, image->size, format, args);
	va_end(args);
	return false;
}

/* Copies a record out of the file; false where it does not lie in it. */
static bool read_at(const struct image *image, uint64_t offset, void *record, size_t size)
{
	if (offset > image->length || size > image->length - offset)
		return false;
	memcpy(record, image->data + offset, size);
	return true;
}

static bool check_header(struct image *image, Elf64_Ehdr *header)
{
	if (!read_at(image, 0, header, sizeof(*header)) ||
	    memcmp(header->e_ident, ELFMAG, SELFMAG))
		return wrong(image, "not an ELF file");
	if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != THIS_ORDER ||
	    header->e_machine != THIS_MACHINE)
		return wrong(image, "an ELF file for another machine");
	if (header->e_type != ET_DYN)
		return wrong(image, "no shared object: link it with -shared");
	if (header->e_shentsize != sizeof(Elf64_Shdr) || header->e_phentsize != sizeof(Elf64_Phdr))
		return wrong(image, "damaged ELF file: bad headers");
	return true;
}

static bool read_section(const struct image *image, const Elf64_Ehdr *header, uint64_t index,
			 Elf64_Shdr *section)
{
	return index < header->e_shnum &&
	       header->e_shoff <= image->length &&
	       read_at(image, header->e_shoff + index * sizeof(*section), section,
		       sizeof(*section));
}

/* The name at @offset of a string table, or NULL where it does not end in it. */
static const char *string_at(const struct image *image, const Elf64_Shdr *strings, uint64_t offset)
{
	uint64_t left;

	if (strings->sh_offset > image->length ||
	    strings->sh_size > image->length - strings->sh_offset || offset >= strings->sh_size)
		return NULL;
	left = strings->sh_size - offset;
	if (!memchr(image->data + strings->sh_offset + offset, '\0', left))
		return NULL;
	return (const char *)image->data + strings->sh_offset + offset;
}

static bool is_defined_function(const Elf64_Sym *symbol)
{
	unsigned int type = ELF64_ST_TYPE(symbol->st_info);
	unsigned int bind = ELF64_ST_BIND(symbol->st_info);
	unsigned int visibility = ELF64_ST_VISIBILITY(symbol->st_other);

	return symbol->st_shndx != SHN_UNDEF && type == STT_FUNC &&
	       (bind == STB_GLOBAL || bind == STB_WEAK) &&
	       (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
}

static bool check_symbols(struct image *image, const Elf64_Shdr *symbols,
			  const Elf64_Shdr *strings)
{
	uint64_t n = symbols->sh_size / sizeof(Elf64_Sym);
	bool found = false;

	if (symbols->sh_offset > image->length ||
	    symbols->sh_size > image->length - symbols->sh_offset)
		return wrong(image, "damaged ELF file: symbols outside the file");
	for (uint64_t i = 0; i < n; i++) {
		Elf64_Sym symbol;
		const char *name;

		if (!read_at(image, symbols->sh_offset + i * sizeof(symbol), &symbol,
			     sizeof(symbol)))
			return wrong(image, "damaged ELF file: symbols outside the file");
		name = string_at(image, strings, symbol.st_name);
		if (!name)
			return wrong(image, "damaged ELF file: a name outside its table");
		found |= is_defined_function(&symbol) && image->replaceable(name);
	}
	return found || wrong(image, "defines no function that the library lets be replaced");
}

static bool check_image(struct image *image)
{
	Elf64_Shdr symbols, strings;
	Elf64_Ehdr header;

	if (!check_header(image, &header))
		return false;
	for (uint64_t i = 0; i < header.e_shnum; i++) {
		if (!read_section(image, &header, i, &symbols))
			return wrong(image, "damaged ELF file: sections outside the file");
		if (symbols.sh_type != SHT_DYNSYM)
			continue;
		if (!read_section(image, &header, symbols.sh_link, &strings))
			return wrong(image, "damaged ELF file: symbols without names");
		return check_symbols(image, &symbols, &strings);
	}
	return wrong(image, "has no dynamic symbols");
}

bool cli_override_check_memory(const void *data, size_t length, cli_name_test replaceable,
			       char *what, size_t size)
{
	struct image image = { data, length, replaceable, what, size };

	return check_image(&image);
}

/* All of an open file, which the caller frees; NULL: @what tells why. */
static void *read_all(int fd, size_t *length, char *what, size_t size)
{
	struct stat status;
	char *data;
	size_t done = 0;

	if (fstat(fd, &status) || !S_ISREG(status.st_mode)) {
		snprintf(what, size, "not a regular file");
		return NULL;
	}
	if (status.st_size > OBJECT_MAX) {
		snprintf(what, size, "too large");
		return NULL;
	}
	data = malloc((size_t)status.st_size + 1);
	while (data && done < (size_t)status.st_size) {
		ssize_t got = read(fd, data + done, (size_t)status.st_size - done);

		if (got <= 0)
			break;
		done += (size_t)got;
	}
	*length = done;
	if (!data)
		snprintf(what, size, "out of memory");
	return data;
}

bool cli_override_check(const char *path, cli_name_test replaceable, char *what, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t length;
	void *data;
	bool ok;

	if (fd < 0) {
		snprintf(what, size, "%s", strerror(errno));
		return false;
	}
	data = read_all(fd, &length, what, size);
	close(fd);
	if (!data)
		return false;
	ok = cli_override_check_memory(data, length, replaceable, what, size);
	free(data);
	return ok;
}
