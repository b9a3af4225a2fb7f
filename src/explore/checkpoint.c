// SPDX-License-Identifier: GPL-2.0-only
#include "explore/checkpoint.h"
#include "explore/sanitize.h"
#include "explore/session.h"
#include "check/check.h"
#include <errno.h>

/*
 * What the explorer knows of an execution, as a part of its state: in the machine's control page.
 */
struct control {
	unsigned int hv_preemptions, at_rest, yeses[VMSIM_QUESTION_COUNT];
	int asking;
	struct thread_states threads;
	void *position[MAX_ACTORS];
};

_Static_assert(sizeof(struct control) <= VMSIM_CONTROL_SIZE, "the control page is too small");

static char *stack_top(const struct vmsim_actor *actor)
{
	return (char *)actor->co.stack + VMSIM_STACK_SIZE;
}

/* A thread that has ended stands where nothing of its stack matters. */
static char *live_stack(const struct vmsim_actor *actor)
{
	if (actor_done(actor->explorer, actor->index))
		return stack_top(actor);
	return coroutine_position(&actor->co);
}

#define SCRUB 256

/*
 * What functions left behind on the stack when they returned is no part of the state, but may
 * become part of it where a function does not write all of its frame. So it is cleared, down to
 * where there is nothing any more; and in any case as far as the stack was in use at the last
 * checkpoint, since what is not in use is not looked at, and so could not be put back.
 */
static NO_SANITIZE bool block_is_clear(const char *block)
{
	typedef u64 wide __attribute__((vector_size(32), aligned(8)));
	const wide *part = (const void *)block;
	wide any = part[0];

	for (unsigned int i = 1; i < SCRUB / sizeof(wide); i++)
		any |= part[i];
	return !(any[0] | any[1] | any[2] | any[3]);
}

static void scrub(char *bottom, const char *before, char *live)
{
	char *block = live, *used = live;

	while ((used - block < 2 * SCRUB || block > before) && block - SCRUB >= bottom) {
		block -= SCRUB;
		if (!block_is_clear(block))
			used = block;
	}
	raw_clear(used, (size_t)(live - used));
}

void checkpoint_scrub(struct vmsim_explorer *x, unsigned int index)
{
	const struct vmsim_actor *actor = &x->actor[index];

	scrub(actor->co.stack, live_stack(actor), live_stack(actor));
}

void checkpoint_scrub_all(struct vmsim_explorer *x)
{
	for (unsigned int i = 0; i < x->nr_actors; i++) {
		const struct vmsim_actor *actor = &x->actor[i];
		char *live = live_stack(actor);

		for (char *block = actor->co.stack; block + SCRUB <= live; block += SCRUB)
			if (!block_is_clear(block))
				raw_clear(block, SCRUB);
	}
}

static void scan_stack(struct vmsim_explorer *x, struct vmsim_actor *actor)
{
	const struct control *control = (void *)x->machine->control;
	char *before = control->position[actor->index];
	char *live = live_stack(actor);

	/* Below the stacks of the others it is as clear as when they ran last. */
	if (x->stepped >> actor->index & 1)
		scrub(actor->co.stack, before ? before : live, live);
	if (before && before < live)
		image_scan(x->image, before, live);
	image_scan(x->image, live, stack_top(actor));
}

static void write_control(struct vmsim_explorer *x)
{
	struct control *control = (void *)x->machine->control;

	control->hv_preemptions = x->hv_preemptions;
	memcpy(control->yeses, x->yeses, sizeof(x->yeses));
	control->at_rest = x->at_rest;
	control->asking = x->asking ? (int)x->asking->index : -1;
	control->threads = x->threads;
	for (unsigned int i = 0; i < x->nr_actors; i++) {
		control->position[i] = live_stack(&x->actor[i]);
		if (!(x->threads.waiting >> i & 1))
			control->threads.wait[i] = (struct wait) { 0 };
	}
}

static void read_control(struct vmsim_explorer *x)
{
	const struct control *control = (void *)x->machine->control;

	x->hv_preemptions = control->hv_preemptions;
	memcpy(x->yeses, control->yeses, sizeof(x->yeses));
	x->at_rest = control->at_rest;
	x->asking = control->asking < 0 ? NULL : &x->actor[control->asking];
	x->threads = control->threads;
	for (unsigned int i = 0; i < x->nr_actors; i++)
		coroutine_set_position(&x->actor[i].co, control->position[i]);
}

