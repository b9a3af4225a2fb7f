// SPDX-License-Identifier: GPL-2.0-only
#include "programs.h"
#include "bystander.h"

/* Data races (O23): each way of ordering two accesses, and the same program without it. */

#define PROGRAM(a, b) \
	{ \
		.thread = { a, b }, .cpu = { 0, 1 } \
	}
#define PROGRAM3(a, b, c) \
	{ \
		.thread = { a, b, c }, .cpu = { 0, 1, 2 } \
	}

static int plain_increment(struct vmsim_world *world)
{
	shared(world)->data++;
	return 0;
}

static int plain_read(struct vmsim_world *world)
{
	return shared(world)->data < 0;
}

static int marked_write(struct vmsim_world *world)
{
	WRITE_ONCE(shared(world)->data, 1);
	return 0;
}

static int marked_read(struct vmsim_world *world)
{
	return READ_ONCE(shared(world)->data) < 0;
}

static int volatile_write(struct vmsim_world *world)
{
	*(volatile long *)&shared(world)->data = 1;
	return 0;
}

static int volatile_read(struct vmsim_world *world)
{
	return *(volatile long *)&shared(world)->data < 0;
}

static void test_kinds(void **state)
{
	(void)state;
	races(&(struct program)PROGRAM(plain_increment, plain_increment),
	      "plain |Alpha|Beta|test_races.c:|nothing orders them|heap+0x");
	races(&(struct program)PROGRAM(plain_increment, plain_read), "plain write|plain read");
	races(&(struct program)PROGRAM(plain_increment, marked_read),
	      "plain write by Alpha|marked read");
	races(&(struct program)PROGRAM(marked_write, plain_read),
	      "marked write|plain read by Beta");
	races(&(struct program)PROGRAM(volatile_write, plain_read), "marked write|plain read");
	races(&(struct program)PROGRAM(plain_increment, volatile_read), "plain write|marked read");
	is_clean(&(struct program)PROGRAM(marked_write, marked_read));
	is_clean(&(struct program)PROGRAM(volatile_write, volatile_read));
	is_clean(&(struct program)PROGRAM(marked_write, volatile_read));
	is_clean(&(struct program)PROGRAM(plain_read, plain_read));
	is_clean(&(struct program)PROGRAM(plain_read, marked_read));
}

static int write_byte_3(struct vmsim_world *world)
{
	shared(world)->bytes[3] = 1;
	return 0;
}

static int write_byte_4(struct vmsim_world *world)
{
	shared(world)->bytes[4] = 1;
	return 0;
}

static int write_all_bytes(struct vmsim_world *world)
{
	memset(shared(world)->bytes, 0, world->machine ? sizeof(shared(world)->bytes) : 0);
	return 0;
}

static int write_byte_63(struct vmsim_world *world)
{
	shared(world)->bytes[63] = 1;
	return 0;
}

static int write_beside(struct vmsim_world *world)
{
	shared(world)->flag = 1;
	return 0;
}

static void test_bytes(void **state)
{
	(void)state;
	is_clean(&(struct program)PROGRAM(write_byte_3, write_byte_4));
	races(&(struct program)PROGRAM(write_byte_3, write_byte_3), "plain write");
	races(&(struct program)PROGRAM(write_all_bytes, write_byte_63), "plain write");
	is_clean(&(struct program)PROGRAM(write_all_bytes, write_beside));
}

static int forgiven_read(struct vmsim_world *world)
{
	return data_race(shared(world)->data) < 0;
}

static int forgiven_and_not(struct vmsim_world *world)
{
	return forgiven_read(world) + plain_read(world);
}

static void test_data_race_macro(void **state)
{
	(void)state;
	is_clean(&(struct program)PROGRAM(marked_write, forgiven_read));
	races(&(struct program)PROGRAM(marked_write, forgiven_and_not), "plain read");
}

static int spin_increment(struct vmsim_world *world)
{
	spin_lock(&shared(world)->lock);
	shared(world)->data++;
	spin_unlock(&shared(world)->lock);
	return 0;
}

static int mutex_increment(struct vmsim_world *world)
{
	mutex_lock(&shared(world)->mutex);
	shared(world)->data++;
	mutex_unlock(&shared(world)->mutex);
	return 0;
}

static int down_write_increment(struct vmsim_world *world)
{
	down_write(&shared(world)->sem);
	shared(world)->data++;
	up_write(&shared(world)->sem);
	return 0;
}

static int down_read_increment(struct vmsim_world *world)
{
	down_read(&shared(world)->sem);
	shared(world)->data++;
	up_read(&shared(world)->sem);
	return 0;
}

