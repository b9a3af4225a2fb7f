// SPDX-License-Identifier: GPL-2.0-only
#include "../unit/vmsim_test.h"
#include "cow_steps.h"

/*
 * Who sees whose writes, and whether a page that is held stays the page of the program. Cases of
 * tools/testing/selftests/mm/cow.c, Linux 6.12, on base pages.
 */

#define AREA 0x10000000UL
#define OTHER_AREA 0x20000000UL

/* Claims about every page of a process. */
#define each_page(pid, ...)							\
do {										\
	for (size_t i = 0; i < s->pages; i++) {					\
		struct look at = look_at(s, pid, s->mem + i * PG);		\
										\
		claim(at.page);							\
		__VA_ARGS__							\
	}									\
} while (0)

/* How often something was done to each page in this step. */
#define times(count) ((stats_of(s).count - s->before.count) / s->pages)
#define times_in_all(count) ((stats_of(s).count - s->begin.count) / s->pages)

/* States of private anonymous memory. */

static int prepare_base_page(struct stage *s)
{
	s->mem = AREA;
	s->pages = 1;
	s->old = 1;
	claim(vmsim_mmap(AREA, PG, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, VMSIM_NO_FILE, 0) ==
	      (long)AREA);
	claim(vmsim_store(AREA, 8, s->old) == 0);
	return 0;
}

static int is_base_page(struct stage *s)
{
	each_page(s->parent, {
		claim(at.anon && at.exclusive && at.write && at.dirty);
		claim(at.maps == 1 && at.refs == 1);
	});
	return 0;
}

static const struct state anon_states[] = {
	{ "P1", "base page", prepare_base_page, is_base_page },
};

/* What is behind a private mapping that is not anonymous, or not yet. */

static int map_both(struct stage *s, int flags, int shared_flags, int file)
{
	s->mem = AREA;
	s->smem = OTHER_AREA;
	s->pages = 1;
	claim(vmsim_mmap(AREA, PG, RW, flags | MAP_FIXED, file, 0) == (long)AREA);
	claim(vmsim_mmap(OTHER_AREA, PG, PROT_READ, shared_flags | MAP_FIXED, file, 0) ==
	      (long)OTHER_AREA);
	return populate(s);
}

static int prepare_zero_page(struct stage *s)
{
	s->old = 0;
	return map_both(s, MAP_PRIVATE | MAP_ANONYMOUS, MAP_PRIVATE | MAP_ANONYMOUS, VMSIM_NO_FILE);
}

static int map_file_of(struct stage *s, int file)
{
	uint64_t page[PG / 8] = { 1 };

	claim(file > 0);
	s->old = 1;
	claim(vmsim_file_write(file, 0, page, PG) == (ssize_t)PG);
	return map_both(s, MAP_PRIVATE, MAP_SHARED, file);
}

static int prepare_memfd(struct stage *s)
{
	return map_file_of(s, vmsim_memfd_create(s->machine, "memfd", PG));
}

static int prepare_tmpfile(struct stage *s)
{
	return map_file_of(s, vmsim_file_create(s->machine, "tmpfile", PG));
}

static int is_zero_page_twice(struct stage *s)
{
	each_page(s->parent, {
		claim(at.zero && !at.write);
		claim(look_at(s, s->parent, s->smem + i * PG).zero);
	});
	return 0;
}

static int is_page_of_file(struct stage *s)
{
	each_page(s->parent, {
		claim(!at.anon && !at.write && at.maps == 2);
		claim(look_at(s, s->parent, s->smem + i * PG).page == at.page);
	});
	return 0;
}

static const struct state other_states[] = {
	{ "zeropage", "shared zeropage", prepare_zero_page, is_zero_page_twice },
	{ "memfd", "memfd", prepare_memfd, is_page_of_file },
	{ "tmpfile", "tmpfile", prepare_tmpfile, is_page_of_file },
};

/* What single steps do to pages, when they are taken in order. */

/* Both have the pages, nobody has them for itself. @held: references of a pipe. */
static int are_shared_and_held(struct stage *s, int held)
{
	each_page(s->parent, {
		claim(at.page == s->was[i] && !at.write && !at.exclusive);
		claim(at.maps == 2 && at.refs == 2 + held);
		claim(look_at(s, s->child, s->mem + i * PG).page == at.page);
		claim(!look_at(s, s->child, s->mem + i * PG).write);
	});
	return 0;
}

