// SPDX-License-Identifier: GPL-2.0-only
#include "fork_test.h"

/* mremap() as Linux 6.12 does it: sizes, places, what is kept, what is refused. */

#define BASE 0x20000000UL
#define THERE 0x30000000UL
#define MOVE (MREMAP_MAYMOVE | MREMAP_FIXED)

static unsigned long map_at(unsigned long addr, size_t pages)
{
	assert_int_equal(vmsim_mmap(addr, pages * PG, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0), addr);
	return addr;
}

static void fill(unsigned long addr, size_t pages, uint64_t value)
{
	for (size_t i = 0; i < pages; i++)
		store(addr + i * PG, value + i);
}

static void assert_filled(unsigned long addr, size_t pages, uint64_t value)
{
	for (size_t i = 0; i < pages; i++)
		assert_int_equal(load(addr + i * PG), value + i);
}

static bool is_mapped(unsigned long addr)
{
	uint64_t value;

	return vmsim_load(addr, 8, &value) != SIGSEGV;
}

static uint64_t flushes(void)
{
	return stats_now().flushes;
}

static long grow_in_place(unsigned long addr, size_t from, size_t to)
{
	return vmsim_mremap(addr, from * PG, to * PG, 0, 0);
}

static void test_shrink(void **state)
{
	unsigned long a = map_at(BASE, 6);

	(void)state;
	fill(a, 6, 100);
	assert_int_equal(vmsim_mremap(a, 6 * PG, 4 * PG, 0, 0), a);
	assert_true(mapped_as(a, 4));
	assert_false(is_mapped(a + 4 * PG));
	assert_rss(4, 0);
	/* A part is shrunk: what follows it stays. */
	assert_int_equal(vmsim_mremap(a, 2 * PG, PG, 0, 0), a);
	assert_true(mapped_as(a, 1));
	assert_true(mapped_as(a + 2 * PG, 2));
	assert_false(is_mapped(a + PG));
	/* The same size: nothing. */
	assert_int_equal(vmsim_mremap(a, PG, PG, 0, 0), a);
	/* Sizes are rounded up. */
	assert_int_equal(vmsim_mremap(a + 2 * PG, 2 * PG - 1, 1, 0, 0), a + 2 * PG);
	assert_true(mapped_as(a + 2 * PG, 1));
	recount();
}

static void test_grow_in_place(void **state)
{
	unsigned long a = map_at(BASE, 2);
	unsigned long total = vmsim_self->mm->total_vm;

	(void)state;
	fill(a, 2, 1);
	assert_int_equal(grow_in_place(a, 2, 4), a);
	assert_true(mapped_as(a, 4));
	assert_int_equal(vmsim_self->mm->total_vm, total + 2);
	assert_filled(a, 2, 1);
	assert_int_equal(load(a + 3 * PG), 0);
	/* From the last page of it. */
	assert_int_equal(grow_in_place(a + 3 * PG, 1, 2), a + 3 * PG);
	assert_true(mapped_as(a, 5));
	/* What is in the way stays there. */
	map_at(a + 6 * PG, 1);
	assert_int_equal(vmsim_mprotect(a + 6 * PG, PG, PROT_READ), 0);
	assert_int_equal(grow_in_place(a, 5, 7), -ENOMEM);
	assert_true(mapped_as(a, 5));
	assert_int_equal(grow_in_place(a, 5, 6), a);
	assert_true(mapped_as(a, 6));
	assert_int_equal(mappings(), 2);
	/* Not to its end: the rest is in the way. */
	assert_int_equal(grow_in_place(a, 3, 4), -ENOMEM);
	recount();
}

/* A hole that is filled makes one of two, if they fit. */
static void test_grow_merges(void **state)
{
	unsigned long a = map_at(BASE, 2), b = map_at(BASE + 4 * PG, 2);

	(void)state;
	store(b, 7);
	assert_int_equal(grow_in_place(a, 2, 4), a);
	assert_true(mapped_as(a, 6));
	assert_non_null(vma_at(a)->anon_vma);
	store(a, 6);
	assert_int_equal(load(b), 7);
	recount();
	/* Pages of two families do not meet. */
	assert_int_equal(vmsim_munmap(a, 6 * PG), 0);
	map_at(a, 2);
	map_at(b, 2);
	store(a, 1);
	store(b, 2);
	assert_int_equal(grow_in_place(a, 2, 4), a);
	assert_true(mapped_as(a, 4) && mapped_as(b, 2));
	recount();
}

