// SPDX-License-Identifier: GPL-2.0-only
#include "trace/replay_internal.h"
#include <errno.h>
#include <inttypes.h>
#include <sys/mman.h>

/* Recorded system calls, made again. The recorded result says where mappings lie. */

/* Flags of clone(2): the child shares the memory of its parent. */
#define CLONE_SHARES_MEMORY 0x100

#define FLAGS_MODELLED (MAP_SHARED | MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS)
/* Flags that do not change what memory does. */
#define FLAGS_IDLE (MAP_DENYWRITE | MAP_EXECUTABLE | MAP_NORESERVE | MAP_STACK | MAP_NONBLOCK | \
		    MAP_FIXED_NOREPLACE)

static bool is_error(uint64_t result)
{
	return result >= (uint64_t)-4095;
}

static void compare_result(struct replay *replay, const struct vmtrace_event *event, long model)
{
	if ((uint64_t)model != event->sys.result)
		replay_disagree(&replay->report, event->line, "result",
				"%s: recorded %#" PRIx64 ", model %#lx",
				vmtrace_sys_name(event->sys.call), event->sys.result, model);
}

/* The file that an mmap mapped: the mapping that the trace shows before the call names it. */
static int mapped_file(struct replay *replay, const struct vmtrace_event *event)
{
	struct replay_thread *thread = replay_thread_get(replay, event->tid);
	const struct vmtrace_event *vma;
	uint64_t at = event->sys.result;

	if (!thread || !thread->has_vma)
		return replay_malformed(replay, "mmap of a file that no vma line names");
	vma = &thread->vma;
	if (!vma->vma.inode || at < vma->vma.start ||
	    event->sys.arg[1] > vma->vma.start + vma->vma.length - at ||
	    vma->vma.offset + (at - vma->vma.start) != event->sys.arg[5])
		return replay_malformed(replay, "mmap of a file, and a vma line of another");
	return replay_model_file(replay, vma);
}

static int call_mmap(struct replay *replay, const struct vmtrace_event *event)
{
	const uint64_t *arg = event->sys.arg;
	int flags = (int)(arg[3] & FLAGS_MODELLED) | MAP_FIXED;
	int file = VMSIM_NO_FILE;

	if (is_error(event->sys.result))
		return 0;
	if (arg[3] & ~(uint64_t)(FLAGS_MODELLED | FLAGS_IDLE))
		return replay_cannot(replay, "mmap with flags %#" PRIx64 " is not modelled",
				     arg[3]);
	if (event->sys.result >= VMTRACE_ADDRESS_END ||
	    arg[1] > VMTRACE_ADDRESS_END - event->sys.result)
		return replay_malformed(replay, "mmap: address out of range");
	if (!(flags & MAP_ANONYMOUS)) {
		file = mapped_file(replay, event);
		if (file < 0)
			return file;
	}
	compare_result(replay, event, vmsim_mmap(event->sys.result, arg[1], (int)arg[2], flags,
						 file, file < 0 ? 0 : arg[5]));
	return 0;
}

static int call_brk(struct replay *replay, const struct vmtrace_event *event)
{
	const struct mm_struct *mm = vmsim_self->mm;

	/* Where the heap begins is the loader's choice: the program's first question tells. */
	if (mm->brk == mm->start_brk && event->sys.arg[0] != event->sys.result)
		vmsim_brk_start(event->sys.result);
	compare_result(replay, event, vmsim_brk(event->sys.arg[0]));
	return 0;
}

/* Advice that changes no page. */
static bool is_idle_advice(uint64_t advice)
{
	switch (advice) {
	case MADV_NORMAL:
	case MADV_RANDOM:
	case MADV_SEQUENTIAL:
	case MADV_NOHUGEPAGE:
	case MADV_DONTDUMP:
	case MADV_DODUMP:
		return true;
	default:
		return false;
	}
}

static bool is_modelled_advice(uint64_t advice)
{
	switch (advice) {
	case MADV_DONTNEED:
	case MADV_DONTFORK:
	case MADV_DOFORK:
	case MADV_WIPEONFORK:
	case MADV_KEEPONFORK:
		return true;
	default:
		return false;
	}
}

static int call_madvise(struct replay *replay, const struct vmtrace_event *event)
{
	const uint64_t *arg = event->sys.arg;

	if (is_error(event->sys.result) || is_idle_advice(arg[2]))
		return 0;
	if (!is_modelled_advice(arg[2]))
		return replay_cannot(replay, "madvise with advice %" PRIu64 " is not modelled",
				     arg[2]);
	compare_result(replay, event, vmsim_madvise(arg[0], arg[1], (int)arg[2]));
	return 0;
}

static int call_memory(struct replay *replay, const struct vmtrace_event *event)
{
	const uint64_t *arg = event->sys.arg;

	switch (event->sys.call) {
	case VMTRACE_MMAP:
		return call_mmap(replay, event);
	case VMTRACE_BRK:
		return call_brk(replay, event);
	case VMTRACE_MUNMAP:
		compare_result(replay, event, vmsim_munmap(arg[0], arg[1]));
		return 0;
	case VMTRACE_MPROTECT:
		compare_result(replay, event, vmsim_mprotect(arg[0], arg[1], (int)arg[2]));
		return 0;
	case VMTRACE_MADVISE:
		return call_madvise(replay, event);
	default:
		return replay_cannot(replay, "%s is not modelled",
				     vmtrace_sys_name(event->sys.call));
	}
}

/* A clone3 that makes a process is posix_spawn()'s: its arguments are not recorded. */
static enum replay_fork how_it_forks(const struct vmtrace_event *event)
{
	if (event->sys.call == VMTRACE_CLONE &&
	    !(event->sys.nr_args && event->sys.arg[0] & CLONE_SHARES_MEMORY))
		return REPLAY_FORK_COPIES;
	return REPLAY_FORK_SHARES;
}

int replay_call(struct replay *replay, const struct vmtrace_event *event)
{
	struct replay_thread *thread = replay_thread_get(replay, event->tid);
	struct replay_mm *mm = replay->current->mm;
	int err;

	if (!thread)
		return replay_malformed(replay, "too many threads");
	switch (event->sys.call) {
	case VMTRACE_CLONE:
	case VMTRACE_CLONE3:
	case VMTRACE_VFORK:
		thread->fork = how_it_forks(event);
		return 0;
	default:
		break;
	}
	err = call_memory(replay, event);
	thread->has_vma = false;
	replay_sample(replay);
	/* The recorded steps stand before the call, whose line was written when it returned. */
	replay_match(&replay->report, mm);
	replay_settle_recorded(&replay->report, mm);
	replay_settle_predicted(&replay->report, mm);
	return err;
}
