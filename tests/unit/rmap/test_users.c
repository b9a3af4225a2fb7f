// SPDX-License-Identifier: GPL-2.0-only
#include "rmap_test.h"
#include <asm/tlb.h>
#include <unistd.h>

/* What reverse maps are for: cleaning, asking for use, unmapping. */

static void assert_rights(struct mm_struct *mm, unsigned long addr, bool write, bool dirty)
{
	pte_t pte = value_of(mm, addr);

	assert_true(pte_present(pte));
	assert_int_equal(pte_write(pte), write);
	assert_int_equal(pte_dirty(pte), dirty);
}

static void test_mkclean_takes_all_rights(void **state)
{
	struct world *w = *state;
	unsigned long addr[PROCESSES], private_addr;
	struct folio *folio;
	uint64_t faults;

	for (int i = 0; i < PROCESSES; i++)
		addr[i] = map_and_touch(w, i, w->file, MAP_SHARED, 5, 2, i < 2);
	private_addr = map_and_touch(w, 0, w->file, MAP_PRIVATE, 5, 1, false);
	assert_rights(w->mm[0], addr[0], true, true);
	assert_rights(w->mm[1], addr[1], true, true);
	assert_rights(w->mm[2], addr[2], false, false);

	vmsim_enter();
	folio = locked_folio(w, 5);
	assert_int_equal(folio_mapcount(folio), PROCESSES + 1);
	assert_int_equal(folio_mkclean(folio), 2);
	for (int i = 0; i < PROCESSES; i++)
		assert_rights(w->mm[i], addr[i], false, false);
	assert_rights(w->mm[0], private_addr, false, false);
	/* Still mapped, still used, and nothing more to clean. */
	assert_int_equal(folio_mapcount(folio), PROCESSES + 1);
	assert_true(pte_young(value_of(w->mm[1], addr[1])));
	assert_int_equal(folio_mkclean(folio), 0);
	unlock_and_put(folio);
	vmsim_leave();

	/* No CPU has kept a right in its TLB: the next store faults, and says that it is there. */
	faults = stats_of(w).faults;
	for (int i = 0; i < 2; i++) {
		store_in(w, i, addr[i]);
		assert_rights(w->mm[i], addr[i], true, true);
	}
	assert_int_equal(stats_of(w).faults, faults + 2);
}

static void test_mkclean_flushes_each_entry_before_it_is_back(void **state)
{
	struct world *w = *state;
	struct vmsim_stats before;
	struct folio *folio;

	map_and_touch(w, 1, w->file, MAP_SHARED, 0, 1, true);
	map_and_touch(w, 2, w->file, MAP_SHARED, 0, 1, true);
	vmsim_enter();
	before = stats_of(w);
	folio = locked_folio(w, 0);
	assert_int_equal(folio_mkclean(folio), 2);
	unlock_and_put(folio);
	vmsim_leave();
	assert_int_equal(stats_of(w).flushes, before.flushes + 2);
}

static void set_entry(struct mm_struct *mm, unsigned long addr, pte_t value)
{
	spinlock_t *ptl;
	pte_t *pte = entry_of(mm, addr, &ptl);

	spin_lock(ptl);
	set_pte_at(mm, addr, pte, value);
	spin_unlock(ptl);
}

static void test_mkclean_of_unmapped_or_private_is_nothing(void **state)
{
	struct world *w = *state;
	unsigned long addr = map_and_touch(w, 0, w->file, MAP_PRIVATE, 1, 1, true);
	unsigned long other = map_and_touch(w, 0, w->file, MAP_PRIVATE, 2, 1, false);
	struct folio *folio;
	pte_t before;

	vmsim_enter();
	folio = locked_folio(w, 2);
	assert_true(folio_mapped(folio));
	/* Private mappings are not even looked at. */
	before = value_of(w->mm[0], other);
	set_entry(w->mm[0], other, pte_mkdirty(before));
	assert_int_equal(folio_mkclean(folio), 0);
	assert_true(pte_dirty(value_of(w->mm[0], other)));
	set_entry(w->mm[0], other, before);
	unlock_and_put(folio);
	folio = locked_folio(w, 1);
	assert_int_equal(folio_mkclean(folio), 0);
	unlock_and_put(folio);
	vmsim_leave();
	assert_rights(w->mm[0], addr, true, true);
}

/* Page @index of the file, in the worker's thread. */
struct walk_job {
	struct world *w;
	pgoff_t index;
	unsigned long addr;
	unsigned int flags;
	int result;
};

