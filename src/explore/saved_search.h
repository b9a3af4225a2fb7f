/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_SAVED_SEARCH_H
#define VMSIM_SAVED_SEARCH_H

#include "explore/session.h"

/*
 * Searches that go on in another process (search_file.h): of which scenario, with which options, by
 * which code, how many executions so far; then what the strategy has to say.
 */

/* To options->save_search. 0 or -errno, and why in x->misfit. */
int saved_search_write(struct vmsim_explorer *x);
/* From options->resume, by the strategy, once what it loads makes sense. */
int saved_search_read(struct vmsim_explorer *x);

#endif
