// SPDX-License-Identifier: GPL-2.0-only
#include "programs.h"

static const struct program *current_program;

static int setup(struct vmsim_world *world)
{
	struct shared *s = shared(world);

	spin_lock_init(&s->lock);
	mutex_init(&s->mutex);
	init_rwsem(&s->sem);
	s->pointer = kzalloc(sizeof(*s->pointer), GFP_KERNEL);
	if (!s->pointer)
		return -1;
	return current_program->setup ? current_program->setup(world) : 0;
}

struct vmsim_explore_options program_options(enum vmsim_granularity granularity)
{
	struct vmsim_explore_options options;

	vmsim_explore_options_init(&options);
	options.strategy = VMSIM_STRATEGY_RANDOM;
	options.granularity = granularity;
	options.executions = 2000;
	return options;
}

struct vmsim_result program_explore(const struct program *program,
				    const struct vmsim_explore_options *options)
{
	static const char *const names[] = { "Alpha", "Beta", "Gamma" };
	struct vmsim_thread_def threads[3];
	struct vmsim_scenario scenario = {
		.name = "program",
		.config = { .contents = VMSIM_CONTENTS_VERSION,
			    .cpus = program->cpus ? program->cpus : 3,
			    .frames = 128 },
		.ctx_size = sizeof(struct shared),
		.setup = setup,
		.threads = threads,
		.check = program->check,
	};
	struct vmsim_result result;
	char error[256] = "";

	current_program = program;
	for (unsigned int i = 0; i < 3 && program->thread[i]; i++)
		threads[scenario.nr_threads++] = (struct vmsim_thread_def){
			.name = names[i],
			.cpu = program->cpu[i],
			.fn = program->thread[i],
		};
	if (vmsim_explore(&scenario, options, &result, error, sizeof(error)))
		fail_msg("%s", error);
	return result;
}

static void expect_words(const char *text, const char *words)
{
	char list[256], *rest = list, *word;

	snprintf(list, sizeof(list), "%s", words);
	while ((word = strsep(&rest, "|")))
		if (!strstr(text, word))
			fail_msg("no '%s' in: %s", word, text);
}

void races(const struct program *program, const char *words)
{
	struct vmsim_explore_options options = program_options(VMSIM_GRANULARITY_FULL);
	struct vmsim_result result = program_explore(program, &options);

	if (!result.violated)
		fail_msg("no race was reported: %s", words);
	if (strcmp(result.violation.oracle, "O23"))
		fail_msg("%s %s", result.violation.oracle, result.violation.text);
	expect_words(result.violation.text, words);
	vmsim_result_free(&result);
}

void is_clean(const struct program *program)
{
	static const enum vmsim_strategy strategies[] = {
		VMSIM_STRATEGY_RANDOM,
		VMSIM_STRATEGY_PCT,
	};

	for (size_t i = 0; i < 2; i++) {
		struct vmsim_explore_options options = program_options(VMSIM_GRANULARITY_FULL);
		struct vmsim_result result;

		options.strategy = strategies[i];
		result = program_explore(program, &options);
		if (result.violated)
			fail_msg("%s %s", result.violation.oracle, result.violation.text);
		assert_int_equal(result.executions, options.executions);
		vmsim_result_free(&result);
	}
}
