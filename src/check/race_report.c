// SPDX-License-Identifier: GPL-2.0-only
#include "machine/heap.h"
#include "check/race.h"
#include "mm/mm_internal.h"
#include "trace/symbol.h"

static bool lies_in(u64 addr, const void *start, size_t size)
{
	return addr - (uintptr_t)start < size;
}

/* The VMA of @mm that @addr is a part of, or NULL. */
static const struct vm_area_struct *vma_of(struct mm_struct *mm, u64 addr)
{
	struct vm_area_struct *vma = vmsim_vma_first(&mm->mm_mt);

	while (vma && !lies_in(addr, vma, sizeof(*vma)))
		vma = vmsim_vma_next(vma);
	return vma;
}

static bool describe_in_mm(struct chk_text *text, struct mm_struct *mm, u64 addr)
{
	const struct vm_area_struct *vma = vma_of(mm, addr);

	if (vma)
		snprintf(text->s, sizeof(text->s), "vma %lx-%lx of mm %llu, byte %zu",
			 vma->vm_start, vma->vm_end,
			 (unsigned long long)mm->context.ctx_id,
			 (size_t)(addr - (uintptr_t)vma));
	else if (lies_in(addr, mm, sizeof(*mm)))
		snprintf(text->s, sizeof(text->s), "mm %llu, byte %zu",
			 (unsigned long long)mm->context.ctx_id, (size_t)(addr - (uintptr_t)mm));
	else
		return false;
	return true;
}

static const char *describe(struct vmsim_checker *chk, struct chk_text *text, u64 addr)
{
	struct vmsim_machine *m = chk->machine;
	struct mm_struct *mm;
	unsigned long pfn;

	if (addr >= (uintptr_t)m->frames) {
		pfn = (addr - (uintptr_t)m->frames) >> PAGE_SHIFT;
		return chk_page(text, pfn_to_page(pfn));
	}
	if (lies_in(addr, m->memmap, m->nr_frames * sizeof(struct page))) {
		pfn = (addr - (uintptr_t)m->memmap) / sizeof(struct page);
		return chk_page(text, m->memmap + pfn);
	}
	list_for_each_entry(mm, &m->mms, mm_list)
		if (describe_in_mm(text, mm, addr))
			return text->s;
	if (lies_in(addr, m->heap, VMSIM_HEAP_SIZE))
		snprintf(text->s, sizeof(text->s), "heap+0x%zx",
			 (size_t)(addr - (uintptr_t)m->heap));
	else
		snprintf(text->s, sizeof(text->s), "machine+0x%zx",
			 (size_t)(addr - (uintptr_t)m));
	return text->s;
}

static const char *place(struct symbols *symbols, struct chk_text *text, const void *ip)
{
	if (symbol_place(symbols, ip, text->s, sizeof(text->s)))
		return text->s;
	return chk_place(text, ip);
}

static const char *verb(bool write, bool marked, bool freed)
{
	if (freed)
		return "free";
	if (marked)
		return write ? "marked write" : "marked read";
	return write ? "plain write" : "plain read";
}

void race_report(struct vmsim_checker *chk, const struct race_access *access,
		 const struct race_record *before)
{
	const struct race_actor *other = &chk->races->actor[before->actor];
	struct symbols *symbols = symbols_open();
	struct chk_text object, here, there;
	const char *this_place = place(symbols, &here, access->ip);
	const char *other_place = place(symbols, &there, before->ip);

	/* The report may not return. */
	symbols_close(symbols);
	chk_report(chk, VMSIM_ORACLE_O23, "",
		   "%s by %s at %s, %s by %s at %s: nothing orders them; %s",
		   verb(before->write, before->marked, before->freed), other->name, other_place,
		   verb(access->write, access->marked, access->freed), access->actor->name,
		   this_place, describe(chk, &object, access->addr));
}
