/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_TRACE_RECORD_H
#define VMSIM_TRACE_RECORD_H

#include <vmsim/event.h>
#include <stddef.h>

/*
 * Keeps the events of an execution, outside the machine. A recorded event must say something when
 * the machine is gone: addresses of objects are replaced when it is taken down.
 *
 *   folio*, page*, table*	frame number
 *   ptep*			the address that the entry translates
 *   mm*			pid
 *   mapping*			inode number
 *   entry* of TLB events	VMSIM_RECORD_TLB()
 *   name*, class*		stay: static strings, static lock classes
 *
 * @tid becomes the number of the thread in the scenario, or one of the two below.
 */
#define VMSIM_RECORD_IRQ (-1)		/* an interrupt handler */
#define VMSIM_RECORD_OTHER (-2)		/* set-up, final check */

#define VMSIM_RECORD_PFN_MASK ((UINT64_C(1) << 52) - 1)
#define VMSIM_RECORD_WRITE (UINT64_C(1) << 60)
#define VMSIM_RECORD_EXEC (UINT64_C(1) << 61)
#define VMSIM_RECORD_DIRTY (UINT64_C(1) << 62)
#define VMSIM_RECORD_STALE (UINT64_C(1) << 63)	/* the frame is another one's by now */

struct vmsim_recorder;

/* At most @max events are kept: the last ones. */
struct vmsim_recorder *vmsim_recorder_new(size_t max);
void vmsim_recorder_free(struct vmsim_recorder *recorder);

/* A watcher for vmsim_watch(). */
void vmsim_recorder_add(void *recorder, const struct vmsim_event *event);

/*
 * Hands the events over, oldest first, with their origins; the recorder is empty then. 0 or
 * -ENOMEM.
 */
struct vmsim_result;
int vmsim_recorder_take(struct vmsim_recorder *recorder, struct vmsim_result *result);

#endif
