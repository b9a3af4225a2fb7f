// SPDX-License-Identifier: GPL-2.0-only
#include "trees.h"
#include <linux/vmstat.h>

/* Every count that the library keeps of frames and address spaces, counted again. */

static int held[TREE_FRAMES];		/* references that holds have */
static unsigned int locked[TREE_FRAMES];	/* entries of mappings that are locked in memory */

static void check(const char *what, unsigned long of, long expected, long found)
{
	if (expected != found)
		tree_fail("%s of %lx: expected %ld, found %ld", what, of, expected, found);
}

static void count_hold(const struct hold *hold)
{
	int each = hold->flags & VMSIM_PIN_REF ? 1 : GUP_PIN_COUNTING_BIAS;

	for (unsigned int i = 0; hold->pins && i < hold->nr; i++) {
		unsigned long pfn = page_to_pfn(hold->pins->page[i]);

		/* Pins of the page of zeroes are counted by nobody. */
		if (each == 1 || pfn != tree.m->zero_pfn)
			held[pfn] += each;
	}
}

static void count_locked(struct mm_struct *mm, const struct vm_area_struct *vma)
{
	for (unsigned long addr = vma->vm_start; addr < vma->vm_end; addr += PAGE_SIZE) {
		const pte_t *ptep = chk_find_pte(mm, addr);
		u64 pte = ptep ? chk_read_pte(ptep) : 0;

		if (pte & (_PAGE_PRESENT | _PAGE_PROTNONE))
			locked[chk_pfn(pte)]++;
	}
}

/* Nobody reclaims anything meanwhile: so the counts are exact, and not only at least right. */
static void check_locked(const struct folio *folio, unsigned long pfn)
{
	if (folio_test_mlocked(folio) != (locked[pfn] > 0))
		tree_fail("frame %lx is %s, with %u entries of locked mappings", pfn,
			  folio_test_mlocked(folio) ? "locked" : "not locked", locked[pfn]);
	check("unevictable", pfn, folio_test_mlocked(folio), folio_test_unevictable(folio));
	if (locked[pfn])
		check("mlock count", pfn, locked[pfn], folio->mlock_count);
}

static void check_exclusive(const struct page *page, unsigned long pfn)
{
	if (!(page->flags & BIT(PG_anon_exclusive)))
		return;
	if (!chk_is_anon(page))
		tree_fail("frame %lx is exclusive, and not anonymous", pfn);
	if (scan.entries[pfn] > 1)
		tree_fail("frame %lx is exclusive, and mapped %u times", pfn, scan.entries[pfn]);
}

/* A frame that is neither free nor a table: mapped, cached, held, or lost. */
static void check_used(const struct page *page, unsigned long pfn)
{
	const struct folio *folio = (const struct folio *)page;
	bool cached = chk_file_mapping(page);
	long refs = scan.entries[pfn] + cached + held[pfn];

	if (cached && folio_test_private(folio))
		refs++;
	if (!refs)
		tree_fail("frame %lx is lost: nothing maps it, caches it or holds it", pfn);
	check("map count", pfn, scan.entries[pfn], page_mapcount(page));
	check("references", pfn, refs, page_ref_count(page));
	if (cached && scan.entries[pfn] && chk_is_anon(page))
		tree_fail("frame %lx is cached and anonymous", pfn);
	if (folio_test_locked(folio) || folio_test_writeback(folio))
		tree_fail("frame %lx is locked or being written", pfn);
	check_exclusive(page, pfn);
	check_locked(folio, pfn);
}

static void check_frame(const struct page *page, unsigned long pfn)
{
	if (PageReserved(page)) {
		check("map count", pfn, 0, page_mapcount(page));
		check("references", pfn, 1 + held[pfn], page_ref_count(page));
	} else if (!chk_frame_allocated(page)) {
		check("entries of a free frame", pfn, 0, scan.entries[pfn]);
		check("references of a free frame", pfn, held[pfn], page_ref_count(page));
	} else if (chk_is_table(page)) {
		check("entries of a table", pfn, 0, scan.entries[pfn]);
		check("references of a table", pfn, 1, page_ref_count(page));
	} else {
		check_used(page, pfn);
	}
}

static void check_frames(void)
{
	u64 allocated = 0, tables = 0, mlocked = 0;

	for (unsigned long pfn = 0; pfn < tree.m->frames_used; pfn++) {
		const struct page *page = pfn_to_page(pfn);

		check_frame(page, pfn);
		allocated += chk_frame_allocated(page);
		mlocked += (page->flags & BIT(PG_mlocked)) != 0;
		tables += chk_frame_allocated(page) && chk_is_table(page);
	}
	check("free frames", 0, (long)(TREE_FRAMES - allocated),
	      (long)vmsim_free_frames(tree.m));
	check("tables", 0, (long)scan.tables, (long)tables);
	check("locked pages", 0, (long)mlocked, (long)global_zone_page_state(NR_MLOCK));
	check("counted tables", 0, (long)scan.tables, (long)tree.m->tables);
}