static void test_move(void **state)
{
	unsigned long a = map_at(BASE, 4), total = vmsim_self->mm->total_vm;
	struct page *page;

	(void)state;
	fill(a, 4, 10);
	page = page_at(vmsim_self->mm, a + PG);
	/* A page of zeroes, which nobody has written to. */
	assert_int_equal(vmsim_madvise(a + 2 * PG, PG, MADV_DONTNEED), 0);
	assert_int_equal(load(a + 2 * PG), 0);
	assert_false(pte_soft_dirty(entry_of(vmsim_self->mm, a + 2 * PG)));
	assert_int_equal(vmsim_mremap(a, 4 * PG, 4 * PG, MOVE, THERE), THERE);
	assert_false(is_mapped(a));
	assert_true(pte_soft_dirty(entry_of(vmsim_self->mm, THERE + 2 * PG)));
	assert_int_equal(load(THERE + 2 * PG), 0);
	assert_rss(3, 0);
	store(THERE + 2 * PG, 12);
	assert_filled(THERE, 4, 10);
	assert_ptr_equal(page_at(vmsim_self->mm, THERE + PG), page);
	/* Pages keep their numbers. */
	assert_int_equal(vma_at(THERE)->vm_pgoff, a >> PAGE_SHIFT);
	assert_rss(4, 0);
	assert_int_equal(vmsim_self->mm->total_vm, total);
	recount();
	/* A part, and over something else. */
	map_at(a, 4);
	fill(a, 4, 50);
	assert_int_equal(vmsim_mremap(THERE + PG, 2 * PG, 2 * PG, MOVE, a + PG), a + PG);
	assert_int_equal(load(a), 50);
	assert_filled(a + PG, 2, 11);
	assert_int_equal(load(a + 3 * PG), 53);
	assert_int_equal(load(THERE), 10);
	assert_int_equal(load(THERE + 3 * PG), 13);
	assert_false(is_mapped(THERE + PG));
	assert_rss(6, 0);
	recount();
}

static void test_move_back_merges(void **state)
{
	unsigned long a = map_at(BASE, 6);

	(void)state;
	fill(a, 6, 10);
	assert_int_equal(vmsim_mremap(a + 2 * PG, 2 * PG, 2 * PG, MOVE, THERE), THERE);
	assert_int_equal(mappings(), 3);
	recount();
	assert_int_equal(vmsim_mremap(THERE, 2 * PG, 2 * PG, MOVE, a + 2 * PG), a + 2 * PG);
	assert_true(mapped_as(a, 6));
	assert_int_equal(mappings(), 1);
	assert_filled(a, 6, 10);
	recount();
}

/* A mapping that has no pages yet is numbered anew, and fits wherever it goes. */
static void test_untouched_moves_merge(void **state)
{
	unsigned long a = map_at(BASE, 4), b = map_at(THERE, 2);

	(void)state;
	assert_int_equal(vmsim_mremap(a, 2 * PG, 2 * PG, MOVE, b + 2 * PG), b + 2 * PG);
	assert_true(mapped_as(b, 4));
	assert_int_equal(vma_at(b)->vm_pgoff, b >> PAGE_SHIFT);
	/* With itself: the rest of the source and the copy are one then. */
	assert_int_equal(vmsim_mremap(a + 2 * PG, PG, PG, MOVE, a + 4 * PG), a + 4 * PG);
	assert_true(mapped_as(a + 3 * PG, 2));
	assert_int_equal(vmsim_mremap(a + 4 * PG, PG, PG, MOVE, a + 2 * PG), a + 2 * PG);
	assert_true(mapped_as(a + 2 * PG, 2));
	assert_int_equal(mappings(), 2);
	/* With itself and the one before, so that the source's object goes. */
	map_at(BASE + 16 * PG, 1);
	map_at(BASE + 18 * PG, 2);
	assert_int_equal(vmsim_mremap(BASE + 19 * PG, PG, PG, MOVE, BASE + 17 * PG),
			 BASE + 17 * PG);
	assert_true(mapped_as(BASE + 16 * PG, 3));
	recount();
}

