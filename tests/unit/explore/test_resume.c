// SPDX-License-Identifier: GPL-2.0-only
#include "explore_test.h"
#include "explore/states.h"
#include "outcomes.h"
#include <dirent.h>
#include <errno.h>
#include <litmus_gup.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Searches that are saved, and gone on with: all legs together are one search. Here in one process;
 * tests/cli/resume.sh has one for each leg.
 */

static char folder[] = "/tmp/vmsim-resume-XXXXXX";
static char file[64], other[64];

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(file, sizeof(file), "%s/search", folder);
	snprintf(other, sizeof(other), "%s/other", folder);
	return 0;
}

static int tear_down(void **state)
{
	DIR *all = opendir(folder);
	struct dirent *entry;

	(void)state;
	if (!all)
		return -1;
	while ((entry = readdir(all)))
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(all), entry->d_name, 0);
	closedir(all);
	return rmdir(folder);
}

static void skip_without_states(void)
{
	if (outcomes_can_have_states())
		return;
	print_message("strategy states: not under ThreadSanitizer\n");
	skip();
}

/* Errors: what a leg begins with is forgotten. */
static enum { NO_ERROR, NOTHING_SEEN, NOTHING_LEARNT, KILLED_BEFORE_RENAME } error_in_file;

/* A leg is so many looks at whether a state was seen; then the search is told to stop. */
static uint64_t looks_left;
static volatile int stop;

bool __real_visited_add(struct visited *visited, struct image_key key, struct allowance *allowance);
bool __wrap_visited_add(struct visited *visited, struct image_key key, struct allowance *allowance);
bool __real_visited_load(struct visited *visited, struct search_file *in);
bool __wrap_visited_load(struct visited *visited, struct search_file *in);
bool __real_local_load(struct local *local, struct search_file *in);
bool __wrap_local_load(struct local *local, struct search_file *in);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);

bool __wrap_visited_add(struct visited *visited, struct image_key key, struct allowance *allowance)
{
	stop |= !--looks_left;
	return __real_visited_add(visited, key, allowance);
}

bool __wrap_visited_load(struct visited *visited, struct search_file *in)
{
	struct visited *lost;
	bool done;

	if (error_in_file != NOTHING_SEEN)
		return __real_visited_load(visited, in);
	lost = visited_create(1 << 30, false);
	done = __real_visited_load(lost, in);
	visited_destroy(lost);
	return done;
}

bool __wrap_local_load(struct local *local, struct search_file *in)
{
	struct local *lost;
	bool done;

	if (error_in_file != NOTHING_LEARNT)
		return __real_local_load(local, in);
	lost = local_create(1, 1, false);
	done = __real_local_load(lost, in);
	local_destroy(lost);
	return done;
}

int __wrap_rename(const char *from, const char *to)
{
	if (error_in_file == KILLED_BEFORE_RENAME)
		raise(SIGKILL);
	return __real_rename(from, to);
}

struct work {
	enum vmsim_strategy strategy;
	unsigned int preemptions, readers, rounds;
	enum litmus_gup_bug bug;
	uint64_t leg;		/* looks */
};

static struct vmsim_explore_options options_of(const struct work *work)
{
	struct vmsim_explore_options options = explore_options(work->strategy, UINT64_MAX);

	options.preemptions = work->preemptions;
	options.stop = &stop;
	return options;
}

static struct vmsim_result one_leg(const struct vmsim_scenario *scenario,
				   const struct vmsim_explore_options *options, uint64_t looks)
{
	looks_left = looks;
	stop = 0;
	return explore_with(scenario, options);
}

/* Of a search that forgets, there is no end. */
#define MOST_LEGS (error_in_file ? 15 : 120)

/* All legs; how many there were. The result is that of the last one. */
static unsigned int legs(const struct work *work, struct vmsim_result *result)
{
	struct vmsim_explore_options options = options_of(work);
	struct litmus_gup litmus;
	unsigned int n = 1;

	litmus_gup_init(&litmus, work->readers, work->rounds, work->bug);
	options.save_search = file;
	*result = one_leg(&litmus.scenario, &options, work->leg);
	options.resume = file;
	for (; !result->violated && !result->coverage.exhausted && n < MOST_LEGS; n++) {
		vmsim_result_free(result);
		*result = one_leg(&litmus.scenario, &options, work->leg);
	}
	return n;
}

