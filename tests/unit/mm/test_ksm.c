// SPDX-License-Identifier: GPL-2.0-only
#include "fork_test.h"
#include <linux/ksm.h>
#include <vmsim/pin.h>

/* Pages of equal content that become one (src/mm/ksm_merge.c). */

static unsigned long map_mergeable(size_t pages)
{
	unsigned long addr = map(pages, RW, ANON);

	assert_int_equal(vmsim_madvise(addr, pages * PG, MADV_MERGEABLE), 0);
	for (size_t i = 0; i < pages; i++)
		store(addr + i * PG, 7);
	return addr;
}

static int merge(unsigned long addr, unsigned long kept)
{
	return vmsim_ksm_merge(world.pid, addr, world.pid, kept);
}

static struct page *page_here(unsigned long addr)
{
	return page_at(vmsim_self->mm, addr);
}

static bool is_merged(unsigned long addr)
{
	return folio_test_ksm(page_folio(page_here(addr)));
}

static void assert_shares(unsigned long addr, unsigned long other)
{
	assert_ptr_equal(page_here(addr), page_here(other));
	assert_true(is_merged(addr));
	assert_false(PageAnonExclusive(page_here(addr)));
	assert_false(pte_write(entry_of(vmsim_self->mm, addr)));
	assert_false(pte_dirty(entry_of(vmsim_self->mm, addr)));
}

/* What is known of pages that are gone goes with the next that are merged. */
static void forget_gone(void)
{
	assert_int_equal(merge(0, 0), -EFAULT);
}

