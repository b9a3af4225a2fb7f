// SPDX-License-Identifier: GPL-2.0-only
#include "fork_test.h"

static void assert_exclusive(struct mm_struct *mm, unsigned long addr, bool expected)
{
	assert_int_equal(PageAnonExclusive(page_at(mm, addr)), expected);
}

/* Who writes first copies, who writes last keeps the page: it is nobody else's any more. */
static void test_parent_writes_first(void **state)
{
	unsigned long a = map(1, RW, ANON);
	struct vmsim_stats before;
	int child;

	(void)state;
	store(a, 1);
	assert_exclusive(vmsim_self->mm, a, true);
	child = fork_process();
	recount();
	assert_ptr_equal(page_at(vmsim_self->mm, a), page_at(mm_of(child), a));
	assert_exclusive(vmsim_self->mm, a, false);
	assert_false(pte_write(entry_of(vmsim_self->mm, a)));
	assert_false(pte_write(entry_of(mm_of(child), a)));
	assert_false(pte_young(entry_of(mm_of(child), a)));
	assert_int_equal(page_mapcount(page_at(vmsim_self->mm, a)), 2);
	assert_int_equal(rss_of(child).anon, 1);

	before = stats_now();
	assert_int_equal(touch(a, PROT_WRITE), VMSIM_FAULT_COPY);
	store(a, 2);
	assert_exclusive(vmsim_self->mm, a, true);
	recount();
	become(child);
	assert_int_equal(load(a), 1);
	assert_int_equal(touch(a, PROT_WRITE), VMSIM_FAULT_REUSE);
	assert_exclusive(vmsim_self->mm, a, true);
	store(a, 3);
	assert_int_equal(stats_now().copies - before.copies, 1);
	assert_int_equal(stats_now().reuses - before.reuses, 1);
	become(world.pid);
	assert_int_equal(load(a), 2);
	recount();
	end_process(child);
	recount();
	assert_int_equal(load(a), 2);
}

static void test_child_goes_first(void **state)
{
	unsigned long a = map(2, RW, ANON);
	int child;

	(void)state;
	store(a, 1);
	store(a + PG, 1);
	child = fork_process();
	become(child);
	assert_int_equal(touch(a, PROT_WRITE), VMSIM_FAULT_COPY);
	store(a, 2);
	become(world.pid);
	end_process(child);
	/* What the child copied, and what it never touched. */
	assert_int_equal(touch(a, PROT_WRITE), VMSIM_FAULT_REUSE);
	assert_int_equal(touch(a + PG, PROT_WRITE), VMSIM_FAULT_REUSE);
	assert_int_equal(load(a), 1);
	recount();
}

/* A reference of unknown purpose may be a pin, or another process' entry: copy. */
static void test_no_proof_no_reuse(void **state)
{
	unsigned long a = map(1, RW, ANON);
	struct folio *folio;
	int child;

	(void)state;
	store(a, 1);
	folio = page_folio(page_at(vmsim_self->mm, a));
	child = fork_process();
	end_process(child);
	assert_int_equal(page_mapcount(&folio->page), 1);
	folio_get(folio);
	assert_int_equal(touch(a, PROT_WRITE), VMSIM_FAULT_COPY);
	assert_ptr_not_equal(page_folio(page_at(vmsim_self->mm, a)), folio);
	vmsim_enter();
	folio_put(folio);
	vmsim_leave();
	recount();
}

/* Memory that nobody has written to, and the page of zeroes. */
static void test_zero_page(void **state)
{
	unsigned long a = map(2, RW, ANON);
	int child;

	(void)state;
	assert_int_equal(load(a), 0);
	store(a + PG, 1);
	child = fork_process();
	assert_true(is_zero_pfn(pte_pfn(entry_of(mm_of(child), a))));
	assert_int_equal(rss_of(child).anon, 1);
	become(child);
	assert_int_equal(touch(a, PROT_WRITE), VMSIM_FAULT_COPY);
	store(a, 2);
	become(world.pid);
	assert_int_equal(load(a), 0);
	recount();
	end_process(child);
}