static struct vmsim_result in_one(const struct work *work)
{
	struct vmsim_explore_options options = options_of(work);
	struct litmus_gup litmus;

	litmus_gup_init(&litmus, work->readers, work->rounds, work->bug);
	return one_leg(&litmus.scenario, &options, 0);
}

static bool is_same(const struct vmsim_result *a, const struct vmsim_result *b)
{
	return a->executions == b->executions && a->violated == b->violated &&
	       a->coverage.exhausted == b->coverage.exhausted &&
	       a->coverage.below == b->coverage.below &&
	       a->coverage.states == b->coverage.states &&
	       a->coverage.transitions == b->coverage.transitions &&
	       !strcmp(a->violation.text, b->violation.text) &&
	       a->schedule.nr_picks == b->schedule.nr_picks;
}

static bool legs_are_one_search(const struct work *work)
{
	struct vmsim_result whole = in_one(work), last;
	unsigned int n = legs(work, &last);
	bool same = is_same(&whole, &last);

	print_message("%s: %u legs, %llu states, %llu transitions\n",
		      vmsim_strategy_name(work->strategy), n,
		      (unsigned long long)last.coverage.states,
		      (unsigned long long)last.coverage.transitions);
	assert_true(n > 1);
	vmsim_result_free(&whole);
	vmsim_result_free(&last);
	return same;
}

static const struct work right = {
	VMSIM_STRATEGY_STATES, VMSIM_UNBOUNDED, 3, 2, LITMUS_GUP_RIGHT, 5000,
};

static void test_legs_are_one_search(void **state)
{
	static const struct work work[] = {
		{ VMSIM_STRATEGY_STATES, VMSIM_UNBOUNDED, 2, 4, LITMUS_GUP_RIGHT, 1 },
		{ VMSIM_STRATEGY_STATES, 2, 3, 2, LITMUS_GUP_RIGHT, 1 },
		{ VMSIM_STRATEGY_BOUNDS, VMSIM_UNBOUNDED, 2, 4, LITMUS_GUP_RIGHT, 1 },
		{ VMSIM_STRATEGY_STATES, VMSIM_UNBOUNDED, 4, 2, LITMUS_GUP_NO_RECHECK, 1 },
		{ VMSIM_STRATEGY_BOUNDS, VMSIM_UNBOUNDED, 4, 2, LITMUS_GUP_NO_RECHECK, 1 },
	};

	(void)state;
	skip_without_states();
	assert_true(legs_are_one_search(&right));
	for (size_t i = 0; i < sizeof(work) / sizeof(work[0]); i++)
		assert_true(legs_are_one_search(&work[i]));
}

static void test_errors_are_noticed(void **state)
{
	(void)state;
	skip_without_states();
	for (error_in_file = NOTHING_SEEN; error_in_file <= NOTHING_LEARNT; error_in_file++)
		assert_false(legs_are_one_search(&right));
	error_in_file = NO_ERROR;
}

static size_t contents(const char *path, char **bytes)
{
	FILE *in = fopen(path, "r");
	size_t size;

	assert_non_null(in);
	fseek(in, 0, SEEK_END);
	size = (size_t)ftell(in);
	rewind(in);
	*bytes = malloc(size);
	assert_non_null(*bytes);
	assert_int_equal(fread(*bytes, 1, size, in), size);
	fclose(in);
	return size;
}

static void write_file(const char *path, const char *bytes, size_t size)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	assert_int_equal(fwrite(bytes, 1, size, out), size);
	fclose(out);
}

/* One leg of @work. */
static void save(const struct work *work)
{
	struct vmsim_explore_options options = options_of(work);
	struct litmus_gup litmus;
	struct vmsim_result result;

	litmus_gup_init(&litmus, work->readers, work->rounds, work->bug);
	options.save_search = file;
	result = one_leg(&litmus.scenario, &options, work->leg);
	assert_false(result.coverage.exhausted);
	vmsim_result_free(&result);
}

static void assert_refused(const struct vmsim_explore_options *changed, const char *path,
			   const char *why)
{
	struct vmsim_explore_options options = *changed;
	struct litmus_gup litmus;
	struct vmsim_result result;
	char error[256] = "";

	litmus_gup_init(&litmus, right.readers, right.rounds, right.bug);
	options.resume = path;
	stop = 0;
	assert_int_equal(vmsim_explore(&litmus.scenario, &options, &result, error, sizeof(error)),
			 -EINVAL);
	if (!strstr(error, why) || strncmp(error, path, strlen(path)))
		fail_msg("'%s' instead of '%s'", error, why);
	vmsim_result_free(&result);
}

