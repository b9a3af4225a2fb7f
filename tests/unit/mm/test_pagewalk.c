// SPDX-License-Identifier: GPL-2.0-only
#include "fork_test.h"
#include <linux/pagewalk.h>

/*
 * Walks over tables (walk_page_range() and its like) against a scan of all tables that knows
 * nothing of mappings. Runs over the kernel's own file too: whatever stands here holds for Linux
 * 6.1 and 6.12.
 */
#define MAX_TABLES 64

/* Mappings lie around the border of two PUD entries. */
#define MIDDLE 0x40000000UL
#define AREA (MIDDLE - 8 * PMD_SIZE)
#define AREA_END (MIDDLE + 8 * PMD_SIZE)

static struct {
	unsigned int level;
	unsigned long start, end;
} table_of[MAX_TABLES];
static unsigned int nr_tables;

static uint64_t random_state;

static unsigned long pick(unsigned long below)
{
	random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (random_state >> 33) % below;
}

/* Nothing may jump out of a walk, and of the locks around it: the first failure is kept. */
static const char *failed;
static int failed_line;

#define must(cond)								\
do {										\
	if (!(cond) && !failed) {						\
		failed = #cond;							\
		failed_line = __LINE__;						\
	}									\
} while (0)
#define must_equal(a, b) must((a) == (b))

static void begin(struct mm_struct *mm)
{
	failed = NULL;
	vmsim_enter();
	mmap_write_lock(mm);
}

static void end(struct mm_struct *mm)
{
	mmap_write_unlock(mm);
	vmsim_leave();
	if (failed)
		fail_msg("line %d: %s", failed_line, failed);
}

static void scan_entry(void *arg, struct mm_struct *mm, pte_t *ptep, unsigned long addr)
{
	(void)arg, (void)mm, (void)ptep, (void)addr;
}

static void scan_table(void *arg, struct mm_struct *mm, struct page *table, unsigned int level)
{
	unsigned long base = page_ptdesc(table)->pt_base;

	(void)arg, (void)mm;
	must(nr_tables < MAX_TABLES);
	if (failed)
		return;
	table_of[nr_tables].level = level;
	table_of[nr_tables].start = base;
	table_of[nr_tables++].end = base + (1UL << (PAGE_SHIFT + 9 * level));
}

static void scan_tables(struct mm_struct *mm)
{
	struct chk_walk scan = { .pte = scan_entry, .table = scan_table };

	nr_tables = 0;
	chk_walk_mm(mm, &scan);
}

static unsigned int tables_in(unsigned int level, unsigned long start, unsigned long end)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < nr_tables; i++)
		nr += table_of[i].level == level && table_of[i].start < end &&
		      start < table_of[i].end;
	return nr;
}

/* What a walk has shown so far. */
struct seen {
	struct mm_struct *mm;
	unsigned long at;		/* all before has been shown */
	unsigned int entries, full, holes, pmds, puds, p4ds, pgds, before, after, tests;
};

static void check_vma(struct mm_walk *walk, unsigned long addr, unsigned long next)
{
	struct seen *seen = walk->private;

	must_equal(walk->mm, seen->mm);
	if (!walk->vma) {
		must(!find_vma_intersection(seen->mm, addr, next));
		return;
	}
	must(walk->vma->vm_start <= addr && next <= walk->vma->vm_end);
}

static int on_pte(pte_t *pte, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	struct seen *seen = walk->private;

	must_equal(addr, seen->at);
	must_equal(next, addr + PG);
	check_vma(walk, addr, next);
	must_equal(tables_in(1, addr, next), 1);
	must(pte_same(*pte, entry_of(seen->mm, addr)));
	must(spin_is_locked(page_ptdesc(virt_to_page(pte))->ptl));
	seen->at = next;
	seen->entries++;
	seen->full += !pte_none(*pte);
	return 0;
}

