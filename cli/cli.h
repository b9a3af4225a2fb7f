/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_CLI_H
#define VMSIM_CLI_H

#include <argp.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <vmsim/vmsim.h>

/* Exit status of every command. */
enum cli_status {
	CLI_OK = 0,
	CLI_WRONG = 1,		/* a violation or a mismatch */
	CLI_USAGE = 2,		/* bad usage or input */
	CLI_FAILED = 3,		/* the tool itself failed */
};

/* Commands: argv[0] is "vmsim NAME". They return an exit status. */
int cli_list(int argc, char **argv);
int cli_run(int argc, char **argv);
int cli_explore(int argc, char **argv);
int cli_replay(int argc, char **argv);
int cli_check(int argc, char **argv);
int cli_trace(int argc, char **argv);
int cli_trace_replay(int argc, char **argv);
int cli_trace_record(int argc, char **argv);

/* One line on the standard error: "vmsim: ..." */
void cli_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same, and the end with CLI_USAGE. */
void cli_bad_usage(const char *format, ...)
	__attribute__((format(printf, 1, 2), noreturn));

/*
 * Options. Parses with @argp; bad usage ends the program with one line and CLI_USAGE. @argp's
 * parser gets @input.
 */
void cli_parse_options(const struct argp *argp, int argc, char **argv, void *input);
/* A decimal number from @min to @max; else the end with CLI_USAGE. */
uint64_t cli_number(const char *option, const char *text, uint64_t min, uint64_t max);

/* Names of scenarios and variants; unknown ones are bad usage. NULL: the library as it is. */
const struct vmsim_scenario *cli_find_scenario(const char *name);
const struct vmsim_variant *cli_find_variant(const struct vmsim_scenario *scenario,
					     const char *name);
/* "ipi", "faulty:2" */
void cli_parse_tlb(const char *text, enum vmsim_tlb *tlb, unsigned int *nth);
/* "ipi,up" */
unsigned int cli_parse_tlbs(const char *text);
/* "fiber", "pthread" */
enum vmsim_backend cli_parse_backend(const char *name);
/* "O3,O6" */
uint64_t cli_parse_oracles(const char *text);
/* "alloc,batch" */
unsigned int cli_parse_questions(const char *text);

/*
 * Overrides. Checks the object files, and starts the program anew with them in front of the
 * library, unless that has been done. @paths ends with NULL. Bad files are bad usage.
 */
void cli_load_overrides(const char *const *paths);
/* Starts the program anew, unless that has been done, with all of it where it always is. */
void cli_fix_addresses(void);
/* How the program was started; before anything changes the array. */
void cli_remember_arguments(int argc, char **argv);
/* Path of the object of a variant, in a static buffer. */
const char *cli_variant_path(const struct vmsim_scenario *scenario,
			     const struct vmsim_variant *variant,
			     enum vmsim_granularity granularity);
/* Path of libvmsim-full, in a static buffer; where it is not built, bad usage. */
const char *cli_full_library(void);
/*
 * A folder of the project, in a static buffer: where the environment's @variable says, the folder
 * @built beside that of a program that was just built, or where it was installed.
 */
const char *cli_folder(const char *variable, const char *built, const char *installed);
/*
 * Whether a file can be an override (elf.c): an ELF shared object for this machine that defines a
 * function which @replaceable knows. If not, @what tells why. The second form takes the contents.
 */
typedef bool (*cli_name_test)(const char *name);
bool cli_override_check(const char *path, cli_name_test replaceable, char *what, size_t size);
bool cli_override_check_memory(const void *image, size_t length, cli_name_test replaceable,
			       char *what, size_t size);
/* Path of a file that is an override, for the loader, from malloc(); other files are bad usage. */
char *cli_checked_override(const char *path);
/*
 * Tells the functions that an object defines, static ones too, some more than once (functions.c). False:
 * the file cannot be read.
 */
bool cli_visit_functions(const char *path, void (*name)(const char *name, void *data), void *data);
/* The library has a replaceable function of that name. */
bool cli_is_replaceable(const char *name);

/**
 * struct cli_execution - what run, explore and replay have in common
 * @overrides: files given with --override, NULL at the end
 */
#define CLI_MAX_OVERRIDES 32
#define CLI_MAX_SHARDS 1000000
struct cli_execution {
	const struct vmsim_scenario *scenario;
	const struct vmsim_variant *variant;
	struct vmsim_explore_options options;
	const char *overrides[CLI_MAX_OVERRIDES + 3];
	unsigned int nr_overrides;
	bool timeline, full, dot, json, minimise, shard;
	const char *save, *trace_out;
	struct vmsim_minimised minimised;
};

/* Prints what came out, and how to end; in execute.c. */
int cli_report(const struct cli_execution *execution, const struct vmsim_result *result);
/* The results of all shards of a search as one; ends as cli_report(). */
int cli_merge(const char *const *paths, size_t n, struct cli_execution *execution);
/* What the parts of a search have in common, and back; false: @json is something else. */
json_t *cli_options_json(const struct cli_execution *execution);
bool cli_options_from_json(const json_t *json, struct vmsim_explore_options *options);

/* Loads what the variant and the options ask for (may start the program anew), runs, reports. */
int cli_execute(struct cli_execution *execution);

/* How far an exploration came (coverage.c); words, and what docs/json.md says. */
void cli_print_coverage(const struct vmsim_explore_options *options,
			const struct vmsim_result *result);
json_t *cli_coverage_json(const struct vmsim_result *result);
/* The number of executions, again and again, on a terminal; with NULL it goes away. */
void cli_show_progress(void *unused, uint64_t executions);

/*
 * Replays the schedule in the file @path, or @line, under gdb, to where its rule breaks. Does not
 * return.
 */
void cli_gdb(const char *path, const char *line, const char *oracles) __attribute__((noreturn));

/* Prints JSON, indented, with a newline; CLI_FAILED when that does not work. */
int cli_print_json(json_t *json);

#endif