static void test_grow_by_moving(void **state)
{
	unsigned long a = map_at(BASE, 3), to;

	(void)state;
	map_at(BASE + 3 * PG, 1);
	assert_int_equal(vmsim_mprotect(BASE + 3 * PG, PG, PROT_READ), 0);
	fill(a, 3, 1);
	assert_int_equal(vmsim_mremap(a, 3 * PG, 5 * PG, 0, 0), -ENOMEM);
	to = (unsigned long)vmsim_mremap(a, 3 * PG, 5 * PG, MREMAP_MAYMOVE, 0);
	assert_false(IS_ERR_VALUE(to));
	assert_true(to != a);
	assert_true(mapped_as(to, 5));
	assert_filled(to, 3, 1);
	assert_int_equal(load(to + 4 * PG), 0);
	assert_false(is_mapped(a));
	recount();
	/* Fixed, and larger, and smaller. */
	assert_int_equal(vmsim_mremap(to, 5 * PG, 8 * PG, MOVE, THERE), THERE);
	assert_true(mapped_as(THERE, 8));
	assert_filled(THERE, 3, 1);
	assert_int_equal(vmsim_mremap(THERE, 8 * PG, 2 * PG, MOVE, a), a);
	assert_true(mapped_as(a, 2));
	assert_false(is_mapped(THERE));
	assert_filled(a, 2, 1);
	assert_rss(2, 0);
	recount();
}

static void test_dontunmap(void **state)
{
	unsigned long a = map_at(BASE, 4), to, total = vmsim_self->mm->total_vm;
	const int flags = MREMAP_MAYMOVE | MREMAP_DONTUNMAP;

	(void)state;
	fill(a, 4, 10);
	to = (unsigned long)vmsim_mremap(a, 4 * PG, 4 * PG, flags, 0);
	assert_false(IS_ERR_VALUE(to));
	assert_filled(to, 4, 10);
	assert_true(mapped_as(a, 4));
	assert_null(vma_at(a)->anon_vma);
	assert_int_equal(vmsim_self->mm->total_vm, total + 4);
	assert_rss(4, 0);
	recount();
	assert_int_equal(load(a), 0);
	fill(a, 4, 20);
	recount();
	/* A part, to a wish: what is left keeps its anon_vma and its numbers. */
	assert_int_equal(vmsim_mremap(a + PG, 2 * PG, 2 * PG, flags, THERE), THERE);
	assert_filled(THERE, 2, 21);
	assert_int_equal(load(a + PG), 0);
	store(a + PG, 5);
	assert_filled(a, 1, 20);
	recount();
	assert_int_equal(vmsim_mremap(a, 4 * PG, 4 * PG, flags | MREMAP_FIXED, THERE + PG),
			 THERE + PG);
	assert_int_equal(load(THERE), 21);
	assert_int_equal(load(THERE + 2 * PG), 5);
	assert_int_equal(vmsim_self->mm->total_vm, 4 + 4 + 4 + 1);
	recount();
	/* What has moved and is left empty gets pages of its own numbers. */
	assert_int_equal(vmsim_mremap(THERE + PG, 4 * PG, 4 * PG, MOVE, a + 8 * PG), a + 8 * PG);
	assert_int_equal(vma_at(a + 8 * PG)->vm_pgoff, a >> PAGE_SHIFT);
	assert_false(IS_ERR_VALUE(vmsim_mremap(a + 8 * PG, 4 * PG, 4 * PG, flags, 0)));
	assert_int_equal(vma_at(a + 8 * PG)->vm_pgoff, (a >> PAGE_SHIFT) + 8);
	fill(a + 8 * PG, 4, 30);
	recount();
}

static void test_dontunmap_untouched(void **state)
{
	unsigned long a = map_at(BASE, 2);
	const int flags = MREMAP_MAYMOVE | MREMAP_DONTUNMAP | MREMAP_FIXED;

	(void)state;
	/* The copy must not become one with what it is a copy of. */
	assert_int_equal(vmsim_mremap(a, 2 * PG, 2 * PG, flags, a + 2 * PG), a + 2 * PG);
	assert_true(mapped_as(a, 2) && mapped_as(a + 2 * PG, 2));
	store(a, 1);
	store(a + 2 * PG, 2);
	recount();
}