/* The highest level that is missing at @addr; folded ones are no levels. */
static int depth_at(unsigned long addr)
{
	if (tables_in(2, addr, addr + 1))
		return 3;
#if defined(VMSIM_ARCH_X86_PAE)
	return 0;
#else
	if (tables_in(3, addr, addr + 1))
		return 2;
	return pgtable_l5_enabled() && tables_in(4, addr, addr + 1) ? 1 : 0;
#endif
}

static int on_hole(unsigned long addr, unsigned long next, int depth, struct mm_walk *walk)
{
	struct seen *seen = walk->private;

	must_equal(addr, seen->at);
	must(next > addr);
	check_vma(walk, addr, next);
	if (walk->vma) {
		must_equal(tables_in(1, addr, next), 0);
		must_equal(depth, depth_at(addr));
	} else {
		must_equal(depth, -1);
	}
	seen->at = next;
	seen->holes++;
	return 0;
}

static int on_pmd(pmd_t *pmd, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	struct seen *seen = walk->private;

	must_equal(addr, seen->at);
	must_equal(addr >> PMD_SHIFT, (next - 1) >> PMD_SHIFT);
	must_equal(pte_offset_kernel(pmd, 0), page_address(pmd_page(*pmd)));
	must_equal(page_ptdesc(pmd_page(*pmd))->pt_base, addr & PMD_MASK);
	seen->pmds++;
	return 0;
}

static int on_pud(pud_t *pud, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	struct seen *seen = walk->private;

	must(!pud_none(*pud));
	must_equal(addr >> PUD_SHIFT, (next - 1) >> PUD_SHIFT);
	seen->puds++;
	return 0;
}

static int on_p4d(p4d_t *p4d, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	(void)p4d, (void)addr, (void)next;
	((struct seen *)walk->private)->p4ds++;
	return 0;
}

static int on_pgd(pgd_t *pgd, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	must_equal(pgd, pgd_offset(walk->mm, addr));
	must(next > addr);
	((struct seen *)walk->private)->pgds++;
	return 0;
}

static int on_begin(unsigned long start, unsigned long end, struct mm_walk *walk)
{
	struct seen *seen = walk->private;

	must_equal(start, seen->at);
	check_vma(walk, start, end);
	must_equal(seen->before, seen->after);
	seen->before++;
	return 0;
}

static void on_end(struct mm_walk *walk)
{
	struct seen *seen = walk->private;

	seen->after++;
	must_equal(seen->before, seen->after);
}

static const struct mm_walk_ops all_ops = {
	.pgd_entry = on_pgd, .p4d_entry = on_p4d, .pud_entry = on_pud, .pmd_entry = on_pmd,
	.pte_entry = on_pte, .pte_hole = on_hole, .pre_vma = on_begin, .post_vma = on_end,
};

static void place(unsigned long addr, size_t pages)
{
	long at = vmsim_mmap(addr, pages * PG, RW, ANON | MAP_FIXED, VMSIM_NO_FILE, 0);

	assert_int_equal(at, addr);
}

/* Some mappings, some of whose pages are there. */
static void furnish(void)
{
	random_state = 4711;
	place(MIDDLE - 5 * PG, 10);
	store(MIDDLE - 2 * PG, 1);
	store(MIDDLE + 3 * PG, 1);
	for (int i = 0; i < 24; i++) {
		unsigned long at = AREA + pick((AREA_END - AREA - PMD_SIZE) / PG) * PG;
		size_t pages = 1 + pick(pick(3) ? 20 : 512);

		if (pick(2) && at > AREA + PMD_SIZE)
			at = (at & PMD_MASK) - 2 * PG;
		place(at, pages);
		for (size_t j = pick(4); j && j < 6; j++)
			store(at + pick(pages) * PG, j);
	}
	/* Nothing was ever touched here. */
	place(AREA_END + PUD_SIZE / 2, 3);
#if !defined(VMSIM_ARCH_X86_PAE)
	place(AREA_END + 5 * P4D_SIZE, 3);
#endif
}

