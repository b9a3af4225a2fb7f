// SPDX-License-Identifier: GPL-2.0-only
#include "lab.h"
#include <linux/mutex.h>

/* O14: locks that are missing, inverted, slept on, or kept. */

static spinlock_t a, b, c;
static struct rw_semaphore sem;
static struct mutex mutex;

static void begin(void)
{
	lab_open(VMSIM_ORACLE_BIT(O14), VMSIM_TLB_IPI, 2);
	spin_lock_init(&a);
	spin_lock_init(&b);
	spin_lock_init(&c);
	init_rwsem(&sem);
	mutex_init(&mutex);
}

static void nest(spinlock_t *outer, spinlock_t *inner)
{
	spin_lock(outer);
	spin_lock(inner);
	spin_unlock(inner);
	spin_unlock(outer);
}

static void both_orders(void **state)
{
	(void)state;
	begin();
	nest(&a, &b);
	assert_quiet();
	be(1);
	nest(&b, &a);
	assert_only("O14", "order");
	/* Once is enough. */
	nest(&b, &a);
	assert_int_equal(vmsim_violations(lab.handle), 1);
}

static void both_orders_over_a_third(void **state)
{
	(void)state;
	begin();
	nest(&a, &b);
	nest(&b, &c);
	assert_quiet();
	nest(&c, &a);
	assert_only("O14", "order");
}

static void one_order(void **state)
{
	(void)state;
	begin();
	nest(&a, &b);
	nest(&b, &c);
	nest(&a, &c);
	nest(&a, &b);
	assert_quiet();
}

static void released_in_any_order(void **state)
{
	(void)state;
	begin();
	spin_lock(&a);
	spin_lock(&b);
	spin_unlock(&a);
	spin_unlock(&b);
	spin_lock(&c);
	spin_unlock(&c);
	/* Neither was held together with c. */
	nest(&c, &a);
	nest(&c, &b);
	assert_quiet();
}

static void the_other_one_is_still_held(void **state)
{
	(void)state;
	begin();
	spin_lock(&a);
	spin_lock(&b);
	spin_unlock(&a);
	spin_lock(&c);
	spin_unlock(&c);
	spin_unlock(&b);
	nest(&c, &b);
	assert_only("O14", "order");
}

static void sleeping_locks_have_an_order_too(void **state)
{
	(void)state;
	begin();
	mutex_lock(&mutex);
	down_read(&sem);
	up_read(&sem);
	mutex_unlock(&mutex);
	down_write(&sem);
	mutex_lock(&mutex);
	assert_only("O14", "order");
	mutex_unlock(&mutex);
	up_write(&sem);
}

static void sleeps_with_a_spinlock(void **state)
{
	(void)state;
	begin();
	down_read(&sem);
	spin_lock(&a);
	spin_unlock(&a);
	up_read(&sem);
	assert_quiet();
	spin_lock(&b);
	mutex_lock(&mutex);
	assert_only("O14", "sleep");
	mutex_unlock(&mutex);
	spin_unlock(&b);
}

static void entry_changed_without_its_lock(void **state)
{
	struct entry entry;
	unsigned long addr;

	(void)state;
	begin();
	addr = map_anon(1);
	store(addr, 1);
	entry = entry_lock(addr);
	ptep_set_wrprotect(current->mm, addr, entry.ptep);
	entry_unlock(&entry);
	assert_quiet();
	ptep_get_and_clear(current->mm, addr, entry.ptep);
	assert_only("O14", "R22");
}

static void entry_changed_with_anothers_lock(void **state)
{
	struct entry entry;
	unsigned long addr;

	(void)state;
	begin();
	addr = map_anon(1);
	store(addr, 1);
	entry = entry_lock(addr);
	be(1);
	ptep_set_wrprotect(current->mm, addr, entry.ptep);
	be(0);
	entry_unlock(&entry);
	assert_only("O14", "R22");
}

static void table_that_nobody_can_find_needs_no_lock(void **state)
{
	struct page *table;

	(void)state;
	begin();
	store(map_anon(1), 1);
	table = pte_alloc_one(current->mm);
	set_pte(page_address(table), __pte(_PAGE_PROTNONE));
	set_pte(page_address(table), __pte(0));
	pte_free(current->mm, table);
	assert_quiet();
}

static void lock_kept_after_a_system_call(void **state)
{
	(void)state;
	begin();
	down_read(&sem);
	map_anon(1);
	assert_only("O14", "leave");
	up_read(&sem);
}

static void lock_kept_at_rest(void **state)
{
	(void)state;
	begin();
	assert_int_equal(vmsim_check_quiescent(lab.handle), 0);
	down_read(&sem);
	assert_int_equal(vmsim_check_quiescent(lab.handle), 1);
	assert_only("O14", "leave");
	up_read(&sem);
	assert_int_equal(vmsim_check_quiescent(lab.handle), 0);
}

static void folio_lock_handed_over(void **state)
{
	struct folio *folio;

	(void)state;
	begin();
	folio = folio_alloc(GFP_KERNEL, 0);
	folio_lock(folio);
	be(1);
	folio_unlock(folio);
	be(0);
	map_anon(1);
	folio_put(folio);
	assert_quiet();
}

/* Everything that the library itself does. */
static void the_library_keeps_the_rules(void **state)
{
	unsigned long addr;
	uint64_t word = 1;

	(void)state;
	begin();
	addr = map_anon(3);
	store(addr, 1);
	store(addr + PAGE_SIZE, 1);
	be(1);
	assert_int_equal(vmsim_mprotect(addr + PAGE_SIZE, PAGE_SIZE, PROT_READ), 0);
	assert_int_equal(vmsim_madvise(addr, PAGE_SIZE, MADV_DONTNEED), 0);
	assert_int_equal(vmsim_munmap(addr, 3 * PAGE_SIZE), 0);
	addr = map_file();
	store(addr, 1);
	assert_int_equal(vmsim_file_write(lab.file, 8, &word, 8), 8);
	assert_int_equal(vmsim_msync(addr, PAGE_SIZE, MS_SYNC), 0);
	be(0);
	store(addr, 2);
	assert_int_equal(vmsim_file_sync(lab.file, 0, 0), 0);
	assert_int_equal(vmsim_munmap(addr, FILE_PAGES * PAGE_SIZE), 0);
	assert_int_equal(vmsim_file_drop(lab.file, 0, 0), 0);
	lab_end_process();
	assert_at_rest();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(both_orders, lab_close),
		cmocka_unit_test_teardown(both_orders_over_a_third, lab_close),
		cmocka_unit_test_teardown(one_order, lab_close),
		cmocka_unit_test_teardown(released_in_any_order, lab_close),
		cmocka_unit_test_teardown(the_other_one_is_still_held, lab_close),
		cmocka_unit_test_teardown(sleeping_locks_have_an_order_too, lab_close),
		cmocka_unit_test_teardown(sleeps_with_a_spinlock, lab_close),
		cmocka_unit_test_teardown(entry_changed_without_its_lock, lab_close),
		cmocka_unit_test_teardown(entry_changed_with_anothers_lock, lab_close),
		cmocka_unit_test_teardown(table_that_nobody_can_find_needs_no_lock, lab_close),
		cmocka_unit_test_teardown(lock_kept_after_a_system_call, lab_close),
		cmocka_unit_test_teardown(lock_kept_at_rest, lab_close),
		cmocka_unit_test_teardown(folio_lock_handed_over, lab_close),
		cmocka_unit_test_teardown(the_library_keeps_the_rules, lab_close),
	};

	return vmsim_run_tests(tests);
}