static void do_mkclean(struct worker *worker, void *arg)
{
	struct walk_job *job = arg;
	struct folio *folio;

	(void)worker;
	vmsim_enter();
	folio = locked_folio(job->w, job->index);
	job->result = folio_mkclean(folio);
	unlock_and_put(folio);
	vmsim_leave();
}

static void do_mapped_walk(struct worker *worker, void *arg)
{
	struct walk_job *job = arg;
	struct folio *folio;

	(void)worker;
	vmsim_enter();
	folio = locked_folio(job->w, job->index);
	{
		DEFINE_FOLIO_VMA_WALK(pvmw, folio, vmsim_vma_first(&job->w->mm[0]->mm_mt),
				      job->addr, job->flags);

		job->result = page_vma_mapped_walk(&pvmw);
		if (job->result)
			page_vma_mapped_walk_done(&pvmw);
	}
	unlock_and_put(folio);
	vmsim_leave();
}

/* While somebody holds the PTL, having cleared an entry: does the job wait? */
static bool waits_for_ptl(struct world *w, job_fn fn, struct walk_job *job)
{
	struct mm_struct *mm = w->mm[0];
	spinlock_t *ptl;
	pte_t *pte, old;
	bool waits;

	vmsim_enter();
	pte = entry_of(mm, job->addr, &ptl);
	spin_lock(ptl);
	old = ptep_get_and_clear(mm, job->addr, pte);
	vmsim_leave();
	worker_start(&w->worker[1], fn, job);
	/* Without PVMW_SYNC it comes back; with it, never before the lock is free. */
	for (int i = 0; i < 100 && worker_busy(&w->worker[1]); i++)
		usleep(1000);
	waits = worker_busy(&w->worker[1]);
	vmsim_enter();
	set_pte_at(mm, job->addr, pte, old);
	spin_unlock(ptl);
	vmsim_leave();
	worker_wait(&w->worker[1]);
	return waits;
}

static void test_sync_walk_waits_where_the_entry_looks_empty(void **state)
{
	struct world *w = *state;
	struct walk_job job = { .w = w, .index = 4 };

	job.addr = map_and_touch(w, 0, w->file, MAP_SHARED, 4, 1, true);
	assert_false(waits_for_ptl(w, do_mapped_walk, &job));
	assert_false(job.result);
	job.flags = PVMW_SYNC;
	assert_true(waits_for_ptl(w, do_mapped_walk, &job));
	assert_true(job.result);
}

/* The fixed kernel loses the write again if this does not hold (4.4, precondition 1). */
static void test_mkclean_waits_where_the_entry_looks_empty(void **state)
{
	struct world *w = *state;
	struct walk_job job = { .w = w, .index = 4 };

	job.addr = map_and_touch(w, 0, w->file, MAP_SHARED, 4, 1, true);
	assert_true(waits_for_ptl(w, do_mkclean, &job));
	assert_int_equal(job.result, 1);
}

static int referenced(struct folio *folio, unsigned long *vm_flags)
{
	return folio_referenced(folio, 1, NULL, vm_flags);
}

static void test_referenced_asks_and_forgets(void **state)
{
	struct world *w = *state;
	unsigned long addr[PROCESSES], vm_flags;
	struct folio *folio;

	for (int i = 0; i < PROCESSES; i++)
		addr[i] = map_and_touch(w, i, w->file, MAP_SHARED, 7, 1, false);
	vmsim_enter();
	folio = locked_folio(w, 7);
	assert_int_equal(referenced(folio, &vm_flags), PROCESSES);
	assert_true(vm_flags & VM_SHARED);
	assert_int_equal(referenced(folio, &vm_flags), 0);
	assert_int_equal(vm_flags, 0);
	/* x86 does not flush here; once the entry has left the TLB, a load sets the bit anew. */
	flush_tlb_mm(w->mm[1]);
	vmsim_leave();
	load_in(w, 1, addr[1]);
	vmsim_enter();
	assert_true(pte_young(value_of(w->mm[1], addr[1])));
	assert_int_equal(referenced(folio, &vm_flags), 1);

	/* A lock that somebody has is not waited for. */
	i_mmap_lock_write(mapping_of(w));
	assert_int_equal(referenced(folio, &vm_flags), -1);
	i_mmap_unlock_write(mapping_of(w));
	/* Nor the folio's own: then it is taken to be in use. */
	assert_int_equal(folio_referenced(folio, 0, NULL, &vm_flags), 1);
	unlock_and_put(folio);
	vmsim_leave();
}