static int are_shared(struct stage *s)
{
	return are_shared_and_held(s, 0);
}

static int are_shared_and_in_pipe(struct stage *s)
{
	claim(times(copies) == 0);
	return are_shared_and_held(s, 1);
}

static int is_exclusive_and_in_pipe(struct stage *s)
{
	each_page(s->parent, {
		claim(at.page == s->was[i] && at.exclusive && at.write);
		claim(at.maps == 1 && at.refs == 2);
	});
	return 0;
}

static int is_readonly(struct stage *s)
{
	each_page(s->parent, claim(!at.write && !at.exclusive););
	return 0;
}

/* The page is gone from one of the processes; the pipe still has it. */
static int in_pipe_and_mapped_once(struct stage *s)
{
	for (size_t i = 0; i < s->pages; i++) {
		struct look at = look_at_page(s->was[i]);

		claim(!at.exclusive && at.maps == 1 && at.refs == 2);
	}
	return 0;
}

static int owns_copy(struct stage *s, int pid)
{
	claim(times(copies) == 1 && times(reuses) == 0);
	each_page(pid, {
		claim(at.page != s->was[i] && at.anon && at.exclusive);
		claim(at.write && at.dirty && at.maps == 1 && at.refs == 1);
	});
	return 0;
}

static int parent_copied(struct stage *s)
{
	each_page(s->child, {
		claim(at.page == s->was[i] && at.maps == 1 && at.refs == 1);
		claim(!at.write);
	});
	return owns_copy(s, s->parent);
}

/* Nobody maps it any more. */
static int only_in_pipe(struct stage *s)
{
	for (size_t i = 0; i < s->pages; i++) {
		struct look at = look_at_page(s->was[i]);

		claim(at.maps == 0 && at.refs == 1);
	}
	return 0;
}

static int parent_copied_from_pipe(struct stage *s)
{
	return only_in_pipe(s) || owns_copy(s, s->parent);
}

static int child_copied_from_pipe(struct stage *s)
{
	return only_in_pipe(s) || owns_copy(s, s->child);
}

#define PINS(at, times) ((at).refs == 1 + (times) * (int)GUP_PIN_COUNTING_BIAS)

static int is_pinned_writable(struct stage *s)
{
	each_page(s->parent, {
		claim(at.page == s->was[i] && s->held->page[i] == at.page);
		claim(at.exclusive && at.write && at.maps == 1 && PINS(at, 1));
	});
	return 0;
}

/* The entry alone says that the next write must fault: what the selftest cannot see. */
static int is_exclusive_and_readonly(struct stage *s)
{
	each_page(s->parent, {
		claim(at.page == s->was[i] && at.exclusive && !at.write && !at.soft_dirty);
		claim(at.maps == 1);
	});
	return 0;
}

static int is_backing_and_readonly(struct stage *s)
{
	each_page(s->parent, claim(at.page == s->was[i] && !at.anon && !at.write););
	return 0;
}

/* Pinned; the write has found the page as it was, and made the entry writable. */
static int was_reused(struct stage *s)
{
	claim(times(copies) == 0 && times(reuses) == 1);
	each_page(s->parent, {
		claim(at.page == s->held->page[i] && at.exclusive && at.write && at.dirty);
		claim(at.maps == 1 && PINS(at, 1));
	});
	return 0;
}

/* The child got a copy at once: the parent's memory was not touched. */
static int child_got_copy(struct stage *s)
{
	each_page(s->child, {
		claim(at.page != s->was[i] && at.anon && at.exclusive);
		claim(at.maps == 1 && at.refs == 1);
	});
	return is_pinned_writable(s);
}

static int needed_no_fault(struct stage *s)
{
	claim(stats_of(s).faults == s->before.faults);
	return is_pinned_writable(s);
}

/* A pin for reading leaves the page exclusive, and the entry as it was. */
static int is_pinned_readonly(struct stage *s)
{
	each_page(s->parent, {
		claim(s->held->page[i] == at.page && at.anon && at.exclusive && !at.write);
		claim(at.maps == 1 && PINS(at, 1));
	});
	return 0;
}