static void check_rss(const struct mm_struct *mm)
{
	long rss[NR_MM_COUNTERS] = { 0 };

	for (unsigned int i = 0; i < scan.nr; i++)
		if (scan.at[i].mm == mm && chk_pfn(scan.at[i].pte) != tree.m->zero_pfn)
			rss[mm_counter(pfn_folio(chk_pfn(scan.at[i].pte)))]++;
	for (int kind = 0; kind < NR_MM_COUNTERS; kind++)
		check(kind == MM_ANONPAGES ? "anonymous pages" : "resident pages",
		      (unsigned long)mm->pid, rss[kind],
		      get_mm_counter((struct mm_struct *)mm, kind));
}

/* Processes and threads. */
static long users_of(const struct mm_struct *mm)
{
	long users = 0;

	for (unsigned int i = 0; i < TREE_PROCS; i++)
		users += tree.proc[i].pid && tree.proc[i].space->mm == mm;
	for (unsigned int cpu = 0; cpu < tree.cpus; cpu++)
		users += tree.task[cpu]->mm == mm;
	return users;
}

static long holds_of(const struct mm_struct *mm)
{
	long holds = 0;

	for (unsigned int i = 0; i < TREE_HOLDS; i++)
		holds += tree.hold[i].pins && tree.hold[i].pins->mm == mm;
	return holds;
}

static void check_mm(struct mm_struct *mm)
{
	unsigned long pages = 0, locked_pages = 0;
	long vmas = 0;

	for (struct vm_area_struct *vma = vmsim_vma_first(&mm->mm_mt); vma;
	     vma = vmsim_vma_next(vma), vmas++) {
		pages += vma_pages(vma);
		locked_pages += vma->vm_flags & VM_LOCKED ? vma_pages(vma) : 0;
	}
	check("mappings", (unsigned long)mm->pid, vmas, mm->map_count);
	check("mapped pages", (unsigned long)mm->pid, (long)pages, (long)mm->total_vm);
	check("pages of locked mappings", (unsigned long)mm->pid, (long)locked_pages,
	      (long)mm->locked_vm);
	check("users", (unsigned long)mm->pid, users_of(mm), atomic_read(&mm->mm_users));
	check("references to the object", (unsigned long)mm->pid, !!users_of(mm) + holds_of(mm),
	      atomic_read(&mm->mm_count));
	check("the fork sequence, odd", (unsigned long)mm->pid, 0,
	      mm->write_protect_seq.sequence & 1);
	check("flushes under way", (unsigned long)mm->pid, 0,
	      atomic_read(&mm->tlb_flush_pending));
	if (rwsem_is_locked(&mm->mmap_lock))
		tree_fail("mmap_lock of %d is held", mm->pid);
	check_rss(mm);
}

/* What CPUs have cached allows no more than the entries do. */
static void check_cached(void *arg, struct vmsim_cpu *cpu, const struct vmsim_tlb_entry *entry)
{
	unsigned long addr = entry->vpn << PAGE_SHIFT;
	struct mm_struct *mm;
	const pte_t *ptep;
	unsigned int excess;

	(void)arg;
	if (!vmsim_tlb_usable(cpu, entry))
		return;
	list_for_each_entry(mm, &tree.m->mms, mm_list) {
		if (mm->context.ctx_id != entry->mm)
			continue;
		ptep = chk_find_pte(mm, addr);
		excess = chk_excess(entry, ptep ? chk_read_pte(ptep) : 0);
		if (excess)
			tree_fail("CPU %u has more for %lx of %d than the entry: %s", cpu->id,
				  addr, mm->pid, chk_excess_name(excess));
		return;
	}
	tree_fail("CPU %u has an entry for %lx of an address space that is gone", cpu->id, addr);
}

void tree_recount(void)
{
	struct mm_struct *mm;

	memset(held, 0, sizeof(held));
	for (unsigned int i = 0; i < TREE_HOLDS; i++)
		count_hold(&tree.hold[i]);
	memset(locked, 0, sizeof(locked));
	list_for_each_entry(mm, &tree.m->mms, mm_list)
		for (struct vm_area_struct *vma = vmsim_vma_first(&mm->mm_mt); vma;
		     vma = vmsim_vma_next(vma))
			if (vma->vm_flags & VM_LOCKED)
				count_locked(mm, vma);
	check_frames();
	list_for_each_entry(mm, &tree.m->mms, mm_list)
		check_mm(mm);
	vmsim_tlb_for_each(tree.m, check_cached, NULL);
}