/* Entries of files need no copy, unless private pages stand among them. */
static void test_files(void **state)
{
	int file = vmsim_file_create(world.machine, "f", 8 * PG);
	unsigned long shared = map_file(file, 2, RW, MAP_SHARED, 0);
	unsigned long clean = map_file(file, 2, RW, MAP_PRIVATE, 2);
	unsigned long private = map_file(file, 2, RW, MAP_PRIVATE, 4);
	int child;

	(void)state;
	store(shared, 1);
	assert_int_equal(load(clean), 0);
	assert_int_equal(load(private + PG), 0);
	store(private, 2);
	child = fork_process();
	recount();
	assert_int_equal(rss_of(child).anon, 1);
	assert_true(pte_none(entry_of(mm_of(child), shared)));
	assert_true(pte_none(entry_of(mm_of(child), clean)));
	assert_true(pte_present(entry_of(mm_of(child), private + PG)));
	become(child);
	assert_int_equal(load(shared), 1);
	store(shared, 7);
	assert_int_equal(load(private), 2);
	assert_int_equal(touch(private, PROT_WRITE), VMSIM_FAULT_COPY);
	store(private, 3);
	assert_int_equal(touch(private + PG, PROT_WRITE), VMSIM_FAULT_COPY);
	become(world.pid);
	assert_int_equal(load(shared), 7);
	assert_int_equal(load(private), 2);
	assert_int_equal(touch(private, PROT_WRITE), VMSIM_FAULT_REUSE);
	recount();
	end_process(child);
	recount();
	assert_int_equal(vmsim_munmap(shared, 2 * PG), 0);
	assert_int_equal(vmsim_munmap(clean, 2 * PG), 0);
	assert_int_equal(vmsim_munmap(private, 2 * PG), 0);
	assert_int_equal(vmsim_file_sync(file, 0, 8 * PG), 0);
	assert_int_equal(vmsim_file_destroy(world.machine, file), 0);
}

/* Shared memory without a file is one memory for both, with rights that fork does not take. */
static void test_shared_memory(void **state)
{
	unsigned long a = map(2, RW, MAP_SHARED | MAP_ANONYMOUS);
	int child;

	(void)state;
	store(a, 1);
	child = fork_process();
	assert_true(pte_write(entry_of(vmsim_self->mm, a)));
	store(a, 2);
	become(child);
	assert_int_equal(load(a), 2);
	store(a + PG, 3);
	become(world.pid);
	assert_int_equal(load(a + PG), 3);
	recount();
	end_process(child);
}

static void test_rights_and_layout(void **state)
{
	unsigned long a = map(4, RW, ANON);
	int child;

	(void)state;
	assert_int_equal(vmsim_brk_start(0x1000000), 0);
	assert_int_equal(vmsim_brk(0x1002000), 0x1002000);
	for (int i = 0; i < 4; i++)
		store(a + i * PG, i);
	assert_int_equal(vmsim_mprotect(a + PG, PG, PROT_READ), 0);
	assert_int_equal(vmsim_mprotect(a + 2 * PG, PG, PROT_NONE), 0);
	child = fork_process();
	recount();
	assert_int_equal(mm_of(child)->total_vm, vmsim_self->mm->total_vm);
	assert_int_equal(mm_of(child)->map_count, vmsim_self->mm->map_count);
	become(child);
	assert_int_equal(vmsim_brk(0), 0x1002000);
	assert_int_equal(vmsim_store(a + PG, 8, 1), SIGSEGV);
	assert_int_equal(load(a + PG), 1);
	assert_int_equal(vmsim_load(a + 2 * PG, 8, &(uint64_t){ 0 }), SIGSEGV);
	assert_int_equal(vmsim_mprotect(a, 4 * PG, RW), 0);
	/* Not exclusive: mprotect() must not make it writable. */
	assert_false(pte_write(entry_of(vmsim_self->mm, a + PG)));
	assert_int_equal(load(a + 2 * PG), 2);
	assert_int_equal(touch(a + 2 * PG, PROT_WRITE), VMSIM_FAULT_COPY);
	/* Exclusive again: it may. */
	assert_int_equal(vmsim_mprotect(a + 2 * PG, PG, PROT_READ), 0);
	assert_int_equal(vmsim_mprotect(a + 2 * PG, PG, RW), 0);
	assert_true(pte_write(entry_of(vmsim_self->mm, a + 2 * PG)));
	become(world.pid);
	end_process(child);
	recount();
}

