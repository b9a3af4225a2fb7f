// SPDX-License-Identifier: GPL-2.0-only
#include "folio/folio.h"
#include <linux/mm.h>
#include <linux/pagemap.h>

/* What is known about a frame, in the form that kernel developers read (6.12, mm/debug.c). */

static const char *const flag_name[__NR_PAGEFLAGS] = {
	[PG_locked] = "locked",
	[PG_writeback] = "writeback",
	[PG_referenced] = "referenced",
	[PG_uptodate] = "uptodate",
	[PG_dirty] = "dirty",
	[PG_lru] = "lru",
	[PG_head] = "head",
	[PG_waiters] = "waiters",
	[PG_active] = "active",
	[PG_workingset] = "workingset",
	[PG_owner_priv_1] = "owner_priv_1",
	[PG_owner_2] = "owner_2",
	[PG_arch_1] = "arch_1",
	[PG_reserved] = "reserved",
	[PG_private] = "private",
	[PG_private_2] = "private_2",
	[PG_reclaim] = "reclaim",
	[PG_swapbacked] = "swapbacked",
	[PG_unevictable] = "unevictable",
	[PG_mlocked] = "mlocked",
};

#define FLAGS_TEXT_SIZE 256

static const char *flags_text(unsigned long flags, char text[FLAGS_TEXT_SIZE])
{
	size_t used = 0;

	text[0] = '\0';
	for (int bit = 0; bit < __NR_PAGEFLAGS; bit++)
		if (flags & BIT(bit))
			used += (size_t)snprintf(text + used, FLAGS_TEXT_SIZE - used, "%s%s",
						 used ? "|" : "", flag_name[bit]);
	return text;
}

/* A map count, or the type that a frame without mappings has in its place. */
static bool has_type(const struct page *page)
{
	return (__READ_ONCE(page->page_type) >> 24) >= PGTY_buddy &&
	       __READ_ONCE(page->page_type) != ~0u;
}

static const char *type_text(const struct page *page)
{
	switch (__READ_ONCE(page->page_type) >> 24) {
	case PGTY_buddy:
		return "buddy";
	case PGTY_table:
		return "table";
	default:
		return "unknown";
	}
}

static void print_words(const char *what, const void *cells, size_t size)
{
	const unsigned long *word = cells;

	for (size_t i = 0; i < size / sizeof(*word); i += 4)
		pr_warn("%s: %016lx %016lx %016lx %016lx\n", what, __READ_ONCE(word[i]),
			__READ_ONCE(word[i + 1]), __READ_ONCE(word[i + 2]),
			__READ_ONCE(word[i + 3]));
}

static void print_large(const struct folio *folio)
{
	pr_warn("head: order:%u mapcount:%d entire_mapcount:%d nr_pages_mapped:%d pincount:%d\n",
		folio_order(folio), folio_mapcount(folio), folio_entire_mapcount(folio),
		atomic_read(&folio->_nr_pages_mapped) & FOLIO_PAGES_MAPPED,
		atomic_read(&folio->_pincount));
}

static void print_file(const struct address_space *mapping)
{
	pr_warn("file: ino:%lx size:%#llx cached:%lu\n", mapping->host->i_ino,
		(unsigned long long)__READ_ONCE(mapping->host->i_size),
		__READ_ONCE(mapping->nrpages));
}

static void print_kind(const struct folio *folio)
{
	char text[FLAGS_TEXT_SIZE];
	unsigned long flags = __READ_ONCE(folio->flags);
	const struct address_space *mapping = folio_mapping(folio);

	if (mapping && folio_ref_count(folio) && !has_type(&folio->page))
		print_file(mapping);
	pr_warn("%sflags: %#lx(%s) generation:%u%s\n",
		folio_test_ksm(folio) ? "ksm " : folio_test_anon(folio) ? "anon " : "", flags,
		flags_text(flags, text), __READ_ONCE(folio->vmsim_gen),
		__READ_ONCE(folio->vmsim_gen) & 1 ? "" : " (free)");
}

static void print_page(const struct page *page, const char *reason)
{
	const struct folio *folio = page_folio(page);

	pr_warn("page: refcount:%d mapcount:%d mapping:%p index:%#lx pfn:%#lx\n",
		folio_ref_count(folio), has_type(page) ? 0 : page_mapcount(page),
		(void *)__READ_ONCE(folio->mapping), folio->index + folio_page_idx(folio, page),
		page_to_pfn(page));
	if (folio_test_large(folio))
		print_large(folio);
	print_kind(folio);
	if (has_type(page))
		pr_warn("page_type: %x(%s)\n", __READ_ONCE(page->page_type) >> 24, type_text(page));
	print_words("raw", page, sizeof(*page));
	if (folio_test_large(folio))
		print_words("head", folio, 2 * sizeof(*page));
	if (reason)
		pr_warn("page dumped because: %s\n", reason);
}

/**
 * dump_page() - prints what is known about a frame to standard error
 * @page: the frame; nothing else is expected of it, it may be free or change meanwhile
 * @reason: why it is printed, or NULL
 */
__vmsim_overridable void dump_page(const struct page *page, const char *reason)
{
	(void)vmsim_vm_check((print_page(page, reason), false));
}
