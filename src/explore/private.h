/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_PRIVATE_H
#define VMSIM_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Steps that are nobody else's business: the thread changes nothing but its own stack, and reads by
 * marked accesses only what no other thread ever changes. In a state where some thread can take such
 * a step, nothing else needs to be tried: it can be swapped with all that others do.
 *
 * What others change is not known before the search has seen it. So it is assumed that they change
 * nothing, and taken note of where that was relied upon; when it turns out wrong, the search begins
 * again, with what it has learned.
 *
 * Plain reads are taken to be of what is the thread's own, or held under a lock: they are no
 * decisions at this granularity, either.
 */
struct private;
struct vmsim_explorer;

struct private *private_create(const struct vmsim_explorer *x);
void private_destroy(struct private *private);

/* Who takes a step that no thread takes. */
#define PRIVATE_CPU 31

/*
 * Looks at the step from @mark to the present state, which @actor has taken. True if it was private.
 */
bool private_step(struct private *private, const struct vmsim_explorer *x, unsigned int actor,
		  size_t mark);
/* True once an assumption turned out wrong, until it is asked. */
bool private_was_wrong(struct private *private);

/* What private_step() said last time about the thread where it stands now; true if it is not known. */
bool private_guess(const struct private *private, uint64_t thread_key);
void private_learn(struct private *private, uint64_t thread_key, bool is_private);

#endif