static void test_name(void **state)
{
	int child = vmsim_fork("child");

	(void)state;
	become(child);
	assert_string_equal(vmsim_self->comm, "child");
	become(world.pid);
	end_process(child);
	child = vmsim_fork(NULL);
	become(child);
	assert_string_equal(vmsim_self->comm, "test");
	become(world.pid);
	end_process(child);
}

static void test_dontfork(void **state)
{
	unsigned long a = map(3, RW, ANON);
	int child;

	(void)state;
	for (int i = 0; i < 3; i++)
		store(a + i * PG, i + 1);
	assert_int_equal(vmsim_madvise(a + PG, PG, MADV_DONTFORK), 0);
	assert_int_equal(mappings(), 3);
	child = fork_process();
	recount();
	assert_int_equal(mm_of(child)->map_count, 2);
	assert_int_equal(mm_of(child)->total_vm, 2);
	assert_int_equal(rss_of(child).anon, 2);
	/* The page in the middle has stayed its owner's. */
	assert_exclusive(vmsim_self->mm, a + PG, true);
	assert_true(pte_write(entry_of(vmsim_self->mm, a + PG)));
	assert_exclusive(vmsim_self->mm, a, false);
	become(child);
	assert_int_equal(load(a), 1);
	assert_int_equal(load(a + 2 * PG), 3);
	assert_int_equal(vmsim_load(a + PG, 8, &(uint64_t){ 0 }), SIGSEGV);
	become(world.pid);
	end_process(child);
	assert_int_equal(vmsim_madvise(a, 3 * PG, MADV_DOFORK), 0);
	assert_int_equal(mappings(), 1);
	child = fork_process();
	assert_int_equal(rss_of(child).anon, 3);
	end_process(child);
}

static void test_wipeonfork(void **state)
{
	int file = vmsim_file_create(world.machine, "f", PG);
	unsigned long f = map_file(file, 1, RW, MAP_PRIVATE, 0);
	unsigned long a = map(3, RW, ANON);
	int child, grandchild;

	(void)state;
	for (int i = 0; i < 3; i++)
		store(a + i * PG, i + 1);
	assert_int_equal(vmsim_madvise(f, PG, MADV_WIPEONFORK), -EINVAL);
	assert_int_equal(vmsim_madvise(map(1, RW, MAP_SHARED | MAP_ANONYMOUS), PG,
				       MADV_WIPEONFORK), -EINVAL);
	assert_int_equal(vmsim_madvise(a + PG, PG, MADV_WIPEONFORK), 0);
	child = fork_process();
	recount();
	assert_int_equal(rss_of(child).anon, 2);
	assert_exclusive(vmsim_self->mm, a + PG, true);
	become(child);
	assert_int_equal(load(a), 1);
	assert_int_equal(load(a + PG), 0);
	assert_null(vma_at(a + PG)->anon_vma);
	store(a + PG, 9);
	/* It is inherited. */
	grandchild = fork_process();
	become(grandchild);
	assert_int_equal(load(a + PG), 0);
	become(world.pid);
	assert_int_equal(load(a + PG), 2);
	recount();
	end_process(grandchild);
	end_process(child);
	assert_int_equal(vmsim_madvise(a, 3 * PG, MADV_KEEPONFORK), 0);
	child = fork_process();
	assert_int_equal(rss_of(child).anon, 3);
	end_process(child);
	assert_int_equal(vmsim_munmap(f, PG), 0);
	assert_int_equal(vmsim_file_destroy(world.machine, file), 0);
}

/* Advice about a hole, and about parts of mappings that fall together. */
static void test_advice_over_holes(void **state)
{
	unsigned long a = map(5, RW, ANON);

	(void)state;
	assert_int_equal(vmsim_madvise(a, 2 * PG, MADV_DONTFORK), 0);
	assert_int_equal(vmsim_madvise(a + 3 * PG, 2 * PG, MADV_DONTFORK), 0);
	assert_int_equal(mappings(), 3);
	/* The middle joins both. */
	assert_int_equal(vmsim_madvise(a + PG, 3 * PG, MADV_DONTFORK), 0);
	assert_true(mapped_as(a, 5));
	assert_int_equal(vmsim_munmap(a + 2 * PG, PG), 0);
	assert_int_equal(vmsim_madvise(a, 5 * PG, MADV_DOFORK), -ENOMEM);
	assert_false(vma_at(a + 4 * PG)->vm_flags & VM_DONTCOPY);
}

