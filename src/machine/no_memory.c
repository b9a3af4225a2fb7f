// SPDX-License-Identifier: GPL-2.0-only
#include "machine/internal.h"
#include "explore/explorer.h"
#include <linux/gfp.h>

/* Allocations fail where an exploration asks whether they do, and the answer is yes. */

static enum vmsim_question question_of(gfp_t gfp)
{
	return gfp & __GFP_DIRECT_RECLAIM ? VMSIM_ASK_ALLOC : VMSIM_ASK_BATCH;
}

/* What is one step for the explorer is not interrupted by a question. */
static bool is_asked(enum vmsim_question question)
{
	const struct task_struct *self = vmsim_self;

	return self->actor && !self->atomic_step &&
	       vmsim_explorer_asks(self->machine->explorer, question);
}

static noinline bool chosen_to_fail(enum vmsim_question question)
{
	if (!is_asked(question) || !vmsim_explorer_choice(question))
		return false;
	/* For timelines. */
	vmsim_point(question == VMSIM_ASK_ALLOC ? "no-memory" : "no-batch");
	return true;
}

bool vmsim_alloc_fails(gfp_t gfp)
{
	return unlikely(vmsim_this_machine()->explorer) && !(gfp & __GFP_NOFAIL) &&
	       chosen_to_fail(question_of(gfp));
}

bool vmsim_memory_may_return(void)
{
	return vmsim_this_machine()->explorer && is_asked(VMSIM_ASK_ALLOC);
}
