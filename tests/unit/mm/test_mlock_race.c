// SPDX-License-Identifier: GPL-2.0-only
#include "../explore/explore_test.h"
#include "mm/mm_internal.h"
#include "folio/folio.h"
#include <linux/memcontrol.h>
#include <linux/pagemap.h>
#include <linux/rmap.h>
#include <linux/vmstat.h>
#include <mm/internal.h>
#include <sys/mman.h>

/*
 * Two processes have locked a page of a file. One unlocks it while reclaim has taken it off its
 * list: the page does not count as locked any more. Reclaim must find out that the other process's
 * mapping still is, and leave the page there.
 */

#define AT 0x10000000UL
#define PG 4096UL

/* Pids. */
#define LOCKER 1
#define KEEPER 2

struct race {
	enum ttu_flags flags;		/* of the reclaim */
	int file;
	struct folio *folio;
};

static int map_page(const struct race *race)
{
	uint64_t value;
	long at = vmsim_mmap(AT, PG, PROT_READ, MAP_SHARED | MAP_FIXED, race->file, 0);

	return at == (long)AT && !vmsim_load(AT, 8, &value) ? 0 : -1;
}

static int setup(struct vmsim_world *world)
{
	struct race *race = world->ctx;
	struct address_space *mapping;

	race->file = vmsim_file_create(world->machine, "data", PG);
	if (race->file < 0 || map_page(race) || vmsim_become(KEEPER) || map_page(race) ||
	    vmsim_mlock(AT, PG) || vmsim_become(LOCKER))
		return -1;
	mmap_read_lock(current->mm);
	mapping = vma_lookup(current->mm, AT)->vm_file->f_mapping;
	mmap_read_unlock(current->mm);
	race->folio = filemap_get_folio(mapping, 0);
	if (IS_ERR(race->folio))
		return -1;
	folio_put(race->folio);
	return 0;
}

static int locker(struct vmsim_world *world)
{
	int err = vmsim_mlock(AT, PG);

	(void)world;
	return err ? err : vmsim_munlock(AT, PG);
}

/* On the list again: that of what is not to be reclaimed, or of what is. */
static void put_back(struct folio *folio)
{
	struct lruvec *lruvec = folio_lruvec_relock_irq(folio, NULL);

	if (folio_evictable(folio)) {
		folio_clear_unevictable(folio);
	} else {
		folio_set_unevictable(folio);
		folio->mlock_count = 0;
	}
	folio_set_lru(folio);
	unlock_page_lruvec_irq(lruvec);
}

static int reclaimer(struct vmsim_world *world)
{
	const struct race *race = world->ctx;
	struct folio *folio = race->folio;

	if (!folio_test_clear_lru(folio))
		return 0;
	folio_get(folio);
	folio_lock(folio);
	if (folio_evictable(folio))
		try_to_unmap(folio, race->flags);
	folio_unlock(folio);
	put_back(folio);
	folio_put(folio);
	return 0;
}

static int check(struct vmsim_world *world)
{
	const struct race *race = world->ctx;
	enum vmsim_fault_kind kind;

	if (vmsim_become(KEEPER) || vmsim_touch(AT, PROT_READ, &kind))
		return -1;
	if (kind != VMSIM_FAULT_NONE)
		vmsim_fail("memory that is locked was not there");
	if (vmsim_munlock(AT, PG))
		return -1;
	if (folio_test_mlocked(race->folio) || global_zone_page_state(NR_MLOCK))
		vmsim_fail("nobody has the page locked, and it counts as locked");
	for (int cpu = 0; cpu < 2; cpu++)
		if (need_mlock_drain(cpu))
			vmsim_fail("CPU %d has something to do yet", cpu);
	return vmsim_become(LOCKER);
}

static const struct vmsim_thread_def threads[] = {
	{ .name = "Locker", .cpu = 0, .fn = locker, .process = LOCKER - 1 },
	{ .name = "Reclaimer", .cpu = 1, .fn = reclaimer, .process = KEEPER - 1 },
};

static struct vmsim_scenario scenario_of(const struct race *race)
{
	return (struct vmsim_scenario) {
		.name = "mlock-race",
		.config = { .contents = VMSIM_CONTENTS_VERSION, .cpus = 2, .frames = 64 },
		.processes = 2,
		.ctx_size = sizeof(*race),
		.ctx_init = race,
		.setup = setup,
		.threads = threads,
		.nr_threads = 2,
		.check = check,
	};
}

static struct vmsim_result explore(enum vmsim_strategy strategy, enum ttu_flags flags)
{
	const struct race race = { .flags = flags };
	struct vmsim_scenario scenario = scenario_of(&race);
	struct vmsim_explore_options options = explore_options(strategy, 20000);

	return explore_with(&scenario, &options);
}

static void test_locked_memory_stays(void **state)
{
	struct vmsim_result result = explore(VMSIM_STRATEGY_STATES, 0);

	(void)state;
	if (result.violated)
		fail_msg("%s: %s", result.violation.oracle, result.violation.text);
	assert_true(result.coverage.exhausted);
	vmsim_result_free(&result);
}

/* Unless reclaim does not ask. */
static void test_who_does_not_ask(void **state)
{
	struct vmsim_result result = explore(VMSIM_STRATEGY_PCT, TTU_IGNORE_MLOCK);

	(void)state;
	assert_true(result.violated);
	assert_string_equal(result.violation.text, "memory that is locked was not there");
	vmsim_result_free(&result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_locked_memory_stays),
		cmocka_unit_test(test_who_does_not_ask),
	};

	return vmsim_run_tests(tests);
}
