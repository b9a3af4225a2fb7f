// SPDX-License-Identifier: GPL-2.0-only
#include "fork_test.h"
#include "failing_objects.h"

/*
 * A fork that fails at its k-th allocation, for every k up to the one at which it succeeds, leaves
 * parent and child right: nothing is left of the child, and the parent has what it had (A10). The
 * allocations of objects and those of frames are counted apart.
 */

#define PAGES 6

struct memory {
	unsigned long a, far, f, shared;
	int file;
};

static struct page *pinned_page;

/* Memory of all kinds, a family of anon_vmas that is three deep, and a page that is pinned. */
static struct memory make_memory(void)
{
	struct memory mem = { .file = vmsim_file_create(world.machine, "f", 4 * PG) };

	mem.a = map(PAGES, RW, ANON);
	mem.far = 0x10000000;
	assert_int_equal(vmsim_mmap(mem.far, PG, RW, ANON | MAP_FIXED, -1, 0), mem.far);
	mem.f = map_file(mem.file, 2, RW, MAP_PRIVATE, 0);
	mem.shared = map_file(mem.file, 2, RW, MAP_SHARED, 2);
	for (unsigned long i = 0; i < PAGES; i++)
		store(mem.a + i * PG, i + 1);
	store(mem.far, 20);
	store(mem.f, 30);
	assert_int_equal(load(mem.f + PG), 0);
	store(mem.shared, 40);
	assert_int_equal(vmsim_madvise(mem.a + PG, PG, MADV_DONTFORK), 0);
	assert_int_equal(vmsim_mprotect(mem.a + 4 * PG, PG, PROT_READ), 0);

	vmsim_enter();
	pinned_page = page_at(vmsim_self->mm, mem.a + 2 * PG);
	set_bit(MMF_HAS_PINNED, &vmsim_self->mm->flags);
	folio_ref_add(page_folio(pinned_page), GUP_PIN_COUNTING_BIAS);
	vmsim_leave();
	return mem;
}

static void check_memory(const struct memory *mem)
{
	for (unsigned long i = 0; i < PAGES; i++)
		assert_int_equal(load(mem->a + i * PG), i + 1);
	assert_int_equal(load(mem->far), 20);
	assert_int_equal(load(mem->f), 30);
	assert_int_equal(load(mem->shared), 40);
	assert_ptr_equal(page_at(vmsim_self->mm, mem->a + 2 * PG), pinned_page);
	assert_true(PageAnonExclusive(pinned_page));
}

static void drop_memory(const struct memory *mem)
{
	vmsim_enter();
	folio_put_refs(page_folio(pinned_page), GUP_PIN_COUNTING_BIAS);
	vmsim_leave();
	assert_int_equal(vmsim_munmap(mem->f, 2 * PG), 0);
	assert_int_equal(vmsim_munmap(mem->shared, 2 * PG), 0);
	assert_int_equal(vmsim_file_sync(mem->file, 0, 4 * PG), 0);
	assert_int_equal(vmsim_file_destroy(world.machine, mem->file), 0);
}

/* Recounts with the pin taken away for the time being: the recount knows of no pins. */
static void recount_all(void)
{
	vmsim_enter();
	folio_put_refs(page_folio(pinned_page), GUP_PIN_COUNTING_BIAS);
	vmsim_leave();
	recount();
	vmsim_enter();
	folio_ref_add(page_folio(pinned_page), GUP_PIN_COUNTING_BIAS);
	vmsim_leave();
}

static void check_after_failure(const struct memory *mem, const struct shape *before)
{
	struct shape now;

	settle();
	now = shape_now();
	assert_memory_equal(&now, before, sizeof(now));
	assert_int_equal(vmsim_self->mm->write_protect_seq.sequence % 2, 0);
	recount_all();
	check_memory(mem);
	/* What may be shared and is not is kept by who writes to it. */
	assert_int_not_equal(touch(mem->a, PROT_WRITE), VMSIM_FAULT_COPY);
	store(mem->a, 1);
}

static void check_success(const struct memory *mem, int child)
{
	recount_all();
	become(child);
	assert_int_equal(load(mem->a), 1);
	assert_int_equal(load(mem->a + 2 * PG), 3);
	assert_int_equal(load(mem->far), 20);
	assert_int_equal(load(mem->f), 30);
	assert_int_equal(load(mem->shared), 40);
	store(mem->a, 100);
	become(world.pid);
	end_process(child);
	check_memory(mem);
	recount_all();
}

/* Returns the number of the allocation from which on there was none to fail. */
static unsigned int fail_each(const struct memory *mem, bool frames)
{
	struct shape before;

	settle();
	before = shape_now();
	for (unsigned int k = 1;; k++) {
		int child;

		objects = 0;
		if (frames)
			assert_int_equal(vmsim_fail_pages(world.machine, k, 1), 0);
		else
			objects_fail_at = k;
		child = vmsim_fork(NULL);
		assert_int_equal(vmsim_fail_pages(world.machine, 1, 0), 0);
		objects_fail_at = 0;
		if (child > 0) {
			check_success(mem, child);
			return k;
		}
		assert_int_equal(child, -ENOMEM);
		check_after_failure(mem, &before);
	}
}

