// SPDX-License-Identifier: GPL-2.0-only
#include "../mm/fork_test.h"
#include <vmsim/pin.h>

/* O7, natively: while programs hold pages, what they hold is counted with the rest. */

static struct vmsim_pins *hold(unsigned long addr, unsigned int flags)
{
	struct vmsim_pins *pins;

	assert_int_equal(vmsim_pin(addr, 1, flags, &pins), 1);
	return pins;
}

static void let_go(struct vmsim_pins *pins)
{
	assert_int_equal(vmsim_unpin(pins, false), 0);
}

/* Pins, and references; the page of zeroes, of which pins are not counted and references are. */
static void test_while_held(void **state)
{
	unsigned long a = map(1, RW, ANON), zero = map(1, RW, ANON);
	struct vmsim_pins *pin, *again, *reference, *zero_pin, *zero_reference;

	(void)state;
	pin = hold(a, VMSIM_PIN_WRITE);
	again = hold(a, 0);
	reference = hold(a, VMSIM_PIN_REF);
	zero_pin = hold(zero, 0);
	zero_reference = hold(zero, VMSIM_PIN_REF);
	recount();
	/* What the program drops stays with those who hold it. */
	assert_int_equal(vmsim_munmap(a, PG), 0);
	recount();
	let_go(again);
	let_go(zero_reference);
	recount();
	let_go(pin);
	let_go(reference);
	let_go(zero_pin);
	recount();
}

static void test_pages_of_a_file(void **state)
{
	int file = vmsim_file_create(world.machine, "f", PG);
	unsigned long f = map_file(file, 1, RW, MAP_SHARED, 0);
	struct vmsim_pins *pin = hold(f, 0);

	(void)state;
	recount();
	assert_int_equal(vmsim_munmap(f, PG), 0);
	recount();
	let_go(pin);
	recount();
	assert_int_equal(vmsim_file_destroy(world.machine, file), 0);
}

/* A reference that nobody is known to have shows beside those that are. */
static void test_one_too_many(void **state)
{
	unsigned long a = map(1, RW, ANON);
	struct vmsim_pins *pin = hold(a, VMSIM_PIN_WRITE);
	struct page *page = page_at(vmsim_self->mm, a);
	struct vmsim_violation v;

	(void)state;
	assert_int_equal(vmsim_munmap(a, PG), 0);
	vmsim_enter();
	folio_get(page_folio(page));
	vmsim_leave();
	assert_int_equal(vmsim_check_quiescent(world.machine), 1);
	assert_int_equal(vmsim_violation_get(world.machine, 0, &v), 0);
	assert_string_equal(v.oracle, "O7");
	vmsim_enter();
	folio_put(page_folio(page));
	vmsim_leave();
	let_go(pin);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_watched_world(test_while_held),
		in_watched_world(test_pages_of_a_file),
		in_watched_world(test_one_too_many),
	};

	return vmsim_run_tests(tests);
}
