// SPDX-License-Identifier: GPL-2.0-only
#include "fork_test.h"

/* The anon_vmas of processes that descend from each other, and trees of processes. */

static unsigned int chain_length(const struct vm_area_struct *vma)
{
	const struct anon_vma_chain *avc;
	unsigned int n = 0;

	list_for_each_entry(avc, &vma->anon_vma_chain, same_vma)
		n++;
	return n;
}

static void test_a_child_has_its_own(void **state)
{
	unsigned long a = map(2, RW, ANON);
	struct vm_area_struct *parent, *child_vma;
	int child;

	(void)state;
	store(a, 1);
	parent = vma_at(a);
	child = fork_process();
	become(child);
	child_vma = vma_at(a);
	assert_ptr_not_equal(child_vma->anon_vma, parent->anon_vma);
	assert_ptr_equal(child_vma->anon_vma->parent, parent->anon_vma);
	assert_ptr_equal(child_vma->anon_vma->root, parent->anon_vma);
	assert_int_equal(chain_length(child_vma), 2);
	assert_int_equal(chain_length(parent), 1);
	/* New pages go to the child's own; it does not see those that the parent gets. */
	store(a + PG, 2);
	assert_ptr_equal(folio_anon_vma(page_folio(page_at(vmsim_self->mm, a + PG))),
			 child_vma->anon_vma);
	recount();
	become(world.pid);
	/* A page that is reused moves to its last user's. */
	end_process(child);
	store(a, 3);
	assert_ptr_equal(folio_anon_vma(page_folio(page_at(vmsim_self->mm, a))), parent->anon_vma);
	recount();
}

/* A page that the child has left moves from the family's anon_vma to the child's own. */
static void test_page_moves_to_its_last_user(void **state)
{
	unsigned long a = map(1, RW, ANON);
	struct page *page;
	int child;

	(void)state;
	store(a, 1);
	page = page_at(vmsim_self->mm, a);
	child = fork_process();
	assert_int_equal(vmsim_munmap(a, PG), 0);
	become(child);
	assert_ptr_not_equal(folio_anon_vma(page_folio(page)), vma_at(a)->anon_vma);
	assert_int_equal(touch(a, PROT_WRITE), VMSIM_FAULT_REUSE);
	assert_ptr_equal(page_at(vmsim_self->mm, a), page);
	assert_ptr_equal(folio_anon_vma(page_folio(page)), vma_at(a)->anon_vma);
	recount();
	become(world.pid);
	end_process(child);
}

/* What the copy of a mapping says of its anon_vma is not the child's. */
static void test_a_copy_inherits_none(void **state)
{
	unsigned long a = map(1, RW, ANON);
	struct vm_area_struct *parent, *copy;

	(void)state;
	store(a, 1);
	parent = vma_at(a);
	vmsim_enter();
	copy = vmsim_vma_dup(parent, vmsim_self->mm);
	assert_non_null(copy);
	copy->anon_vma = parent->anon_vma;
	assert_int_equal(anon_vma_fork(copy, parent), 0);
	assert_ptr_not_equal(copy->anon_vma, parent->anon_vma);
	unlink_anon_vmas(copy);
	vmsim_vma_free(copy);
	vmsim_leave();
	recount();
}

static void test_nothing_to_inherit(void **state)
{
	unsigned long a = map(1, RW, ANON);
	int child = fork_process();

	(void)state;
	become(child);
	assert_null(vma_at(a)->anon_vma);
	assert_int_equal(chain_length(vma_at(a)), 0);
	store(a, 1);
	assert_ptr_equal(vma_at(a)->anon_vma->root, vma_at(a)->anon_vma);
	become(world.pid);
	recount();
	end_process(child);
}

/*
 * Forks whose parents exit: each child takes over the anon_vma of an ancestor that nobody uses, so
 * that the chain does not grow.
 */
static void test_takes_over(void **state)
{
	unsigned long a = map(1, RW, ANON);
	int pid = world.pid;

	(void)state;
	store(a, 1);
	for (int generation = 0; generation < 12; generation++) {
		int child = fork_process();

		become(child);
		store(a, generation);
		if (pid != world.pid)
			end_process(pid);
		pid = child;
		recount();
		assert_in_range(chain_length(vma_at(a)), 1, 4);
	}
	become(world.pid);
	end_process(pid);
	recount();
}

/* As long as all live, nothing is taken over: each has pages of its own. */
static void test_takes_nothing_from_the_living(void **state)
{
	enum { GENERATIONS = 6 };
	unsigned long a = map(1, RW, ANON);
	int pid[GENERATIONS];

	(void)state;
	store(a, 1);
	for (unsigned int i = 0; i < GENERATIONS; i++) {
		pid[i] = fork_process();
		become(pid[i]);
		assert_int_equal(chain_length(vma_at(a)), i + 2);
	}
	recount();
	become(world.pid);
	for (unsigned int i = 0; i < GENERATIONS; i++) {
		end_process(pid[i]);
		recount();
	}
}

