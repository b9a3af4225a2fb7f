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

static void check_file_query(struct rb_root_cached *tree, unsigned long start,
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

static void check_anon_query(struct rb_root_cached *tree, unsigned long start, unsigned long last)
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

static void change_one(struct rb_root_cached *file, struct rb_root_cached *anon)
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
	struct rb_root_cached file = RB_ROOT_CACHED;
	struct rb_root_cached anon = RB_ROOT_CACHED;

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
	struct rb_root_cached file = RB_ROOT_CACHED;
	struct rb_root_cached anon = RB_ROOT_CACHED;

	(void)state;
	assert_null(vma_interval_tree_iter_first(&file, 0, ULONG_MAX));
	assert_null(anon_vma_interval_tree_iter_first(&anon, 0, ULONG_MAX));
}

/* Many mappings of the same pages: equal keys. */
static void test_equal_starts(void **state)
{
	struct rb_root_cached file = RB_ROOT_CACHED;

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

/* Copies of mappings, each right behind its original. */
static void test_insert_after(void **state)
{
	struct rb_root_cached file = RB_ROOT_CACHED;
	unsigned int in_order[NODES], nr = 0, found = 0;
	struct vm_area_struct *v;

	(void)state;
	for (; nr < NODES / 8; nr++) {
		randomise(&vma[nr]);
		vma[nr].vm_pgoff = 5;
		vma_interval_tree_insert(&vma[nr], &file);
		in_order[nr] = nr;
	}
	for (; nr < NODES; nr++) {
		unsigned int at = pick(nr);

		vma[nr] = vma[in_order[at]];
		vma_interval_tree_insert_after(&vma[nr], &vma[in_order[at]], &file);
		memmove(&in_order[at + 2], &in_order[at + 1], (nr - at - 1) * sizeof(in_order[0]));
		in_order[at + 1] = nr;
	}
	vma_interval_tree_foreach(v, &file, 0, ULONG_MAX)
		assert_int_equal(v - vma, in_order[found++]);
	assert_int_equal(found, NODES);
	for (unsigned long last = 5; last < OFFSETS; last += 7) {
		found = 0;
		for (int i = 0; i < NODES; i++)
			found += overlaps(&vma[i], last, last);
		vma_interval_tree_foreach(v, &file, last, last)
			found--;
		assert_int_equal(found, 0);
	}
}

struct number {
	unsigned int value;
	struct rb_node rb;
};

static void number_insert(struct number *number, struct rb_root_cached *root)
{
	struct rb_node **place = &root->rb_root.rb_node, *above = NULL;
	bool first = true;

	while (*place) {
		bool before = number->value < rb_entry(*place, struct number, rb)->value;

		above = *place;
		place = before ? &above->rb_left : &above->rb_right;
		first = first && before;
	}
	rb_link_node(&number->rb, above, place);
	rb_insert_color_cached(&number->rb, root, first);
}

static unsigned int depth(const struct rb_node *node)
{
	unsigned int left, right;

	if (!node)
		return 0;
	left = depth(node->rb_left), right = depth(node->rb_right);
	return 1 + max(left, right);
}

/* The numbers that @in names, forwards and backwards; a balanced tree is at most 2 log n deep. */
static void check_numbers(const struct rb_root_cached *root, const bool *in)
{
	struct rb_node *at = rb_first_cached(root), *last = NULL;
	unsigned int nr = 0, log = 0;

	assert_ptr_equal(at, rb_first(&root->rb_root));
	for (unsigned int i = 0; i < NODES; i++) {
		if (!in[i])
			continue;
		assert_int_equal(rb_entry(at, struct number, rb)->value, i);
		assert_ptr_equal(rb_prev(at), last);
		last = at;
		at = rb_next(at);
		nr++;
	}
	assert_null(at);
	assert_ptr_equal(rb_last(&root->rb_root), last);
	assert_int_equal(RB_EMPTY_ROOT(&root->rb_root), nr == 0);
	while (1u << log < nr + 1)
		log++;
	assert_true(depth(root->rb_root.rb_node) <= 2 * log);
}

static void test_plain_tree(void **state)
{
	static struct number number[NODES];
	struct rb_root_cached root = RB_ROOT_CACHED;
	bool in[NODES] = { false };

	(void)state;
	for (unsigned int i = 0; i < NODES; i++) {
		number[i].value = i;
		in[i] = true;
		number_insert(&number[i], &root);
		check_numbers(&root, in);
	}
	for (int round = 0; round < ROUNDS; round++) {
		unsigned int i = pick(pick(8) ? NODES : 3);

		if (in[i])
			rb_erase_cached(&number[i].rb, &root);
		else
			number_insert(&number[i], &root);
		in[i] = !in[i];
		check_numbers(&root, in);
	}
	for (unsigned int i = 0; i < NODES; i++) {
		if (in[i])
			rb_erase(&number[i].rb, &root.rb_root);
	}
	assert_true(RB_EMPTY_ROOT(&root.rb_root));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty_tree),
		cmocka_unit_test(test_equal_starts),
		cmocka_unit_test(test_random_changes_and_queries),
		cmocka_unit_test(test_insert_after),
		cmocka_unit_test(test_plain_tree),
	};

	return vmsim_run_tests(tests);
}