static int down_read_read(struct vmsim_world *world)
{
	int result;

	down_read(&shared(world)->sem);
	result = plain_read(world);
	up_read(&shared(world)->sem);
	return result;
}

static int downgrade(struct vmsim_world *world)
{
	int result;

	down_write(&shared(world)->sem);
	shared(world)->data++;
	downgrade_write(&shared(world)->sem);
	result = plain_read(world);
	up_read(&shared(world)->sem);
	return result;
}

static void test_locks(void **state)
{
	(void)state;
	is_clean(&(struct program)PROGRAM(spin_increment, spin_increment));
	is_clean(&(struct program)PROGRAM(mutex_increment, mutex_increment));
	is_clean(&(struct program)PROGRAM(down_write_increment, down_write_increment));
	is_clean(&(struct program)PROGRAM(down_read_read, down_write_increment));
	is_clean(&(struct program)PROGRAM3(downgrade, down_read_read, downgrade));
	races(&(struct program)PROGRAM(spin_increment, mutex_increment), "plain write");
	races(&(struct program)PROGRAM(spin_increment, plain_read), "plain read by Beta");
	races(&(struct program)PROGRAM(down_read_increment, down_read_increment), "plain ");
	races(&(struct program)PROGRAM(down_read_increment, down_read_read),
	      "plain write by Alpha");
}

/* The page-table lock has events of its own. */
static const struct vmsim_lock_class ptl_class = { .name = "ptl", .is_ptl = true };

static int make_ptl(struct vmsim_world *world)
{
	vmsim_spin_init(&shared(world)->lock, &ptl_class, NULL);
	return 0;
}

static void test_page_table_lock(void **state)
{
	struct program program = PROGRAM(spin_increment, spin_increment);
	struct vmsim_explore_options options = program_options(VMSIM_GRANULARITY_FULL);
	struct vmsim_result result;

	(void)state;
	program.setup = make_ptl;
	options.oracles = VMSIM_ORACLE_BIT(O23);
	result = program_explore(&program, &options);
	assert_false(result.violated);
	vmsim_result_free(&result);
}

#define PUBLISH(name, publish) \
	static int name(struct vmsim_world *world) \
	{ \
		struct shared *s = shared(world); \
		s->data = 1; \
		publish; \
		return 0; \
	}

#define CONSUME(name, seen) \
	static int name(struct vmsim_world *world) \
	{ \
		struct shared *s = shared(world); \
		if (seen) \
			s->data++; \
		return 0; \
	}

PUBLISH(store_release, smp_store_release(&s->flag, 1))
PUBLISH(store_once, WRITE_ONCE(s->flag, 1))
PUBLISH(wmb_store_once, smp_wmb(); WRITE_ONCE(s->flag, 1))
PUBLISH(mb_store_once, smp_mb(); WRITE_ONCE(s->flag, 1))
PUBLISH(count_full, atomic_add_return(1, &s->count))
PUBLISH(change_unordered, __atomic_fetch_or(&s->bits, 1, __ATOMIC_RELAXED))
PUBLISH(barrier_change, smp_mb__before_atomic(); __atomic_fetch_or(&s->bits, 1, __ATOMIC_RELAXED))
PUBLISH(fence_change, __atomic_thread_fence(__ATOMIC_RELEASE);
	__atomic_fetch_or(&s->bits, 1, __ATOMIC_RELAXED))
CONSUME(load_acquire, smp_load_acquire(&s->flag))
CONSUME(load_once, READ_ONCE(s->flag))
CONSUME(load_once_rmb, READ_ONCE(s->flag) ? ({
		smp_rmb();
		1;
	})
					  : 0)
CONSUME(load_once_mb, READ_ONCE(s->flag) ? ({
		smp_mb();
		1;
	})
					 : 0)
CONSUME(count_seen, atomic_add_return(1, &s->count) == 2)
CONSUME(bit_seen, test_and_set_bit(0, &s->bits))

static void test_release_and_acquire(void **state)
{
	(void)state;
	is_clean(&(struct program)PROGRAM(store_release, load_acquire));
	races(&(struct program)PROGRAM(store_once, load_acquire), "plain write by Alpha");
	races(&(struct program)PROGRAM(store_release, load_once), "plain write by Alpha");
	is_clean(&(struct program)PROGRAM(count_full, count_seen));
	races(&(struct program)PROGRAM(change_unordered, bit_seen), "plain write by Alpha");
}

