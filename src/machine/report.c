// SPDX-License-Identifier: GPL-2.0-only
#include "machine/internal.h"
#include "explore/explorer.h"
#include <vmsim/explore.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

static __thread void (*bug_handler)(const char *file, int line, const char *cond);

static void keep(struct vmsim_machine *m, const struct vmsim_violation *violation)
{
	u64 n;

	vmsim_raw_lock(&m->violation_lock);
	n = m->nr_violations;
	if (!m->kept)
		m->kept = vmsim_watcher_alloc(m, VMSIM_MAX_KEPT_VIOLATIONS * sizeof(*m->kept));
	if (m->kept && n < VMSIM_MAX_KEPT_VIOLATIONS)
		m->kept[n] = *violation;
	__atomic_store_n(&m->nr_violations, n + 1, __ATOMIC_RELEASE);
	vmsim_raw_unlock(&m->violation_lock);
}

void vmsim_violate(struct vmsim_machine *machine, const char *oracle, const char *rule,
		   const char *format, ...)
{
	struct task_struct *self = vmsim_self;
	struct vmsim_violation violation = {
		.step = __READ_ONCE(machine->seq),
		.cpu = self->cpu ? (int)self->cpu->id : -1,
		.tid = self->tid,
	};
	va_list args;

	va_start(args, format);
	vsnprintf(violation.text, sizeof(violation.text), format, args);
	va_end(args);
	snprintf(violation.oracle, sizeof(violation.oracle), "%s", oracle);
	snprintf(violation.rule, sizeof(violation.rule), "%s", rule);
	if (machine->explorer)
		vmsim_explorer_fail(machine->explorer, &violation);
	else
		keep(machine, &violation);
}

/**
 * vmsim_violations() - how many rules broke on a native machine
 * @machine: the machine
 *
 * Return: the number of violations reported so far; 0 for a handle that is not live.
 */
VMSIM_API uint64_t vmsim_violations(struct vmsim_machine *machine)
{
	struct vmsim_machine *m = vmsim_machine_get(machine);

	return m ? __atomic_load_n(&m->nr_violations, __ATOMIC_ACQUIRE) : 0;
}

/**
 * vmsim_violation_get() - one of the first violations
 * @machine: the machine
 * @n: which, from 0
 * @violation: filled in
 *
 * Return: 0; -EBADF; -ENOENT: there is none with that number, or it was not kept.
 */
VMSIM_API int vmsim_violation_get(struct vmsim_machine *machine, unsigned int n,
				  struct vmsim_violation *violation)
{
	struct vmsim_machine *m = vmsim_machine_get(machine);

	if (!m)
		return -EBADF;
	if (n >= vmsim_violations(machine) || n >= VMSIM_MAX_KEPT_VIOLATIONS || !m->kept)
		return -ENOENT;
	*violation = m->kept[n];
	return 0;
}

VMSIM_API void vmsim_set_bug_handler(void (*handler)(const char *file, int line, const char *cond))
{
	bug_handler = handler;
}

/* Source paths as the project knows them, without the folder it was built in. */
static const char *short_path(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash ? slash + 1 : file;
}

void vmsim_bug(const char *file, int line, const char *cond)
{
	struct vmsim_machine *m = vmsim_self->machine;

	if (m && m->explorer) {
		vmsim_violate(m, "BUG", "", "%s:%d: %s", short_path(file), line, cond);
		vmsim_explorer_abandon(m->explorer);
	}
	if (bug_handler)
		bug_handler(file, line, cond);
	fprintf(stderr, "vmsim: BUG at %s:%d: %s\n", file, line, cond);
	abort();
}

void vmsim_warn(const char *file, int line, const char *cond)
{
	struct vmsim_machine *m = vmsim_self->machine;

	if (m && (m->explorer || m->checker))
		vmsim_violate(m, "WARN", "", "%s:%d: %s", short_path(file), line, cond);
	else
		fprintf(stderr, "vmsim: WARNING at %s:%d: %s\n", file, line, cond);
}

const char VMSIM_BUILT_FOR = 1;

#define STUBS_MAX 256

/* True for the first caller with that name. */
static bool first_of_name(const char *name)
{
	/* Of the process, not of a machine: what is said once is not said again after a reset. */
	static const char *said[STUBS_MAX];

	for (unsigned int i = 0; i < STUBS_MAX; i++) {
		const char *other = NULL;

		if (__atomic_compare_exchange_n(&said[i], &other, name, false, __ATOMIC_ACQ_REL,
						__ATOMIC_ACQUIRE))
			return true;
		if (!strcmp(other, name))
			return false;
	}
	return true;
}

__vmsim_overridable void vmsim_stub_reached(const char *name)
{
	if (first_of_name(name))
		fprintf(stderr, "vmsim: %s() was called, which is a stub\n", name);
}
