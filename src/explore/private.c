// SPDX-License-Identifier: GPL-2.0-only
#include "explore/private.h"
#include "explore/checkpoint.h"
#include "explore/session.h"
#include <stdlib.h>
#include <sys/mman.h>

#define GUESSES (1u << 14)

/* Of a word of the machine's memory: bit per thread. */
struct word_use {
	uint32_t changed;	/* by whom */
	uint32_t relied;	/* who read it as private */
};

struct private {
	struct word_use *word;
	size_t size;
	bool wrong;
	uint64_t public_at[GUESSES];	/* keys of threads whose next step was not private */
};

static size_t words_size(const struct vmsim_explorer *x)
{
	return x->machine->region_size / sizeof(uint64_t) * sizeof(struct word_use);
}

struct private *private_create(const struct vmsim_explorer *x)
{
	struct private *private = calloc(1, sizeof(*private));

	if (!private)
		return NULL;
	private->size = words_size(x);
	private->word = mmap(NULL, private->size, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (private->word != MAP_FAILED)
		return private;
	free(private);
	return NULL;
}

void private_destroy(struct private *private)
{
	if (!private)
		return;
	munmap(private->word, private->size);
	free(private);
}

struct step {
	struct private *private;
	const struct vmsim_explorer *x;
	unsigned int actor;
	bool changes_others;
};

static void word_changed(void *arg, size_t offset)
{
	struct step *step = arg;
	struct word_use *word = &step->private->word[offset / sizeof(uint64_t)];
	uint32_t self = 1u << step->actor;

	if (step->actor != PRIVATE_CPU && checkpoint_is_own(step->x, step->actor, offset))
		return;
	step->changes_others = true;
	word->changed |= self;
	if (word->relied & ~self) {
		step->private->wrong = true;
		word->relied = 0;
	}
}

/* The word that an access read, or NULL for things that are no memory of the machine. */
static struct word_use *word_read(struct private *private, const struct vmsim_explorer *x,
				  const struct access *access)
{
	uint64_t offset = access->object - (uintptr_t)x->machine;

	if (access->mode != ACCESS_READ || object_kind(access->object) ||
	    offset >= x->machine->region_size)
		return NULL;
	return &private->word[offset / sizeof(uint64_t)];
}

static bool reads_private(struct private *private, const struct vmsim_explorer *x, uint32_t self)
{
	const struct footprint *footprint = &x->footprint;

	for (size_t i = 0; i < footprint->n; i++) {
		const struct word_use *word = word_read(private, x, &footprint->at[i]);

		if (!word || word->changed & ~self)
			return false;
	}
	for (size_t i = 0; i < footprint->n; i++)
		word_read(private, x, &footprint->at[i])->relied |= self;
	return true;
}

bool private_step(struct private *private, const struct vmsim_explorer *x, unsigned int actor,
		  size_t mark)
{
	struct step step = { private, x, actor, false };

	image_each_change(x->image, mark, word_changed, &step);
	/* Who lets others go first, or shares a CPU with them, is not alone. */
	if (step.changes_others || actor == PRIVATE_CPU || x->threads.yielded ||
	    x->crowded >> actor & 1)
		return false;
	return reads_private(private, x, 1u << actor);
}

bool private_was_wrong(struct private *private)
{
	bool wrong = private->wrong;

	private->wrong = false;
	return wrong;
}

bool private_guess(const struct private *private, uint64_t thread_key)
{
	return private->public_at[thread_key % GUESSES] != thread_key;
}

void private_learn(struct private *private, uint64_t thread_key, bool is_private)
{
	uint64_t *at = &private->public_at[thread_key % GUESSES];

	if (!is_private)
		*at = thread_key;
	else if (*at == thread_key)
		*at = 0;
}
