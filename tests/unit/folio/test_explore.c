// SPDX-License-Identifier: GPL-2.0-only
#include "folio_test.h"

/* The same code with every shared step a decision: no schedule may break a rule or get stuck. */

struct files {
	int id;
};

static int make_file(struct vmsim_world *world)
{
	struct files *files = world->ctx;

	files->id = vmsim_file_create(world->machine, "file", 2 * PAGE_SIZE);
	return files->id < 0 ? files->id : 0;
}

static int write_and_sync(struct vmsim_world *world)
{
	struct files *files = world->ctx;

	for (uint64_t value = 1; value <= 2; value++)
		if (vmsim_file_write(files->id, 0, &value, sizeof(value)) != sizeof(value))
			return -EIO;
	return vmsim_file_sync(files->id, 0, 0);
}

static int read_and_drop(struct vmsim_world *world)
{
	struct files *files = world->ctx;
	uint64_t before = 0, value;

	for (int i = 0; i < 2; i++) {
		if (vmsim_file_read(files->id, 0, &value, sizeof(value)) != sizeof(value))
			return -EIO;
		if (value < before)
			return -EILSEQ;
		before = value;
		vmsim_file_drop(files->id, 0, 0);
	}
	return 0;
}

/* Raises and drops references to whatever is in the cache (E11). */
static int speculate(struct vmsim_world *world)
{
	struct files *files = world->ctx;
	struct file *file = vmsim_file_get(vmsim_this_machine(), files->id);

	for (int i = 0; i < 3; i++) {
		struct folio *folio = filemap_get_folio(file->f_mapping, 0);

		if (!IS_ERR(folio))
			folio_put(folio);
	}
	vmsim_file_put(file);
	return 0;
}

static int stored_is_last(struct vmsim_world *world)
{
	struct files *files = world->ctx;
	uint64_t value = 0;

	vmsim_file_sync(files->id, 0, 0);
	vmsim_file_stored(files->id, 0, &value, sizeof(value));
	if (value != 2)
		vmsim_fail("stored %llu", (unsigned long long)value);
	return 0;
}

static const struct vmsim_thread_def file_threads[] = {
	{ .name = "Writer", .cpu = 0, .fn = write_and_sync },
	{ .name = "Reader", .cpu = 1, .fn = read_and_drop },
	{ .name = "Speculator", .cpu = 2, .fn = speculate },
};

static const struct vmsim_scenario file_scenario = {
	.name = "file",
	.summary = "write, sync, read and drop one page",
	.config = {
		.mode = VMSIM_EXPLORE,
		.contents = VMSIM_CONTENTS_VERSION,
		.cpus = 3,
		.frames = 1024,
	},
	.ctx_size = sizeof(struct files),
	.processes = 1,
	.setup = make_file,
	.threads = file_threads,
	.nr_threads = ARRAY_SIZE(file_threads),
	.check = stored_is_last,
};

static void explore(const struct vmsim_scenario *scenario, enum vmsim_strategy strategy)
{
	struct vmsim_explore_options options;
	struct vmsim_result result;
	char error[256] = "";
	int err;

	vmsim_explore_options_init(&options);
	options.strategy = strategy;
	options.executions = 3000;
	err = vmsim_explore(scenario, &options, &result, error, sizeof(error));
	if (err)
		fail_msg("%d %s", err, error);
	if (result.violated)
		fail_msg("%s %s: %s", result.violation.oracle, result.violation.rule,
			 result.violation.text);
	assert_int_equal(result.executions, 3000);
	vmsim_result_free(&result);
}

static void test_file_random(void **state)
{
	(void)state;
	explore(&file_scenario, VMSIM_STRATEGY_RANDOM);
}

static void test_file_pct(void **state)
{
	(void)state;
	explore(&file_scenario, VMSIM_STRATEGY_PCT);
}

/* Blocks with a speculator on their heads: nothing leaks, whoever is last (M14). */
struct block {
	struct page *page;
	uint64_t free;
};

static int remember_free(struct vmsim_world *world)
{
	((struct block *)world->ctx)->free = vmsim_free_frames(vmsim_this_machine());
	return 0;
}

static int free_block(struct vmsim_world *world)
{
	struct block *block = world->ctx;

	for (unsigned int order = 0; order < 3; order++) {
		struct page *page = alloc_pages(GFP_KERNEL, order);

		WRITE_ONCE(block->page, page);
		vmsim_point("allocated");
		__free_pages(page, order);
	}
	return 0;
}

static int get_and_put(struct vmsim_world *world)
{
	struct block *block = world->ctx;

	for (int i = 0; i < 4; i++) {
		struct folio *folio = (struct folio *)READ_ONCE(block->page);

		vmsim_point("looked");
		if (folio && folio_try_get(folio))
			folio_put(folio);
	}
	return 0;
}

static int nothing_leaked(struct vmsim_world *world)
{
	uint64_t now = vmsim_free_frames(vmsim_this_machine());

	if (now != ((struct block *)world->ctx)->free)
		vmsim_fail("%llu frames are free", (unsigned long long)now);
	return 0;
}

static const struct vmsim_thread_def block_threads[] = {
	{ .name = "Owner", .cpu = 0, .fn = free_block },
	{ .name = "Speculator", .cpu = 1, .fn = get_and_put },
	{ .name = "Tother", .cpu = 1, .fn = get_and_put },
};

static const struct vmsim_scenario block_scenario = {
	.name = "block",
	.summary = "speculative references to blocks that are freed",
	.config = {
		.mode = VMSIM_EXPLORE,
		.contents = VMSIM_CONTENTS_NONE,
		.cpus = 2,
		.frames = 1024,
		.hole = { { 64, 128 } },
		.holes = 1,
	},
	.ctx_size = sizeof(struct block),
	.processes = 1,
	.setup = remember_free,
	.threads = block_threads,
	.nr_threads = ARRAY_SIZE(block_threads),
	.check = nothing_leaked,
};

static void test_block_random(void **state)
{
	(void)state;
	explore(&block_scenario, VMSIM_STRATEGY_RANDOM);
}

static void test_block_pct(void **state)
{
	(void)state;
	explore(&block_scenario, VMSIM_STRATEGY_PCT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file_random),
		cmocka_unit_test(test_file_pct),
		cmocka_unit_test(test_block_random),
		cmocka_unit_test(test_block_pct),
	};

	return vmsim_run_tests(tests);
}