static void pin(struct mm_struct *mm, struct page *page)
{
	vmsim_enter();
	set_bit(MMF_HAS_PINNED, &mm->flags);
	folio_ref_add(page_folio(page), GUP_PIN_COUNTING_BIAS);
	vmsim_leave();
}

static void unpin(struct page *page)
{
	vmsim_enter();
	folio_put_refs(page_folio(page), GUP_PIN_COUNTING_BIAS);
	vmsim_leave();
}

/* What is pinned stays the parent's, writable and exclusive; the child gets a copy. */
static void test_pinned(void **state)
{
	unsigned long a = map(3, RW, ANON);
	struct page *page;
	int child;

	(void)state;
	for (int i = 0; i < 3; i++)
		store(a + i * PG, i + 1);
	page = page_at(vmsim_self->mm, a + PG);
	pin(vmsim_self->mm, page);
	child = fork_process();
	assert_int_equal(rss_of(child).anon, 3);
	assert_ptr_equal(page_at(vmsim_self->mm, a + PG), page);
	assert_ptr_not_equal(page_at(mm_of(child), a + PG), page);
	assert_exclusive(vmsim_self->mm, a + PG, true);
	assert_exclusive(mm_of(child), a + PG, true);
	assert_true(pte_write(entry_of(vmsim_self->mm, a + PG)));
	assert_true(pte_write(entry_of(mm_of(child), a + PG)));
	assert_exclusive(vmsim_self->mm, a, false);
	assert_int_equal(touch(a + PG, PROT_WRITE), VMSIM_FAULT_NONE);
	store(a + PG, 9);
	become(child);
	assert_int_equal(load(a + PG), 2);
	store(a + PG, 8);
	become(world.pid);
	assert_int_equal(load(a + PG), 9);
	unpin(page);
	recount();
	end_process(child);
	recount();
}

/* Where nobody ever pinned, many references are just references. */
static void test_not_pinned(void **state)
{
	unsigned long a = map(1, RW, ANON);
	struct page *page;
	int child;

	(void)state;
	store(a, 1);
	page = page_at(vmsim_self->mm, a);
	pin(vmsim_self->mm, page);
	vmsim_self->mm->flags = 0;
	child = fork_process();
	assert_ptr_equal(page_at(mm_of(child), a), page);
	unpin(page);
	end_process(child);
	recount();
}

/* A page that is shared already may be shared further, pinned or not: the pin is not through it. */
static void test_pinned_and_shared(void **state)
{
	unsigned long a = map(1, RW, ANON);
	struct page *page;
	int child, second;

	(void)state;
	store(a, 1);
	page = page_at(vmsim_self->mm, a);
	child = fork_process();
	pin(vmsim_self->mm, page);
	second = fork_process();
	assert_ptr_equal(page_at(mm_of(second), a), page);
	assert_int_equal(page_mapcount(page), 3);
	unpin(page);
	recount();
	end_process(child);
	end_process(second);
}

struct seen {
	struct mm_struct *parent;
	unsigned int inside, outside;
};

static void note_sequence(void *arg, const struct vmsim_event *event)
{
	struct seen *seen = arg;
	struct ptdesc *pt = page_ptdesc(virt_to_page((void *)event->arg[0]));

	if (pt->pt_mm == seen->parent)
		return;
	if (seen->parent->write_protect_seq.sequence & 1)
		seen->inside++;
	else
		seen->outside++;
}

static void test_write_protect_seq(void **state)
{
	unsigned long a = map(2, RW, ANON);
	struct seen seen = { .parent = vmsim_self->mm };
	unsigned int before = vmsim_self->mm->write_protect_seq.sequence;
	int child;

	(void)state;
	store(a, 1);
	store(a + PG, 1);
	assert_int_equal(vmsim_subscribe(world.machine, VMSIM_EV_BIT(PTE_SET), note_sequence,
					 &seen), 0);
	child = fork_process();
	assert_int_equal(vmsim_unsubscribe(world.machine, note_sequence, &seen), 0);
	assert_int_equal(seen.inside, 2);
	assert_int_equal(seen.outside, 0);
	assert_int_equal(vmsim_self->mm->write_protect_seq.sequence, before + 2);
	end_process(child);
}