/* With two children an anon_vma that nobody uses is not taken over (E55's neighbourhood). */
static void test_two_children(void **state)
{
	unsigned long a = map(1, RW, ANON);
	struct anon_vma *middle;
	int child, first, second, last;

	(void)state;
	store(a, 1);
	child = fork_process();
	become(child);
	middle = vma_at(a)->anon_vma;
	first = fork_process();
	second = fork_process();
	become(first);
	end_process(child);
	assert_int_equal(middle->num_children, 2);
	assert_int_equal(middle->num_active_vmas, 0);
	last = fork_process();
	become(last);
	assert_ptr_not_equal(vma_at(a)->anon_vma, middle);
	become(second);
	end_process(first);
	end_process(last);
	assert_int_equal(middle->num_children, 1);
	last = fork_process();
	become(last);
	assert_ptr_equal(vma_at(a)->anon_vma, middle);
	recount();
	become(world.pid);
	end_process(second);
	end_process(last);
	recount();
}

/* An rmap walk of a shared page finds it in all of its processes. */
static bool count_one(struct folio *folio, struct vm_area_struct *vma, unsigned long addr,
		      void *arg)
{
	(void)folio, (void)vma, (void)addr;
	++*(unsigned int *)arg;
	return true;
}

static void test_walk(void **state)
{
	unsigned long a = map(1, RW, ANON);
	unsigned int found = 0;
	struct rmap_walk_control rwc = { .rmap_one = count_one, .arg = &found };
	int child, grandchild;

	(void)state;
	store(a, 1);
	child = fork_process();
	become(child);
	grandchild = fork_process();
	become(world.pid);
	vmsim_enter();
	rmap_walk(page_folio(page_at(vmsim_self->mm, a)), &rwc);
	vmsim_leave();
	assert_int_equal(found, 3);
	end_process(child);
	end_process(grandchild);
}

/* Vfork's child shares the memory; what it forks has a copy. */
static void test_vfork_and_fork(void **state)
{
	unsigned long a = map(1, RW, ANON);
	int vforked, forked;

	(void)state;
	store(a, 1);
	vforked = vmsim_vfork(NULL);
	assert_true(vforked > 0);
	become(vforked);
	forked = fork_process();
	store(a, 2);
	become(forked);
	assert_int_equal(load(a), 1);
	become(world.pid);
	assert_int_equal(load(a), 2);
	end_process(forked);
	end_process(vforked);
	recount();
}

static void test_exec_after_fork(void **state)
{
	unsigned long a = map(1, RW, ANON);
	int child;

	(void)state;
	store(a, 1);
	child = fork_process();
	become(child);
	assert_int_equal(vmsim_exec("other"), 0);
	assert_int_equal(mappings(), 0);
	become(world.pid);
	assert_int_equal(touch(a, PROT_WRITE), VMSIM_FAULT_REUSE);
	recount();
	end_process(child);
	/* And the other way round. */
	child = fork_process();
	assert_int_equal(vmsim_exit(), 0);
	become(child);
	assert_int_equal(load(a), 1);
	become(world.pid);
	end_process(child);
}

/*
 * A random tree of processes against what each of them must find. Every page holds a number that
 * its owner stored there.
 */
#define TREE_PAGES 8
#define TREE_SIZE 6

struct member {
	int pid;
	uint64_t value[TREE_PAGES];
	bool unmapped[TREE_PAGES];
	bool dontfork[TREE_PAGES];
};

static struct member tree[TREE_SIZE];
static unsigned int members;
static uint64_t seed;

static unsigned int pick(unsigned int n)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned int)(seed >> 33) % n;
}

#define TREE_BASE 0x10000000UL
#define ADDR(page) (TREE_BASE + (page) * PG)

static void tree_fork(struct member *parent)
{
	struct member *child = &tree[members];

	if (members == TREE_SIZE)
		return;
	*child = *parent;
	child->pid = fork_process();
	for (unsigned int i = 0; i < TREE_PAGES; i++)
		child->unmapped[i] |= parent->dontfork[i];
	members++;
}

static void tree_exit(unsigned int index)
{
	if (members == 1)
		return;
	become(tree[index ? 0 : 1].pid);
	end_process(tree[index].pid);
	tree[index] = tree[--members];
}

