// SPDX-License-Identifier: GPL-2.0-only
#include "world.h"
#include <linux/rmap.h>
#include <mm/vma.h>
#include <limits.h>

static unsigned long map_at(unsigned long addr, size_t pages, int prot)
{
	long got = vmsim_mmap(addr, pages * PG, prot, ANON | MAP_FIXED_NOREPLACE, -1, 0);

	assert_int_equal(got, addr);
	return addr;
}

#define BASE 0x20000000UL

static void test_neighbours_merge(void **state)
{
	(void)state;
	map_at(BASE + 2 * PG, 2, RW);
	map_at(BASE + 4 * PG, 1, RW);
	assert_int_equal(mappings(), 1);
	map_at(BASE + PG, 1, RW);
	assert_int_equal(mappings(), 1);
	assert_true(mapped_as(BASE + PG, 4));
	/* Other rights do not merge. */
	map_at(BASE, 1, PROT_READ);
	assert_int_equal(mappings(), 2);
	/* A gap that is filled makes one of two. */
	map_at(BASE + 6 * PG, 1, RW);
	assert_int_equal(mappings(), 3);
	map_at(BASE + 5 * PG, 1, RW);
	assert_int_equal(mappings(), 2);
	assert_true(mapped_as(BASE + PG, 6));
}

/* Pages stay where they are, and reverse maps find them, whatever the mappings around them do. */
static void assert_found(unsigned long addr, uint64_t value)
{
	struct mm_struct *mm = vmsim_self->mm;
	struct vm_area_struct *vma;
	struct anon_vma_chain *avc;
	bool found = false;

	assert_int_equal(load(addr), value);
	vmsim_enter();
	mmap_read_lock(mm);
	vma = vma_lookup(mm, addr);
	assert_non_null(vma);
	assert_non_null(vma->anon_vma);
	anon_vma_lock_read(vma->anon_vma);
	anon_vma_interval_tree_foreach(avc, &vma->anon_vma->rb_root, addr >> PAGE_SHIFT,
				       addr >> PAGE_SHIFT)
		found |= avc->vma == vma;
	anon_vma_unlock_read(vma->anon_vma);
	mmap_read_unlock(mm);
	vmsim_leave();
	assert_true(found);
}

/* The number of mappings in which pages of the mapping at @addr are looked for. */
static int places_to_look(unsigned long addr)
{
	struct mm_struct *mm = vmsim_self->mm;
	struct anon_vma *anon_vma;
	struct anon_vma_chain *avc;
	int places = 0;

	vmsim_enter();
	mmap_read_lock(mm);
	anon_vma = vma_lookup(mm, addr)->anon_vma;
	anon_vma_lock_read(anon_vma);
	anon_vma_interval_tree_foreach(avc, &anon_vma->rb_root, 0, ~0UL)
		places++;
	anon_vma_unlock_read(anon_vma);
	mmap_read_unlock(mm);
	vmsim_leave();
	return places;
}

static void test_pages_survive_split_and_merge(void **state)
{
	unsigned long a = map_at(BASE, 8, RW);

	(void)state;
	for (int i = 0; i < 8; i++)
		store(a + i * PG, 100 + i);
	assert_int_equal(vmsim_mprotect(a + 2 * PG, 3 * PG, PROT_READ), 0);
	assert_int_equal(mappings(), 3);
	for (int i = 0; i < 8; i++)
		assert_found(a + i * PG, 100 + i);
	assert_int_equal(vmsim_mprotect(a + 3 * PG, PG, RW), 0);
	assert_int_equal(mappings(), 5);
	assert_int_equal(places_to_look(a), 5);
	for (int i = 0; i < 8; i++)
		assert_found(a + i * PG, 100 + i);
	/* In the middle: three become one. */
	assert_int_equal(vmsim_mprotect(a + 2 * PG, PG, RW), 0);
	assert_int_equal(vmsim_mprotect(a + 4 * PG, PG, RW), 0);
	assert_int_equal(mappings(), 1);
	assert_int_equal(places_to_look(a), 1);
	for (int i = 0; i < 8; i++)
		assert_found(a + i * PG, 100 + i);
	assert_int_equal(vmsim_munmap(a + 3 * PG, 2 * PG), 0);
	assert_int_equal(mappings(), 2);
	assert_found(a + 2 * PG, 102);
	assert_found(a + 5 * PG, 105);
	assert_int_equal(places_to_look(a), 2);
	assert_rss(6, 0);
}

