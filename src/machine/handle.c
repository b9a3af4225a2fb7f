// SPDX-License-Identifier: GPL-2.0-only
#include "machine/internal.h"
#include "machine/handle.h"

/*
 * Handles are not addresses: they name a slot and the slot's life, so that a handle of a machine
 * that is gone is recognised and never followed. The table of slots is the one piece of state
 * outside machines (besides the pointer to the current thread); it has no other content.
 */

#define SLOTS 1024

static struct slot {
	u32 life;
	u32 taken;
	struct vmsim_machine *machine;
} slots[SLOTS];
static u32 slots_lock;

static struct vmsim_machine *encode(u32 slot, u32 life)
{
	return (struct vmsim_machine *)(((u64)life << 16 | (slot + 1)) << 1 | 1);
}

static struct slot *slot_of(struct vmsim_machine *handle)
{
	u64 value = (u64)(uintptr_t)handle;
	u32 slot = ((value >> 1) & 0xffff) - 1;

	if (!(value & 1) || slot >= SLOTS || __READ_ONCE(slots[slot].life) != value >> 17)
		return NULL;
	return &slots[slot];
}

struct vmsim_machine *vmsim_handle_new(unsigned int *slot)
{
	struct vmsim_machine *handle = NULL;

	vmsim_raw_lock(&slots_lock);
	for (u32 i = 0; i < SLOTS && !handle; i++) {
		if (slots[i].taken)
			continue;
		slots[i].taken = 1;
		__WRITE_ONCE(slots[i].life, (slots[i].life + 1) & 0x7fffffff);
		handle = encode(i, slots[i].life);
		*slot = i;
	}
	vmsim_raw_unlock(&slots_lock);
	return handle;
}

void vmsim_handle_set(struct vmsim_machine *handle, struct vmsim_machine *machine)
{
	__atomic_store_n(&slot_of(handle)->machine, machine, __ATOMIC_RELEASE);
}

void vmsim_handle_delete(struct vmsim_machine *handle)
{
	struct slot *slot = slot_of(handle);

	vmsim_raw_lock(&slots_lock);
	__atomic_store_n(&slot->machine, NULL, __ATOMIC_RELEASE);
	slot->taken = 0;
	vmsim_raw_unlock(&slots_lock);
}

struct vmsim_machine *vmsim_machine_get(struct vmsim_machine *handle)
{
	struct slot *slot = slot_of(handle);

	return slot ? __atomic_load_n(&slot->machine, __ATOMIC_ACQUIRE) : NULL;
}