/* What CPUs have cached of the parent's memory is gone when the call returns. */
static void test_flush(void **state)
{
	unsigned long a = map(1, RW, ANON);
	uint64_t full;
	int child;

	(void)state;
	store(a, 1);
	full = stats_now().flushes;
	child = fork_process();
	assert_int_equal(stats_now().flushes - full, 1);
	/* A store would hit the entry otherwise, without a fault. */
	assert_int_equal(touch(a, PROT_WRITE), VMSIM_FAULT_COPY);
	end_process(child);
}

static unsigned int opened;
static vm_fault_t no_page(struct vm_fault *vmf)
{
	(void)vmf;
	return VM_FAULT_SIGBUS;
}

static void count_open(struct vm_area_struct *vma)
{
	(void)vma;
	opened++;
}

static void test_open(void **state)
{
	static const struct vm_operations_struct ops = { .open = count_open, .fault = no_page };
	int file = vmsim_file_create(world.machine, "f", 2 * PG);
	unsigned long f = map_file(file, 2, RW, MAP_SHARED, 0);
	int child;

	(void)state;
	vma_at(f)->vm_ops = &ops;
	opened = 0;
	child = fork_process();
	assert_int_equal(opened, 1);
	assert_int_equal(vmsim_munmap(f, PG), 0);
	assert_int_equal(opened, 2);
	end_process(child);
	assert_int_equal(vmsim_munmap(f + PG, PG), 0);
	assert_int_equal(vmsim_file_destroy(world.machine, file), 0);
}

/* Memory spread over several tables of each level. */
static void test_far_apart(void **state)
{
	static const unsigned long at[] = {
		0x10000000, 0x10000000 + 0x200000, 0x40000000, 0x70000000 - PG,
	};
	int child;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(at); i++) {
		assert_int_equal(vmsim_mmap(at[i], PG, RW, ANON | MAP_FIXED, -1, 0), at[i]);
		store(at[i], i + 1);
	}
	child = fork_process();
	recount();
	become(child);
	for (unsigned int i = 0; i < ARRAY_SIZE(at); i++)
		assert_int_equal(load(at[i]), i + 1);
	become(world.pid);
	end_process(child);
	recount();
}

/* A mapping of many pages over a border between tables. */
static void test_many_pages(void **state)
{
	enum { PAGES = 700 };
	unsigned long a = 0x20000000;
	int child;

	(void)state;
	assert_int_equal(vmsim_mmap(a, PAGES * PG, RW, ANON | MAP_FIXED, -1, 0), a);
	for (unsigned long i = 0; i < PAGES; i += 3)
		store(a + i * PG, i + 1);
	child = fork_process();
	assert_int_equal(rss_of(child).anon, (PAGES + 2) / 3);
	become(child);
	for (unsigned long i = 0; i < PAGES; i++)
		assert_int_equal(load(a + i * PG), i % 3 ? 0 : i + 1);
	become(world.pid);
	recount();
	end_process(child);
	recount();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_watched_world(test_parent_writes_first),
		in_watched_world(test_child_goes_first),
		in_watched_world(test_no_proof_no_reuse),
		in_watched_world(test_zero_page),
		in_watched_world(test_files),
		in_watched_world(test_shared_memory),
		in_watched_world(test_rights_and_layout),
		in_watched_world(test_name),
		in_watched_world(test_dontfork),
		in_watched_world(test_wipeonfork),
		in_watched_world(test_advice_over_holes),
		in_watched_world(test_pinned),
		in_watched_world(test_not_pinned),
		in_watched_world(test_pinned_and_shared),
		in_watched_world(test_write_protect_seq),
		in_watched_world(test_flush),
		in_watched_world(test_open),
		in_watched_world(test_far_apart),
		in_watched_world(test_many_pages),
	};

	return vmsim_run_tests(tests);
}
