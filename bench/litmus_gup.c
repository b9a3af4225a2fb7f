// SPDX-License-Identifier: GPL-2.0-only
#include "litmus_gup.h"

#define MAPPED __pte(0x1000 | _PAGE_PRESENT)

static void free_page_to_another(struct litmus_gup_world *w)
{
	if (w->freed++)
		vmsim_fail("the page is freed twice");
	WRITE_ONCE(w->owner, 2);
	atomic_set(&w->refs, 1);
}

static void put_reference(struct litmus_gup_world *w)
{
	if (atomic_dec_and_test(&w->refs))
		free_page_to_another(w);
}

static bool take_reference(struct litmus_gup_world *w)
{
	if (w->bug != LITMUS_GUP_INC_FROM_ZERO)
		return atomic_inc_not_zero(&w->refs);
	atomic_inc(&w->refs);
	return true;
}

static bool still_mapped(struct litmus_gup_world *w)
{
	return w->bug == LITMUS_GUP_NO_RECHECK || pte_present(ptep_get(&w->pte));
}

static int read_page(struct vmsim_world *world)
{
	struct litmus_gup_world *w = world->ctx;

	for (unsigned int i = 0; i < w->rounds; i++) {
		if (!pte_present(ptep_get(&w->pte)) || !take_reference(w))
			continue;
		if (still_mapped(w) && READ_ONCE(w->owner) != 1)
			vmsim_fail("a reader uses somebody else's page");
		put_reference(w);
	}
	return 0;
}

static int remove_page(struct vmsim_world *world)
{
	struct litmus_gup_world *w = world->ctx;

	if (w->bug == LITMUS_GUP_PUT_FIRST)
		put_reference(w);
	(void)ptep_get_and_clear(NULL, 0, &w->pte);
	if (w->bug != LITMUS_GUP_PUT_FIRST)
		put_reference(w);
	return 0;
}

static int check_page(struct vmsim_world *world)
{
	struct litmus_gup_world *w = world->ctx;

	if (w->freed != 1)
		vmsim_fail("the page was freed %d times", w->freed);
	if (atomic_read(&w->refs) != 1)
		vmsim_fail("%d references are left", atomic_read(&w->refs));
	return 0;
}

/* The remover first: the scenario of N readers has the first N + 1 of them. */
static const struct vmsim_thread_def threads[] = {
	{ .name = "Remover", .cpu = 0, .fn = remove_page },
	{ .name = "A", .cpu = 1, .fn = read_page },
	{ .name = "B", .cpu = 2, .fn = read_page },
	{ .name = "C", .cpu = 3, .fn = read_page },
	{ .name = "D", .cpu = 4, .fn = read_page },
};

_Static_assert(sizeof(threads) / sizeof(threads[0]) == LITMUS_GUP_READERS + 1, "one each");

void litmus_gup_init(struct litmus_gup *litmus, unsigned int readers, unsigned int rounds,
		     enum litmus_gup_bug bug)
{
	litmus->init = (struct litmus_gup_world) {
		.pte = MAPPED,
		.refs = ATOMIC_INIT(1),
		.owner = 1,
		.rounds = rounds,
		.bug = bug,
	};
	litmus->scenario = (struct vmsim_scenario){
		.name = "litmus-gup",
		.summary =
			"a reference taken without a lock, against removal and reuse of the page",
		.config = { .contents = VMSIM_CONTENTS_NONE, .cpus = readers + 1, .frames = 128 },
		.bare = true,
		.ctx_size = sizeof(litmus->init),
		.ctx_init = &litmus->init,
		.threads = threads,
		.nr_threads = readers + 1,
		.check = check_page,
	};
}
