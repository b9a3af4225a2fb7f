// SPDX-License-Identifier: GPL-2.0-only
#include "lab.h"
#include "check/map.h"

static void names_and_parse_agree(void **state)
{
	(void)state;
	for (int i = 0; i < VMSIM_ORACLE_COUNT; i++) {
		assert_int_equal(vmsim_oracle_parse(vmsim_oracle_name(i)), i);
		assert_true(strlen(vmsim_oracle_text(i)) > 5);
	}
	assert_int_equal(vmsim_oracle_parse("o3"), VMSIM_ORACLE_O3);
	assert_int_equal(vmsim_oracle_parse("O5"), -EINVAL);
	assert_int_equal(vmsim_oracle_parse(""), -EINVAL);
	assert_int_equal(vmsim_oracle_parse(NULL), -EINVAL);
	assert_string_equal(vmsim_oracle_name(VMSIM_ORACLE_COUNT), "?");
	assert_string_equal(vmsim_oracle_text(VMSIM_ORACLE_COUNT), "?");
}

static void misuse_gives_errors(void **state)
{
	struct vmsim_violation violation;

	(void)state;
	lab_open(VMSIM_ORACLE_BIT(O1), VMSIM_TLB_IPI, 1);
	assert_int_equal(vmsim_check_arm(lab.handle, VMSIM_ORACLES_ALL), -EBUSY);
	assert_int_equal(vmsim_check_arm(lab.handle, 0), -EINVAL);
	assert_int_equal(vmsim_check_arm(lab.handle, VMSIM_ORACLES_ALL + 1), -EINVAL);
	assert_int_equal(vmsim_check_arm(NULL, VMSIM_ORACLES_ALL), -EBADF);
	assert_int_equal(vmsim_check_quiescent(NULL), -EBADF);
	assert_int_equal(vmsim_violation_get(lab.handle, 0, &violation), -ENOENT);
}

static void only_what_is_armed_reports(void **state)
{
	struct folio *folio;

	(void)state;
	lab_open(VMSIM_ORACLE_BIT(O1), VMSIM_TLB_IPI, 1);
	store(map_anon(1), 1);
	folio = folio_alloc(GFP_KERNEL, 0);
	folio_get(folio);
	lab_end_process();
	assert_int_equal(vmsim_check_quiescent(lab.handle), 0);
	assert_quiet();
}

static void unarmed_machine_has_nothing_to_recount(void **state)
{
	struct vmsim_machine *machine;
	struct vmsim_config config;

	(void)state;
	vmsim_config_init(&config);
	assert_int_equal(vmsim_machine_create(&config, &machine), 0);
	assert_int_equal(vmsim_check_quiescent(machine), -EINVAL);
	assert_int_equal(vmsim_machine_destroy(machine), 0);
	assert_int_equal(vmsim_check_quiescent(machine), -EBADF);
	memset(&lab, 0, sizeof(lab));
}

static void count_pair(void *arg, u64 key, void *value)
{
	assert_ptr_equal((void *)(uintptr_t)(key * 3), value);
	++*(unsigned int *)arg;
}

static void map_keeps_what_it_gets(void **state)
{
	const u64 keys = 3000;
	unsigned int found = 0;
	struct chk_map map;

	(void)state;
	lab_open(VMSIM_ORACLE_BIT(O1), VMSIM_TLB_IPI, 1);
	chk_map_init(&map, lab.m);
	assert_null(chk_map_get(&map, 1));
	assert_null(chk_map_remove(&map, 1));
	for (u64 key = 1; key <= keys; key++)
		assert_true(chk_map_put(&map, key, (void *)(uintptr_t)(key * 3)));
	for (u64 key = 2; key <= keys; key += 2)
		assert_ptr_equal(chk_map_remove(&map, key), (void *)(uintptr_t)(key * 3));
	for (u64 key = 1; key <= keys; key++)
		assert_ptr_equal(chk_map_get(&map, key),
				 (void *)(uintptr_t)(key % 2 ? key * 3 : 0));
	chk_map_each(&map, count_pair, &found);
	assert_int_equal(found, keys / 2);
	/* Coming and going does not fill it. */
	for (u64 key = 10000; key < 60000; key++) {
		assert_true(chk_map_put(&map, key, &map));
		assert_ptr_equal(chk_map_remove(&map, key), &map);
	}
	assert_true(map.size <= 8192);
	assert_ptr_equal(chk_map_get(&map, 7), (void *)21);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_parse_agree),
		cmocka_unit_test_teardown(misuse_gives_errors, lab_close),
		cmocka_unit_test_teardown(only_what_is_armed_reports, lab_close),
		cmocka_unit_test_teardown(map_keeps_what_it_gets, lab_close),
		cmocka_unit_test(unarmed_machine_has_nothing_to_recount),
	};

	return vmsim_run_tests(tests);
}