static void scan_range(void *image, void *from, void *to)
{
	image_scan(image, from, to);
}

static void scan_all_but_frames(struct vmsim_explorer *x)
{
	char *control = x->machine->control;

	vmsim_checker_forget(x->machine);
	vmsim_rcu_forget(x->machine);
	/* How many events there were so far is no part of any state. */
	x->machine->seq = 0;
	for (unsigned int i = 0; i < x->nr_actors; i++)
		scan_stack(x, &x->actor[i]);
	write_control(x);
	image_scan(x->image, control, control + sizeof(struct control));
	world_each_used_range(x->machine, scan_range, x->image);
}

size_t checkpoint_take(struct vmsim_explorer *x)
{
	scan_all_but_frames(x);
	world_each_used_frame(x->machine, scan_range, x->image);
	return image_mark(x->image);
}

size_t checkpoint_take_told(struct vmsim_explorer *x, const uint64_t *object, size_t n)
{
	scan_all_but_frames(x);
	for (size_t i = 0; i < n; i++)
		world_each_told_change(x->machine, object[i], scan_range, x->image);
	world_each_silent_frame(x->machine, scan_range, x->image);
	return image_mark(x->image);
}

bool checkpoint_is_whole(struct vmsim_explorer *x)
{
	size_t mark = image_mark(x->image);

	world_each_used_frame(x->machine, scan_range, x->image);
	return image_mark(x->image) == mark;
}

/*
 * What is only counted, or names the machine in this process, is followed, too, but tells no states
 * apart.
 */
static bool exclude_what_differs(struct image *image, struct vmsim_machine *m)
{
	bool done = image_exclude(image, &m->stats, sizeof(m->stats)) &&
		image_exclude(image, &m->handle, sizeof(m->handle));

	for (unsigned int i = 0; i < m->nr_cpus && done; i++) {
		struct vmsim_tlb_cache *tlb = &m->cpu[i].tlb;

		done = image_exclude(image, &m->cpu[i].counts, sizeof(m->cpu[i].counts)) &&
		       image_exclude(image, &tlb->fills, (size_t)((char *)tlb->queue -
								  (char *)&tlb->fills));
	}
	return done;
}

int checkpoint_create(struct vmsim_explorer *x)
{
	struct vmsim_machine *m = x->machine;

	m->clean_stacks = true;
	x->image = image_create((char *)m, m->region_size);
	if (!x->image || !exclude_what_differs(x->image, m))
		return -ENOMEM;
	memset(m->control, 0, sizeof(struct control));
	x->stepped = ~0u;
	checkpoint_take(x);
	image_settle(x->image);
	return 0;
}

void checkpoint_destroy(struct vmsim_explorer *x)
{
	image_destroy(x->image);
	x->image = NULL;
}

struct image_key checkpoint_key(const struct vmsim_explorer *x)
{
	return image_key(x->image);
}

void checkpoint_back(struct vmsim_explorer *x, size_t mark)
{
	image_rollback(x->image, mark);
	read_control(x);
	vmsim_self = &vmsim_no_task;
	x->running = NULL;
}

uint64_t checkpoint_thread_key(const struct vmsim_explorer *x, unsigned int index)
{
	const struct vmsim_actor *actor = &x->actor[index];

	return image_part_key(x->image, live_stack(actor), stack_top(actor));
}

#define PLACE_WORDS 48

NO_SANITIZE uint64_t checkpoint_place(const struct vmsim_explorer *x, unsigned int index)
{
	const struct vmsim_actor *actor = &x->actor[index];
	const uint64_t *at = (const void *)live_stack(actor), *top = (const void *)stack_top(actor);
	uint64_t place = (uint64_t)(top - at) << 8 | index;

	if (top - at > PLACE_WORDS)
		top = at + PLACE_WORDS;
	for (; at < top; at++)
		place = (place ^ *at) * UINT64_C(0x9e3779b97f4a7c15);
	return place ^ place >> 29;
}

size_t checkpoint_size(const struct vmsim_explorer *x)
{
	return image_log_size(x->image);
}
