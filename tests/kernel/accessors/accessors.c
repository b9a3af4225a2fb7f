// SPDX-License-Identifier: GPL-2.0-only
#include "../../unit/vmsim_test.h"
#include "machine/internal.h"
#include <linux/gfp.h>
#include <vmsim/check.h>
#include <vmsim/explore.h>

/*
 * The kernel's mm/debug_vm_pgtable.c, which asks the accessors of entries for what code above them
 * relies on, and warns where one answers otherwise. Compiled as our headers are configured, and
 * once more with all that they have accessors for (meson.build).
 */
int vmsim_initcall_debug_vm_pgtable(void);

#define FRAMES (768UL << (20 - PAGE_SHIFT) << 2)

/*
 * The kernel takes a page as large as what a PUD entry maps, and puts nothing into it: any that is
 * aligned will do, and nobody needs to know.
 */
struct page *alloc_contig_pages(unsigned long nr_pages, gfp_t gfp_mask, int nid, void *nodemask);

struct page *alloc_contig_pages(unsigned long nr_pages, gfp_t gfp_mask, int nid, void *nodemask)
{
	(void)gfp_mask, (void)nid, (void)nodemask;
	assert_true(nr_pages * 2 <= FRAMES);
	return pfn_to_page(nr_pages);
}

void free_contig_range(unsigned long pfn, unsigned long nr_pages)
{
	assert_int_equal(pfn, nr_pages);
}

static struct vmsim_machine *machine;

static void begin(unsigned int levels)
{
	struct vmsim_config config;
	int pid;

	vmsim_config_init(&config);
	config.cpus = 1;
	config.frames = FRAMES;
	config.levels = levels;
	assert_int_equal(vmsim_machine_create(&config, &machine), 0);
	assert_int_equal(vmsim_check_arm(machine, VMSIM_ORACLE_BIT(O20)), 0);
	pid = vmsim_process_create(machine, "init");
	assert_true(pid > 0);
	assert_int_equal(vmsim_attach(machine, 0, pid), 0);
}

/* What was warned of, and what was left behind. */
static void end(void)
{
	uint64_t warnings = vmsim_violations(machine);
	struct vmsim_violation violation;

	for (unsigned int i = 0; !vmsim_violation_get(machine, i, &violation); i++)
		print_error("%s: %s\n", violation.oracle, violation.text);
	assert_int_equal(vmsim_detach(), 0);
	assert_int_equal(vmsim_check_quiescent(machine), 0);
	assert_int_equal(vmsim_machine_destroy(machine), 0);
	assert_int_equal(warnings, 0);
}

static void run(unsigned int levels)
{
	int result;

	begin(levels);
	vmsim_enter();
	result = vmsim_initcall_debug_vm_pgtable();
	vmsim_leave();
	end();
	assert_int_equal(result, 0);
}

static void test_accessors(void **state)
{
	(void)state;
	/* Addresses are picked at random: some of them. */
	for (int i = 0; i < 4; i++)
		run(0);
}

static void test_five_levels(void **state)
{
	(void)state;
	run(5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accessors),
		cmocka_unit_test(test_five_levels),
	};

	return vmsim_run_tests(tests);
}