/* Mappings in a range with each table of a level in it: how often its entry is shown. */
static unsigned int shown(struct mm_struct *mm, unsigned int level, unsigned long start,
			  unsigned long end)
{
	struct vm_area_struct *vma = find_vma(mm, start);
	unsigned int nr = 0;

	for (; vma && vma->vm_start < end; vma = find_vma(mm, vma->vm_end))
		nr += tables_in(level, max(vma->vm_start, start), min(vma->vm_end, end));
	return nr;
}

static void check_range(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct seen seen = { .mm = mm, .at = start };

	must_equal(walk_page_range(mm, start, end, &all_ops, &seen), 0);
	must_equal(seen.at, end);
	must_equal(seen.before, seen.after);
	must_equal(seen.pmds, shown(mm, 1, start, end));
	must_equal(seen.puds, shown(mm, 2, start, end));
#if !defined(VMSIM_ARCH_X86_PAE)
	must_equal(seen.p4ds, shown(mm, 3, start, end));
#endif
	must_equal(seen.pgds > 0, seen.before > 0);
}

static void test_a_range_is_shown_once(void **state)
{
	struct mm_struct *mm = vmsim_self->mm;

	(void)state;
	furnish();
	begin(mm);
	scan_tables(mm);
	must(tables_in(1, 0, -1UL) > 8 && shown(mm, 1, 0, -1UL) > 10);
	for (int round = 0; round < 300; round++) {
		unsigned long start = AREA + pick((AREA_END - AREA) / PG) * PG;
		unsigned long end = start + (1 + pick((AREA_END - start) / PG)) * PG;

		check_range(mm, start, end);
	}
	check_range(mm, 0, TASK_SIZE);
	check_range(mm, AREA_END, AREA_END + PUD_SIZE);
	end(mm);
}

static int third_entry(pte_t *pte, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	struct seen *seen = walk->private;

	(void)pte, (void)addr, (void)next;
	return ++seen->entries == 3 ? 7 : 0;
}

static int failing_hole(unsigned long addr, unsigned long next, int depth, struct mm_walk *walk)
{
	(void)addr, (void)next, (void)depth;
	return ++((struct seen *)walk->private)->holes == 2 ? -EBUSY : 0;
}

static int failing_begin(unsigned long start, unsigned long end, struct mm_walk *walk)
{
	(void)start, (void)end, (void)walk;
	return -EINTR;
}

static int count_begin(unsigned long start, unsigned long end, struct mm_walk *walk)
{
	(void)start, (void)end;
	((struct seen *)walk->private)->before++;
	return 0;
}

static void test_a_result_ends_the_walk(void **state)
{
	static const struct mm_walk_ops entry_ops = {
		.pte_entry = third_entry, .pre_vma = count_begin, .post_vma = on_end,
	};
	static const struct mm_walk_ops hole_ops = { .pte_hole = failing_hole };
	static const struct mm_walk_ops begin_ops = {
		.pte_entry = third_entry, .pre_vma = failing_begin, .post_vma = on_end,
	};
	struct mm_struct *mm = vmsim_self->mm;
	struct seen seen = { 0 };

	(void)state;
	furnish();
	begin(mm);
	must_equal(walk_page_range(mm, 0, TASK_SIZE, &entry_ops, &seen), 7);
	must_equal(seen.entries, 3);
	must(seen.after > 0 && seen.after == seen.before);
	must_equal(walk_page_range(mm, 0, TASK_SIZE, &hole_ops, &seen), -EBUSY);
	must_equal(seen.holes, 2);
	seen = (struct seen) { 0 };
	must_equal(walk_page_range(mm, 0, TASK_SIZE, &begin_ops, &seen), -EINTR);
	must_equal(seen.entries + seen.after, 0);
	must_equal(walk_page_range(mm, PG, PG, &entry_ops, &seen), -EINVAL);
	must_equal(walk_page_range(mm, 2 * PG, PG, &entry_ops, &seen), -EINVAL);
	end(mm);
}

/* Of three mappings the second is skipped, or ends the walk. */
static int verdict;

static int on_test(unsigned long start, unsigned long end, struct mm_walk *walk)
{
	struct seen *seen = walk->private;

	must(walk->vma->vm_start <= start && end <= walk->vma->vm_end);
	return ++seen->tests == 2 ? verdict : 0;
}

