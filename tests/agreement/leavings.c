// SPDX-License-Identifier: GPL-2.0-only
#include "leavings.h"
#include "explore/session.h"
#include "check/checker.h"
#include "folio/folio.h"
#include "mm/mm_internal.h"

/*
 * Not a hash of the memory: where objects lie, in which order frames are free, and whether RCU's
 * callbacks have run yet says how an execution came to its end, not to which.
 */

uint64_t leavings;

void __real_world_finish(struct vmsim_explorer *x);
void __wrap_world_finish(struct vmsim_explorer *x);

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}

static uint64_t mix_bytes(uint64_t hash, const void *at, size_t size)
{
	for (size_t i = 0; i < size; i++)
		hash = mix(hash, ((const unsigned char *)at)[i]);
	return hash;
}

static uint64_t mix_contents(uint64_t hash, const struct page *page)
{
	const struct vmsim_machine *m = vmsim_this_machine();
	const uint64_t *word = page_address(page);

	if (m->versions)
		return mix(hash, m->versions[page_to_pfn(page)]);
	for (size_t i = 0; i < PAGE_SIZE / sizeof(*word); i++)
		hash = mix(hash, word[i]);
	return hash;
}

static uint64_t mix_page(uint64_t hash, const struct page *page)
{
	const struct vmsim_machine *m = vmsim_this_machine();

	if (page_to_pfn(page) == m->zero_pfn)
		return mix(hash, 0);
	hash = mix(hash, page->flags);
	hash = mix(hash, (uint64_t)atomic_read(&page->_refcount));
	hash = mix(hash, (uint64_t)atomic_read(&page->_mapcount));
	return mix_contents(hash, page);
}

static void mix_pte(void *arg, struct mm_struct *mm, pte_t *ptep, unsigned long addr)
{
	u64 pte = chk_read_pte(ptep);

	(void)arg, (void)mm;
	leavings = mix(mix(leavings, addr), pte & ~PTE_PFN_MASK);
	if (!(pte & (_PAGE_PRESENT | _PAGE_PROTNONE)))
		return;
	/* Not every entry is of memory (torn-pte). */
	if (pfn_valid(chk_pfn(pte)))
		leavings = mix_page(leavings, pfn_to_page(chk_pfn(pte)));
	else
		leavings = mix(leavings, chk_pfn(pte));
}

static void mix_table(void *arg, struct mm_struct *mm, struct page *table, unsigned int level)
{
	(void)arg, (void)mm, (void)table;
	leavings = mix(leavings, level);
}

static void mix_mm(struct mm_struct *mm)
{
	const struct chk_walk walk = { .pte = mix_pte, .table = mix_table };

	struct vm_area_struct *vma = vmsim_vma_first(&mm->mm_mt);

	leavings = mix(leavings, mm->context.ctx_id);
	for (; vma; vma = vmsim_vma_next(vma)) {
		leavings = mix(leavings, vma->vm_start);
		leavings = mix(leavings, vma->vm_end);
		leavings = mix(leavings, vma->vm_flags);
	}
	chk_walk_mm(mm, &walk);
}

static void mix_file(const struct file *file)
{
	struct address_space *mapping = file->f_mapping;
	pgoff_t pages = DIV_ROUND_UP((pgoff_t)mapping->host->i_size, PAGE_SIZE);

	leavings = mix(mix(leavings, (uint64_t)file->f_id), pages);
	for (pgoff_t i = 0; i < pages; i++) {
		const struct folio *folio = vmsim_pagecache_load(mapping, i);
		char stored[PAGE_SIZE] = "";

		vmsim_store_peek(mapping, i, 0, stored, sizeof(uint64_t));
		leavings = mix_bytes(leavings, stored, sizeof(uint64_t));
		leavings = folio ? mix_page(leavings, &folio->page) : mix(leavings, i);
	}
}

/* What a CPU can do through its TLB, in any order. */
static void mix_entry(void *arg, struct vmsim_cpu *cpu, const struct vmsim_tlb_entry *entry)
{
	uint64_t *sum = arg, hash;

	if (!vmsim_tlb_usable(cpu, entry))
		return;
	hash = mix(mix(cpu->id, entry->mm), entry->vpn);
	*sum += mix(hash, (uint64_t)(entry->shift << 2 | entry->write << 1 | entry->dirty));
}

static void mix_all(struct vmsim_explorer *x)
{
	struct vmsim_machine *m = x->machine;
	struct mm_struct *mm;
	struct file *file;
	uint64_t entries = 0;

	leavings = mix_bytes(0, x->world.ctx, x->scenario->ctx_size);
	list_for_each_entry(mm, &m->mms, mm_list)
		mix_mm(mm);
	list_for_each_entry(file, &m->files, f_list)
		mix_file(file);
	vmsim_tlb_for_each(m, mix_entry, &entries);
	leavings = mix(leavings, entries);
}

void __wrap_world_finish(struct vmsim_explorer *x)
{
	struct task_struct *self = vmsim_self;

	vmsim_self = &x->machine->cpu[0].idle;
	vmsim_self->in_watcher++;
	mix_all(x);
	vmsim_self->in_watcher--;
	vmsim_self = self;
	__real_world_finish(x);
}
