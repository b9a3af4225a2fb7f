// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include <stdio.h>

int vmsim_syscall_enter(const char *name, unsigned long arg0, unsigned long arg1)
{
	int err = vmsim_enter();

	if (err)
		return err;
	if (!vmsim_self->mm) {
		vmsim_leave();
		return -ESRCH;
	}
	vmsim_event(SYSCALL, (uintptr_t)name, arg0, arg1);
	return 0;
}

long vmsim_syscall_leave(const char *name, long result)
{
	vmsim_event(SYSCALL_RET, (uintptr_t)name, result, 0);
	vmsim_leave();
	return result;
}

int vmsim_not_modelled(const char *call, const char *what)
{
	fprintf(stderr, "vmsim: %s: %s is not modelled\n", call, what);
	return -EOPNOTSUPP;
}