static void test_mappings_can_be_skipped(void **state)
{
	static const struct mm_walk_ops ops = {
		.pte_entry = third_entry, .test_walk = on_test,
	};
	struct mm_struct *mm = vmsim_self->mm;
	struct seen seen = { .entries = 10 };

	(void)state;
	for (int i = 0; i < 3; i++) {
		place(MIDDLE + i * 16 * PG, 4 + i);
		store(MIDDLE + i * 16 * PG, 1);
	}
	begin(mm);
	verdict = 1;
	must_equal(walk_page_range(mm, MIDDLE, MIDDLE + PMD_SIZE, &ops, &seen), 0);
	must_equal(seen.tests, 3);
	must_equal(seen.entries, 10 + 4 + 6);
	seen = (struct seen) { .entries = 10 };
	verdict = -EPERM;
	must_equal(walk_page_range(mm, MIDDLE, MIDDLE + PMD_SIZE, &ops, &seen), -EPERM);
	must_equal(seen.tests, 2);
	must_equal(seen.entries, 10 + 4);
	end(mm);
}

/* A mapping without pages of ours is a hole, whatever its tables say. */
static int whole_hole(unsigned long addr, unsigned long next, int depth, struct mm_walk *walk)
{
	must_equal(addr, MIDDLE);
	must_equal(next, MIDDLE + 4 * PG);
	must_equal(depth, -1);
	((struct seen *)walk->private)->holes++;
	return 0;
}

static void test_pfn_map(void **state)
{
	static const struct mm_walk_ops ops = { .pte_entry = third_entry, .pte_hole = whole_hole };
	struct mm_struct *mm = vmsim_self->mm;
	struct vm_area_struct *vma;
	struct seen seen = { 0 };

	(void)state;
	place(MIDDLE, 4);
	store(MIDDLE, 1);
	begin(mm);
	vma = find_vma(mm, MIDDLE);
	vma->vm_flags |= VM_PFNMAP;
	must_equal(walk_page_range(mm, MIDDLE, MIDDLE + 4 * PG, &ops, &seen), 0);
	vma->vm_flags &= ~(vm_flags_t)VM_PFNMAP;
	end(mm);
	assert_int_equal(seen.holes, 1);
	assert_int_equal(seen.entries, 0);
}

/* The first table is looked at three times, the second not at all. */
static int acting_pmd(pmd_t *pmd, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	struct seen *seen = walk->private;

	(void)pmd, (void)next;
	if (++seen->pmds <= 2)
		walk->action = ACTION_AGAIN;
	if (addr >= MIDDLE)
		walk->action = ACTION_CONTINUE;
	return 0;
}

static int acting_pud(pud_t *pud, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	struct seen *seen = walk->private;

	(void)pud, (void)next, (void)addr;
	seen->puds++;
	walk->action = ACTION_CONTINUE;
	return 0;
}

static void test_callbacks_decide(void **state)
{
	static const struct mm_walk_ops pmd_ops = {
		.pmd_entry = acting_pmd, .pte_entry = third_entry,
	};
	static const struct mm_walk_ops pud_ops = {
		.pud_entry = acting_pud, .pte_entry = third_entry,
	};
	struct mm_struct *mm = vmsim_self->mm;
	struct seen seen = { .entries = 10 };

	(void)state;
	place(MIDDLE - 6 * PG, 10);
	store(MIDDLE - PG, 1);
	store(MIDDLE, 1);
	begin(mm);
	must_equal(walk_page_range(mm, MIDDLE - 6 * PG, MIDDLE + 4 * PG, &pmd_ops, &seen), 0);
	must_equal(seen.pmds, 4);
	must_equal(seen.entries, 16);
	must_equal(walk_page_range(mm, MIDDLE - 6 * PG, MIDDLE + 4 * PG, &pud_ops, &seen), 0);
	must_equal(seen.puds, 2);
	must_equal(seen.entries, 16);
	end(mm);
}