static void test_each_allocation(void **state)
{
	struct memory mem = make_memory();

	(void)state;
	/* The address space, its counters, a process; mappings and links to anon_vmas. */
	assert_true(fail_each(&mem, false) > 20);
	/* Tables of two regions on several levels, and the copy of the pinned page. */
	assert_true(fail_each(&mem, true) > 6);
	drop_memory(&mem);
}

/* The same in a child of a child, whose mappings have links to their ancestors'. */
static void test_each_allocation_in_a_family(void **state)
{
	int child = vmsim_fork(NULL), grandchild, first = world.pid;
	struct memory mem;

	(void)state;
	become(child);
	store(map(1, RW, ANON), 1);
	grandchild = vmsim_fork(NULL);
	become(grandchild);
	world.pid = grandchild;
	mem = make_memory();
	assert_true(fail_each(&mem, false) > 20);
	assert_true(fail_each(&mem, true) > 6);
	drop_memory(&mem);
	world.pid = first;
	become(first);
	end_process(grandchild);
	end_process(child);
	recount();
}

/* What failed half-way leaves shared and exclusive pages side by side (A10). */
static void test_half_way(void **state)
{
	unsigned long a = map(1, RW, ANON), b = 0x10000000;
	bool mixed = false;

	(void)state;
	assert_int_equal(vmsim_mmap(b, PG, RW, ANON | MAP_FIXED, -1, 0), b);
	for (unsigned int k = 1;; k++) {
		int child;

		store(a, 1);
		store(b, 1);
		assert_int_equal(vmsim_fail_pages(world.machine, k, 1), 0);
		child = vmsim_fork(NULL);
		assert_int_equal(vmsim_fail_pages(world.machine, 1, 0), 0);
		if (child > 0) {
			end_process(child);
			break;
		}
		mixed |= !PageAnonExclusive(page_at(vmsim_self->mm, b)) &&
			 PageAnonExclusive(page_at(vmsim_self->mm, a));
		recount();
	}
	assert_true(mixed);
}

/*
 * A pin is given back while the fork is under way: at the n-th time that a page-table lock is
 * dropped. The copy that it was for may be needed no more.
 */
static unsigned int unlocks, unpin_at;

static void unpin_meanwhile(void *arg, const struct vmsim_event *event)
{
	(void)arg, (void)event;
	if (++unlocks == unpin_at)
		folio_ref_sub(page_folio(pinned_page), GUP_PIN_COUNTING_BIAS);
}

/* False: the fork was over before. */
static bool fork_and_unpin(int *child)
{
	bool done;

	vmsim_enter();
	folio_ref_add(page_folio(pinned_page), GUP_PIN_COUNTING_BIAS);
	vmsim_leave();
	unlocks = 0;
	assert_int_equal(vmsim_subscribe(world.machine, VMSIM_EV_BIT(PTL_UNLOCK), unpin_meanwhile,
					 NULL), 0);
	*child = fork_process();
	assert_int_equal(vmsim_unsubscribe(world.machine, unpin_meanwhile, NULL), 0);
	done = unlocks >= unpin_at;
	vmsim_enter();
	if (!done)
		folio_put_refs(page_folio(pinned_page), GUP_PIN_COUNTING_BIAS);
	vmsim_leave();
	return done;
}

static void test_pin_goes_meanwhile(void **state)
{
	unsigned long a = map(1, RW, ANON);
	unsigned int copied = 0, shared = 0;
	struct shape before;
	bool more = true;

	(void)state;
	store(a, 1);
	pinned_page = page_at(vmsim_self->mm, a);
	set_bit(MMF_HAS_PINNED, &vmsim_self->mm->flags);
	settle();
	before = shape_now();
	for (unpin_at = 1; more; unpin_at++) {
		struct shape now;
		int child;

		more = fork_and_unpin(&child);
		if (page_at(mm_of(child), a) == pinned_page)
			shared++;
		else
			copied++;
		recount();
		end_process(child);
		settle();
		now = shape_now();
		assert_memory_equal(&now, &before, sizeof(now));
		store(a, 1);
	}
	assert_true(copied && shared);
}

/* Without memory for a copy, the fault fails and nothing has changed. */
static void test_copy_without_memory(void **state)
{
	unsigned long a = map(1, RW, ANON);
	struct page *page;
	int child;

	(void)state;
	store(a, 1);
	child = fork_process();
	page = page_at(vmsim_self->mm, a);
	assert_int_equal(vmsim_fail_pages(world.machine, 1, 1), 0);
	assert_int_equal(vmsim_store(a, 8, 2), -ENOMEM);
	assert_ptr_equal(page_at(vmsim_self->mm, a), page);
	recount();
	store(a, 2);
	end_process(child);
	recount();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_watched_world(test_each_allocation),
		in_watched_world(test_each_allocation_in_a_family),
		in_watched_world(test_half_way),
		in_watched_world(test_pin_goes_meanwhile),
		in_watched_world(test_copy_without_memory),
	};

	return vmsim_run_tests(tests);
}
