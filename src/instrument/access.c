// SPDX-License-Identifier: GPL-2.0-only
#include "instrument/instrument.h"
#include "explore/explorer.h"

bool vmsim_is_instrumented(void)
{
	return true;
}

static bool lies_in(const volatile void *addr, const void *start, size_t size)
{
	return (uintptr_t)addr - (uintptr_t)start < size;
}

/*
 * What simulated code shares: objects, the memmap, frames and the page allocator. Not the rest of
 * the machine's header, which is the simulator's, nor stacks, nor a thread's own task_struct.
 */
static bool is_shared(const struct vmsim_machine *m, const struct task_struct *self,
		      const volatile void *addr)
{
	if (lies_in(addr, m, (size_t)(m->heap - (const char *)m)))
		return lies_in(addr, &m->zone, sizeof(m->zone));
	if (lies_in(addr, m->stacks, VMSIM_STACKS * VMSIM_STACK_SIZE))
		return false;
	return lies_in(addr, m, m->region_size) && !lies_in(addr, self, sizeof(*self));
}

/* The explorer's threads and their interrupts, and not what a watcher does meanwhile. */
bool instrument_watches(const volatile void *addr)
{
	const struct task_struct *self = vmsim_self;
	const struct vmsim_machine *m = self->machine;

	return m->explorer && vmsim_explorer_is_full(m->explorer) && !self->in_watcher &&
	       vmsim_explorer_executing(m->explorer) && is_shared(m, self, addr);
}

void instrument_plain(enum vmsim_event_kind kind, const volatile void *addr, size_t size,
		      const void *ip)
{
	struct task_struct *self = vmsim_self;

	if (!instrument_watches(addr))
		return;
	vmsim_settle();
	vmsim_explorer_touch(self->machine->explorer, (uintptr_t)addr, size,
			     kind == VMSIM_EV_PLAIN_WRITE);
	vmsim_event_raise(kind, (uintptr_t)addr, size, VMSIM_PLAIN_STORE, ip);
	self->unsettled = kind == VMSIM_EV_PLAIN_WRITE ? VMSIM_UNSETTLED_WRITE :
							 VMSIM_UNSETTLED_READ;
}

/* A volatile access is marked, and like a plain one it comes after this: no decision in between. */
void instrument_volatile(enum vmsim_event_kind kind, const volatile void *addr, size_t size,
			 const void *ip)
{
	struct task_struct *self = vmsim_self;
	bool write = kind == VMSIM_EV_WRITE;

	if (!instrument_watches(addr))
		return;
	vmsim_settle();
	vmsim_explorer_touch(self->machine->explorer, (uintptr_t)addr, size, write);
	self->atomic_step++;
	vmsim_event_raise(kind, (uintptr_t)addr, 0, size, ip);
	self->atomic_step--;
	vmsim_checker_atomic(self->machine, write ? VMSIM_ATOMIC_STORE : VMSIM_ATOMIC_LOAD,
			     (const void *)addr, size, __ATOMIC_RELAXED, ip);
	self->unsettled = write ? VMSIM_UNSETTLED_WRITE : VMSIM_UNSETTLED_READ;
}