static void test_referenced_heeds_vma_flags(void **state)
{
	struct world *w = *state;
	unsigned long addr = map_and_touch(w, 0, w->file, MAP_SHARED, 7, 1, false), vm_flags;
	struct vm_area_struct *vma = vmsim_vma_first(&w->mm[0]->mm_mt);
	struct folio *folio;

	vmsim_enter();
	folio = locked_folio(w, 7);
	vma->vm_flags |= VM_LOCKED;
	assert_int_equal(referenced(folio, &vm_flags), 0);
	assert_true(vm_flags & VM_LOCKED);
	assert_true(pte_young(value_of(w->mm[0], addr)));
	vma->vm_flags &= ~(vm_flags_t)VM_LOCKED;
	assert_int_equal(referenced(folio, &vm_flags), 1);
	unlock_and_put(folio);
	vmsim_leave();
}

static void test_referenced_anon(void **state)
{
	struct world *w = *state;
	unsigned long addr = map_and_touch(w, 1, VMSIM_NO_FILE, MAP_PRIVATE | MAP_ANONYMOUS, 0, 1,
					   true), vm_flags;
	struct folio *folio;

	vmsim_enter();
	folio = anon_folio(w, 1, addr);
	assert_int_equal(referenced(folio, &vm_flags), 1);
	assert_int_equal(referenced(folio, &vm_flags), 0);
	folio_unlock(folio);
	/* No folio lock is needed for an anonymous one. */
	assert_int_equal(folio_referenced(folio, 0, NULL, &vm_flags), 0);
	folio_put(folio);
	vmsim_leave();
}

static void test_unmap_file(void **state)
{
	struct world *w = *state;
	unsigned long addr[PROCESSES];
	unsigned long rss[PROCESSES];
	struct folio *folio;
	int refs;

	for (int i = 0; i < PROCESSES; i++)
		addr[i] = map_and_touch(w, i, w->file, MAP_SHARED, 9, 1, i == 1);
	vmsim_enter();
	folio = locked_folio(w, 9);
	folio_clear_dirty(folio);
	refs = folio_ref_count(folio);
	for (int i = 0; i < PROCESSES; i++)
		rss[i] = get_mm_counter(w->mm[i], MM_FILEPAGES);
	try_to_unmap(folio, 0);
	assert_false(folio_mapped(folio));
	assert_int_equal(folio_ref_count(folio), refs - PROCESSES);
	/* What an entry knew, the folio knows now (R5). */
	assert_true(folio_test_dirty(folio));
	for (int i = 0; i < PROCESSES; i++) {
		assert_true(pte_none(value_of(w->mm[i], addr[i])));
		assert_int_equal(get_mm_counter(w->mm[i], MM_FILEPAGES), rss[i] - 1);
	}
	unlock_and_put(folio);
	vmsim_leave();
	/* And it comes back. */
	load_in(w, 2, addr[2]);
}

static void test_unmap_leaves_locked_memory(void **state)
{
	struct world *w = *state;
	struct vm_area_struct *vma;
	struct folio *folio;

	map_and_touch(w, 0, w->file, MAP_SHARED, 9, 1, false);
	vma = vmsim_vma_first(&w->mm[0]->mm_mt);
	vmsim_enter();
	folio = locked_folio(w, 9);
	vma->vm_flags |= VM_LOCKED;
	try_to_unmap(folio, 0);
	assert_int_equal(folio_mapcount(folio), 1);
	try_to_unmap(folio, TTU_IGNORE_MLOCK);
	assert_int_equal(folio_mapcount(folio), 0);
	vma->vm_flags &= ~(vm_flags_t)VM_LOCKED;
	unlock_and_put(folio);
	vmsim_leave();
}

static void do_unmap_sync(struct worker *worker, void *arg)
{
	struct walk_job *job = arg;
	struct folio *folio;

	(void)worker;
	vmsim_enter();
	folio = locked_folio(job->w, job->index);
	try_to_unmap(folio, (enum ttu_flags)job->flags);
	job->result = folio_mapcount(folio);
	unlock_and_put(folio);
	vmsim_leave();
}

static void test_unmap_sync_waits(void **state)
{
	struct world *w = *state;
	struct walk_job job = { .w = w, .index = 4 };

	job.addr = map_and_touch(w, 0, w->file, MAP_SHARED, 4, 1, true);
	assert_false(waits_for_ptl(w, do_unmap_sync, &job));
	assert_int_equal(job.result, 1);
	job.flags = TTU_SYNC;
	assert_true(waits_for_ptl(w, do_unmap_sync, &job));
	assert_int_equal(job.result, 0);
}