/* Two mappings with pages of different families cannot become one (is_mergeable_anon_vma()). */
static void test_anon_vmas_keep_apart(void **state)
{
	(void)state;
	map_at(BASE, 1, RW);
	map_at(BASE + 2 * PG, 1, RW);
	store(BASE, 1);
	store(BASE + 2 * PG, 2);
	map_at(BASE + PG, 1, RW);
	assert_int_equal(mappings(), 2);
	assert_true(mapped_as(BASE, 2));
	assert_found(BASE, 1);
	assert_found(BASE + 2 * PG, 2);
	store(BASE + PG, 3);
	assert_found(BASE + PG, 3);
}

/* The one without takes over the other's family. */
static void test_anon_vma_is_taken_over(void **state)
{
	(void)state;
	map_at(BASE, 1, RW);
	map_at(BASE + 2 * PG, 1, RW);
	store(BASE + 2 * PG, 2);
	map_at(BASE + PG, 1, RW);
	assert_true(mapped_as(BASE, 3));
	assert_found(BASE + 2 * PG, 2);
	store(BASE + PG, 3);
	assert_found(BASE + PG, 3);
}

static void test_file_offsets_must_continue(void **state)
{
	int file = vmsim_file_create(world.machine, "f", 16 * PG);
	const int fixed = MAP_SHARED | MAP_FIXED;

	(void)state;
	assert_int_equal(vmsim_mmap(BASE, 2 * PG, RW, fixed, file, 4 * PG), BASE);
	assert_int_equal(vmsim_mmap(BASE + 2 * PG, PG, RW, fixed, file, 6 * PG), BASE + 2 * PG);
	assert_int_equal(mappings(), 1);
	assert_int_equal(vmsim_mmap(BASE + 3 * PG, PG, RW, fixed, file, 8 * PG), BASE + 3 * PG);
	assert_int_equal(mappings(), 2);
	assert_int_equal(vmsim_mmap(BASE - PG, PG, RW, fixed, file, 3 * PG), BASE - PG);
	assert_int_equal(mappings(), 2);
	assert_true(mapped_as(BASE - PG, 4));
	/* Of the second half, the offsets go with the addresses. */
	store(BASE + PG, 77);
	assert_int_equal(vmsim_mprotect(BASE + PG, PG, PROT_READ), 0);
	assert_int_equal(mappings(), 4);
	assert_int_equal(load(BASE + PG), 77);
	assert_int_equal(vmsim_munmap(BASE - PG, 2 * PG), 0);
	assert_int_equal(load(BASE + PG), 77);
	assert_int_equal(vmsim_munmap(BASE, 4 * PG), 0);
	assert_int_equal(map_file(file, 1, PROT_READ, MAP_PRIVATE, 5) > 0, 1);
	assert_int_equal(vmsim_mmap(BASE, PG, PROT_READ, MAP_PRIVATE | MAP_FIXED, file, 5 * PG),
			 BASE);
	assert_int_equal(load(BASE), 77);
	assert_int_equal(vmsim_munmap(BASE, PG), 0);
	assert_int_equal(vmsim_exec(NULL), 0);
	assert_int_equal(vmsim_file_destroy(world.machine, file), 0);
}

