/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_TRACE_MEMORY_STATE_H
#define VMSIM_TRACE_MEMORY_STATE_H

#include <vmsim/explore.h>

/* The state of memory, as recorded events tell of it. */

/**
 * struct page_state - a page of an address space
 * @pte: its entry
 * @tlb: what each CPU has cached, as in VMSIM_RECORD_...; 0: nothing
 */
struct page_state {
	int pid;
	uint64_t va;
	uint64_t pte;
	uint64_t tlb[VMSIM_MAX_CPUS];
};

/**
 * struct frame_state - a frame
 * @epoch: how often it was handed out
 */
struct frame_state {
	uint64_t pfn;
	int64_t refs, maps;
	bool dirty, free;
	unsigned int epoch;
};

struct memory_state {
	struct page_state *pages;
	size_t nr_pages;
	struct frame_state *frames;
	size_t nr_frames;
};

/* Makes @state what it is after @event. */
void memory_state_apply(struct memory_state *state, const struct vmsim_event *event, int pid);
void memory_state_copy(struct memory_state *to, const struct memory_state *from);
void memory_state_free(struct memory_state *state);

/* NULL: nothing has been said about it. */
const struct page_state *memory_state_page(const struct memory_state *state, int pid, uint64_t va);
const struct frame_state *memory_state_frame(const struct memory_state *state, uint64_t pfn);

/* Whether the CPU may do what the entry does not grant. */
bool tlb_is_stale(const struct page_state *page, unsigned int cpu);

/* Each of these in words, without brackets. @size: at least STATE_WORDS. */
#define STATE_WORDS 128
void pte_words(const struct page_state *page, char *words, size_t size);
void tlb_words(const struct page_state *page, unsigned int cpu, char *words, size_t size);
void frame_words(const struct frame_state *frame, char *words, size_t size);

#endif
