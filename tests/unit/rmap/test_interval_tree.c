// SPDX-License-Identifier: GPL-2.0-only
#include "../vmsim_test.h"
#include <limits.h>
#include <linux/rmap.h>

/*
 * Both interval trees against a list that is searched from end to end. No machine: the trees are
 * data.
 */

#define NODES 200
#define ROUNDS 4000
#define OFFSETS 300

static uint64_t random_state;

static unsigned int pick(unsigned int below)
{
	random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned int)(random_state >> 33) % below;
}

static struct vm_area_struct vma[NODES];
static struct anon_vma_chain chain[NODES];
static bool present[NODES];
static unsigned long arrived[NODES], arrivals;

static void randomise(struct vm_area_struct *v)
{
	v->vm_pgoff = pick(OFFSETS);
	v->vm_start = 0x10000;
	v->vm_end = v->vm_start + (1 + (pick(4) ? pick(8) : pick(OFFSETS))) * PAGE_SIZE;
}

static bool overlaps(const struct vm_area_struct *v, unsigned long start, unsigned long last)
{
	return v->vm_pgoff <= last && v->vm_pgoff + vma_pages(v) - 1 >= start;
}

/* Each that overlaps, once, in the order of its start. */
static void check_found(const bool *found, unsigned int nr, unsigned long start, unsigned long last)
{
	unsigned int expected = 0;

	for (int i = 0; i < NODES; i++) {
		bool wanted = present[i] && overlaps(&vma[i], start, last);

		expected += wanted;
		assert_int_equal(found[i], wanted);
	}
	assert_int_equal(nr, expected);
}

/* By start; of equal starts, by arrival. */
static void check_order(const struct vm_area_struct *before, const struct vm_area_struct *v)
{
	assert_true(v->vm_pgoff >= before->vm_pgoff);
	if (v->vm_pgoff == before->vm_pgoff)
		assert_true(arrived[v - vma] > arrived[before - vma]);
}

static void check_file_query(struct vmsim_mapping_tree *tree, unsigned long start,
			     unsigned long last)
{
	struct vm_area_struct *v, *before = NULL;
	bool found[NODES] = { false };
	unsigned int nr = 0;

	vma_interval_tree_foreach(v, tree, start, last) {
		if (before)
			check_order(before, v);
		before = v;
		found[v - vma] = true;
		assert_true(++nr <= NODES);
	}
	check_found(found, nr, start, last);
}

static void check_anon_query(struct vmsim_anon_tree *tree, unsigned long start, unsigned long last)
{
	struct anon_vma_chain *avc, *before = NULL;
	bool found[NODES] = { false };
	unsigned int nr = 0;

	anon_vma_interval_tree_foreach(avc, tree, start, last) {
		if (before)
			check_order(before->vma, avc->vma);
		before = avc;
		found[avc - chain] = true;
		assert_true(++nr <= NODES);
	}
	check_found(found, nr, start, last);
}

static void change_one(struct vmsim_mapping_tree *file, struct vmsim_anon_tree *anon)
{
	unsigned int i = pick(NODES);

	if (present[i]) {
		vma_interval_tree_remove(&vma[i], file);
		anon_vma_interval_tree_remove(&chain[i], anon);
	} else {
		randomise(&vma[i]);
		arrived[i] = ++arrivals;
		chain[i].vma = &vma[i];
		vma_interval_tree_insert(&vma[i], file);
		anon_vma_interval_tree_insert(&chain[i], anon);
	}
	present[i] = !present[i];
}

static void test_random_changes_and_queries(void **state)
{
	struct vmsim_mapping_tree file = RB_INITIALIZER(&file);
	struct vmsim_anon_tree anon = RB_INITIALIZER(&anon);

	(void)state;
	random_state = 12345;
	memset(present, 0, sizeof(present));
	for (int round = 0; round < ROUNDS; round++) {
		unsigned long start = pick(OFFSETS), last = start + (pick(3) ? 0 : pick(OFFSETS));

		change_one(&file, &anon);
		check_file_query(&file, start, last);
		check_anon_query(&anon, start, last);
	}
	check_file_query(&file, 0, ULONG_MAX);
	check_anon_query(&anon, 0, ULONG_MAX);
}

static void test_empty_tree(void **state)
{
	struct vmsim_mapping_tree file = RB_INITIALIZER(&file);
	struct vmsim_anon_tree anon = RB_INITIALIZER(&anon);

	(void)state;
	assert_null(vma_interval_tree_iter_first(&file, 0, ULONG_MAX));
	assert_null(anon_vma_interval_tree_iter_first(&anon, 0, ULONG_MAX));
}

/* Many mappings of the same pages: equal keys. */
static void test_equal_starts(void **state)
{
	struct vmsim_mapping_tree file = RB_INITIALIZER(&file);

	(void)state;
	for (int i = NODES; i-- > 0;) {
		vma[i] = (struct vm_area_struct) { .vm_pgoff = 7, .vm_start = 0x1000,
						   .vm_end = 0x1000 + (1 + i % 5) * PAGE_SIZE };
		arrived[i] = ++arrivals;
		vma_interval_tree_insert(&vma[i], &file);
		present[i] = true;
	}
	check_file_query(&file, 7, 7);
	check_file_query(&file, 9, 9);
	check_file_query(&file, 11, 20);
	check_file_query(&file, 12, 20);
	check_file_query(&file, 0, 6);
	for (int i = 0; i < NODES; i += 2) {
		vma_interval_tree_remove(&vma[i], &file);
		present[i] = false;
	}
	check_file_query(&file, 8, 8);
	check_file_query(&file, 11, 11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty_tree),
		cmocka_unit_test(test_equal_starts),
		cmocka_unit_test(test_random_changes_and_queries),
	};

	return vmsim_run_tests(tests);
}
