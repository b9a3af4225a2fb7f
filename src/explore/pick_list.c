// SPDX-License-Identifier: GPL-2.0-only
#include "explore/session.h"
#include <stdlib.h>

/* Lists of picks that grow. */

static void make_room(struct pick_list *list, size_t n)
{
	size_t capacity = list->capacity ? list->capacity : 64;

	while (list->n + n > capacity)
		capacity *= 2;
	if (capacity == list->capacity)
		return;
	list->picks = realloc(list->picks, capacity * sizeof(*list->picks));
	if (!list->picks)
		abort();
	list->capacity = capacity;
}

void picks_append(struct pick_list *to, const struct vmsim_pick *picks, size_t n)
{
	make_room(to, n);
	if (n)
		memcpy(to->picks + to->n, picks, n * sizeof(*picks));
	to->n += n;
}

void picks_clear(struct pick_list *list)
{
	list->n = 0;
	list->noes = 0;
}

void picks_copy(struct pick_list *to, const struct vmsim_pick *picks, size_t n)
{
	picks_clear(to);
	picks_append(to, picks, n);
}

static void add(struct pick_list *list, char kind, uint16_t id, uint32_t count)
{
	struct vmsim_pick *last = list->n ? &list->picks[list->n - 1] : NULL;

	if (last && last->kind == kind && last->id == id) {
		last->count += count;
		return;
	}
	make_room(list, 1);
	list->picks[list->n++] = (struct vmsim_pick) { .kind = kind, .id = id, .count = count };
}

/* A choice that is answered no goes without saying, unless a yes follows in the same step. */
void picks_add(struct pick_list *list, char kind, uint16_t id, uint32_t count)
{
	if (kind == 'n' && !id) {
		list->noes += count;
		return;
	}
	if (kind == 'n' && list->noes)
		add(list, 'n', 0, list->noes);
	list->noes = 0;
	add(list, kind, id, count);
}
