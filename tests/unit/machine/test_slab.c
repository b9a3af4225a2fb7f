// SPDX-License-Identifier: GPL-2.0-only
#include "../mm/world.h"
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
		in_world(test_reuse_at_once),
		in_world(test_memory_goes_back_after_a_grace_period),
		in_world(test_reuse_keeps_memory),
	};

	return vmsim_run_tests(tests);
}