static void test_barriers(void **state)
{
	(void)state;
	is_clean(&(struct program)PROGRAM(wmb_store_once, load_acquire));
	is_clean(&(struct program)PROGRAM(mb_store_once, load_acquire));
	is_clean(&(struct program)PROGRAM(store_release, load_once_rmb));
	is_clean(&(struct program)PROGRAM(mb_store_once, load_once_mb));
	is_clean(&(struct program)PROGRAM(barrier_change, bit_seen));
	is_clean(&(struct program)PROGRAM(fence_change, bit_seen));
	races(&(struct program)PROGRAM(store_once, load_once_mb), "plain write by Alpha");
	races(&(struct program)PROGRAM(mb_store_once, load_once), "plain write by Alpha");
}

/* Gamma comes after Alpha, because Beta's change of the word passes on what was there. */
PUBLISH(change_release, __atomic_fetch_or(&s->bits, 1, __ATOMIC_RELEASE))
static int change_relaxed(struct vmsim_world *world)
{
	struct shared *s = shared(world);

	if (READ_ONCE(s->bits) & 1)
		__atomic_fetch_or(&s->bits, 4, __ATOMIC_RELAXED);
	return 0;
}

static int store_relaxed(struct vmsim_world *world)
{
	struct shared *s = shared(world);

	if (READ_ONCE(s->bits) & 1)
		WRITE_ONCE(s->bits, 4);
	return 0;
}

CONSUME(third_acquires, smp_load_acquire(&s->bits) & 4)

static void test_chain(void **state)
{
	(void)state;
	is_clean(&(struct program)PROGRAM3(change_release, change_relaxed, third_acquires));
	races(&(struct program)PROGRAM3(change_release, store_relaxed, third_acquires),
	      "plain write by Alpha");
}

/* A new object is published by its address. */
static int publish(struct vmsim_world *world, bool release)
{
	struct object *new = kzalloc(sizeof(*new), GFP_KERNEL);

	new->value = 5;
	if (release)
		smp_store_release(&shared(world)->pointer, new);
	else
		WRITE_ONCE(shared(world)->pointer, new);
	return 0;
}

static int publish_release(struct vmsim_world *world)
{
	return publish(world, true);
}

static int publish_once(struct vmsim_world *world)
{
	return publish(world, false);
}

static int follow(struct vmsim_world *world)
{
	return READ_ONCE(shared(world)->pointer)->value < 0;
}

static void test_dependency(void **state)
{
	(void)state;
	is_clean(&(struct program)PROGRAM(publish_release, follow));
	races(&(struct program)PROGRAM(publish_once, follow),
	      "plain write by Alpha|plain read by Beta");
}

static int rcu_reader(struct vmsim_world *world)
{
	long value;

	rcu_read_lock();
	value = rcu_dereference(shared(world)->pointer)->value;
	rcu_read_unlock();
	return value < 0;
}

static int irq_off_reader(struct vmsim_world *world)
{
	long value;

	local_irq_disable();
	value = rcu_dereference(shared(world)->pointer)->value;
	local_irq_enable();
	return value < 0;
}

static int reader_without_section(struct vmsim_world *world)
{
	return rcu_dereference(shared(world)->pointer)->value < 0;
}

static struct object *replace(struct vmsim_world *world)
{
	struct object *old = shared(world)->pointer;
	struct object *new = kzalloc(sizeof(*new), GFP_KERNEL);

	new->value = 5;
	rcu_assign_pointer(shared(world)->pointer, new);
	return old;
}

static int replace_and_wait(struct vmsim_world *world)
{
	struct object *old = replace(world);

	synchronize_rcu();
	kfree(old);
	return 0;
}

static int replace_at_once(struct vmsim_world *world)
{
	kfree(replace(world));
	return 0;
}

static void free_object(struct rcu_head *head)
{
	struct object *object = container_of(head, struct object, rcu);

	object->value = -1;
	kfree(object);
}

static int replace_with_callback(struct vmsim_world *world)
{
	struct object *old = replace(world);

	old->value++;
	call_rcu(&old->rcu, free_object);
	return 0;
}

static int replace_with_quiet_callback(struct vmsim_world *world)
{
	call_rcu(&replace(world)->rcu, free_object);
	return 0;
}

static void test_rcu(void **state)
{
	(void)state;
	is_clean(&(struct program)PROGRAM(rcu_reader, replace_and_wait));
	is_clean(&(struct program)PROGRAM(irq_off_reader, replace_and_wait));
	races(&(struct program)PROGRAM(rcu_reader, replace_at_once),
	      "free by Beta|plain read by Alpha");
	races(&(struct program)PROGRAM(reader_without_section, replace_and_wait),
	      "free by Beta|plain read by Alpha");
	is_clean(&(struct program)PROGRAM(rcu_reader, replace_with_quiet_callback));
	/* Whoever changes what readers see races with them. */
	races(&(struct program)PROGRAM(rcu_reader, replace_with_callback), "plain write by Beta");
	is_clean(&(struct program)PROGRAM(plain_read, replace_with_callback));
}