/* The pin came to a page of the parent's own, which took a fault, also where GUP-fast tried. */
static int unshared_by_copy(struct stage *s)
{
	claim(times(copies) == 1 && stats_of(s).faults > s->before.faults);
	each_page(s->parent, {
		claim(at.page != s->was[i]);
		claim(look_at(s, s->child, s->mem + i * PG).page == s->was[i]);
		claim(look_at_page(s->was[i]).maps == 1 && look_at_page(s->was[i]).refs == 1);
	});
	return is_pinned_readonly(s);
}

static int unshared_in_place(struct stage *s)
{
	claim(times(copies) == 0 && stats_of(s).faults > s->before.faults);
	each_page(s->parent, claim(at.page == s->was[i]););
	return is_pinned_readonly(s);
}

static int pinned_without_fault(struct stage *s)
{
	claim(stats_of(s).faults == s->before.faults);
	each_page(s->parent, claim(at.page == s->was[i]););
	return is_pinned_readonly(s);
}

static int is_nobody_elses_any_more(struct stage *s)
{
	each_page(s->parent, {
		claim(at.page == s->was[i] && !at.exclusive && !at.write);
		claim(at.maps == 1 && at.refs == 1);
	});
	return 0;
}

/* What is behind the other mapping is what was there, and not what the first one has now. */
static int other_mapping_is_untouched(struct stage *s)
{
	each_page(s->parent, {
		claim(look_at(s, s->parent, s->smem + i * PG).page == s->was[i]);
		claim(at.page != s->was[i] && at.anon && at.exclusive);
	});
	return 0;
}

static int copied_from_backing(struct stage *s)
{
	return owns_copy(s, s->parent) || other_mapping_is_untouched(s);
}

static int unshared_from_backing(struct stage *s)
{
	claim(times(copies) == 1 && stats_of(s).faults > s->before.faults);
	return other_mapping_is_untouched(s) || is_pinned_readonly(s);
}

static int reused_after_unsharing(struct stage *s)
{
	return other_mapping_is_untouched(s) || was_reused(s);
}

/* What holds at the end, whoever came first. */

/* Only the parent wrote. Whether the child has its own page tells what it has seen. */
static int end_of_snapshot(struct stage *s)
{
	bool after_write = s->seen[0] == NEW;

	claim(times_in_all(copies) == !after_write);
	each_page(s->parent, {
		struct look childs = look_at(s, s->child, s->mem + i * PG);

		claim((childs.page == at.page) == after_write);
		claim(at.maps == (after_write ? 2 : 1) && at.refs == at.maps);
		claim(at.write == !after_write && at.exclusive == !after_write);
		claim(!childs.write && !childs.exclusive);
	});
	if (reads(s, s->mem, NEW) || vmsim_become(s->child))
		return -1;
	return finds_the_same(s);
}

static int end_of_child_pipe(struct stage *s)
{
	bool after_write = s->seen[0] == NEW;

	claim(times_in_all(copies) == !after_write);
	each_page(s->parent, {
		claim((s->held->page[i] == at.page) == after_write);
		claim(at.maps == 1 && at.refs == 1 + after_write);
		claim(!look_at(s, s->child, s->mem + i * PG).page);
	});
	return pipe_has_seen(s) || reads(s, s->mem, NEW);
}

/* The child wrote, if it has the memory at all; what the parent had is in the pipe. */
static int end_of_parent_pipe(struct stage *s)
{
	for (size_t i = 0; i < s->pages; i++) {
		struct look childs = look_at(s, s->child, s->mem + i * PG);

		claim(!look_at(s, s->parent, s->mem + i * PG).page);
		claim(s->held->page[i] == s->was[i]);
		claim(look_at_page(s->was[i]).maps == 0 && look_at_page(s->was[i]).refs == 1);
		claim(times_in_all(copies) == (childs.page != NULL));
		claim(!childs.page || (childs.page != s->was[i] && childs.exclusive &&
				       childs.write && childs.maps == 1 && childs.refs == 1));
	}
	return pipe_has_old(s);
}

/* Who pins for reading after the write may find the page shared again, and take a copy of it. */
static int end_of_pin(struct stage *s)
{
	each_page(s->parent, {
		claim(at.anon && at.exclusive && at.maps == 1 && PINS(at, 1));
		claim(at.write || !s->in_order);
	});
	return held_is_mapped_and_new(s);
}