static void test_second_place(void **state)
{
	int file = vmsim_file_create(world.machine, "f", 8 * PG);
	unsigned long f = map_file(file, 4, RW, MAP_SHARED, 2), to;
	unsigned long p = map_file(file, 2, RW, MAP_PRIVATE, 0);

	(void)state;
	fill(f, 4, 10);
	to = (unsigned long)vmsim_mremap(f + PG, 0, 2 * PG, MREMAP_MAYMOVE, 0);
	assert_false(IS_ERR_VALUE(to));
	assert_filled(to, 2, 11);
	assert_filled(f, 4, 10);
	store(to, 90);
	assert_int_equal(load(f + PG), 90);
	assert_int_equal(vma_at(to)->vm_pgoff, 3);
	assert_int_equal(vmsim_mremap(p, 0, PG, MREMAP_MAYMOVE, 0), -EINVAL);
	assert_int_equal(vmsim_mremap(map_at(BASE, 1), 0, PG, MREMAP_MAYMOVE, 0), -EINVAL);
	assert_int_equal(vmsim_mremap(f, 0, PG, MOVE, THERE), THERE);
	assert_int_equal(load(THERE), 10);
	assert_int_equal(vmsim_mremap(f, 0, PG, 0, 0), -ENOMEM);
	assert_int_equal(vmsim_munmap(THERE, PG), 0);
	recount();
	assert_int_equal(vmsim_munmap(f, 4 * PG), 0);
	assert_int_equal(vmsim_munmap(to, 2 * PG), 0);
	assert_int_equal(vmsim_munmap(p, 2 * PG), 0);
	assert_int_equal(vmsim_file_sync(file, 0, 8 * PG), 0);
	assert_int_equal(vmsim_file_destroy(world.machine, file), 0);
}

static void test_file_pages_keep_their_index(void **state)
{
	int file = vmsim_file_create(world.machine, "f", 8 * PG);
	unsigned long f = map_file(file, 4, RW, MAP_SHARED, 2), p;

	(void)state;
	p = map_file(file, 4, RW, MAP_PRIVATE, 4);
	fill(f, 4, 20);
	assert_int_equal(load(p + PG), 23);
	store(p, 40);
	assert_int_equal(vmsim_mremap(f + PG, 2 * PG, 2 * PG, MOVE, THERE), THERE);
	assert_int_equal(vma_at(THERE)->vm_pgoff, 3);
	assert_filled(THERE, 2, 21);
	assert_int_equal(vmsim_mremap(p, 3 * PG, 3 * PG, MOVE, BASE), BASE);
	assert_int_equal(load(BASE), 40);
	assert_int_equal(load(BASE + PG), 23);
	/* Copies are private, also from now on. */
	store(BASE + PG, 41);
	assert_int_equal(load(f + 3 * PG), 23);
	/* The growing end of a shared mapping has the next pages of the file. */
	assert_int_equal(vmsim_mremap(THERE, 2 * PG, 3 * PG, 0, 0), THERE);
	assert_int_equal(load(THERE + 2 * PG), 23);
	recount();
	/* Dirty entries have moved: their pages become clean, and are written. */
	assert_int_equal(vmsim_file_sync(file, 0, 8 * PG), 0);
	recount();
	store(THERE, 99);
	assert_int_equal(load(THERE), 99);
	for (unsigned long addr = 0; addr < 4; addr++)
		vmsim_munmap(f + addr * PG, PG);
	assert_int_equal(vmsim_munmap(THERE, 3 * PG), 0);
	assert_int_equal(vmsim_munmap(BASE, 3 * PG), 0);
	assert_int_equal(vmsim_munmap(p + 3 * PG, PG), 0);
	assert_int_equal(vmsim_file_sync(file, 0, 8 * PG), 0);
	assert_int_equal(vmsim_file_destroy(world.machine, file), 0);
}

static void test_flags_are_kept(void **state)
{
	unsigned long a = map_at(BASE, 4);
	int child;

	(void)state;
	fill(a, 4, 1);
	assert_int_equal(vmsim_madvise(a, PG, MADV_DONTFORK), 0);
	assert_int_equal(vmsim_madvise(a + PG, PG, MADV_WIPEONFORK), 0);
	assert_int_equal(vmsim_mprotect(a + 2 * PG, PG, PROT_READ), 0);
	for (unsigned long i = 0; i < 4; i++)
		assert_int_equal(vmsim_mremap(a + i * PG, PG, PG, MOVE, THERE + i * PG),
				 THERE + i * PG);
	assert_int_equal(mappings(), 4);
	assert_filled(THERE, 4, 1);
	assert_int_equal(vmsim_store(THERE + 2 * PG, 8, 1), SIGSEGV);
	child = fork_process();
	recount();
	become(child);
	assert_false(is_mapped(THERE));
	assert_int_equal(load(THERE + PG), 0);
	assert_int_equal(load(THERE + 2 * PG), 3);
	become(world.pid);
	end_process(child);
	recount();
}

