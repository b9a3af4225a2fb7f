// SPDX-License-Identifier: GPL-2.0-only
#include "machine/internal.h"
#include "explore/explorer.h"
#include <linux/smp.h>
#include <sched.h>

#define SPINS_BEFORE_YIELD 64

static void wait_native(bool (*ready)(const void *arg), const void *arg)
{
	for (u64 tries = 0; !ready(arg); tries++) {
		vmsim_poll();
		if (tries < SPINS_BEFORE_YIELD)
			__builtin_ia32_pause();
		else
			sched_yield();
		/* An explore machine's set-up has one thread: nobody else will make it true. */
		if (vmsim_exploring(vmsim_this_machine()) && tries > SPINS_BEFORE_YIELD)
			vmsim_bug(__FILE__, __LINE__, "deadlock outside an execution");
	}
}

void vmsim_wait_until(bool (*ready)(const void *arg), const void *arg)
{
	if (vmsim_self->actor)
		vmsim_explorer_wait(ready, arg);
	else
		wait_native(ready, arg);
}

__vmsim_overridable void cpu_relax(void)
{
	if (vmsim_self->actor) {
		vmsim_explorer_yield();
		return;
	}
	vmsim_poll();
	__builtin_ia32_pause();
}

void vmsim_cond_resched(void)
{
	vmsim_poll();
	vmsim_event(RESCHED, 0, 0, 0);
}

bool vmsim_need_resched(void)
{
	return vmsim_self->actor && vmsim_explorer_choice(VMSIM_ASK_RESCHED);
}
