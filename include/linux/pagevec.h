/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_PAGEVEC_H
#define _VMSIM_LINUX_PAGEVEC_H

#include <linux/mm.h>

#define PAGEVEC_SIZE 31

struct folio_batch {
	unsigned char nr;
	unsigned char i;
	bool percpu_pvec_drained;
	struct folio *folios[PAGEVEC_SIZE];
};

static inline void folio_batch_init(struct folio_batch *batch)
{
	batch->nr = 0;
	batch->i = 0;
	batch->percpu_pvec_drained = false;
}

static inline unsigned int folio_batch_count(const struct folio_batch *batch)
{
	return batch->nr;
}

static inline void folio_batch_reinit(struct folio_batch *batch)
{
	batch->nr = 0;
	batch->i = 0;
}

/* Gives the references of a batch back, and empties it. */
static inline void folio_batch_release(struct folio_batch *batch)
{
	if (folio_batch_count(batch))
		folios_put_refs(batch, NULL);
}

#define folios_put(batch) folios_put_refs(batch, NULL)

/* Returns the number of slots left. */
static inline unsigned int folio_batch_add(struct folio_batch *batch, struct folio *folio)
{
	batch->folios[batch->nr++] = folio;
	return PAGEVEC_SIZE - batch->nr;
}

#endif
