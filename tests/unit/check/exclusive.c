// SPDX-License-Identifier: GPL-2.0-only
#include "lab.h"

/* O10 and O12: who may write to an anonymous page, and who sees it (R12, R13, R17). */

/* A page that a child shares. The test is the parent, on CPU 0; the child's thread is on CPU 2. */
static unsigned long addr;
static int child;

static void forked(uint64_t oracles)
{
	lab_open(oracles, VMSIM_TLB_IPI, 2);
	addr = map_anon(1);
	store(addr, 1);
	child = vmsim_fork(NULL);
	assert_true(child > 0);
	attach(2, child);
	be(0);
	assert_quiet();
}

static void end_child(void)
{
	detach(2);
	be(0);
	assert_int_equal(vmsim_process_destroy(lab.handle, child), 0);
}

static void set_writable(struct entry *entry)
{
	set_pte_at(current->mm, entry->addr, entry->ptep,
		   pte_mkwrite(ptep_get(entry->ptep), entry->vma));
}

static void a_shared_page_becomes_writable(void **state)
{
	struct entry entry;

	(void)state;
	forked(VMSIM_ORACLE_BIT(O10));
	entry = entry_lock(addr);
	set_writable(&entry);
	assert_only("O10", "R12");
	entry_unlock(&entry);
}

static void a_writable_page_is_shared(void **state)
{
	struct entry entry;

	(void)state;
	lab_open(VMSIM_ORACLE_BIT(O10), VMSIM_TLB_IPI, 1);
	addr = map_anon(1);
	store(addr, 1);
	entry = entry_lock(addr);
	ClearPageAnonExclusive(entry.page);
	/* As in a fork: the right to write goes before the lock does. */
	assert_quiet();
	entry_unlock(&entry);
	assert_only("O10", "R12");
}

static void the_right_to_write_goes_in_time(void **state)
{
	struct entry entry;

	(void)state;
	lab_open(VMSIM_ORACLE_BIT(O10), VMSIM_TLB_IPI, 1);
	addr = map_anon(2);
	store(addr, 1);
	store(addr + PAGE_SIZE, 1);
	entry = entry_lock(addr);
	ClearPageAnonExclusive(entry.page);
	ptep_set_wrprotect(current->mm, addr, entry.ptep);
	entry_unlock(&entry);
	assert_at_rest();
}

/* The hardware may set D while the flag has gone and the right to write has not. */
static void the_hardware_is_not_to_blame(void **state)
{
	struct entry entry;

	(void)state;
	lab_open(VMSIM_ORACLE_BIT(O10), VMSIM_TLB_IPI, 1);
	addr = map_anon(1);
	store(addr, 1);
	entry = entry_lock(addr);
	ClearPageAnonExclusive(entry.page);
	set_pte_at(current->mm, addr, entry.ptep, pte_mkclean(ptep_get(entry.ptep)));
	set_pte_at(current->mm, addr, entry.ptep, pte_mkdirty(ptep_get(entry.ptep)));
	assert_quiet();
	ptep_set_wrprotect(current->mm, addr, entry.ptep);
	entry_unlock(&entry);
	assert_at_rest();
}

static void a_shared_page_becomes_exclusive(void **state)
{
	struct entry entry;

	(void)state;
	forked(VMSIM_ORACLE_BIT(O10));
	entry = entry_lock(addr);
	SetPageAnonExclusive(entry.page);
	assert_only("O10", "R12");
	entry_unlock(&entry);
	end_child();
}

static void an_exclusive_page_is_mapped_again(void **state)
{
	struct entry entry;

	(void)state;
	lab_open(VMSIM_ORACLE_BIT(O10), VMSIM_TLB_IPI, 1);
	addr = map_anon(1);
	store(addr, 1);
	entry = entry_lock(addr);
	atomic_inc(&entry.page->_mapcount);
	vmsim_event(MAP_ADD, (uintptr_t)entry.page, 1, 2);
	assert_only("O10", "R12");
	atomic_dec(&entry.page->_mapcount);
	entry_unlock(&entry);
}

