// SPDX-License-Identifier: GPL-2.0-only
#include "../mm/world.h"
#include "../explore/explore_test.h"
#include "machine/slab.h"
#include <linux/rcupdate.h>

/* Caches with SLAB_TYPESAFE_BY_RCU: what has been freed stays an object until a grace period ends. */

struct thing {
	unsigned long left_behind;
	char rest[92];
};

static unsigned int constructed;

static void construct(void *object)
{
	struct thing *thing = object;

	thing->left_behind = 0;
	constructed++;
}

static struct kmem_cache *cache_of_things(void)
{
	constructed = 0;
	return kmem_cache_create("thing", sizeof(struct thing), 0, SLAB_TYPESAFE_BY_RCU, construct);
}

static void test_caches_are_found_again(void **state)
{
	struct kmem_cache *cache = cache_of_things();

	(void)state;
	assert_ptr_equal(cache_of_things(), cache);
	assert_ptr_not_equal(kmem_cache_create("thing", sizeof(struct thing), 0, 0, NULL), cache);
}

static void construct_otherwise(void *object)
{
	*(char *)object = 1;
}

static void test_caches_of_one_name(void **state)
{
	struct kmem_cache *cache = kmem_cache_create("two", 32, 0, 0, construct);
	struct kmem_cache *other = kmem_cache_create("two", 32, 0, 0, construct_otherwise);
	char *object;

	(void)state;
	assert_ptr_not_equal(cache, other);
	assert_ptr_not_equal(kmem_cache_create("two", 32, 0, 0, NULL), other);
	assert_ptr_equal(kmem_cache_create("two", 32, 0, 0, construct_otherwise), other);
	vmsim_enter();
	object = kmem_cache_alloc(other, GFP_KERNEL);
	assert_int_equal(*object, 1);
	kmem_cache_free(other, object);
	vmsim_leave();
}

static void is_aligned(unsigned int size, unsigned int align)
{
	struct kmem_cache *cache = kmem_cache_create("aligned", size, align, 0, NULL);
	void *object[5];

	for (unsigned int i = 0; i < 5; i++) {
		object[i] = kmem_cache_alloc(cache, GFP_KERNEL);
		if ((uintptr_t)object[i] % align)
			vmsim_fail("%u bytes, aligned to %u, at %p", size, align, object[i]);
	}
	for (unsigned int i = 0; i < 5; i++)
		kmem_cache_free(cache, object[i]);
}

static int aligned_objects(struct vmsim_world *explored)
{
	(void)explored;
	for (unsigned int align = 8; align <= 64; align *= 2)
		is_aligned(24, align);
	return 0;
}

/* Where objects lie close to each other. */
static void test_alignment(void **state)
{
	static const struct vmsim_thread_def thread = { .name = "T", .cpu = 0, .fn = aligned_objects };
	const struct vmsim_scenario scenario = {
		.name = "test", .threads = &thread, .nr_threads = 1,
		.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 1, .frames = 128 },
	};
	struct vmsim_explore_options options = explore_options(VMSIM_STRATEGY_RANDOM, 2);
	struct vmsim_result result = explore_with(&scenario, &options);

	(void)state;
	if (result.violated)
		fail_msg("%s", result.violation.text);
	assert_int_equal(result.executions, 2);
	vmsim_result_free(&result);
}

static void test_reuse_at_once(void **state)
{
	struct kmem_cache *cache = cache_of_things();
	struct thing *thing, *again;

	(void)state;
	vmsim_enter();
	rcu_read_lock();
	thing = kmem_cache_alloc(cache, GFP_KERNEL);
	assert_int_equal(vmsim_slab_generation(thing), 1);
	thing->left_behind = 7;
	kmem_cache_free(cache, thing);
	assert_int_equal(vmsim_slab_generation(thing), 2);
	assert_int_equal(thing->left_behind, 7);
	again = kmem_cache_alloc(cache, GFP_KERNEL);
	assert_ptr_equal(again, thing);
	assert_int_equal(again->left_behind, 7);
	assert_int_equal(vmsim_slab_generation(again), 3);
	assert_int_equal(constructed, 1);
	kmem_cache_free(cache, again);
	rcu_read_unlock();
	vmsim_leave();
}

static void test_memory_goes_back_after_a_grace_period(void **state)
{
	struct kmem_cache *cache = cache_of_things();
	struct thing *thing;

	(void)state;
	vmsim_enter();
	thing = kmem_cache_alloc(cache, GFP_KERNEL);
	thing->left_behind = 7;
	kmem_cache_free(cache, thing);
	vmsim_leave();
	settle();
	vmsim_enter();
	thing = kmem_cache_alloc(cache, GFP_KERNEL);
	assert_int_equal(constructed, 2);
	assert_int_equal(thing->left_behind, 0);
	assert_int_equal(vmsim_slab_generation(thing), 1);
	kmem_cache_free(cache, thing);
	vmsim_leave();
}

/* Freed, and in use again when the grace period ends: then it stays, until it is freed once more. */
static void test_reuse_keeps_memory(void **state)
{
	struct kmem_cache *cache = cache_of_things();
	struct thing *thing;

	(void)state;
	vmsim_enter();
	rcu_read_lock();
	thing = kmem_cache_alloc(cache, GFP_KERNEL);
	kmem_cache_free(cache, thing);
	thing = kmem_cache_alloc(cache, GFP_KERNEL);
	rcu_read_unlock();
	thing->left_behind = 7;
	vmsim_leave();
	settle();
	vmsim_enter();
	assert_int_equal(vmsim_slab_generation(thing), 3);
	assert_int_equal(thing->left_behind, 7);
	kmem_cache_free(cache, thing);
	vmsim_leave();
	settle();
	vmsim_enter();
	kmem_cache_free(cache, kmem_cache_alloc(cache, GFP_KERNEL));
	assert_int_equal(constructed, 2);
	vmsim_leave();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_world(test_caches_are_found_again),
		in_world(test_caches_of_one_name),
		in_world(test_reuse_at_once),
		in_world(test_memory_goes_back_after_a_grace_period),
		in_world(test_reuse_keeps_memory),
		cmocka_unit_test(test_alignment),
	};

	return vmsim_run_tests(tests);
}
