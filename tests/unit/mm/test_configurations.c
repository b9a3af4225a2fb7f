// SPDX-License-Identifier: GPL-2.0-only
#include "world.h"

/* The same short life on every kind of machine: what a program sees does not depend on it. */

enum { PAGES = 40 };

static void live(bool has_contents)
{
	unsigned long a = map(PAGES, RW, ANON);
	int file = vmsim_file_create(world.machine, "f", PAGES * PG);
	unsigned long b = map_file(file, PAGES, RW, MAP_SHARED, 0);

	for (int i = 0; i < PAGES; i++) {
		store(a + i * PG, 1 + i);
		store(b + i * PG, 100 + i);
	}
	assert_rss(PAGES, PAGES);
	assert_int_equal(vmsim_mprotect(a, 10 * PG, PROT_READ), 0);
	assert_int_equal(vmsim_store(a, 8, 0), SIGSEGV);
	assert_int_equal(vmsim_mprotect(a, 10 * PG, RW), 0);
	assert_int_equal(touch(a, PROT_WRITE), VMSIM_FAULT_NONE);
	assert_int_equal(vmsim_msync(b, PAGES * PG, MS_SYNC), 0);
	assert_int_equal(touch(b, PROT_WRITE), VMSIM_FAULT_MKWRITE);
	assert_int_equal(vmsim_madvise(a + 20 * PG, 5 * PG, MADV_DONTNEED), 0);
	for (int i = 0; i < PAGES && has_contents; i++) {
		assert_int_equal(load(a + i * PG), i / 5 == 4 ? 0 : 1 + i);
		assert_int_equal(load(b + i * PG), 100 + i);
	}
	assert_int_equal(vmsim_munmap(b, PAGES * PG), 0);
	assert_int_equal(vmsim_load(b, 8, &(uint64_t){ 0 }), SIGSEGV);
	assert_int_equal(vmsim_file_destroy(world.machine, file), 0);
	assert_int_equal(vmsim_exec(NULL), 0);
	assert_int_equal(vmsim_load(a, 8, &(uint64_t){ 0 }), SIGSEGV);
	assert_rss(0, 0);
}

static void live_on(const struct vmsim_config *config)
{
	assert_int_equal(vmsim_machine_create(config, &world.machine), 0);
	world.frames_free = stats_now().frames_free;
	world.pid = vmsim_process_create(world.machine, "test");
	assert_int_equal(vmsim_attach(world.machine, 0, world.pid), 0);
	live(config->contents != VMSIM_CONTENTS_NONE);
	world_end(NULL);
}

static void test_every_backend_and_contents(void **state)
{
	struct vmsim_config config;

	(void)state;
	vmsim_config_init(&config);
	for (int tlb = 0; tlb < VMSIM_TLB_COUNT; tlb++) {
		/* A machine that loses flushes is another story. */
		if (tlb == VMSIM_TLB_FAULTY)
			continue;
		config.tlb = (enum vmsim_tlb)tlb;
		config.cpus = tlb == VMSIM_TLB_UP ? 1 : 2;
		for (int contents = 0; contents <= VMSIM_CONTENTS_BYTES; contents++) {
			config.contents = (enum vmsim_contents)contents;
			live_on(&config);
		}
	}
}

static void test_every_number_of_levels(void **state)
{
	struct vmsim_config config;
	int lives = 0;

	(void)state;
	vmsim_config_init(&config);
	for (unsigned int levels = 2; levels <= 5; levels++) {
		struct vmsim_machine *machine;

		config.levels = levels;
		/* Each flavour has its own. */
		if (vmsim_machine_create(&config, &machine))
			continue;
		assert_int_equal(vmsim_machine_destroy(machine), 0);
		live_on(&config);
		lives++;
	}
	assert_true(lives > 0);
}

static void test_holes_in_memory(void **state)
{
	struct vmsim_config config;

	(void)state;
	vmsim_config_init(&config);
	config.frames = 1024;
	config.hole[0] = (struct vmsim_range) { 128, 256 };
	config.hole[1] = (struct vmsim_range) { 512, 576 };
	config.holes = 2;
	live_on(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_backend_and_contents),
		cmocka_unit_test(test_every_number_of_levels),
		cmocka_unit_test(test_holes_in_memory),
	};

	return vmsim_run_tests(tests);
}
