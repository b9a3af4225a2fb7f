// SPDX-License-Identifier: GPL-2.0-only
#include "../vmsim_test.h"
#include "machine/internal.h"
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/rwsem.h>
#include <linux/seqlock.h>
#include <pthread.h>

#define THREADS 4
#define ROUNDS 20000

static struct vmsim_machine *machine;
static int pid;

static spinlock_t spin;
static struct mutex mutex;
static struct rw_semaphore rwsem;
static int counter;

static int setup(void **state)
{
	struct vmsim_config config;

	(void)state;
	vmsim_config_init(&config);
	config.cpus = THREADS;
	if (vmsim_machine_create(&config, &machine))
		return -1;
	pid = vmsim_process_create(machine, "test");
	counter = 0;
	return pid < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	return vmsim_machine_destroy(machine);
}

static void run_threads(void *(*fn)(void *arg))
{
	pthread_t thread[THREADS];

	for (long i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, fn, (void *)i), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
}

static void *spin_thread(void *arg)
{
	assert_int_equal(vmsim_attach(machine, (unsigned int)(long)arg, pid), 0);
	for (int i = 0; i < ROUNDS; i++) {
		spin_lock(&spin);
		counter++;
		spin_unlock(&spin);
	}
	vmsim_detach();
	return NULL;
}

static void test_spinlock_excludes(void **state)
{
	(void)state;
	spin_lock_init(&spin);
	run_threads(spin_thread);
	assert_int_equal(counter, THREADS * ROUNDS);
}

static void *mutex_thread(void *arg)
{
	assert_int_equal(vmsim_attach(machine, (unsigned int)(long)arg, pid), 0);
	for (int i = 0; i < ROUNDS; i++) {
		mutex_lock(&mutex);
		counter++;
		mutex_unlock(&mutex);
	}
	vmsim_detach();
	return NULL;
}

static void test_mutex_excludes(void **state)
{
	(void)state;
	mutex_init(&mutex);
	run_threads(mutex_thread);
	assert_int_equal(counter, THREADS * ROUNDS);
}

static void *rwsem_thread(void *arg)
{
	bool writes = (long)arg % 2;

	assert_int_equal(vmsim_attach(machine, (unsigned int)(long)arg, pid), 0);
	for (int i = 0; i < ROUNDS / 4; i++) {
		if (writes) {
			down_write(&rwsem);
			counter++;
			if (i % 3 == 0) {
				downgrade_write(&rwsem);
				up_read(&rwsem);
			} else {
				up_write(&rwsem);
			}
		} else {
			int before;

			down_read(&rwsem);
			before = counter;
			assert_int_equal(before, counter);
			up_read(&rwsem);
		}
	}
	vmsim_detach();
	return NULL;
}

static void test_rwsem_excludes(void **state)
{
	(void)state;
	init_rwsem(&rwsem);
	run_threads(rwsem_thread);
	assert_int_equal(counter, THREADS / 2 * (ROUNDS / 4));
}

static void test_trylocks(void **state)
{
	(void)state;
	assert_int_equal(vmsim_attach(machine, 0, pid), 0);
	spin_lock_init(&spin);
	assert_true(spin_trylock(&spin));
	assert_int_equal(preempt_count(), 1);
	assert_true(vmsim_spin_owned(&spin));
	spin_unlock(&spin);
	assert_false(vmsim_spin_owned(&spin));
	assert_int_equal(preempt_count(), 0);

	init_rwsem(&rwsem);
	assert_true(down_read_trylock(&rwsem));
	assert_true(down_read_trylock(&rwsem));
	assert_false(down_write_trylock(&rwsem));
	up_read(&rwsem);
	up_read(&rwsem);
	assert_true(down_write_trylock(&rwsem));
	assert_false(down_read_trylock(&rwsem));
	up_write(&rwsem);
	vmsim_detach();
}

/*
 * Readers must not see a value that was unpublished before the grace period that they were part of.
 */
static int *published;
static u32 stop;