/* Nobody else had the page: nobody copied it. */
static int end_of_exclusive_pin(struct stage *s)
{
	claim(times_in_all(copies) == 0);
	each_page(s->parent, claim(at.page == s->was[i] && at.write););
	/* Refused, while the memory was read-only. */
	if (!s->held)
		return reads(s, s->mem, NEW);
	return end_of_pin(s);
}

/* The child has what the parent had then, and not what the device sees. */
static int end_of_pin_and_fork(struct stage *s)
{
	each_page(s->child, {
		claim(at.page != s->held->page[i]);
		claim(at.maps == 1 && at.refs == 1);
	});
	if (end_of_pin(s) || vmsim_become(s->child))
		return -1;
	return finds_the_same(s);
}

static int end_of_write(struct stage *s)
{
	claim(times_in_all(copies) == 1);
	return other_mapping_is_untouched(s) || reads(s, s->mem, NEW) ||
	       reads(s, s->smem, s->old);
}

static int end_of_unsharing_pin(struct stage *s)
{
	each_page(s->parent, claim(at.write););
	return end_of_write(s) || end_of_pin(s);
}

/* The columns. */

#define STEPS(list) .steps = list, .nr_steps = ARRAY_SIZE(list)

static const struct step basic[] = {
	{ CHILD, fork_child, are_shared },
	{ CHILD, become_child },
	{ CHILD, look_around, are_shared },
	{ PARENT, write_new, parent_copied },
	{ CHILD, finds_the_same },
};

static const struct step basic_mprotect[] = {
	{ CHILD, fork_child, are_shared },
	{ CHILD, become_child },
	{ CHILD, look_around, are_shared },
	{ PARENT, make_readonly, are_shared },
	{ PARENT, make_writable, are_shared },
	{ PARENT, write_new, parent_copied },
	{ CHILD, finds_the_same },
};

static const struct step vmsplice_child[] = {
	{ CHILD, fork_child, are_shared },
	{ CHILD, become_child },
	{ CHILD, look_around, are_shared },
	{ CHILD, vmsplice_pages, are_shared_and_in_pipe },
	{ CHILD, unmap, in_pipe_and_mapped_once },
	{ PARENT, write_new, parent_copied_from_pipe },
	{ CHILD, pipe_has_seen },
};

static const struct step vmsplice_child_mprotect[] = {
	{ CHILD, fork_child, are_shared },
	{ CHILD, become_child },
	{ CHILD, look_around, are_shared },
	{ CHILD, vmsplice_pages, are_shared_and_in_pipe },
	{ CHILD, unmap, in_pipe_and_mapped_once },
	{ PARENT, make_readonly, is_readonly },
	{ PARENT, make_writable, is_readonly },
	{ PARENT, write_new, parent_copied_from_pipe },
	{ CHILD, pipe_has_seen },
};

static const struct step vmsplice_before_fork[] = {
	{ PARENT, vmsplice_pages, is_exclusive_and_in_pipe },
	{ CHILD, fork_child, are_shared_and_in_pipe },
	{ CHILD, become_child },
	{ PARENT, unmap, in_pipe_and_mapped_once },
	{ CHILD, write_new_if_there, child_copied_from_pipe },
	{ PARENT, pipe_has_old },
};

static const struct step vmsplice_after_fork[] = {
	{ CHILD, fork_child, are_shared },
	{ CHILD, become_child },
	{ PARENT, vmsplice_pages, are_shared_and_in_pipe },
	{ PARENT, unmap, in_pipe_and_mapped_once },
	{ CHILD, write_new, child_copied_from_pipe },
	{ PARENT, pipe_has_old },
};

static const struct step fixed_buffer[] = {
	{ OTHER, pin_write, is_pinned_writable },
	{ PARENT, make_readonly },
	{ PARENT, stop_upgrades },
	{ PARENT, make_writable, is_exclusive_and_readonly },
	{ PARENT, write_new, was_reused },
};

static const struct step fork_fixed_buffer[] = {
	{ OTHER, pin_write, is_pinned_writable },
	{ CHILD, fork_child, child_got_copy },
	{ CHILD, become_child },
	{ CHILD, look_around },
	{ PARENT, write_new, needed_no_fault },
	{ CHILD, finds_the_same },
};

static const struct step pin_shared[] = {
	{ CHILD, fork_child, are_shared },
	{ CHILD, become_child },
	{ CHILD, look_around, are_shared },
	{ OTHER, pin_read, unshared_by_copy },
	{ PARENT, write_new, was_reused },
	{ CHILD, finds_the_same },
};