static void a_page_of_ksm_becomes_exclusive(void **state)
{
	struct address_space *mapping;
	struct entry entry;

	(void)state;
	lab_open(VMSIM_ORACLE_BIT(O10), VMSIM_TLB_IPI, 1);
	addr = map_anon(1);
	store(addr, 1);
	entry = entry_lock(addr);
	mapping = entry.page->mapping;
	entry.page->mapping = (void *)((unsigned long)mapping | PAGE_MAPPING_KSM);
	SetPageAnonExclusive(entry.page);
	assert_int_equal(reports_of("O10", "R12"), 1);
	entry_unlock(&entry);
	vmsim_check_quiescent(lab.handle);
	assert_int_equal(reports_of("O10", "R12"), 2);
	entry.page->mapping = mapping;
	vmsim_check_quiescent(lab.handle);
	assert_int_equal(reports_of("O10", "R12"), 2);
	assert_only("O10", "R12");
}

/* Behind the back of all events: found at rest. */
static void found_at_rest(void **state)
{
	struct entry entry;

	(void)state;
	forked(VMSIM_ORACLE_BIT(O10));
	entry = entry_lock(addr);
	entry_unlock(&entry);
	entry.page->flags |= BIT(PG_anon_exclusive);
	vmsim_check_quiescent(lab.handle);
	assert_int_equal(reports_of("O10", "R12"), 1);
	entry.page->flags &= ~BIT(PG_anon_exclusive);
	*(u64 *)entry.ptep |= _PAGE_RW;
	vmsim_check_quiescent(lab.handle);
	assert_int_equal(reports_of("O10", "R12"), 2);
	end_child();
}

/* What a store hits that another process has mapped, it sees. */
static void a_store_is_seen(void **state)
{
	struct entry entry;

	(void)state;
	forked(VMSIM_ORACLE_BIT(O12));
	store(addr, 2);
	be(2);
	store(addr, 3);
	be(0);
	assert_quiet();
	end_child();
	child = vmsim_fork(NULL);
	attach(2, child);
	be(2);
	assert_int_equal(load(addr), 2);
	be(0);
	entry = entry_lock(addr);
	set_writable(&entry);
	entry_unlock(&entry);
	store(addr, 4);
	assert_only("O12", "R13");
	end_child();
}

/* The child stores, the parent sees. */
static void a_store_of_the_child_is_seen(void **state)
{
	struct entry entry;

	(void)state;
	forked(VMSIM_ORACLE_BIT(O12));
	be(2);
	entry = entry_lock(addr);
	set_writable(&entry);
	entry_unlock(&entry);
	store(addr, 2);
	assert_only("O12", "R13");
	end_child();
}

/* The child's entry is gone, and not flushed: its CPU still has the page. Locked. */
static struct entry leave_in_tlb(void)
{
	struct entry entry;

	forked(VMSIM_ORACLE_BIT(O12));
	be(2);
	assert_int_equal(load(addr), 1);
	entry = entry_lock(addr);
	entry_clear(&entry);
	entry_uncount(&entry);
	return entry;
}

/* So the reference stays (R17). */
static void a_store_is_seen_through_a_tlb(void **state)
{
	struct entry entry = leave_in_tlb();

	(void)state;
	entry_unlock(&entry);
	be(0);
	/* The reference is there: a copy. */
	store(addr, 2);
	assert_quiet();
	assert_int_equal(vmsim_enter(), 0);
	folio_put(page_folio(entry.page));
	vmsim_leave();
	end_child();
}

static void a_page_is_kept_too_early(void **state)
{
	struct entry entry = leave_in_tlb();

	(void)state;
	folio_put(page_folio(entry.page));
	entry_unlock(&entry);
	be(0);
	store(addr, 2);
#if defined(VMSIM_ARCH_S390)
	/* Clearing has flushed. */
	assert_quiet();
#else
	assert_only("O12", "R17");
#endif
	end_child();
}