static void test_lookup(void **state)
{
	struct mm_struct *mm = vmsim_self->mm;
	struct vm_area_struct *low, *high, *prev;

	(void)state;
	map_at(BASE, 2, RW);
	map_at(BASE + 4 * PG, 2, RW);
	vmsim_enter();
	mmap_read_lock(mm);
	low = find_vma(mm, BASE - PG);
	assert_int_equal(low->vm_start, BASE);
	assert_ptr_equal(find_vma(mm, BASE), low);
	assert_ptr_equal(find_vma(mm, BASE + 2 * PG - 1), low);
	high = find_vma(mm, BASE + 2 * PG);
	assert_int_equal(high->vm_start, BASE + 4 * PG);
	assert_null(find_vma(mm, BASE + 6 * PG));
	assert_null(vma_lookup(mm, BASE + 2 * PG));
	assert_null(vma_lookup(mm, BASE - 1));
	assert_ptr_equal(vma_lookup(mm, BASE + 2 * PG - 1), low);
	assert_ptr_equal(find_vma_prev(mm, BASE + 3 * PG, &prev), high);
	assert_ptr_equal(prev, low);
	assert_null(find_vma_prev(mm, BASE + 6 * PG, &prev));
	assert_ptr_equal(prev, high);
	assert_ptr_equal(find_vma_prev(mm, BASE, &prev), low);
	assert_null(prev);
	assert_null(find_vma_intersection(mm, BASE + 2 * PG, BASE + 4 * PG));
	assert_ptr_equal(find_vma_intersection(mm, BASE + 2 * PG, BASE + 4 * PG + 1), high);
	mmap_read_unlock(mm);
	vmsim_leave();
}

static void test_protections(void **state)
{
	(void)state;
	assert_int_equal(pgprot_val(vm_get_page_prot(VM_NONE)), pgprot_val(PAGE_NONE));
	assert_int_equal(pgprot_val(vm_get_page_prot(VM_SHARED)), pgprot_val(PAGE_NONE));
	assert_int_equal(pgprot_val(vm_get_page_prot(VM_WRITE)), pgprot_val(PAGE_COPY));
	assert_int_equal(pgprot_val(vm_get_page_prot(VM_WRITE | VM_SHARED)),
			 pgprot_val(PAGE_SHARED));
	assert_int_equal(pgprot_val(vm_get_page_prot(VM_READ | VM_SHARED)),
			 pgprot_val(PAGE_READONLY));
	assert_int_equal(pgprot_val(vm_get_page_prot(VM_EXEC)), pgprot_val(PAGE_READONLY_EXEC));
	assert_int_equal(pgprot_val(vm_get_page_prot(VM_EXEC | VM_WRITE | VM_SHARED)),
			 pgprot_val(PAGE_SHARED_EXEC));
	assert_false(pgprot_val(vm_get_page_prot(VM_READ | VM_WRITE | VM_EXEC)) & _PAGE_RW);
}

/* Two mappings, a hole of two pages, and another mapping. */
static void map_three(void)
{
	map_at(BASE, 2, RW);
	map_at(BASE + 2 * PG, 1, PROT_READ);
	map_at(BASE + 5 * PG, 2, RW);
}

/* What is found under the lock fails when it has been dropped. */
#define EXPECT(cond) do { if (!(cond)) return #cond; } while (0)

static bool is_at(struct vma_iterator *vmi, struct vm_area_struct *vma, size_t start, size_t pages)
{
	return vma && vma->vm_start == BASE + start * PG && vma_iter_addr(vmi) == vma->vm_start &&
	       vma_iter_end(vmi) == BASE + (start + pages) * PG;
}

