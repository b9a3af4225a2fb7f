/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_TRACE_RELEVANT_H
#define VMSIM_TRACE_RELEVANT_H

#include <vmsim/explore.h>

/*
 * What of an execution has to do with its violation: the frames and pages that the report names,
 * the pages that those frames were mapped at, and the locks that order what happens to them.
 */

#define RELEVANT_MAX 16

struct relevant_page {
	int pid;		/* 0: of any process */
	uint64_t va;
};

struct relevant {
	bool everything;	/* the report names nothing */
	uint64_t pfn[RELEVANT_MAX];
	unsigned int nr_pfns;
	struct relevant_page page[RELEVANT_MAX];
	unsigned int nr_pages;
	uint64_t lock[RELEVANT_MAX];
	unsigned int nr_locks;
};

void relevant_find(struct relevant *relevant, const struct vmsim_result *result);
bool is_relevant_frame(const struct relevant *relevant, uint64_t pfn);
bool is_relevant_page(const struct relevant *relevant, int pid, uint64_t va);
/* Whether event @i of @result is about something relevant. */
bool is_relevant(const struct relevant *relevant, const struct vmsim_result *result, size_t i);

/* Process of a recorded event. */
static inline int recorded_pid(const struct vmsim_result *result, size_t i)
{
	return result->origins ? result->origins[i].pid : 0;
}

#endif
