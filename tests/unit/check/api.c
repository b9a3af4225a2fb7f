// SPDX-License-Identifier: GPL-2.0-only
#include "lab.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_parse_agree),
		cmocka_unit_test_teardown(misuse_gives_errors, lab_close),
		cmocka_unit_test_teardown(only_what_is_armed_reports, lab_close),
		cmocka_unit_test(unarmed_machine_has_nothing_to_recount),
	};

	return vmsim_run_tests(tests);
}