/* Parent and child move what they have in common, each its own part, and write to it. */
static void test_fork(void **state)
{
	unsigned long a = map_at(BASE, 6);
	int child;

	(void)state;
	fill(a, 6, 1);
	child = fork_process();
	assert_int_equal(vmsim_mremap(a, 4 * PG, 4 * PG, MOVE, THERE), THERE);
	recount();
	become(child);
	assert_int_equal(vmsim_mremap(a + 2 * PG, 4 * PG, 4 * PG, MOVE, THERE + 8 * PG),
			 THERE + 8 * PG);
	recount();
	assert_filled(a, 2, 1);
	assert_filled(THERE + 8 * PG, 4, 3);
	fill(THERE + 8 * PG, 4, 60);
	recount();
	become(world.pid);
	assert_filled(THERE, 4, 1);
	fill(THERE, 4, 80);
	assert_filled(a + 4 * PG, 2, 5);
	recount();
	/* A child of what has moved; and back. */
	become(child);
	child = fork_process();
	assert_int_equal(vmsim_mremap(THERE + 8 * PG, 4 * PG, 4 * PG, MOVE, a + 2 * PG),
			 a + 2 * PG);
	recount();
	become(child);
	assert_filled(THERE + 8 * PG, 4, 60);
	fill(THERE + 8 * PG, 4, 70);
	recount();
	become(world.pid);
	end_process(child);
	end_process(child - 1);
	assert_filled(THERE, 4, 80);
	recount();
}

static void test_errors(void **state)
{
	unsigned long a = map_at(BASE, 4), end = vmsim_self->mm->task_size;

	(void)state;
	map_at(BASE + 8 * PG, 1);
	assert_int_equal(vmsim_mremap(a, PG, PG, 8, 0), -EINVAL);
	assert_int_equal(vmsim_mremap(a, PG, PG, MREMAP_FIXED, THERE), -EINVAL);
	assert_int_equal(vmsim_mremap(a, PG, PG, MREMAP_DONTUNMAP, 0), -EINVAL);
	assert_int_equal(vmsim_mremap(a, PG, 2 * PG, MREMAP_DONTUNMAP | MREMAP_MAYMOVE, 0),
			 -EINVAL);
	assert_int_equal(vmsim_mremap(a + 1, PG, PG, 0, 0), -EINVAL);
	assert_int_equal(vmsim_mremap(a, PG, 0, 0, 0), -EINVAL);
	assert_int_equal(vmsim_mremap(THERE, PG, 2 * PG, 0, 0), -EFAULT);
	/* More than the mapping. */
	assert_int_equal(vmsim_mremap(a, 5 * PG, 6 * PG, MREMAP_MAYMOVE, 0), -EFAULT);
	assert_int_equal(vmsim_mremap(a, 5 * PG, 5 * PG, MOVE, THERE), -EFAULT);
	/* The target: not aligned, beyond the end, in the source. */
	assert_int_equal(vmsim_mremap(a, PG, PG, MOVE, THERE + 1), -EINVAL);
	assert_int_equal(vmsim_mremap(a, PG, 2 * PG, MOVE, end - PG), -EINVAL);
	assert_int_equal(vmsim_mremap(a, PG, end + PG, MOVE, THERE), -EINVAL);
	assert_int_equal(vmsim_mremap(a, 2 * PG, 2 * PG, MOVE, a + PG), -EINVAL);
	assert_int_equal(vmsim_mremap(a + PG, 2 * PG, 2 * PG, MOVE, a), -EINVAL);
	assert_int_equal(vmsim_mremap(a, PG, PG, MOVE, PG), -EPERM);
	assert_int_equal(vmsim_mremap(a, 4 * PG, end, MREMAP_MAYMOVE, 0), -ENOMEM);
	/* Numbers of pages that would wrap round. */
	assert_int_equal(vmsim_mremap(a, PG, ~PG & PAGE_MASK, MREMAP_MAYMOVE, 0), -ENOMEM);
	assert_true(mapped_as(a, 4));
	vma_at(a)->vm_flags |= VM_DONTEXPAND;
	assert_int_equal(vmsim_mremap(a, 4 * PG, 5 * PG, 0, 0), -EFAULT);
	assert_int_equal(vmsim_mremap(a, 4 * PG, 4 * PG, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0),
			 -EINVAL);
	vma_at(a)->vm_flags &= ~VM_DONTEXPAND;
	assert_int_equal(vmsim_detach(), 0);
	assert_int_equal(vmsim_mremap(a, PG, PG, 0, 0), -ESRCH);
	assert_int_equal(vmsim_attach(world.machine, 0, world.pid), 0);
}