static const struct step pin_fast_shared[] = {
	{ CHILD, fork_child, are_shared },
	{ CHILD, become_child },
	{ CHILD, look_around, are_shared },
	{ OTHER, pin_read_fast, unshared_by_copy },
	{ PARENT, write_new, was_reused },
	{ CHILD, finds_the_same },
};

static const struct step pin_previously_shared[] = {
	{ CHILD, fork_child, are_shared },
	{ CHILD, become_child },
	{ CHILD, leave, is_nobody_elses_any_more },
	{ OTHER, pin_read, unshared_in_place },
	{ PARENT, write_new, was_reused },
};

static const struct step pin_fast_previously_shared[] = {
	{ CHILD, fork_child, are_shared },
	{ CHILD, become_child },
	{ CHILD, leave, is_nobody_elses_any_more },
	{ OTHER, pin_read_fast, unshared_in_place },
	{ PARENT, write_new, was_reused },
};

static const struct step pin_exclusive[] = {
	{ PARENT, make_readonly },
	{ PARENT, stop_upgrades },
	{ PARENT, make_writable, is_exclusive_and_readonly },
	{ OTHER, pin_read, pinned_without_fault },
	{ PARENT, write_new, was_reused },
};

static const struct step pin_fast_exclusive[] = {
	{ PARENT, make_readonly },
	{ PARENT, stop_upgrades },
	{ PARENT, make_writable, is_exclusive_and_readonly },
	{ OTHER, pin_read_fast, pinned_without_fault },
	{ PARENT, write_new, was_reused },
};

static const struct test_case anon_cases[] = {
	{ "T1", "basic COW after fork()", STEPS(basic), 0, end_of_snapshot },
	{ "T2", "basic COW after fork(), with mprotect() optimization", STEPS(basic_mprotect), 0,
	  end_of_snapshot },
	{ "T3", "vmsplice() + unmap in child", STEPS(vmsplice_child), 0, end_of_child_pipe },
	{ "T4", "vmsplice() + unmap in child, with mprotect() optimization",
	  STEPS(vmsplice_child_mprotect), 0, end_of_child_pipe },
	{ "T5", "vmsplice() before fork(), unmap in parent after fork()",
	  STEPS(vmsplice_before_fork), 0, end_of_parent_pipe },
	{ "T6", "vmsplice() + unmap in parent after fork()", STEPS(vmsplice_after_fork), 1,
	  end_of_parent_pipe },
	{ "T7", "R/O-mapping a page registered as fixed buffer", STEPS(fixed_buffer), 0,
	  end_of_exclusive_pin },
	{ "T8", "fork() with a fixed buffer", STEPS(fork_fixed_buffer), 0, end_of_pin_and_fork },
	{ "T9", "R/O GUP pin on R/O-mapped shared page", STEPS(pin_shared), 0,
	  end_of_pin_and_fork },
	{ "T10", "R/O GUP-fast pin on R/O-mapped shared page", STEPS(pin_fast_shared), 0,
	  end_of_pin_and_fork },
	{ "T11", "R/O GUP pin on R/O-mapped previously-shared page", STEPS(pin_previously_shared),
	  1, end_of_pin, .bounded = true },
	{ "T12", "R/O GUP-fast pin on R/O-mapped previously-shared page",
	  STEPS(pin_fast_previously_shared), 1, end_of_pin, .bounded = true },
	{ "T13", "R/O GUP pin on R/O-mapped exclusive page", STEPS(pin_exclusive), 0,
	  end_of_exclusive_pin },
	{ "T14", "R/O GUP-fast pin on R/O-mapped exclusive page", STEPS(pin_fast_exclusive), 0,
	  end_of_exclusive_pin },
};

static const struct step write_private[] = {
	{ OTHER, other_mapping_has_old },
	{ PARENT, write_new, copied_from_backing },
	{ OTHER, other_mapping_has_old },
};

static const struct step pin_private[] = {
	{ PARENT, make_readonly },
	{ PARENT, stop_upgrades },
	{ PARENT, make_writable, is_backing_and_readonly },
	{ OTHER, pin_read, unshared_from_backing },
	{ PARENT, write_new, reused_after_unsharing },
	{ OTHER, other_mapping_has_old },
};