static void tree_change(struct member *m, unsigned int page)
{
	switch (pick(8)) {
	case 0:
		assert_int_equal(vmsim_munmap(ADDR(page), PG), 0);
		m->unmapped[page] = true;
		m->dontfork[page] = false;
		break;
	case 1:
		assert_int_equal(vmsim_mmap(ADDR(page), PG, RW, ANON | MAP_FIXED, -1, 0),
				 ADDR(page));
		m->unmapped[page] = m->dontfork[page] = false;
		m->value[page] = 0;
		break;
	case 2:
		if (m->unmapped[page])
			break;
		m->dontfork[page] = !m->dontfork[page];
		assert_int_equal(vmsim_madvise(ADDR(page), PG, m->dontfork[page] ?
					       MADV_DONTFORK : MADV_DOFORK), 0);
		break;
	case 3:
		if (m->unmapped[page])
			break;
		assert_int_equal(vmsim_mprotect(ADDR(page), PG, PROT_READ), 0);
		assert_int_equal(vmsim_store(ADDR(page), 8, 1), SIGSEGV);
		assert_int_equal(vmsim_mprotect(ADDR(page), PG, RW), 0);
		break;
	case 4:
		if (m->unmapped[page])
			break;
		assert_int_equal(vmsim_madvise(ADDR(page), PG, MADV_DONTNEED), 0);
		m->value[page] = 0;
		break;
	default:
		if (m->unmapped[page])
			break;
		m->value[page] = seed | 1;
		store(ADDR(page), m->value[page]);
	}
}

static void tree_check(const struct member *m)
{
	for (unsigned int page = 0; page < TREE_PAGES; page++) {
		if (m->unmapped[page])
			assert_int_equal(vmsim_load(ADDR(page), 8, &(uint64_t){ 0 }), SIGSEGV);
		else
			assert_int_equal(load(ADDR(page)), m->value[page]);
	}
}

static void tree_step(void)
{
	unsigned int index = pick(members);

	become(tree[index].pid);
	switch (pick(10)) {
	case 0:
		tree_fork(&tree[index]);
		break;
	case 1:
		tree_exit(index);
		break;
	case 2:
		tree_check(&tree[index]);
		break;
	default:
		tree_change(&tree[index], pick(TREE_PAGES));
	}
}

static void test_random_tree(void **state)
{
	(void)state;
	for (uint64_t run = 0; run < 6; run++) {
		seed = run;
		tree[0] = (struct member) { .pid = vmsim_process_create(world.machine, "p") };
		members = 1;
		become(tree[0].pid);
		assert_int_equal(vmsim_mmap(TREE_BASE, TREE_PAGES * PG, RW, ANON | MAP_FIXED, -1,
					    0), TREE_BASE);
		for (int step = 0; step < 300; step++) {
			tree_step();
			if (step % 10 == 0)
				recount();
		}
		for (unsigned int i = 0; i < members; i++) {
			become(tree[i].pid);
			tree_check(&tree[i]);
		}
		become(world.pid);
		while (members)
			end_process(tree[--members].pid);
		recount();
	}
}

/* A mapping with pages of its ancestors takes no other one in, but for its own parts. */
static void test_inherited_stays_apart(void **state)
{
	unsigned long a = 0x20000000;
	int child;

	(void)state;
	assert_int_equal(vmsim_mmap(a, 2 * PG, RW, ANON | MAP_FIXED, -1, 0), a);
	store(a, 1);
	child = fork_process();
	become(child);
	assert_int_equal(vmsim_mmap(a + 2 * PG, PG, RW, ANON | MAP_FIXED, -1, 0), a + 2 * PG);
	assert_true(mapped_as(a, 2) && mapped_as(a + 2 * PG, 1));
	assert_int_equal(vmsim_mprotect(a, PG, PROT_READ), 0);
	assert_int_equal(vmsim_mprotect(a, PG, RW), 0);
	assert_true(mapped_as(a, 2));
	become(world.pid);
	/* The parent's has been in no other. */
	assert_int_equal(vmsim_mmap(a + 2 * PG, PG, RW, ANON | MAP_FIXED, -1, 0), a + 2 * PG);
	assert_true(mapped_as(a, 3));
	recount();
	end_process(child);
	recount();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_watched_world(test_a_child_has_its_own),
		in_watched_world(test_page_moves_to_its_last_user),
		in_watched_world(test_a_copy_inherits_none),
		in_watched_world(test_nothing_to_inherit),
		in_watched_world(test_takes_over),
		in_watched_world(test_takes_nothing_from_the_living),
		in_watched_world(test_two_children),
		in_watched_world(test_walk),
		in_watched_world(test_vfork_and_fork),
		in_watched_world(test_exec_after_fork),
		in_watched_world(test_inherited_stays_apart),
		in_watched_world(test_random_tree),
	};

	return vmsim_run_tests(tests);
}