/* A move makes up to three mappings of one, and one more of what is in its way. */
static void test_too_many_mappings(void **state)
{
	struct mm_struct *mm = vmsim_self->mm;
	unsigned long a = map_at(BASE, 4);
	int count = mm->map_count;

	(void)state;
	mm->map_count = sysctl_max_map_count - 3;
	assert_int_equal(vmsim_mremap(a, PG, 2 * PG, MREMAP_MAYMOVE, 0), -ENOMEM);
	mm->map_count = sysctl_max_map_count - 5;
	assert_int_equal(vmsim_mremap(a, PG, PG, MOVE, THERE), -ENOMEM);
	mm->map_count = sysctl_max_map_count - 6;
	assert_int_equal(vmsim_mremap(a, PG, PG, MOVE, THERE), THERE);
	mm->map_count = count + 1;
	recount();
}

/* One flush for each table that is left, over what was moved, and none for what was empty. */
static void test_flushes(void **state)
{
	unsigned long a = map_at(BASE, 4);
	uint64_t before;

	(void)state;
	before = flushes();
	assert_int_equal(vmsim_mremap(a, 4 * PG, 4 * PG, MOVE, THERE), THERE);
	assert_int_equal(flushes(), before);
	fill(THERE, 2, 1);
	assert_int_equal(load(THERE + 3 * PG), 0);
	before = flushes();
	assert_int_equal(vmsim_mremap(THERE, 4 * PG, 4 * PG, MOVE, a), a);
	/* And one for the tables that go with the old place. */
	assert_int_equal(flushes(), before + 2);
	recount();
}

/* As mlock(2) leaves it, but that nothing has been faulted in. */
static void lock_in_memory(unsigned long addr)
{
	struct vm_area_struct *vma = vma_at(addr);

	vm_flags_set(vma, VM_LOCKED);
	vma->vm_mm->locked_vm += vma_pages(vma);
}

static bool is_there(unsigned long addr)
{
	return pte_present(entry_of(vmsim_self->mm, addr));
}

static unsigned long is_locked(unsigned long addr)
{
	return vma_at(addr)->vm_flags & VM_LOCKED;
}

/* What is new of a mapping that is locked in memory is there at once, and all of it is counted. */
static void test_locked(void **state)
{
	struct mm_struct *mm = vmsim_self->mm;
	unsigned long a = map_at(BASE, 2), to;

	(void)state;
	lock_in_memory(a);
	assert_int_equal(grow_in_place(a, 2, 4), a);
	assert_int_equal(mm->locked_vm, 4);
	assert_false(is_there(a + PG));
	assert_true(is_there(a + 2 * PG));
	assert_true(is_there(a + 3 * PG));
	assert_int_equal(vmsim_mremap(a, 4 * PG, 6 * PG, MOVE, THERE), THERE);
	assert_int_equal(mm->locked_vm, 6);
	assert_false(is_there(THERE + PG));
	assert_true(is_there(THERE + 5 * PG));
	/* It stays locked where it goes to, and is not any more where it was. */
	to = vmsim_mremap(THERE + PG, 2 * PG, 2 * PG, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0);
	assert_int_equal(mm->locked_vm, 6);
	assert_true(is_locked(to) && is_locked(THERE) && is_locked(THERE + 3 * PG));
	assert_false(is_locked(THERE + PG));
	assert_int_equal(vmsim_mremap(THERE + 3 * PG, 3 * PG, PG, 0, 0), THERE + 3 * PG);
	assert_int_equal(mm->locked_vm, 4);
	assert_int_equal(vmsim_munmap(THERE, 6 * PG), 0);
	assert_int_equal(vmsim_munmap(to, 2 * PG), 0);
	assert_int_equal(mm->locked_vm, 0);
	recount();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_watched_world(test_shrink),
		in_watched_world(test_grow_in_place),
		in_watched_world(test_grow_merges),
		in_watched_world(test_move),
		in_watched_world(test_move_back_merges),
		in_watched_world(test_untouched_moves_merge),
		in_watched_world(test_grow_by_moving),
		in_watched_world(test_dontunmap),
		in_watched_world(test_dontunmap_untouched),
		in_watched_world(test_second_place),
		in_watched_world(test_file_pages_keep_their_index),
		in_watched_world(test_flags_are_kept),
		in_watched_world(test_fork),
		in_watched_world(test_errors),
		in_watched_world(test_too_many_mappings),
		in_watched_world(test_flushes),
		in_watched_world(test_locked),
	};

	return vmsim_run_tests(tests);
}
