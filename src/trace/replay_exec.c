// SPDX-License-Identifier: GPL-2.0-only
#include "trace/replay_internal.h"
#include <errno.h>
#include <sys/mman.h>

/*
 * Programs begin. What an exec does to memory before the program runs (fs/exec.c and
 * fs/binfmt_elf.c, Linux 6.12): the arguments are written into pages of the new address space,
 * counted in the old one until the switch, and become the upper end of the stack.
 */

static int first_exec(struct replay *replay, const struct vmtrace_event *event)
{
	int model_pid = vmsim_process_create(replay->handle, event->exec.name);
	struct replay_process *process;

	if (model_pid < 0)
		return model_pid;
	process = replay_process_add(replay, event->pid, model_pid);
	if (!process)
		return replay_malformed(replay, "too many processes");
	process->argument_pages = replay_argument_pages(&replay->survey, event->line);
	process->unrecorded = true;
	return replay_switch_to(replay, process);
}

/* The pages count as the caller's own until the new address space is there (acct_arg_size()). */
static void count_arguments(struct replay *replay, uint64_t pages)
{
	struct mm_struct *mm = vmsim_self->mm;

	for (uint64_t i = 0; i < pages; i++) {
		add_mm_counter(mm, MM_ANONPAGES, 1);
		replay_sample(replay);
	}
	add_mm_counter(mm, MM_ANONPAGES, -(long)pages);
	replay_sample(replay);
}

/* The counters of the address space that @process now has are those of @mm. */
static int follow_mm(struct replay *replay, struct replay_process *process)
{
	struct replay_mm *mm = process->next_mm ? process->next_mm : replay_mm_new(replay);

	if (!mm)
		return -ENOMEM;
	process->next_mm = NULL;
	process->mm = mm;
	mm->id = vmsim_self->mm->context.ctx_id;
	replay_sample(replay);
	return 0;
}

static int next_exec(struct replay *replay, struct replay_process *process,
		     const struct vmtrace_event *event)
{
	int err = replay_switch_to(replay, process);

	if (err)
		return err;
	process->argument_pages = replay_argument_pages(&replay->survey, event->line);
	count_arguments(replay, process->argument_pages);
	replay_match(&replay->report, process->mm);
	replay_settle_predicted(&replay->report, process->mm);
	replay_settle_recorded(&replay->report, process->mm);
	replay_leave_mm(replay, process);
	return vmsim_exec(event->exec.name);
}

int replay_exec(struct replay *replay, const struct vmtrace_event *event)
{
	struct replay_process *process = replay_process_find(replay, event->pid);
	int err;

	if (process && process->threads > 1)
		return replay_cannot(replay, "an exec that kills other threads is not modelled");
	err = process ? next_exec(replay, process, event) : first_exec(replay, event);
	if (err)
		return err;
	replay->current->starting = true;
	return follow_mm(replay, replay->current);
}

static int protection(const struct vmtrace_event *event)
{
	return (event->vma.read ? PROT_READ : 0) | (event->vma.write ? PROT_WRITE : 0) |
	       (event->vma.exec ? PROT_EXEC : 0);
}

static int map(struct replay *replay, const struct vmtrace_event *event, int prot, int file)
{
	int flags = MAP_FIXED | (event->vma.shared ? MAP_SHARED : MAP_PRIVATE);
	uint64_t offset = file == VMSIM_NO_FILE ? 0 : event->vma.offset;
	long at;

	if (file == VMSIM_NO_FILE)
		flags |= MAP_ANONYMOUS;
	at = vmsim_mmap(event->vma.start, event->vma.length, prot, flags, file, offset);
	if (at < 0)
		return replay_malformed(replay, "the model cannot map this: %s",
					strerror((int)-at));
	return 0;
}

int replay_model_file(struct replay *replay, const struct vmtrace_event *event)
{
	struct replay_file *file = replay_find_file(&replay->survey, event->vma.dev_major,
						    event->vma.dev_minor, event->vma.inode);

	if (!file)
		return -ENOENT;
	if (file->id == VMSIM_NO_FILE) {
		int id = vmsim_file_create(replay->handle, event->vma.name, file->size);

		if (id < 0)
			return id;
		file->id = id;
	}
	return file->id;
}

/* The pages of the arguments were written before the program began. */
static int map_stack(struct replay *replay, const struct vmtrace_event *event)
{
	uint64_t end = event->vma.start + event->vma.length;
	uint64_t pages = replay->current->argument_pages;
	int err = map(replay, event, protection(event), VMSIM_NO_FILE);

	if (!err)
		replay->current->mm->stack_end = end;
	for (uint64_t i = 1; !err && i <= pages && i << PAGE_SHIFT <= event->vma.length; i++)
		err = vmsim_touch(end - (i << PAGE_SHIFT), PROT_WRITE, NULL);
	if (err > 0)
		return replay_malformed(replay, "the stack cannot be written");
	replay_sample(replay);
	replay_match(&replay->report, replay->current->mm);
	if (replay->current->unrecorded)
		replay_forget_predicted(replay->current->mm);
	replay->current->unrecorded = false;
	return err;
}

/*
 * The pages of [vdso] are counted as pages of a file, and one fault maps one of them: as if each
 * was a file of its own.
 */
static int map_vdso(struct replay *replay, const struct vmtrace_event *event)
{
	struct vmtrace_event page = *event;
	size_t pages = event->vma.length >> PAGE_SHIFT;
	int err = 0;

	if (pages > ARRAY_SIZE(replay->vdso))
		return replay_malformed(replay, "[vdso] of more than %zu pages",
					ARRAY_SIZE(replay->vdso));
	page.vma.length = PAGE_SIZE;
	page.vma.offset = 0;
	for (size_t i = 0; i < pages && !err; i++) {
		if (replay->vdso[i] == VMSIM_NO_FILE)
			replay->vdso[i] = vmsim_file_create(replay->handle, "[vdso]", PAGE_SIZE);
		if (replay->vdso[i] < 0)
			return replay->vdso[i];
		err = map(replay, &page, protection(event), replay->vdso[i]);
		page.vma.start += PAGE_SIZE;
	}
	return err;
}

/* [vvar] has no pages that anybody counts; neither have mappings that are only read. */
static bool uncounted(const char *name)
{
	return !strncmp(name, "[vvar", 5);
}

int replay_program_mapping(struct replay *replay, const struct vmtrace_event *event)
{
	int file = VMSIM_NO_FILE;

	if (!strcmp(event->vma.name, "[stack]"))
		return map_stack(replay, event);
	if (!strcmp(event->vma.name, "[vdso]"))
		return map_vdso(replay, event);
	if (uncounted(event->vma.name))
		return map(replay, event, PROT_READ, VMSIM_NO_FILE);
	if (event->vma.inode) {
		file = replay_model_file(replay, event);
		if (file < 0)
			return file;
	}
	return map(replay, event, protection(event), file);
}
