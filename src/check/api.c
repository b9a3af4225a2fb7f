// SPDX-License-Identifier: GPL-2.0-only
#include "check/checker.h"
#include "mm/mm_internal.h"
#include <errno.h>
#include <strings.h>

static const char *const names[VMSIM_ORACLE_COUNT] = {
#define X(id, text) [VMSIM_ORACLE_##id] = #id,
	VMSIM_ORACLES(X)
#undef X
};

static const char *const texts[VMSIM_ORACLE_COUNT] = {
#define X(id, text) [VMSIM_ORACLE_##id] = text,
	VMSIM_ORACLES(X)
#undef X
};

/**
 * vmsim_oracle_name() - the id of an oracle, as in reports
 * @oracle: the oracle
 *
 * Return: "O3" and the like; "?" for a number that names none.
 */
VMSIM_API const char *vmsim_oracle_name(enum vmsim_oracle oracle)
{
	return (unsigned int)oracle < VMSIM_ORACLE_COUNT ? names[oracle] : "?";
}

/**
 * vmsim_oracle_text() - what an oracle is about, in one line
 * @oracle: the oracle
 *
 * Return: the line; "?" for a number that names none.
 */
VMSIM_API const char *vmsim_oracle_text(enum vmsim_oracle oracle)
{
	return (unsigned int)oracle < VMSIM_ORACLE_COUNT ? texts[oracle] : "?";
}

/**
 * vmsim_oracle_parse() - the oracle of that id
 * @name: "O3" and the like, in either case
 *
 * Return: enum vmsim_oracle; -EINVAL: there is none of that name.
 */
VMSIM_API int vmsim_oracle_parse(const char *name)
{
	for (int i = 0; name && i < VMSIM_ORACLE_COUNT; i++)
		if (!strcasecmp(name, names[i]))
			return i;
	return -EINVAL;
}

/**
 * vmsim_check_arm() - lets oracles watch a machine
 * @machine: the machine, without processes
 * @oracles: which: a mask of VMSIM_ORACLE_BIT()
 *
 * Context: no thread of the machine runs.
 * Return: 0; -EBADF; -EINVAL: no such oracle, or none; -EBUSY: armed already; -ENOMEM; -ENOSPC:
 * too many watchers; -EOPNOTSUPP: the library was built with -Dchecks=false.
 */
VMSIM_API int vmsim_check_arm(struct vmsim_machine *machine, uint64_t oracles)
{
	struct vmsim_machine *m = vmsim_machine_get(machine);

	if (!m)
		return -EBADF;
	if (!oracles || oracles & ~VMSIM_ORACLES_ALL)
		return -EINVAL;
#ifdef VMSIM_NO_CHECKS
	return -EOPNOTSUPP;
#endif
	return vmsim_checker_create(m, oracles);
}

/* What waits for readers to leave would count as left behind; there are none. */
static void let_grace_periods_end(struct vmsim_machine *m)
{
	struct vmsim_borrowed borrowed;

	if (vmsim_borrow_cpu(m, &borrowed))
		return;
	for (unsigned int i = 0; i < 2; i++)
		vmsim_rcu_run_ready(m);
	vmsim_return_cpu(&borrowed);
}

/**
 * vmsim_check_quiescent() - recounts everything
 * @machine: the machine
 *
 * Runs what call_rcu() has put off, first.
 *
 * Context: no thread is inside the library.
 * Return: the number of violations found and reported; -EBADF; -EINVAL: no oracle is armed.
 */
VMSIM_API int vmsim_check_quiescent(struct vmsim_machine *machine)
{
	struct vmsim_machine *m = vmsim_machine_get(machine);

	if (!m)
		return -EBADF;
	if (!m->checker)
		return -EINVAL;
	let_grace_periods_end(m);
	return vmsim_checker_quiescent(m);
}