static void add_on_cpu(void *info)
{
	((struct shared *)info)->data++;
}

static int ask_cpu(struct vmsim_world *world)
{
	struct shared *s = shared(world);

	s->data++;
	smp_call_function(add_on_cpu, s, 1);
	s->data++;
	return 0;
}

static int idle_about(struct vmsim_world *world)
{
	(void)READ_ONCE(shared(world)->flag);
	return 0;
}

static void test_interrupts(void **state)
{
	struct program two = PROGRAM(ask_cpu, idle_about);

	(void)state;
	two.cpus = 2;
	is_clean(&two);
	/* Two handlers at once, and a thread that the handler did not interrupt. */
	races(&(struct program)PROGRAM3(ask_cpu, idle_about, idle_about), "plain write");
	two.thread[1] = plain_increment;
	races(&two, "plain ");
}

/* Data of one CPU belong to whoever can neither leave it nor be interrupted there. */
static int cpu_data_increment(struct vmsim_world *world)
{
	preempt_disable();
	shared(world)->data++;
	preempt_enable();
	return 0;
}

static int cpu_data_then_own(struct vmsim_world *world)
{
	struct object *mine;

	preempt_disable();
	mine = shared(world)->pointer;
	shared(world)->pointer = NULL;
	preempt_enable();
	if (!mine)
		return 0;
	mine->value++;
	preempt_disable();
	shared(world)->pointer = mine;
	preempt_enable();
	return 0;
}

static int cpu_data_taken_back_too_early(struct vmsim_world *world)
{
	struct object *mine;

	preempt_disable();
	mine = shared(world)->pointer;
	preempt_enable();
	mine->value++;
	return 0;
}

static void test_cpu_sections(void **state)
{
	struct program program = PROGRAM(cpu_data_increment, cpu_data_increment);

	(void)state;
	races(&program, "plain ");
	program.cpu[1] = 0;
	is_clean(&program);
	program.thread[0] = program.thread[1] = cpu_data_then_own;
	is_clean(&program);
	program.thread[0] = program.thread[1] = cpu_data_taken_back_too_early;
	races(&program, "plain ");
}

/* Counts of references order, also those that are dropped by code that is not instrumented. */
static int two_references(struct vmsim_world *world)
{
	struct shared *s = shared(world);

	s->page = alloc_page(GFP_KERNEL);
	if (!s->page)
		return -1;
	get_page(s->page);
	return 0;
}

static int last_one_looks(struct vmsim_world *world)
{
	struct shared *s = shared(world);
	struct page *page = s->page;

	s->bytes[current->cpu_nr]++;
	if (!bystander_put(page))
		return 0;
	s->bytes[0]++;
	s->bytes[1]++;
	__folio_put((struct folio *)page);
	return 0;
}

static int looks_before(struct vmsim_world *world)
{
	shared(world)->bytes[1 - current->cpu_nr]++;
	return last_one_looks(world);
}

static void test_references(void **state)
{
	struct program program = PROGRAM(last_one_looks, last_one_looks);

	(void)state;
	program.setup = two_references;
	is_clean(&program);
	program.thread[1] = looks_before;
	races(&program, "plain ");
}

/* Memory that is used again is new: nothing of what it was before races with what it becomes. */
static int allocate_use_free(struct vmsim_world *world)
{
	for (unsigned int i = 0; i < 3; i++) {
		struct object *object = kzalloc(sizeof(*object), GFP_KERNEL);

		object->value = (long)world->ctx;
		kfree(object);
	}
	return 0;
}

static void test_reuse(void **state)
{
	(void)state;
	is_clean(&(struct program)PROGRAM(allocate_use_free, allocate_use_free));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_data_race_macro), cmocka_unit_test(test_locks),
		cmocka_unit_test(test_page_table_lock), cmocka_unit_test(test_release_and_acquire),
		cmocka_unit_test(test_barriers),	cmocka_unit_test(test_chain),
		cmocka_unit_test(test_dependency),	cmocka_unit_test(test_rcu),
		cmocka_unit_test(test_interrupts),	cmocka_unit_test(test_cpu_sections),
		cmocka_unit_test(test_references),	cmocka_unit_test(test_reuse),
	};

	return vmsim_run_tests(tests);
}