/* MADV_FREE: the page may be forgotten if nobody wrote to it since, and nobody else has it. */
static void test_unmap_forgets_lazily_freed(void **state)
{
	struct world *w = *state;
	unsigned long addr = map_and_touch(w, 0, VMSIM_NO_FILE, MAP_PRIVATE | MAP_ANONYMOUS, 0, 1,
					   true);
	struct folio *folio;
	spinlock_t *ptl;
	pte_t *pte;

	vmsim_enter();
	folio = anon_folio(w, 0, addr);
	/* Written since. */
	folio_clear_swapbacked(folio);
	try_to_unmap(folio, 0);
	assert_int_equal(folio_mapcount(folio), 1);
	assert_true(pte_present(value_of(w->mm[0], addr)));
	assert_true(folio_test_swapbacked(folio));

	/* Clean, but somebody else has a reference. */
	pte = entry_of(w->mm[0], addr, &ptl);
	spin_lock(ptl);
	set_pte_at(w->mm[0], addr, pte, pte_mkclean(ptep_clear_flush(vmsim_vma_first(
			&w->mm[0]->mm_mt), addr, pte)));
	spin_unlock(ptl);
	folio_clear_dirty(folio);
	folio_clear_swapbacked(folio);
	folio_get(folio);
	try_to_unmap(folio, 0);
	assert_int_equal(folio_mapcount(folio), 1);
	assert_true(folio_test_swapbacked(folio));
	folio_put(folio);

	folio_clear_swapbacked(folio);
	try_to_unmap(folio, 0);
	assert_int_equal(folio_mapcount(folio), 0);
	assert_int_equal(get_mm_counter(w->mm[0], MM_ANONPAGES), 0);
	assert_true(pte_none(value_of(w->mm[0], addr)));
	unlock_and_put(folio);
	vmsim_leave();
}

#ifdef CONFIG_ARCH_WANT_BATCHED_UNMAP_TLB_FLUSH
static uint64_t flushes(struct world *w)
{
	return stats_of(w).flushes;
}

static void test_batched_flush(void **state)
{
	struct world *w = *state;
	struct mm_struct *mm = w->mm[1];
	struct folio *folio[2];
	uint64_t before;

	for (int n = 0; n < 2; n++)
		map_and_touch(w, 1, w->file, MAP_SHARED, 20 + n, 1, n == 1);
	vmsim_enter();
	before = flushes(w);
	/* Process 1 runs on another CPU: the flush of a clean page can wait until the end. */
	folio[0] = locked_folio(w, 20);
	try_to_unmap(folio[0], TTU_BATCH_FLUSH);
	assert_false(folio_mapped(folio[0]));
	assert_int_equal(flushes(w), before);
	assert_true(current->tlb_ubc.flush_required);
	assert_int_equal(atomic_read(&mm->mm_count), 2);
	try_to_unmap_flush_dirty();
	assert_int_equal(flushes(w), before);

	/* That of a dirty page until it is to be written. */
	folio[1] = locked_folio(w, 21);
	try_to_unmap(folio[1], TTU_BATCH_FLUSH);
	assert_true(folio_test_dirty(folio[1]));
	assert_int_equal(flushes(w), before);
	try_to_unmap_flush_dirty();
	assert_int_equal(flushes(w), before + 1);
	assert_false(current->tlb_ubc.flush_required);
	assert_int_equal(atomic_read(&mm->mm_count), 1);
	try_to_unmap_flush();
	assert_int_equal(flushes(w), before + 1);

	/* Whoever takes the PTL does not know that it has been paid, and pays once (R15). */
	flush_tlb_batched_pending(mm);
	assert_int_equal(flushes(w), before + 2);
	flush_tlb_batched_pending(mm);
	assert_int_equal(flushes(w), before + 2);
	for (int n = 0; n < 2; n++)
		unlock_and_put(folio[n]);
	vmsim_leave();
}

static void test_flush_is_not_put_off_for_this_cpu_alone(void **state)
{
	struct world *w = *state;
	struct folio *folio;
	uint64_t before;

	map_and_touch(w, 0, w->file, MAP_SHARED, 20, 1, false);
	vmsim_enter();
	folio = locked_folio(w, 20);
	before = flushes(w);
	try_to_unmap(folio, TTU_BATCH_FLUSH);
	assert_false(folio_mapped(folio));
	assert_int_equal(flushes(w), before + 1);
	assert_false(current->tlb_ubc.flush_required);
	assert_int_equal(atomic_read(&w->mm[0]->tlb_flush_batched), 0);
	unlock_and_put(folio);
	vmsim_leave();
}