static void test_damage_is_noticed(void **state)
{
	const struct vmsim_explore_options options = options_of(&right);
	size_t size;
	char *bytes;

	(void)state;
	skip_without_states();
	save(&right);
	size = contents(file, &bytes);
	for (size_t i = 0; i < 40; i++) {
		size_t at = 15 + (size - 15) * i / 40;

		bytes[at] ^= 1;
		write_file(other, bytes, size);
		assert_refused(&options, other, at < size - 16 ? "damaged" : "");
		bytes[at] ^= 1;
		write_file(other, bytes, at);
		assert_refused(&options, other, "cut off");
	}
	bytes[13] = '2';
	write_file(other, bytes, size);
	assert_refused(&options, other, "another version");
	write_file(other, "vmsim-schedule 1\n", 17);
	assert_refused(&options, other, "not a saved search");
	unlink(other);
	assert_refused(&options, other, "No such file");
	free(bytes);
}

static void test_other_searches_are_refused(void **state)
{
	struct vmsim_explore_options options = options_of(&right);

	(void)state;
	skip_without_states();
	save(&right);
	options.preemptions = 1;
	assert_refused(&options, file, "preemptions 'any number', not '1'");
	options = options_of(&right);
	options.strategy = VMSIM_STRATEGY_BOUNDS;
	assert_refused(&options, file, "strategy 'states', not 'bounds'");
	options = options_of(&right);
	options.variant = "other";
	assert_refused(&options, file, "variant '', not 'other'");
	options = options_of(&right);
	options.step_limit = 77;
	assert_refused(&options, file, "options '");
}

static void test_what_cannot_be_saved(void **state)
{
	static const enum vmsim_strategy strategies[] = {
		VMSIM_STRATEGY_DPOR, VMSIM_STRATEGY_PCT, VMSIM_STRATEGY_PORTFOLIO,
		VMSIM_STRATEGY_NATIVE,
	};
	struct litmus_gup litmus;
	struct vmsim_result result;
	char error[256];

	(void)state;
	litmus_gup_init(&litmus, 2, 1, LITMUS_GUP_RIGHT);
	for (size_t i = 0; i < sizeof(strategies) / sizeof(strategies[0]); i++) {
		struct vmsim_explore_options options = explore_options(strategies[i], 10);

		options.save_search = file;
		assert_int_equal(vmsim_explore(&litmus.scenario, &options, &result, error,
					       sizeof(error)), -EOPNOTSUPP);
		assert_non_null(strstr(error, "saving"));
	}
}

/* Whoever is killed while the file is written leaves the one that was there. */
static void test_killed_while_saving(void **state)
{
	struct work longer = right;
	char *before, *after;
	size_t size;
	int status;
	pid_t child;

	(void)state;
	skip_without_states();
	save(&right);
	size = contents(file, &before);
	longer.leg *= 2;
	fflush(NULL);
	child = fork();
	if (!child) {
		error_in_file = KILLED_BEFORE_RENAME;
		save(&longer);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_int_equal(contents(file, &after), size);
	assert_memory_equal(before, after, size);
	free(after);
	save(&longer);
	assert_int_not_equal(contents(file, &after), size);
	free(after);
	free(before);
}

static void test_stops_when_told(void **state)
{
	struct vmsim_explore_options options = options_of(&right);
	struct litmus_gup litmus;
	struct vmsim_result result;

	(void)state;
	stop = 1;
	options.strategy = VMSIM_STRATEGY_RANDOM;
	litmus_gup_init(&litmus, 2, 1, LITMUS_GUP_RIGHT);
	result = explore_with(&litmus.scenario, &options);
	assert_int_equal(result.executions, 0);
	vmsim_result_free(&result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_legs_are_one_search),
		cmocka_unit_test(test_errors_are_noticed),
		cmocka_unit_test(test_damage_is_noticed),
		cmocka_unit_test(test_other_searches_are_refused),
		cmocka_unit_test(test_what_cannot_be_saved),
		cmocka_unit_test(test_killed_while_saving),
		cmocka_unit_test(test_stops_when_told),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
