/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_FOOTPRINT_H
#define VMSIM_FOOTPRINT_H

#include <vmsim/event.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * What one step touched: the objects behind the events that were raised since the last decision,
 * those of indivisible parts included. Two steps depend on each other when one of them writes what
 * the other touches.
 *
 * Acquire and release are for what is held: a lock, a read section, preemption or interrupts off.
 * A release cannot be swapped with the acquire that it lets in; acquires of the same object can.
 */
enum access_mode {
	ACCESS_READ,
	ACCESS_WRITE,
	ACCESS_ACQUIRE,
	ACCESS_ACQUIRE_SHARED,
	ACCESS_RELEASE,
};

struct access {
	uint64_t object;		/* an address, or a name made by footprint.c */
	enum access_mode mode;
	enum vmsim_event_kind kind;	/* the event that told of it */
	const void *ip;
};

struct footprint {
	struct access *at;
	size_t n, capacity;
};

struct vmsim_explorer;

/* The kinds of event that tell of accesses. */
uint64_t footprint_kinds(void);
void footprint_event(struct footprint *footprint, const struct vmsim_event *event);

#endif
