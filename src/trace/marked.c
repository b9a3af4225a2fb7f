// SPDX-License-Identifier: GPL-2.0-only
#include "trace/lines.h"
#include "trace/record.h"
#include "trace/relevant.h"

/* What a recorded event touched. Two events meet when they touch the same, and one changes it. */
enum object_kind {
	OBJECT_NONE,
	OBJECT_LOCK,
	OBJECT_WORD,
	OBJECT_FRAME,
	OBJECT_TLB,
	OBJECT_PAGE,
};

struct touched {
	enum object_kind kind;
	bool changes;
	uint64_t name, owner;
};

static struct touched first_touched(const struct vmsim_event *event, int pid)
{
	const uint64_t *arg = event->arg;
	uint64_t process = (uint64_t)pid;

	switch (event->kind) {
	case VMSIM_EV_PTE_SET:
		return (struct touched) { OBJECT_PAGE, true, arg[0], process };
	case VMSIM_EV_PTE_READ:
		return (struct touched) { OBJECT_PAGE, false, arg[0], process };
	case VMSIM_EV_TLB_FILL:
		return (struct touched) { OBJECT_PAGE, false, arg[1], process };
	case VMSIM_EV_TLB_USE:
		return (struct touched) { OBJECT_TLB, false, arg[1], arg[0] };
	case VMSIM_EV_TLB_DROP:
		return (struct touched) { OBJECT_TLB, true, arg[1], arg[0] };
	case VMSIM_EV_REF:
	case VMSIM_EV_MAP_ADD:
	case VMSIM_EV_MAP_REMOVE:
	case VMSIM_EV_MAP_ZERO:
	case VMSIM_EV_FLAG:
	case VMSIM_EV_FOLIO_DIRTY:
	case VMSIM_EV_FOLIO_CLEAN:
	case VMSIM_EV_FRAME_ALLOC:
	case VMSIM_EV_FRAME_FREE:
	case VMSIM_EV_FRAME_WRITE:
	case VMSIM_EV_CACHE_ADD:
	case VMSIM_EV_CACHE_REMOVE:
	case VMSIM_EV_STORE_READ:
		return (struct touched) { OBJECT_FRAME, true, arg[0], 0 };
	case VMSIM_EV_FRAME_READ:
	case VMSIM_EV_STORE_WRITE:
		return (struct touched) { OBJECT_FRAME, false, arg[0], 0 };
	case VMSIM_EV_LOCK:
	case VMSIM_EV_UNLOCK:
	case VMSIM_EV_PTL_LOCK:
	case VMSIM_EV_PTL_UNLOCK:
		return (struct touched) { OBJECT_LOCK, true, arg[0], 0 };
	case VMSIM_EV_ATOMIC:
	case VMSIM_EV_WRITE:
	case VMSIM_EV_TABLE_SET:
		return (struct touched) { OBJECT_WORD, true, arg[0], 0 };
	case VMSIM_EV_READ:
		return (struct touched) { OBJECT_WORD, false, arg[0], 0 };
	default:
		return (struct touched) { OBJECT_NONE, false, 0, 0 };
	}
}

/*
 * An access of a program is to a frame, too: a store if the entry is writable, as far as one knows.
 */
static struct touched second_touched(const struct vmsim_event *event)
{
	uint64_t entry = event->arg[2];

	if (event->kind != VMSIM_EV_TLB_USE && event->kind != VMSIM_EV_TLB_FILL)
		return (struct touched) { OBJECT_NONE, false, 0, 0 };
	return (struct touched) { OBJECT_FRAME, entry & VMSIM_RECORD_DIRTY,
				  entry & VMSIM_RECORD_PFN_MASK, 0 };
}

static bool meet(const struct touched *a, const struct touched *b)
{
	bool paged = a->kind == OBJECT_PAGE || a->kind == OBJECT_TLB;
	uint64_t mask = paged ? ~UINT64_C(0xfff) : ~UINT64_C(0);

	return a->kind && a->kind == b->kind && (a->name & mask) == (b->name & mask) &&
	       a->owner == b->owner && (a->changes || b->changes);
}

/* Pages say more than frames, and these more than locks; what the report names comes first. */
static int weight(const struct relevant *relevant, const struct vmsim_result *result, size_t a,
		  size_t b, enum object_kind kind)
{
	return 1 + (int)kind + (is_relevant(relevant, result, a) ? 10 : 0) +
	       (is_relevant(relevant, result, b) ? 10 : 0);
}

static int meeting(const struct relevant *relevant, const struct vmsim_result *result, size_t i,
		   size_t j)
{
	struct touched a[2] = {
		first_touched(&result->events[i], recorded_pid(result, i)),
		second_touched(&result->events[i]),
	};
	struct touched b[2] = {
		first_touched(&result->events[j], recorded_pid(result, j)),
		second_touched(&result->events[j]),
	};
	int best = 0;

	for (unsigned int k = 0; k < 4; k++) {
		int now = meet(&a[k / 2], &b[k % 2]) ?
			weight(relevant, result, i, j, a[k / 2].kind) : 0;

		best = now > best ? now : best;
	}
	return best;
}

static size_t first_of_step(const struct vmsim_result *result, uint64_t step)
{
	size_t i = 0;

	while (i < result->nr_events && (result->origins[i].step != step ||
					 result->events[i].tid == VMSIM_RECORD_OTHER))
		i++;
	return i;
}

static bool in_step(const struct vmsim_result *result, size_t i, uint64_t step)
{
	return i < result->nr_events && result->origins[i].step == step;
}

/* What stands for a step as long as nothing better is known: something relevant, if there is. */
static size_t stands_for(const struct relevant *relevant, const struct vmsim_result *result,
			 size_t first, uint64_t step)
{
	for (size_t i = first; in_step(result, i, step); i++)
		if (is_relevant(relevant, result, i))
			return i;
	return first;
}

void marked_find(struct marked marked[2], const struct vmsim_result *result)
{
	const struct vmsim_deciding *deciding = &result->deciding;
	struct relevant relevant;
	size_t first, second;
	int best = 0;

	marked[0] = marked[1] = (struct marked) { 0 };
	if (!deciding->first || !deciding->second || !result->origins)
		return;
	relevant_find(&relevant, result);
	first = first_of_step(result, deciding->first);
	second = first_of_step(result, deciding->second);
	if (first == result->nr_events || second == result->nr_events)
		return;
	marked[0] = (struct marked) {
		true, stands_for(&relevant, result, first, deciding->first),
	};
	marked[1] = (struct marked) {
		true, stands_for(&relevant, result, second, deciding->second),
	};
	for (size_t i = first; in_step(result, i, deciding->first); i++) {
		for (size_t j = second; in_step(result, j, deciding->second); j++) {
			int now = meeting(&relevant, result, i, j);

			if (now <= best)
				continue;
			best = now;
			marked[0].event = i;
			marked[1].event = j;
		}
	}
}