static void *rcu_reader(void *arg)
{
	assert_int_equal(vmsim_attach(machine, (unsigned int)(long)arg, pid), 0);
	while (!READ_ONCE(stop)) {
		int *seen;

		rcu_read_lock();
		seen = __atomic_load_n(&published, __ATOMIC_ACQUIRE);
		for (int i = 0; i < 20; i++)
			assert_int_equal(READ_ONCE(*seen), 1);
		rcu_read_unlock();

		local_irq_disable();
		seen = __atomic_load_n(&published, __ATOMIC_ACQUIRE);
		assert_int_equal(READ_ONCE(*seen), 1);
		local_irq_enable();
	}
	vmsim_detach();
	return NULL;
}

static void test_synchronize_waits_for_readers(void **state)
{
	static int value[2];
	pthread_t thread[THREADS - 1];

	(void)state;
	value[0] = 1;
	value[1] = 0;
	published = &value[0];
	stop = 0;
	assert_int_equal(vmsim_attach(machine, 0, pid), 0);
	for (long i = 1; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i - 1], NULL, rcu_reader, (void *)i), 0);
	for (int i = 0; i < 2000; i++) {
		int *old = published;
		int *new_value = old == &value[0] ? &value[1] : &value[0];

		WRITE_ONCE(*new_value, 1);
		__atomic_store_n(&published, new_value, __ATOMIC_RELEASE);
		synchronize_rcu();
		WRITE_ONCE(*old, 0);
	}
	WRITE_ONCE(stop, 1);
	for (int i = 0; i < THREADS - 1; i++)
		pthread_join(thread[i], NULL);
	vmsim_detach();
}

static int called;

static void count_call(struct rcu_head *head)
{
	(void)head;
	called++;
}

static void test_call_rcu_runs_once(void **state)
{
	struct rcu_head head[10];
	struct vmsim_stats stats;

	(void)state;
	called = 0;
	assert_int_equal(vmsim_attach(machine, 0, pid), 0);
	rcu_read_lock();
	for (int i = 0; i < 10; i++)
		call_rcu(&head[i], count_call);
	vmsim_rcu_run_ready(vmsim_this_machine());
	vmsim_rcu_run_ready(vmsim_this_machine());
	/* This thread was a reader all the time. */
	assert_int_equal(called, 0);
	assert_int_equal(vmsim_stats_get(machine, &stats), 0);
	assert_int_equal(stats.rcu_callbacks, 10);
	rcu_read_unlock();
	rcu_barrier();
	assert_int_equal(called, 10);
	rcu_barrier();
	assert_int_equal(called, 10);
	vmsim_detach();
}

/* The explorer asks whenever it likes, not equally often each time: asking begins nothing. */
static void test_asking_changes_nothing(void **state)
{
	struct vmsim_rcu_state before, *rcu;
	struct rcu_head head;

	(void)state;
	called = 0;
	assert_int_equal(vmsim_attach(machine, 0, pid), 0);
	rcu = &vmsim_this_machine()->rcu;
	rcu_read_lock();
	call_rcu(&head, count_call);
	before = *rcu;
	assert_false(vmsim_rcu_ready(vmsim_this_machine()));
	assert_memory_equal(rcu, &before, sizeof(before));
	rcu_read_unlock();
	/* The grace period began with the call. */
	assert_true(vmsim_rcu_ready(vmsim_this_machine()));
	rcu_barrier();
	assert_int_equal(called, 1);
	vmsim_detach();
}

static void test_seqcount(void **state)
{
	seqcount_t seq;
	unsigned int start;

	(void)state;
	seqcount_init(&seq);
	start = raw_read_seqcount(&seq);
	assert_false(start & 1);
	assert_false(read_seqcount_retry(&seq, start));
	raw_write_seqcount_begin(&seq);
	assert_true(raw_read_seqcount(&seq) & 1);
	raw_write_seqcount_end(&seq);
	assert_true(read_seqcount_retry(&seq, start));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_spinlock_excludes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mutex_excludes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rwsem_excludes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_trylocks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_synchronize_waits_for_readers, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_call_rcu_runs_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_asking_changes_nothing, setup, teardown),
		cmocka_unit_test(test_seqcount),
	};

	return vmsim_run_tests(tests);
}
