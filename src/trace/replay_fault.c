// SPDX-License-Identifier: GPL-2.0-only
#include "trace/replay_internal.h"
#include "mm/mm_internal.h"
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>

/* Recorded faults, taken again by an access of the same kind to the same address. */

/* How far a stack may grow (RLIMIT_STACK), and what it keeps free below it (stack_guard_gap). */
#define STACK_LIMIT (8UL << 20)
#define STACK_GUARD (256UL << PAGE_SHIFT)

#define FAULT_AROUND (VMSIM_FAULT_AROUND_PAGES << PAGE_SHIFT)

static const char *const kind_words[] = {
	[VMSIM_FAULT_NONE] = "no fault",
	[VMSIM_FAULT_SPURIOUS] = "spurious",
	[VMSIM_FAULT_ANON_NEW] = "new anonymous page",
	[VMSIM_FAULT_ZERO] = "zero page",
	[VMSIM_FAULT_FILE_READ] = "file page read",
	[VMSIM_FAULT_FILE_COW] = "private copy of a file page",
	[VMSIM_FAULT_FILE_SHARED] = "shared file page",
	[VMSIM_FAULT_COPY] = "copy",
	[VMSIM_FAULT_REUSE] = "reuse",
	[VMSIM_FAULT_MKWRITE] = "file page made writable",
	[VMSIM_FAULT_SEGV] = "SIGSEGV",
	[VMSIM_FAULT_BUS] = "SIGBUS",
};

/* Faults on an entry that was present. */
static bool is_protection(enum vmsim_fault_kind kind)
{
	return kind == VMSIM_FAULT_COPY || kind == VMSIM_FAULT_REUSE || kind == VMSIM_FAULT_MKWRITE;
}

static bool is_missing(enum vmsim_fault_kind kind)
{
	return kind == VMSIM_FAULT_ANON_NEW || kind == VMSIM_FAULT_ZERO ||
	       kind == VMSIM_FAULT_FILE_READ || kind == VMSIM_FAULT_FILE_COW ||
	       kind == VMSIM_FAULT_FILE_SHARED;
}

/* What is mapped at an address, and what comes before it. */
struct place {
	struct vm_area_struct *vma;
	bool stack_above;
	unsigned long stack_start;
	unsigned long floor;		/* end of the mapping below */
	struct file *file;
	unsigned long start, end, pgoff;
};

static bool is_stack(const struct replay *replay, const struct vm_area_struct *vma)
{
	const struct replay_mm *mm = replay->current->mm;

	return mm->stack_end && vma->vm_end == mm->stack_end;
}

static void look(const struct replay *replay, unsigned long address, struct place *place)
{
	struct mm_struct *mm = vmsim_self->mm;
	struct vm_area_struct *below, *vma;

	memset(place, 0, sizeof(*place));
	mmap_read_lock(mm);
	vma = find_vma_prev(mm, address, &below);
	place->floor = below ? below->vm_end : 0;
	if (vma && address >= vma->vm_start) {
		place->vma = vma;
		place->file = vma->vm_file;
		place->start = vma->vm_start;
		place->end = vma->vm_end;
		place->pgoff = vma->vm_pgoff;
	} else if (vma && is_stack(replay, vma)) {
		place->stack_above = true;
		place->stack_start = vma->vm_start;
	}
	mmap_read_unlock(mm);
}

/* As expand_stack() (mm/mmap.c, Linux 6.12): a fault below the stack makes it larger. */
static int grow_stack(const struct replay *replay, unsigned long address, const struct place *place)
{
	unsigned long start = address & PAGE_MASK;
	long at;

	if (!place->stack_above || replay->current->mm->stack_end - start > STACK_LIMIT ||
	    start < place->floor + STACK_GUARD)
		return 0;
	at = vmsim_mmap(start, place->stack_start - start, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, VMSIM_NO_FILE, 0);
	return at < 0 ? (int)at : 0;
}

/*
 * A fault of a file maps what is in the page cache. Which pages were, the trace does not say: all
 * of those that the fault may map are made to be.
 */
static int fill_page_cache(unsigned long address, const struct place *place)
{
	unsigned long from = max(address & ~(FAULT_AROUND - 1), place->start);
	unsigned long to = min(from + FAULT_AROUND, place->end);
	uint64_t offset = ((uint64_t)place->pgoff << PAGE_SHIFT) + (from - place->start);
	ssize_t got;
	char *buffer;

	if (place->file->f_id == VMSIM_NO_FILE)
		return 0;
	buffer = malloc(to - from);
	if (!buffer)
		return -ENOMEM;
	got = vmsim_file_read(place->file->f_id, offset, buffer, to - from);
	free(buffer);
	return got < 0 ? (int)got : 0;
}

static int prepare(const struct replay *replay, unsigned long address)
{
	struct place place;

	look(replay, address, &place);
	if (!place.vma)
		return grow_stack(replay, address, &place);
	return place.file ? fill_page_cache(address, &place) : 0;
}

static int access_of(char access)
{
	return access == 'W' ? PROT_WRITE : access == 'X' ? PROT_EXEC : PROT_READ;
}

void replay_settle_fault(struct replay *replay, struct replay_thread *thread, bool copied)
{
	struct vmsim_replay_stats *stats = replay->report.stats;
	bool agreed = copied ? thread->fault_kind == VMSIM_FAULT_COPY :
			       thread->fault_kind == VMSIM_FAULT_REUSE ||
			       thread->fault_kind == VMSIM_FAULT_MKWRITE;

	if (!thread->fault_line)
		return;
	if (copied) {
		stats->copies++;
		stats->copies_agreed += agreed;
	} else {
		stats->reuses++;
		stats->reuses_agreed += agreed;
	}
	stats->protection_faults_agreed += agreed;
	if (!agreed)
		replay_disagree(&replay->report, thread->fault_line, "copy",
				"recorded %s, model: %s", copied ? "copy" : "reuse",
				kind_words[thread->fault_kind]);
	thread->fault_line = 0;
}

static void compare_kind(struct replay *replay, const struct vmtrace_event *event,
			 enum vmsim_fault_kind kind)
{
	struct vmsim_replay_stats *stats = replay->report.stats;
	bool agreed = event->fault.protection ? is_protection(kind) : is_missing(kind);

	stats->faults++;
	stats->faults_agreed += agreed;
	stats->protection_faults += event->fault.protection;
	if (!agreed)
		replay_disagree(&replay->report, event->line, "fault",
				"recorded %s at %#" PRIx64 ", model: %s",
				event->fault.protection ? "protection fault" : "missing page",
				event->fault.address, kind_words[kind]);
}

int replay_fault(struct replay *replay, const struct vmtrace_event *event)
{
	struct replay_thread *thread = replay_thread_get(replay, event->tid);
	struct replay_mm *mm = replay->current->mm;
	enum vmsim_fault_kind kind = VMSIM_FAULT_NONE;
	int err;

	if (!thread)
		return replay_malformed(replay, "too many threads");
	replay_settle_predicted(&replay->report, mm);
	replay_settle_recorded(&replay->report, mm);
	err = prepare(replay, event->fault.address);
	if (err)
		return err;
	err = vmsim_touch(event->fault.address, access_of(event->fault.access), &kind);
	if (err < 0)
		return err;
	replay_sample(replay);
	compare_kind(replay, event, kind);
	if (event->fault.protection && event->fault.access == 'W') {
		thread->fault_line = event->line;
		thread->fault_kind = kind;
	}
	return 0;
}
