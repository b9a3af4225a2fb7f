// SPDX-License-Identifier: GPL-2.0-only
#include "instrument/instrument.h"
#include "explore/explorer.h"

/*
 * Atomic accesses are no decisions of their own: the primitives that make them raise an event when
 * they are done with all that belongs together, and nobody may come in before. What was accessed
 * plainly before is settled first.
 */
bool instrument_atomic_begin(const volatile void *addr)
{
	if (!instrument_watches(addr))
		return false;
	vmsim_settle();
	return true;
}

void instrument_atomic_end(enum vmsim_atomic_op op, const volatile void *addr, size_t size,
			   int order, const void *ip)
{
	struct vmsim_machine *m = vmsim_self->machine;

	vmsim_explorer_touch(m->explorer, (uintptr_t)addr, size, op != VMSIM_ATOMIC_LOAD);
	vmsim_checker_atomic(m, op, (const void *)addr, size, order, ip);
}

/* Marked stores that are watched are made by src/order, right after this. */
__vmsim_export void vmsim_instrument_store(const volatile void *at, unsigned int size, int order);

void vmsim_instrument_store(const volatile void *at, unsigned int size, int order)
{
	if (instrument_is_machines(at) && instrument_is_on() && instrument_atomic_begin(at))
		instrument_atomic_end(VMSIM_ATOMIC_STORE, at, size, order,
				      __builtin_return_address(0));
}

void instrument_fence(int order)
{
	if (vmsim_self->machine)
		vmsim_checker_fence(vmsim_self->machine, order);
}
