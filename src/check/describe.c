// SPDX-License-Identifier: GPL-2.0-only
#include "check/checker.h"
#include <dlfcn.h>

/*
 * Frames as dump_page() shows them in the kernel, in one line. The same in every process: no
 * pointers.
 */

static const struct {
	unsigned int bit;
	const char *name;
} shown_flags[] = {
	{ PG_locked, "locked" },	 { PG_writeback, "writeback" }, { PG_uptodate, "uptodate" },
	{ PG_dirty, "dirty" },		 { PG_lru, "lru" },		{ PG_head, "head" },
	{ PG_owner_2, "exclusive" },	 { PG_reserved, "reserved" },	{ PG_private, "private" },
	{ PG_swapbacked, "swapbacked" },
};

static void flag_names(char *to, size_t size, unsigned long flags)
{
	size_t at = 0;

	to[0] = 0;
	for (size_t i = 0; i < ARRAY_SIZE(shown_flags) && at < size; i++)
		if (flags & BIT(shown_flags[i].bit))
			at += (size_t)snprintf(to + at, size - at, "%s%s", at ? "|" : "",
					       shown_flags[i].name);
}

/* What the mapping pointer says, without following it: the object may be gone. */
static const char *owner_name(const struct page *page)
{
	unsigned long mapping = (unsigned long)__READ_ONCE(page->mapping);

	if (!mapping)
		return "none";
	return mapping & PAGE_MAPPING_ANON ? "anon" : "file";
}

const char *chk_page(struct chk_text *text, const struct page *page)
{
	unsigned long pfn = page_to_pfn(page);
	char flags[64];

	flag_names(flags, sizeof(flags), __READ_ONCE(page->flags));
	if (!chk_frame_allocated(page))
		snprintf(text->s, sizeof(text->s), "page:pfn=%lx gen=%u free", pfn,
			 __READ_ONCE(page->vmsim_gen));
	else if (chk_is_table(page))
		snprintf(text->s, sizeof(text->s), "page:pfn=%lx gen=%u refcount:%d table flags:%s",
			 pfn, __READ_ONCE(page->vmsim_gen), page_ref_count(page), flags);
	else
		snprintf(
			text->s, sizeof(text->s),
			"page:pfn=%lx gen=%u refcount:%d mapcount:%d mapping:%s index:%lx flags:%s",
			pfn, __READ_ONCE(page->vmsim_gen), page_ref_count(page),
			atomic_read(&page->_mapcount) + 1, owner_name(page),
			__READ_ONCE(page->index), flags);
	return text->s;
}

const char *chk_entry(struct chk_text *text, unsigned int cpu, const struct vmsim_tlb_entry *entry)
{
	snprintf(text->s, sizeof(text->s), "tlb:cpu=%u va=%lx pfn=%lx gen=%u R%s%s%s%s", cpu,
		 entry->vpn << PAGE_SHIFT, entry->pfn, entry->gen, entry->write ? "W" : "-",
		 entry->exec ? "X" : "-", entry->accessed ? "A" : "-", entry->dirty ? "D" : "-");
	return text->s;
}

const char *chk_pte(struct chk_text *text, u64 value)
{
	if (!value)
		snprintf(text->s, sizeof(text->s), "pte:none");
	else if (!chk_hw_present(value))
		snprintf(text->s, sizeof(text->s), "pte:not present (%llx)",
			 (unsigned long long)value);
	else
		snprintf(text->s, sizeof(text->s), "pte:pfn=%lx R%s%s%s", chk_pfn(value),
			 value & _PAGE_RW ? "W" : "-", value & _PAGE_ACCESSED ? "A" : "-",
			 value & _PAGE_DIRTY ? "D" : "-");
	return text->s;
}

const char *chk_place(struct chk_text *text, const void *ip)
{
	const char *file;
	Dl_info info;

	if (!dladdr(ip, &info) || !info.dli_fname) {
		snprintf(text->s, sizeof(text->s), "?");
		return text->s;
	}
	file = strrchr(info.dli_fname, '/');
	file = file ? file + 1 : info.dli_fname;
	if (info.dli_sname)
		snprintf(text->s, sizeof(text->s), "%s+0x%zx", info.dli_sname,
			 (size_t)((const char *)ip - (const char *)info.dli_saddr));
	else
		snprintf(text->s, sizeof(text->s), "%s+0x%zx", file,
			 (size_t)((const char *)ip - (const char *)info.dli_fbase));
	return text->s;
}