static const struct step pin_fast_private[] = {
	{ PARENT, make_readonly },
	{ PARENT, stop_upgrades },
	{ PARENT, make_writable, is_backing_and_readonly },
	{ OTHER, pin_read_fast, unshared_from_backing },
	{ PARENT, write_new, reused_after_unsharing },
	{ OTHER, other_mapping_has_old },
};

static const struct test_case other_cases[] = {
	{ "N1", "basic COW", STEPS(write_private), 0, end_of_write },
	{ "N2", "R/O longterm GUP pin", STEPS(pin_private), 0, end_of_unsharing_pin },
	{ "N3", "R/O longterm GUP-fast pin", STEPS(pin_fast_private), 0, end_of_unsharing_pin },
};

/* Each cell in each way of running it is a test of CMocka. */

static const struct way {
	const char *name;
	int (*run)(const struct state *state, const struct test_case *test);
} ways[] = {
	{ "in order", stage_in_order },
	{ "in order, explored", stage_in_order_explored },
	{ "side by side", stage_side_by_side },
	{ "side by side, explored", stage_side_by_side_explored },
};

struct cell {
	const struct state *state;
	const struct test_case *test;
	const struct way *way;
	char name[128];
};

static unsigned int runs;

/* What is in the table without being built is red, and not left out. */
static void test_not_built(void **state)
{
	static const struct state no_state = { "P0", "a state that nobody prepares" };
	static const struct test_case no_case = { "T0", "a case without steps" };

	(void)state;
	runs++;
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		assert_int_equal(ways[i].run(&no_state, &anon_cases[0]), -EOPNOTSUPP);
		assert_int_equal(ways[i].run(&anon_states[0], &no_case), -EOPNOTSUPP);
	}
}

enum {
	ANON_CELLS = ARRAY_SIZE(anon_states) * ARRAY_SIZE(anon_cases),
	OTHER_CELLS = ARRAY_SIZE(other_states) * ARRAY_SIZE(other_cases),
	TESTS = (ANON_CELLS + OTHER_CELLS) * ARRAY_SIZE(ways) + 1,
};

static struct cell cells[TESTS];
static struct CMUnitTest tests[TESTS];
static unsigned int nr_tests;

static void test_cell(void **state)
{
	const struct cell *cell = *state;

	runs++;
	assert_int_equal(cell->way->run(cell->state, cell->test), 0);
}

static void add_cell(const struct state *state, const struct test_case *test)
{
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		struct cell *cell = &cells[nr_tests];

		*cell = (struct cell) { state, test, &ways[i] };
		snprintf(cell->name, sizeof(cell->name), "%s/%s %s: %s, %s", state->id, test->id,
			 ways[i].name, test->name, state->name);
		tests[nr_tests++] = (struct CMUnitTest) {
			.name = cell->name, .test_func = test_cell, .initial_state = cell,
		};
	}
}

static void add_not_built(void)
{
	tests[nr_tests++] = (struct CMUnitTest) {
		.name = "what is not built is red", .test_func = test_not_built,
	};
}

static void add_table(const struct state *states, size_t nr_states, const struct test_case *cases,
		      size_t nr_cases)
{
	for (size_t row = 0; row < nr_states; row++)
		for (size_t column = 0; column < nr_cases; column++)
			add_cell(&states[row], &cases[column]);
}

/* cow [PATTERN]: all of it, or the tests whose names fit. */
int main(int argc, char **argv)
{
	int failed;

	add_table(anon_states, ARRAY_SIZE(anon_states), anon_cases, ARRAY_SIZE(anon_cases));
	add_table(other_states, ARRAY_SIZE(other_states), other_cases, ARRAY_SIZE(other_cases));
	add_not_built();
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	failed = vmsim_run_tests(tests);
	printf("rows x cases: %zu x %zu anonymous, %zu x %zu others, each in %zu ways; ",
	       ARRAY_SIZE(anon_states), ARRAY_SIZE(anon_cases), ARRAY_SIZE(other_states),
	       ARRAY_SIZE(other_cases), ARRAY_SIZE(ways));
	printf("%u of %u tests run, %u skipped\n", runs, nr_tests, nr_tests - runs);
	if (!runs || (argc < 2 && runs != nr_tests))
		fprintf(stderr, "FAILED: there is no such test\n");
	return failed || !runs || (argc < 2 && runs != nr_tests);
}