/* Shared memory, and a page that is the storer's alone, concern nobody. */
static void shared_memory_is_no_matter(void **state)
{
	unsigned long file;

	(void)state;
	lab_open(VMSIM_ORACLE_BIT(O12), VMSIM_TLB_IPI, 2);
	file = map_file();
	addr = map_anon(1);
	store(file, 1);
	store(addr, 1);
	child = vmsim_fork(NULL);
	attach(2, child);
	be(2);
	assert_int_equal(load(file), 1);
	store(file, 2);
	be(0);
	assert_int_equal(load(file), 2);
	store(file, 3);
	store(addr, 2);
	store(addr, 3);
	assert_at_rest();
	end_child();
}

#ifndef VMSIM_ARCH_S390
/* Where the right to write outlives the entry's. */
struct late {
	bool after;		/* the parent's lock is dropped */
	unsigned int unlocks;
	bool done;
};

/*
 * Plays a thread of the parent on CPU 1, whose TLB still allows writing, at the time when the fork
 * drops the child's mmap_lock, or the parent's.
 */
static void play_late_store(void *arg, const struct vmsim_event *event)
{
	const struct vmsim_lock_class *class = (void *)event->arg[1];
	struct task_struct *self = vmsim_self;
	struct late *late = arg;

	if (!class->is_mmap || !(event->arg[2] & VMSIM_LOCK_EXCLUSIVE) ||
	    late->unlocks++ != late->after)
		return;
	vmsim_unsubscribe(lab.handle, play_late_store, arg);
	late->done = true;
	self->in_watcher--;
	be(1);
	assert_int_equal(vmsim_store(addr, 8, 9), 0);
	vmsim_self = self;
	self->in_watcher++;
}

static void late_store(bool after)
{
	struct late late = { .after = after };

	/* The flush at the end of the fork is lost. */
	lab_lost_flush = 1;
	lab_open(VMSIM_ORACLE_BIT(O12), VMSIM_TLB_FAULTY, 2);
	lab_lost_flush = 1000000;
	addr = map_anon(1);
	be(1);
	store(addr, 1);
	be(0);
	assert_int_equal(vmsim_subscribe(lab.handle, VMSIM_EV_BIT(UNLOCK), play_late_store, &late),
			 0);
	child = vmsim_fork(NULL);
	assert_true(child > 0);
	assert_true(late.done);
}

static void a_store_during_the_fork(void **state)
{
	(void)state;
	late_store(false);
	assert_quiet();
	assert_int_equal(vmsim_process_destroy(lab.handle, child), 0);
}

static void a_store_after_the_fork(void **state)
{
	(void)state;
	late_store(true);
	assert_only("O12", "R13");
	assert_int_equal(vmsim_process_destroy(lab.handle, child), 0);
}

#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_shared_page_becomes_writable, lab_close),
		cmocka_unit_test_teardown(a_writable_page_is_shared, lab_close),
		cmocka_unit_test_teardown(the_right_to_write_goes_in_time, lab_close),
		cmocka_unit_test_teardown(the_hardware_is_not_to_blame, lab_close),
		cmocka_unit_test_teardown(a_shared_page_becomes_exclusive, lab_close),
		cmocka_unit_test_teardown(an_exclusive_page_is_mapped_again, lab_close),
		cmocka_unit_test_teardown(a_page_of_ksm_becomes_exclusive, lab_close),
		cmocka_unit_test_teardown(found_at_rest, lab_close),
		cmocka_unit_test_teardown(a_store_is_seen, lab_close),
		cmocka_unit_test_teardown(a_store_of_the_child_is_seen, lab_close),
		cmocka_unit_test_teardown(a_store_is_seen_through_a_tlb, lab_close),
		cmocka_unit_test_teardown(a_page_is_kept_too_early, lab_close),
		cmocka_unit_test_teardown(shared_memory_is_no_matter, lab_close),
#ifndef VMSIM_ARCH_S390
		cmocka_unit_test_teardown(a_store_during_the_fork, lab_close),
		cmocka_unit_test_teardown(a_store_after_the_fork, lab_close),
#endif
	};

	return vmsim_run_tests(tests);
}