/* A debt that is made while another is being paid stays. */
static void test_new_debt_outlives_the_payment_of_an_old_one(void **state)
{
	struct world *w = *state;
	struct mm_struct *mm = w->mm[1];
	uint64_t before;

	map_and_touch(w, 1, w->file, MAP_SHARED, 20, 1, false);
	map_and_touch(w, 1, w->file, MAP_SHARED, 21, 1, false);
	vmsim_enter();
	for (pgoff_t index = 20; index <= 21; index++) {
		struct folio *folio = locked_folio(w, index);

		before = flushes(w);
		try_to_unmap(folio, TTU_BATCH_FLUSH);
		assert_int_equal(flushes(w), before);
		flush_tlb_batched_pending(mm);
		assert_int_equal(flushes(w), before + 1);
		flush_tlb_batched_pending(mm);
		assert_int_equal(flushes(w), before + 1);
		unlock_and_put(folio);
	}
	try_to_unmap_flush();
	vmsim_leave();
}

/* The counts in mm->tlb_flush_batched wrap without ever looking paid. */
static void test_many_debts_never_look_paid(void **state)
{
	struct world *w = *state;
	struct mm_struct *mm = w->mm[1];
	unsigned long addr = map_and_touch(w, 1, w->file, MAP_SHARED, 20, 1, false);
	struct folio *folio;
	uint64_t before;

	vmsim_enter();
	folio = locked_folio(w, 20);
	for (int n = 0; n < 40000; n++) {
		spinlock_t *ptl;
		pte_t *pte = entry_of(mm, addr, &ptl);
		int batched;

		if (!folio_mapped(folio)) {
			spin_lock(ptl);
			folio_get(folio);
			folio_add_file_rmap_pte(folio, folio_page(folio, 0),
						vmsim_vma_first(&mm->mm_mt));
			set_pte_at(mm, addr, pte, mk_pte(folio_page(folio, 0), PAGE_READONLY));
			add_mm_counter(mm, MM_FILEPAGES, 1);
			spin_unlock(ptl);
		}
		try_to_unmap(folio, TTU_BATCH_FLUSH);
		batched = atomic_read(&mm->tlb_flush_batched);
		assert_int_not_equal(batched & 0x7fff, batched >> 16);
	}
	before = flushes(w);
	flush_tlb_batched_pending(mm);
	assert_int_equal(flushes(w), before + 1);
	try_to_unmap_flush();
	unlock_and_put(folio);
	vmsim_leave();
}

#else
static void test_flushes_are_never_put_off(void **state)
{
	struct world *w = *state;
	struct folio *folio;

	map_and_touch(w, 1, w->file, MAP_SHARED, 20, 1, true);
	vmsim_enter();
	folio = locked_folio(w, 20);
	try_to_unmap(folio, TTU_BATCH_FLUSH);
	assert_false(folio_mapped(folio));
	assert_false(current->tlb_ubc.flush_required);
	assert_int_equal(atomic_read(&w->mm[1]->tlb_flush_batched), 0);
	unlock_and_put(folio);
	vmsim_leave();
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		rmap_test(test_mkclean_takes_all_rights),
		rmap_test(test_mkclean_flushes_each_entry_before_it_is_back),
		rmap_test(test_mkclean_of_unmapped_or_private_is_nothing),
		rmap_test(test_sync_walk_waits_where_the_entry_looks_empty),
		rmap_test(test_mkclean_waits_where_the_entry_looks_empty),
		rmap_test(test_referenced_asks_and_forgets),
		rmap_test(test_referenced_heeds_vma_flags),
		rmap_test(test_referenced_anon),
		rmap_test(test_unmap_file),
		rmap_test(test_unmap_leaves_locked_memory),
		rmap_test(test_unmap_sync_waits),
		rmap_test(test_unmap_forgets_lazily_freed),
#ifdef CONFIG_ARCH_WANT_BATCHED_UNMAP_TLB_FLUSH
		rmap_test(test_batched_flush),
		rmap_test(test_flush_is_not_put_off_for_this_cpu_alone),
		rmap_test(test_new_debt_outlives_the_payment_of_an_old_one),
		rmap_test(test_many_debts_never_look_paid),
#else
		rmap_test(test_flushes_are_never_put_off),
#endif
	};

	return vmsim_run_tests(tests);
}