static void test_merge(void **state)
{
	unsigned long addr = map_mergeable(3);
	uint64_t frames = stats_now().frames_free;

	(void)state;
	assert_int_equal(merge(addr, addr + PG), 0);
	assert_shares(addr, addr + PG);
	assert_int_equal(stats_now().frames_free, frames + 1);
	assert_int_equal(page_count(page_here(addr)), 2);
	assert_int_equal(page_mapcount(page_here(addr)), 2);
	assert_int_equal(merge(addr + 2 * PG, addr), 0);
	assert_shares(addr + 2 * PG, addr);
	assert_int_equal(page_count(page_here(addr)), 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(load(addr + i * PG), 7);
	assert_rss(3, 0);
	/* Once more changes nothing. */
	assert_int_equal(merge(addr + 2 * PG, addr), 0);
	assert_int_equal(page_count(page_here(addr)), 3);
	recount();
}

/* Who writes gets a copy; the last one, too: others may be about to be merged into the page. */
static void test_writes(void **state)
{
	unsigned long addr = map_mergeable(2);

	(void)state;
	assert_int_equal(merge(addr, addr + PG), 0);
	assert_int_equal(touch(addr, PROT_WRITE), VMSIM_FAULT_COPY);
	store(addr, 8);
	assert_int_equal(load(addr + PG), 7);
	assert_true(PageAnonExclusive(page_here(addr)));
	assert_int_equal(page_count(page_here(addr + PG)), 1);
	assert_true(is_merged(addr + PG));
	recount();
	assert_int_equal(touch(addr + PG, PROT_WRITE), VMSIM_FAULT_COPY);
	assert_false(is_merged(addr + PG));
	assert_int_equal(load(addr + PG), 7);
	/* As before: they can be merged when they are alike again. */
	assert_int_equal(merge(addr, addr + PG), -EFAULT);
	store(addr, 7);
	assert_int_equal(merge(addr, addr + PG), 0);
	assert_shares(addr, addr + PG);
	recount();
}

static void test_two_processes(void **state)
{
	unsigned long addr = map_mergeable(1), there;
	int other = vmsim_process_create(world.machine, "other");
	struct page *page;

	(void)state;
	assert_true(other > 0);
	become(other);
	map(3, RW, ANON);
	there = map_mergeable(1);
	assert_int_not_equal(there, addr);
	assert_int_equal(vmsim_ksm_merge(other, there, world.pid, addr), 0);
	page = page_here(there);
	assert_ptr_equal(page, page_at(mm_of(world.pid), addr));
	assert_int_equal(rss_of(other).anon, 1);
	recount();
	store(there, 8);
	become(world.pid);
	assert_int_equal(load(addr), 7);
	assert_ptr_equal(page_here(addr), page);
	assert_int_equal(vmsim_ksm_merge(other, there, world.pid, addr), -EFAULT);
	become(other);
	store(there, 7);
	assert_int_equal(vmsim_ksm_merge(other, there, world.pid, addr), 0);
	become(world.pid);
	end_process(other);
	assert_int_equal(page_count(page), 1);
	assert_int_equal(load(addr), 7);
	recount();
}

static void assert_refused(unsigned long addr, unsigned long kept, int err)
{
	pte_t before = entry_of(vmsim_self->mm, addr);
	bool exclusive = PageAnonExclusive(page_here(addr));

	assert_int_equal(merge(addr, kept), err);
	assert_int_equal(pte_val(entry_of(vmsim_self->mm, addr)), pte_val(before));
	assert_int_equal(PageAnonExclusive(page_here(addr)), exclusive);
}

static void test_pages_in_use_are_refused(void **state)
{
	static const unsigned int how[] = { VMSIM_PIN_WRITE, 0, VMSIM_PIN_REF };
	unsigned long addr = map_mergeable(2);

	(void)state;
	for (size_t i = 0; i < sizeof(how) / sizeof(how[0]); i++) {
		struct vmsim_pins *pins;

		assert_int_equal(vmsim_pin(addr, 1, how[i], &pins), 1);
		assert_refused(addr, addr + PG, -EFAULT);
		/* Nor does such a page become one of KSM. */
		assert_refused(addr, addr, -EFAULT);
		assert_false(is_merged(addr));
		assert_int_equal(vmsim_unpin(pins, false), 0);
	}
	recount();
	assert_int_equal(merge(addr, addr + PG), 0);
	recount();
}

static void test_other_memory_is_refused(void **state)
{
	unsigned long addr = map_mergeable(2), not_asked = map(1, RW, ANON);
	unsigned long zero = map(1, RW, ANON);
	unsigned long shared = map(1, RW, MAP_SHARED | MAP_ANONYMOUS);

	(void)state;
	store(not_asked, 7);
	assert_refused(not_asked, addr, -EFAULT);
	assert_refused(addr, not_asked, -EFAULT);
	/* Advice for shared memory is ignored. */
	store(shared, 7);
	assert_int_equal(vmsim_madvise(shared, PG, MADV_MERGEABLE), 0);
	assert_false(vma_at(shared)->vm_flags & VM_MERGEABLE);
	assert_refused(shared, addr, -EFAULT);
	assert_int_equal(vmsim_madvise(zero, PG, MADV_MERGEABLE), 0);
	assert_int_equal(merge(zero, addr), -EFAULT);
	assert_int_equal(load(zero), 0);
	assert_int_equal(merge(zero, addr), -EFAULT);
	assert_int_equal(vmsim_ksm_merge(99, addr, world.pid, addr), -ESRCH);
	assert_int_equal(vmsim_ksm_merge(world.pid, addr, 99, addr), -ESRCH);
	/* They differ. What is looked at is read-only by then, and the program's again by a write. */
	store(addr + PG, 8);
	assert_int_equal(merge(addr + PG, addr), -EFAULT);
	assert_false(is_merged(addr + PG));
	assert_int_equal(load(addr + PG), 8);
	assert_false(pte_dirty(entry_of(vmsim_self->mm, addr + PG)));
	assert_true(PageDirty(page_here(addr + PG)));
	assert_int_equal(touch(addr + PG, PROT_WRITE), VMSIM_FAULT_REUSE);
	recount();
}

/* A pin is of a page that the program has alone. */
static void test_pins_of_merged_pages(void **state)
{
	unsigned long addr = map_mergeable(2);
	struct vmsim_pins *pins;

	(void)state;
	assert_int_equal(merge(addr, addr + PG), 0);
	assert_int_equal(vmsim_pin(addr, 1, 0, &pins), 1);
	assert_false(is_merged(addr));
	assert_true(PageAnonExclusive(page_here(addr)));
	assert_true(is_merged(addr + PG));
	assert_int_equal(vmsim_unpin(pins, false), 0);
	recount();
}

/* The mappings that a walk finds, each once. */
#define MOST 8

struct found {
	struct vm_area_struct *vma[MOST];
	unsigned long addr[MOST];
	int nr;
};

static bool note(struct folio *folio, struct vm_area_struct *vma, unsigned long addr, void *arg)
{
	DEFINE_FOLIO_VMA_WALK(pvmw, folio, vma, addr, 0);
	struct found *found = arg;

	while (page_vma_mapped_walk(&pvmw)) {
		bool again = false;

		for (int i = 0; i < found->nr; i++)
			again |= found->vma[i] == vma && found->addr[i] == pvmw.address;
		if (again)
			continue;
		assert_in_range(found->nr, 0, MOST - 1);
		found->vma[found->nr] = vma;
		found->addr[found->nr++] = pvmw.address;
	}
	return true;
}

static int walk_finds(struct page *page)
{
	struct found found = { .nr = 0 };
	struct rmap_walk_control rwc = { .rmap_one = note, .arg = &found };

	vmsim_enter();
	folio_lock(page_folio(page));
	rmap_walk(page_folio(page), &rwc);
	folio_unlock(page_folio(page));
	vmsim_leave();
	return found.nr;
}

static void test_walks(void **state)
{
	unsigned long addr = map_mergeable(3), other = map_mergeable(1), flags;
	struct page *page;
	int child;

	(void)state;
	assert_int_equal(merge(addr, addr + PG), 0);
	assert_int_equal(merge(addr + 2 * PG, addr), 0);
	assert_int_equal(merge(other, addr), 0);
	page = page_here(addr);
	assert_int_equal(walk_finds(page), 4);
	child = fork_process();
	assert_int_equal(page_mapcount(page), 8);
	assert_int_equal(walk_finds(page), 8);
	recount();
	/* Each is asked whether it was used, and no longer says so. */
	assert_int_equal(load(addr), 7);
	assert_true(in_kernel(folio_referenced(page_folio(page), 0, NULL, &flags)) > 0);
	assert_int_equal(in_kernel(folio_referenced(page_folio(page), 0, NULL, &flags)), 0);
	store(addr, 8);
	assert_int_equal(walk_finds(page), 7);
	become(child);
	assert_int_equal(vmsim_munmap(addr + PG, PG), 0);
	assert_int_equal(walk_finds(page), 6);
	/* The child's are found when the parent's are gone. */
	become(world.pid);
	assert_int_equal(vmsim_munmap(addr, 3 * PG), 0);
	assert_int_equal(vmsim_munmap(other, PG), 0);
	assert_int_equal(walk_finds(page), 3);
	recount();
	end_process(child);
	forget_gone();
	recount();
}

/* A page that a child has merged by itself, at an address that it got by the fork. */
static void test_child_merges(void **state)
{
	unsigned long addr = map_mergeable(2);
	int child = fork_process();
	struct page *page;

	(void)state;
	become(child);
	store(addr, 7);
	store(addr + PG, 7);
	assert_int_equal(vmsim_ksm_merge(child, addr, child, addr + PG), 0);
	become(world.pid);
	assert_int_equal(vmsim_ksm_merge(world.pid, addr, child, addr), 0);
	page = page_here(addr);
	assert_int_equal(page_mapcount(page), 3);
	assert_int_equal(walk_finds(page), 3);
	recount();
	/* Whoever of the three used it, and though some of them are found in two ways. */
	for (int i = 0; i < 3; i++) {
		unsigned long flags;

		in_kernel(folio_referenced(page_folio(page), 0, NULL, &flags));
		become(i ? child : world.pid);
		assert_int_equal(load(addr + (i == 2) * PG), 7);
		become(world.pid);
		assert_int_equal(in_kernel(folio_referenced(page_folio(page), 0, NULL, &flags)), 1);
	}
	end_process(child);
	assert_int_equal(walk_finds(page), 1);
	forget_gone();
	recount();
}

/* What holds the anon_vma goes with the page, and not before; the same address holds it once. */
static void test_anon_vma_is_held(void **state)
{
	unsigned long addr = map_mergeable(2);
	struct anon_vma *anon_vma = vma_at(addr)->anon_vma;
	int before = atomic_read(&anon_vma->refcount);

	(void)state;
	assert_int_equal(merge(addr, addr + PG), 0);
	assert_int_equal(atomic_read(&anon_vma->refcount), before + 2);
	store(addr, 7);
	assert_int_equal(merge(addr, addr + PG), 0);
	assert_int_equal(atomic_read(&anon_vma->refcount), before + 2);
	store(addr, 7);
	forget_gone();
	assert_int_equal(atomic_read(&anon_vma->refcount), before + 2);
	store(addr + PG, 7);
	forget_gone();
	assert_int_equal(atomic_read(&anon_vma->refcount), before);
	recount();
}

static unsigned long address_of(struct page *page, int pid, unsigned long addr)
{
	unsigned long found;

	become(pid);
	found = page_address_in_vma(page, vma_at(addr));
	become(world.pid);
	return found;
}

/* Only a page that is no KSM's tells where it is, and only in mappings of its family. */
static void test_addresses(void **state)
{
	unsigned long addr = map_mergeable(2);
	int child = fork_process(), other = vmsim_process_create(world.machine, "other");
	struct page *page = page_here(addr + PG);

	(void)state;
	become(other);
	assert_int_equal(vmsim_mmap(addr, 2 * PG, RW, ANON | MAP_FIXED, VMSIM_NO_FILE, 0), addr);
	store(addr + PG, 7);
	assert_int_equal(address_of(page, world.pid, addr), addr + PG);
	assert_int_equal(address_of(page, child, addr), addr + PG);
	assert_int_equal(address_of(page, other, addr), (unsigned long)-EFAULT);
	end_process(child);
	end_process(other);
	store(addr + PG, 7);
	assert_int_equal(merge(addr, addr + PG), 0);
	assert_int_equal(address_of(page_here(addr), world.pid, addr), (unsigned long)-EFAULT);
	recount();
}

static void test_unmerge(void **state)
{
	unsigned long addr = map_mergeable(3);

	(void)state;
	assert_int_equal(merge(addr, addr + PG), 0);
	assert_int_equal(merge(addr + 2 * PG, addr), 0);
	assert_int_equal(vmsim_madvise(addr, 2 * PG, MADV_UNMERGEABLE), 0);
	for (int i = 0; i < 2; i++) {
		assert_false(is_merged(addr + i * PG));
		assert_true(PageAnonExclusive(page_here(addr + i * PG)));
		assert_int_equal(load(addr + i * PG), 7);
	}
	assert_true(is_merged(addr + 2 * PG));
	assert_int_equal(merge(addr, addr + 2 * PG), -EFAULT);
	recount();
}

/* KSM knows its pages by address: what moves is unmerged before. */
static void test_move(void **state)
{
	unsigned long addr = map_mergeable(2);
	long there;

	(void)state;
	assert_int_equal(merge(addr, addr + PG), 0);
	there = vmsim_mremap(addr, PG, 2 * PG, MREMAP_MAYMOVE, 0);
	assert_true(there > 0);
	assert_int_not_equal(there, addr);
	assert_false(is_merged((unsigned long)there));
	assert_true(is_merged(addr + PG));
	assert_int_equal(load((unsigned long)there), 7);
	recount();
	/* It may be merged again where it is. */
	assert_int_equal(merge((unsigned long)there, addr + PG), 0);
	assert_shares((unsigned long)there, addr + PG);
	recount();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_watched_world(test_merge),
		in_watched_world(test_writes),
		in_watched_world(test_two_processes),
		in_watched_world(test_pages_in_use_are_refused),
		in_watched_world(test_other_memory_is_refused),
		in_watched_world(test_pins_of_merged_pages),
		in_watched_world(test_walks),
		in_watched_world(test_child_merges),
		in_watched_world(test_anon_vma_is_held),
		in_watched_world(test_addresses),
		in_watched_world(test_unmerge),
		in_watched_world(test_move),
	};

	return vmsim_run_tests(tests);
}
