/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_CHECKPOINT_H
#define VMSIM_CHECKPOINT_H

#include "explore/image.h"

struct vmsim_explorer;

/*
 * States of an execution: the world, what the explorer knows of its threads, and the live part of
 * each thread's stack. In the main context, with fibers.
 */

/* Starts with the present state. 0 or -errno. */
int checkpoint_create(struct vmsim_explorer *x);
void checkpoint_destroy(struct vmsim_explorer *x);

/* Takes note of what changed. The result names the state for checkpoint_back(). */
size_t checkpoint_take(struct vmsim_explorer *x);
/*
 * The same where frames were written to only as the @n @objects say: most of a small world is
 * frames. checkpoint_is_whole() looks whether that was all, and takes note of the rest.
 */
size_t checkpoint_take_told(struct vmsim_explorer *x, const uint64_t *object, size_t n);
bool checkpoint_is_whole(struct vmsim_explorer *x);
struct image_key checkpoint_key(const struct vmsim_explorer *x);
/* Goes back, from wherever the execution is now, to an earlier state of the same path. */
void checkpoint_back(struct vmsim_explorer *x, size_t mark);
/* What tells apart where a thread is. */
uint64_t checkpoint_thread_key(const struct vmsim_explorer *x, unsigned int index);
/* The same, where no checkpoint was taken; of what lies on top of its stack. */
uint64_t checkpoint_place(const struct vmsim_explorer *x, unsigned int index);
/* Clears what calls that have returned left behind on the stack of a thread. */
void checkpoint_scrub(struct vmsim_explorer *x, unsigned int index);
/* The same for all threads, and all that was ever left behind. */
void checkpoint_scrub_all(struct vmsim_explorer *x);
/* Bytes that the way back to the first state takes. */
size_t checkpoint_size(const struct vmsim_explorer *x);

#endif
