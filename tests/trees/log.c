// SPDX-License-Identifier: GPL-2.0-only
#include "trees.h"
#include <linux/vmstat.h>
#include <inttypes.h>
#include <stdio.h>

/*
 * A line for each step, for comparisons of one library with another (tests/kernel/differ.py): what was
 * made, what calls said, a digest of the state and what was counted. Frames are numbered in the
 * order in which the state mentions them: which ones the allocator chose makes no difference.
 */

#define FNV_START 0xcbf29ce484222325UL
#define FNV_PRIME 0x100000001b3UL

static struct {
	char results[512];
	unsigned int length;
	unsigned int number[TREE_FRAMES], frames;
	u64 digest;
	bool aloud;
	struct page **held;
	unsigned int nr_held;
} log_of;

void tree_result(const char *what, long result)
{
	size_t room = sizeof(log_of.results) - log_of.length;

	if (tree.log)
		log_of.length += (unsigned int)min(room - 1, (size_t)snprintf(
			log_of.results + log_of.length, room, " %s%ld", what, result));
}

static void add(u64 value)
{
	for (int i = 0; i < 8; i++, value >>= 8)
		log_of.digest = (log_of.digest ^ (value & 0xff)) * FNV_PRIME;
}

/* One fact of the state: at most four numbers. */
static void fact(const char *what, u64 a, u64 b, u64 c, u64 d)
{
	add((u64)what[0]);
	add(a);
	add(b);
	add(c);
	add(d);
	if (log_of.aloud)
		printf("\t%s %" PRIx64 " %" PRIx64 " %" PRIx64 " %" PRIx64 "\n", what, a, b, c, d);
}

/* The number of a frame, told of at its first mention. */
static unsigned int frame_of(unsigned long pfn)
{
	const struct page *page = pfn_to_page(pfn);
	unsigned long kind = (unsigned long)page->mapping & PAGE_MAPPING_FLAGS;

	if (log_of.number[pfn])
		return log_of.number[pfn];
	log_of.number[pfn] = ++log_of.frames;
	fact("frame", log_of.frames, page->flags & (BIT(__NR_PAGEFLAGS) - 1),
	     (u64)(unsigned int)page->_refcount.counter << 32 |
	     (unsigned int)page->_mapcount.counter,
	     page->mapping ? page->index << 2 | kind : ~0UL);
	if (page->flags & BIT(PG_unevictable))
		fact("locked", page->mlock_count, 0, 0, 0);
	return log_of.frames;
}

static void tell_entry(void *arg, struct mm_struct *mm, pte_t *ptep, unsigned long addr)
{
	u64 pte = chk_read_pte(ptep);
	u64 maps = pte & (_PAGE_PRESENT | _PAGE_PROTNONE);

	(void)arg, (void)mm;
	fact("entry", addr, pte & PTE_FLAGS_MASK, maps ? frame_of(chk_pfn(pte)) : chk_pfn(pte), 0);
}

/* How many tables there are is counted (struct vmsim_stats). */
static void skip_table(void *arg, struct mm_struct *mm, struct page *table, unsigned int level)
{
	(void)arg, (void)mm, (void)table, (void)level;
}

static void tell_space(const struct proc *proc)
{
	const struct chk_walk walk = { .pte = tell_entry, .table = skip_table };
	struct mm_struct *mm = proc->space->mm;

	fact("process", (u64)(proc - tree.proc), mm->flags, (u64)mm->map_count, mm->total_vm);
	fact("locked", mm->locked_vm, mm->def_flags, 0, 0);
	for (struct vm_area_struct *vma = vmsim_vma_first(&mm->mm_mt); vma;
	     vma = vmsim_vma_next(vma)) {
		fact("vma", vma->vm_start, vma->vm_end, vma->vm_flags, vma->vm_pgoff);
		fact("prot", pgprot_val(vma->vm_page_prot), vma->anon_vma != NULL, 0, 0);
	}
	chk_walk_mm(mm, &walk);
	for (int member = 0; member < NR_MM_COUNTERS; member++)
		fact("rss", (u64)member, (u64)vmsim_rss_sum(mm, member), 0, 0);
}

static void tell_held(struct page **pages, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		fact("held", i, frame_of(page_to_pfn(pages[i])), 0, 0);
}

static void tell_file(void)
{
	for (unsigned int i = 0; i < TREE_FILE_PAGES; i++) {
		const struct folio *folio = vmsim_pagecache_load(tree.file.file->f_mapping, i);

		if (folio)
			fact("cached", i, frame_of(folio_pfn(folio)), 0, 0);
	}
}

static void tell_state(void)
{
	log_of.digest = FNV_START;
	log_of.frames = 0;
	memset(log_of.number, 0, sizeof(log_of.number));
	for (unsigned int i = 0; i < TREE_PROCS; i++)
		if (tree.proc[i].pid)
			tell_space(&tree.proc[i]);
	tell_file();
	for (unsigned int i = 0; i < TREE_HOLDS; i++)
		if (tree.hold[i].pins)
			tell_held(tree.hold[i].pins->page, tree.hold[i].nr);
	tell_held(log_of.held, log_of.nr_held);
	for (unsigned int i = 0; i < NR_VM_NODE_STAT_ITEMS; i++)
		fact("node", i, global_node_page_state((enum node_stat_item)i), 0, 0);
	for (unsigned int i = 0; i < NR_VM_EVENT_ITEMS; i++)
		fact("events", i, vmsim_vm_events((enum vm_event_item)i), 0, 0);
}

/* The state as it is while an operation has these pages. */
void tree_result_held(struct page **pages, unsigned int nr)
{
	if (!tree.log)
		return;
	log_of.held = pages;
	log_of.nr_held = nr;
	tell_state();
	tree_result("held ", (long)log_of.digest);
	log_of.held = NULL;
	log_of.nr_held = 0;
}

void tree_log_step(u64 seed, unsigned int step)
{
	struct vmsim_stats stats;

	if (!tree.log)
		return;
	vmsim_enter();
	log_of.aloud = step == tree.whole;
	if (log_of.aloud)
		printf("state:\n");
	tell_state();
	log_of.aloud = false;
	vmsim_leave();
	vmsim_stats_get(tree.machine, &stats);
	printf("%" PRIu64 ":%u: %s:%s; state %" PRIx64 ", flushes %" PRIu64 " full %" PRIu64
	       " ipis %" PRIu64 " faults %" PRIu64 " copies %" PRIu64 " reuses %" PRIu64
	       " tables %" PRIu64 " free %" PRIu64 "\n", seed, step, tree.said, log_of.results,
	       log_of.digest, stats.flushes, stats.flushes_full, stats.ipis, stats.faults,
	       stats.copies, stats.reuses, stats.tables, stats.frames_free);
	log_of.length = 0;
	log_of.results[0] = '\0';
}