static const char *walk(struct mm_struct *mm)
{
	VMA_ITERATOR(vmi, mm, BASE + PG);

	EXPECT(is_at(&vmi, vma_find(&vmi, BASE + 5 * PG), 0, 2));
	EXPECT(is_at(&vmi, vma_find(&vmi, BASE + 5 * PG), 2, 1));
	/* The one behind starts too high, and the walk stays. */
	EXPECT(!vma_find(&vmi, BASE + 5 * PG));
	EXPECT(is_at(&vmi, vma_next(&vmi), 5, 2));
	EXPECT(!vma_next(&vmi));
	EXPECT(is_at(&vmi, vma_prev(&vmi), 2, 1));
	EXPECT(is_at(&vmi, vma_prev(&vmi), 0, 2));
	/* Before the first it begins again. */
	EXPECT(!vma_prev(&vmi));
	EXPECT(is_at(&vmi, vma_next(&vmi), 0, 2));
	/* In a hole. */
	vma_iter_set(&vmi, BASE + 4 * PG);
	EXPECT(!vma_iter_load(&vmi));
	EXPECT(vma_iter_addr(&vmi) == BASE + 3 * PG);
	EXPECT(vma_iter_end(&vmi) == BASE + 5 * PG);
	EXPECT(is_at(&vmi, vma_next(&vmi), 5, 2));
	vma_iter_set(&vmi, BASE + PG);
	EXPECT(is_at(&vmi, mas_next(&vmi.mas, ULONG_MAX), 2, 1));
	mas_set(&vmi.mas, BASE + 6 * PG);
	EXPECT(is_at(&vmi, mas_prev(&vmi.mas, BASE), 2, 1));
	EXPECT(!mas_prev(&vmi.mas, BASE + 2 * PG));
	return NULL;
}

/* Which part stays the object that it was, and where a walk stands afterwards. */
static const char *split(struct mm_struct *mm)
{
	struct vm_area_struct *vma = vma_lookup(mm, BASE), *upper = vma_lookup(mm, BASE + 5 * PG);
	VMA_ITERATOR(vmi, mm, BASE);

	EXPECT(split_vma(&vmi, vma, BASE + PG, 1) == 0);
	EXPECT(vma_lookup(mm, BASE + PG) == vma);
	EXPECT(is_at(&vmi, vma, 1, 1));
	EXPECT(is_at(&vmi, vma_prev(&vmi), 0, 1));
	EXPECT(split_vma(&vmi, upper, BASE + 6 * PG, 0) == 0);
	EXPECT(vma_lookup(mm, BASE + 5 * PG) == upper);
	EXPECT(is_at(&vmi, upper, 5, 1));
	EXPECT(is_at(&vmi, vma_next(&vmi), 6, 1));
	return NULL;
}

static void with_mmap_lock(const char *(*look)(struct mm_struct *mm))
{
	struct mm_struct *mm = vmsim_self->mm;
	const char *not_so;

	map_three();
	vmsim_enter();
	mmap_write_lock(mm);
	not_so = look(mm);
	mmap_write_unlock(mm);
	vmsim_leave();
	if (not_so)
		fail_msg("not so: %s", not_so);
}

static void test_walk(void **state)
{
	(void)state;
	with_mmap_lock(walk);
}

static void test_split(void **state)
{
	(void)state;
	with_mmap_lock(split);
	assert_int_equal(mappings(), 5);
}

static void test_too_many_to_split(void **state)
{
	struct mm_struct *mm = vmsim_self->mm;
	int before;

	(void)state;
	map_three();
	before = mm->map_count;
	mm->map_count = sysctl_max_map_count - 1;
	/* One more there is room for, and then for none. */
	assert_int_equal(vmsim_mprotect(BASE, PG, PROT_READ), 0);
	assert_int_equal(vmsim_mprotect(BASE + 5 * PG, PG, PROT_READ), -ENOMEM);
	assert_true(mapped_as(BASE + 5 * PG, 2));
	mm->map_count = before + 1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_world(test_neighbours_merge),
		in_world(test_pages_survive_split_and_merge),
		in_world(test_anon_vmas_keep_apart),
		in_world(test_anon_vma_is_taken_over),
		in_world(test_file_offsets_must_continue),
		in_world(test_lookup),
		in_world(test_protections),
		in_world(test_walk),
		in_world(test_split),
		in_world(test_too_many_to_split),
	};

	return vmsim_run_tests(tests);
}