static void test_one_mapping(void **state)
{
	struct mm_struct *mm = vmsim_self->mm;
	struct vm_area_struct *vma;
	struct seen seen = { .mm = mm, .at = MIDDLE - 5 * PG };

	(void)state;
	place(MIDDLE - 5 * PG, 10);
	store(MIDDLE + PG, 1);
	begin(mm);
	scan_tables(mm);
	vma = find_vma(mm, MIDDLE);
	must_equal(walk_page_vma(vma, &all_ops, &seen), 0);
	must_equal(seen.at, MIDDLE + 5 * PG);
	must_equal(seen.entries, 5);
	must_equal(seen.full, 1);
	seen.at = MIDDLE - PG;
	must_equal(walk_page_range_vma(vma, MIDDLE - PG, MIDDLE + 2 * PG, &all_ops, &seen), 0);
	must_equal(seen.at, MIDDLE + 2 * PG);
	must_equal(walk_page_range_vma(vma, MIDDLE, MIDDLE + 6 * PG, &all_ops, &seen), -EINVAL);
	must_equal(walk_page_range_vma(vma, MIDDLE - 6 * PG, MIDDLE, &all_ops, &seen), -EINVAL);
	must_equal(walk_page_range_vma(vma, MIDDLE, MIDDLE, &all_ops, &seen), -EINVAL);
	end(mm);
}

/* Pages of a file, where they are mapped: each is counted by its address space and page. */
static unsigned int met[2][16];

static int on_file_pte(pte_t *pte, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	unsigned long page = walk->vma->vm_pgoff + (addr - walk->vma->vm_start) / PG;

	(void)next;
	must(page < 16);
	if (failed)
		return 0;
	met[walk->mm == walk->private][page] += 1 + 16 * !pte_none(*pte);
	return 0;
}

static void test_a_file(void **state)
{
	static const struct mm_walk_ops ops = { .pte_entry = on_file_pte };
	int file = vmsim_memfd_create(world.machine, "m", 16 * PG), child;
	unsigned long a = map_file(file, 6, RW, MAP_SHARED, 2);
	unsigned long b = map_file(file, 4, RW, MAP_SHARED, 12);
	struct mm_struct *mm = vmsim_self->mm;
	struct address_space *mapping;

	(void)state;
	store(a + PG, 1);
	store(b, 1);
	child = fork_process();
	become(child);
	store(a, 1);
	become(world.pid);
	mapping = vma_at(a)->vm_file->f_mapping;
	memset(met, 0, sizeof(met));
	begin(mm);
	i_mmap_lock_read(mapping);
	must_equal(walk_page_mapping(mapping, 3, 11, &ops, mm), 0);
	i_mmap_unlock_read(mapping);
	end(mm);
	for (unsigned int page = 0; page < 16; page++) {
		bool mapped = (page >= 3 && page < 8) || page == 12 || page == 13;

		assert_int_equal(met[1][page], mapped ? page == 3 || page == 12 ? 17 : 1 : 0);
		/* The child has a table of its own only where it has been. */
		assert_int_equal(met[0][page] % 16 <= mapped, 1);
	}
	end_process(child);
	assert_int_equal(vmsim_munmap(a, 6 * PG), 0);
	assert_int_equal(vmsim_munmap(b, 4 * PG), 0);
	assert_int_equal(vmsim_file_destroy(world.machine, file), 0);
}

/* One level more. */
static int tall_begin(void **state)
{
	struct vmsim_config config = world_config();

	(void)state;
#if !defined(VMSIM_ARCH_X86_PAE)
	config.levels = 5;
#endif
	return world_begin_as(&config, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_world(test_a_range_is_shown_once),
		cmocka_unit_test_setup_teardown(test_a_range_is_shown_once, tall_begin, world_end),
		in_world(test_a_result_ends_the_walk),
		in_world(test_mappings_can_be_skipped),
		in_world(test_pfn_map),
		in_world(test_callbacks_decide),
		in_world(test_one_mapping),
		in_world(test_a_file),
	};

	return vmsim_run_tests(tests);
}
