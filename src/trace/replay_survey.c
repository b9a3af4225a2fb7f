// SPDX-License-Identifier: GPL-2.0-only
/*
 * The first reading of a trace: how large the files must be, and how many pages of arguments each
 * program was started with. Both show only later than they are needed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmsim/process.h>
#include "trace/replay.h"

/* A trace with more than this is not of a program that was run for tests. */
#define FILES_MAX 65536
#define EXECS_MAX 65536

/* Arguments may take a quarter of the stack (bprm_stack_limits(), fs/exec.c, Linux 6.12). */
#define ARGUMENT_PAGES_MAX 2048

/* An exec makes its stack larger by this much than its arguments need (fs/exec.c, Linux 6.12). */
#define STACK_RESERVE UINT64_C(131072)
#define PAGE UINT64_C(4096)

struct surveyor {
	struct replay_survey *survey;
	const char *name;
	char *error;
	size_t error_size;
};

int replay_parse(const struct replay_source *source, vmtrace_sink sink, void *arg, char *error,
		 size_t error_size)
{
	if (source->data)
		return vmtrace_parse_memory(source->name, source->data, source->length, sink, arg,
					    error, error_size);
	return vmtrace_parse_file(source->name, sink, arg, error, error_size);
}

struct replay_file *replay_find_file(const struct replay_survey *survey, uint32_t dev_major,
				     uint32_t dev_minor, uint64_t inode)
{
	for (size_t i = 0; i < survey->nr_files; i++) {
		struct replay_file *file = &survey->file[i];

		if (file->inode == inode && file->dev_major == dev_major &&
		    file->dev_minor == dev_minor)
			return file;
	}
	return NULL;
}

uint64_t replay_argument_pages(const struct replay_survey *survey, uint64_t line)
{
	for (size_t i = 0; i < survey->nr_execs; i++) {
		if (survey->exec[i].line == line)
			return survey->exec[i].argument_pages;
	}
	return 0;
}

/* Room for one more in an array that doubles: its powers of two are full. */
static void *grow(void *array, size_t n, size_t size)
{
	if (n & (n - 1) || (n && n < 8))
		return array;
	return realloc(array, (n ? 2 * n : 8) * size);
}

static int too_many(struct surveyor *surveyor, uint64_t line, const char *what)
{
	if (surveyor->error_size)
		snprintf(surveyor->error, surveyor->error_size, "%s:%llu: too many %s",
			 surveyor->name, (unsigned long long)line, what);
	return -EINVAL;
}

static int survey_file(struct surveyor *surveyor, const struct vmtrace_event *event)
{
	struct replay_survey *survey = surveyor->survey;
	struct replay_file *file;
	void *array;

	if (!event->vma.inode)
		return 0;
	file = replay_find_file(survey, event->vma.dev_major, event->vma.dev_minor,
				event->vma.inode);
	if (!file) {
		if (survey->nr_files == FILES_MAX)
			return too_many(surveyor, event->line, "files");
		array = grow(survey->file, survey->nr_files, sizeof(*survey->file));
		if (!array)
			return -ENOMEM;
		survey->file = array;
		file = &survey->file[survey->nr_files++];
		*file = (struct replay_file){
			.dev_major = event->vma.dev_major,
			.dev_minor = event->vma.dev_minor,
			.inode = event->vma.inode,
			.id = VMSIM_NO_FILE,
		};
	}
	if (file->size < event->vma.offset + event->vma.length)
		file->size = event->vma.offset + event->vma.length;
	return 0;
}

static int survey_exec(struct surveyor *surveyor, const struct vmtrace_event *event)
{
	struct replay_survey *survey = surveyor->survey;
	void *array;

	if (survey->nr_execs == EXECS_MAX)
		return too_many(surveyor, event->line, "programs");
	array = grow(survey->exec, survey->nr_execs, sizeof(*survey->exec));
	if (!array)
		return -ENOMEM;
	survey->exec = array;
	survey->exec[survey->nr_execs++] = (struct replay_exec){
		.line = event->line, .tid = event->tid,
	};
	return 0;
}

/* The stack that an exec makes is as large as its arguments and the reserve. */
static int survey_stack(struct surveyor *surveyor, const struct vmtrace_event *event)
{
	struct replay_survey *survey = surveyor->survey;

	for (size_t i = survey->nr_execs; i-- > 0;) {
		struct replay_exec *exec = &survey->exec[i];

		if (exec->tid != event->tid)
			continue;
		if (!exec->argument_pages && event->vma.length > STACK_RESERVE)
			exec->argument_pages = (event->vma.length - STACK_RESERVE) / PAGE;
		if (exec->argument_pages > ARGUMENT_PAGES_MAX)
			return too_many(surveyor, event->line, "pages of arguments");
		return 0;
	}
	return 0;
}

static int survey_event(void *arg, const struct vmtrace_event *event)
{
	struct surveyor *surveyor = arg;

	switch (event->op) {
	case VMTRACE_FAULT:
		surveyor->survey->faults++;
		return 0;
	case VMTRACE_FORK:
		surveyor->survey->forks++;
		return 0;
	case VMTRACE_EXEC:
		return survey_exec(surveyor, event);
	case VMTRACE_VMA:
		if (!strcmp(event->vma.name, "[stack]"))
			return survey_stack(surveyor, event);
		return survey_file(surveyor, event);
	default:
		return 0;
	}
}

int replay_survey_take(const struct replay_source *source, struct replay_survey *survey,
		       char *error, size_t error_size)
{
	struct surveyor surveyor = {
		.survey = survey, .name = source->name, .error = error, .error_size = error_size,
	};

	memset(survey, 0, sizeof(*survey));
	return replay_parse(source, survey_event, &surveyor, error, error_size);
}

void replay_survey_free(struct replay_survey *survey)
{
	free(survey->file);
	free(survey->exec);
	memset(survey, 0, sizeof(*survey));
}
