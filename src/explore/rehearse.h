/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_REHEARSE_H
#define VMSIM_REHEARSE_H

#include "explore/local.h"

/*
 * Random executions from the first state, of which nothing is kept but what @local learns: what
 * threads do to each other is seen in advance, so that a search need not begin again too often.
 */
void rehearse(struct vmsim_explorer *x, struct local *local);
/* The same, before a search begins again of which @lost transitions were in vain. */
void rehearse_again(struct vmsim_explorer *x, struct local *local, uint64_t lost);

#endif
