// SPDX-License-Identifier: GPL-2.0-only
#include "explore/footprint.h"
#include <linux/spinlock.h>
#include <stdlib.h>

/* Events of these kinds write, or read, the object that their first argument names. */
#define WRITES									\
	(VMSIM_EV_BIT(PTE_SET) | VMSIM_EV_BIT(TABLE_SET) | VMSIM_EV_BIT(REF) |	\
	 VMSIM_EV_BIT(ATOMIC) | VMSIM_EV_BIT(WRITE))
#define READS (VMSIM_EV_BIT(PTE_READ) | VMSIM_EV_BIT(READ))
#define OTHERS									\
	(VMSIM_EV_BIT(LOCK) | VMSIM_EV_BIT(UNLOCK) | VMSIM_EV_BIT(PTL_LOCK) |	\
	 VMSIM_EV_BIT(PTL_RELEASED) | VMSIM_EV_BIT(IPI_SEND) | VMSIM_EV_BIT(IPI_RUN) | \
	 VMSIM_EV_BIT(IRQ) | VMSIM_EV_BIT(RCU_CALL) | VMSIM_EV_BIT(RCU_DONE))

uint64_t footprint_kinds(void)
{
	return WRITES | READS | OTHERS;
}

static void add(struct footprint *footprint, const struct vmsim_event *event, uint64_t object,
		enum access_mode mode)
{
	if (footprint->n == footprint->capacity) {
		footprint->capacity = footprint->capacity ? 2 * footprint->capacity : 64;
		footprint->at = realloc(footprint->at, footprint->capacity * sizeof(*footprint->at));
		if (!footprint->at)
			abort();
	}
	footprint->at[footprint->n++] = (struct access) {
		.object = object,
		.mode = mode,
		.kind = event ? event->kind : VMSIM_EV_COUNT,
		.ip = event ? event->ip : NULL,
	};
}

void footprint_add(struct footprint *footprint, uint64_t object, enum access_mode mode)
{
	add(footprint, NULL, object, mode);
}

/* Who only tries does not wait: an attempt that succeeds could have failed instead. */
static enum access_mode locking_mode(uint64_t mode)
{
	if (mode & VMSIM_LOCK_TRIED)
		return ACCESS_WRITE;
	return mode & VMSIM_LOCK_SHARED ? ACCESS_ACQUIRE_SHARED : ACCESS_ACQUIRE;
}

static void lock_event(struct footprint *footprint, const struct vmsim_event *event)
{
	uint64_t lock = object_name(OBJECT_LOCK, event->arg[0]);
	bool shared = event->arg[2] & VMSIM_LOCK_SHARED;

	switch (event->kind) {
	case VMSIM_EV_LOCK:
	case VMSIM_EV_PTL_LOCK:
		add(footprint, event, lock, locking_mode(event->arg[2]));
		break;
	case VMSIM_EV_UNLOCK:
		add(footprint, event, lock, shared ? ACCESS_RELEASE_SHARED : ACCESS_RELEASE);
		break;
	default:
		add(footprint, event, lock, ACCESS_RELEASE);
	}
}

/*
 * Senders do not meet each other in a mailbox. What is alone in it lets the interrupt in; of
 * several, the interrupt could have been taken before any one but the first. The sender of a call
 * waits for its acknowledgements.
 */
static void interrupt_event(struct footprint *footprint, const struct vmsim_event *event)
{
	uint64_t cpu = event->arg[0];
	uint64_t mailbox = object_name(OBJECT_MAILBOX, cpu);

	switch (event->kind) {
	case VMSIM_EV_IPI_SEND:
		add(footprint, event, mailbox, ACCESS_RELEASE_SHARED);
		break;
	case VMSIM_EV_IPI_RUN:
		if (footprint->calls++ == 0) {
			add(footprint, event, object_name(OBJECT_IRQ, cpu), ACCESS_ACQUIRE);
			add(footprint, event, object_name(OBJECT_IRQ, cpu), ACCESS_RELEASE);
			add(footprint, event, mailbox, ACCESS_ACQUIRE);
		} else {
			add(footprint, event, mailbox, ACCESS_WRITE);
		}
		add(footprint, event, object_name(OBJECT_ACKS, event->arg[1]), ACCESS_RELEASE_SHARED);
		break;
	default:
		add(footprint, event, object_name(OBJECT_IRQ, cpu),
		    event->arg[1] ? ACCESS_RELEASE : ACCESS_ACQUIRE);
	}
}

void footprint_event(struct footprint *footprint, const struct vmsim_event *event)
{
	uint64_t bit = UINT64_C(1) << event->kind;

	if (bit & WRITES) {
		add(footprint, event, event->arg[0], ACCESS_WRITE);
		return;
	}
	if (bit & READS) {
		add(footprint, event, event->arg[0], ACCESS_READ);
		return;
	}
	switch (event->kind) {
	case VMSIM_EV_LOCK:
	case VMSIM_EV_UNLOCK:
	case VMSIM_EV_PTL_LOCK:
	case VMSIM_EV_PTL_RELEASED:
		lock_event(footprint, event);
		break;
	case VMSIM_EV_IPI_SEND:
	case VMSIM_EV_IPI_RUN:
	case VMSIM_EV_IRQ:
		interrupt_event(footprint, event);
		break;
	case VMSIM_EV_RCU_CALL:
	case VMSIM_EV_RCU_DONE:
		add(footprint, event, object_name(OBJECT_CALLBACKS, 0), ACCESS_WRITE);
		break;
	default:
		break;
	}
}

/* Pairs whose order shows nowhere; a release by one is no matter to a shared holder. */
bool modes_conflict(enum access_mode a, enum access_mode b)
{
	static const unsigned int peace[] = {
		[ACCESS_READ] = 1 << ACCESS_READ,
		[ACCESS_ACQUIRE_SHARED] = 1 << ACCESS_ACQUIRE_SHARED | 1 << ACCESS_RELEASE_SHARED,
		[ACCESS_RELEASE_SHARED] = 1 << ACCESS_ACQUIRE_SHARED | 1 << ACCESS_RELEASE_SHARED,
	};

	return !(peace[a] & 1U << b);
}
