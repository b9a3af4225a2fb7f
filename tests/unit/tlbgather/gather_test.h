/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GATHER_TEST_H
#define GATHER_TEST_H

#include "../vmsim_test.h"
#include "machine/internal.h"
#include <asm/tlb.h>
#include <linux/mm_inline.h>
#include <linux/rmap.h>
#include <pthread.h>

/*
 * The suite of the gather. It is written against names and behaviour, not against an
 * implementation, and runs over ours and over the kernel's own files (tests/kernel).
 *
 * Where 6.1 differs: it holds plain pages, one slot each, and has no delayed map counts.
 */
#ifdef VMSIM_GATHER_6_1
#define SLOTS_KEPT_FREE 0u
static inline bool queue_page(struct mmu_gather *tlb, struct page *page)
{
	return __tlb_remove_page(tlb, page);
}
#else
#define SLOTS_KEPT_FREE 1u	/* a run must always fit */
static inline bool queue_page(struct mmu_gather *tlb, struct page *page)
{
	return __tlb_remove_page(tlb, page, false);
}
#endif

#define ADDR 0x10000000UL
#define CPUS 3

struct world {
	struct vmsim_machine *machine;
	struct mm_struct *mm;
	int pid;
	pthread_t peer;		/* a thread of the same process, on CPU 1, outside the library */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool peer_there, peer_may_go;
};

/* What happened, in order. */
#define LOG_MAX 32768

static struct {
	unsigned int nr;
	struct vmsim_event event[LOG_MAX];
} event_log;

static void log_event(void *arg, const struct vmsim_event *event)
{
	(void)arg;
	if (event_log.nr < LOG_MAX)
		event_log.event[event_log.nr++] = *event;
}

static inline void log_begin(struct world *w, uint64_t kinds)
{
	event_log.nr = 0;
	assert_int_equal(vmsim_subscribe(w->machine, kinds, log_event, NULL), 0);
}

static inline void log_end(struct world *w)
{
	assert_int_equal(vmsim_unsubscribe(w->machine, log_event, NULL), 0);
}

static inline unsigned int log_count(enum vmsim_event_kind kind)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < event_log.nr; i++)
		count += event_log.event[i].kind == kind;
	return count;
}

/* Place of the @nth event of a kind, from 0; -1 where there is none. */
static inline int log_find(enum vmsim_event_kind kind, unsigned int nth)
{
	for (unsigned int i = 0; i < event_log.nr; i++)
		if (event_log.event[i].kind == kind && nth-- == 0)
			return (int)i;
	return -1;
}

#define assert_before(first, second)						\
do {										\
	assert_int_not_equal(log_find(VMSIM_EV_##first, 0), -1);		\
	assert_int_not_equal(log_find(VMSIM_EV_##second, 0), -1);		\
	assert_true(log_find(VMSIM_EV_##first, 0) < log_find(VMSIM_EV_##second, 0)); \
} while (0)

static void *peer_main(void *arg)
{
	struct world *w = arg;

	if (vmsim_attach(w->machine, 1, w->pid))
		abort();
	pthread_mutex_lock(&w->lock);
	w->peer_there = true;
	pthread_cond_signal(&w->changed);
	while (!w->peer_may_go)
		pthread_cond_wait(&w->changed, &w->lock);
	pthread_mutex_unlock(&w->lock);
	vmsim_detach();
	return NULL;
}

static inline void world_start_peer(struct world *w)
{
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->changed, NULL);
	assert_int_equal(pthread_create(&w->peer, NULL, peer_main, w), 0);
	pthread_mutex_lock(&w->lock);
	while (!w->peer_there)
		pthread_cond_wait(&w->changed, &w->lock);
	pthread_mutex_unlock(&w->lock);
}

static inline void world_end_peer(struct world *w)
{
	pthread_mutex_lock(&w->lock);
	w->peer_may_go = true;
	pthread_cond_signal(&w->changed);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->peer, NULL);
}

/* Three CPUs: the test on 0, its peer on 1, nobody on 2. */
static inline int world_setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct vmsim_config config;

	vmsim_config_init(&config);
	config.mode = VMSIM_NATIVE;
	config.contents = VMSIM_CONTENTS_NONE;
	config.tlb = VMSIM_TLB_IPI;
	config.cpus = CPUS;
	config.frames = 4096;
	assert_int_equal(vmsim_machine_create(&config, &w->machine), 0);
	w->pid = vmsim_process_create(w->machine, "gather");
	assert_true(w->pid > 0);
	assert_int_equal(vmsim_attach(w->machine, 0, w->pid), 0);
	world_start_peer(w);
	assert_int_equal(vmsim_enter(), 0);
	w->mm = current->mm;
	*state = w;
	return 0;
}

static inline int world_teardown(void **state)
{
	struct world *w = *state;
	uint64_t violations;

	vmsim_fail_pages(w->machine, 1, 0);
	rcu_barrier();
	vmsim_leave();
	world_end_peer(w);
	assert_int_equal(vmsim_detach(), 0);
	violations = vmsim_violations(w->machine);
	assert_int_equal(vmsim_process_destroy(w->machine, w->pid), 0);
	assert_int_equal(vmsim_machine_destroy(w->machine), 0);
	free(w);
	return violations != 0;
}

#define gather_test(fn) cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)

static inline struct vmsim_stats stats_of(struct world *w)
{
	struct vmsim_stats stats;

	assert_int_equal(vmsim_stats_get(w->machine, &stats), 0);
	return stats;
}

/* Full gathers take thousands of pages: one page, with a reference for each time it is queued. */
static inline struct page *page_with_refs(int refs)
{
	struct page *page = alloc_page(GFP_KERNEL);

	assert_non_null(page);
	folio_ref_add(page_folio(page), refs);
	return page;
}

static inline void fail_allocations(struct world *w, bool fail)
{
	assert_int_equal(vmsim_fail_pages(w->machine, 1, fail ? 1000000 : 0), 0);
}

/* Begins a gather in which entries of one page at ADDR were cleared. */
static inline void begin_with_cleared_pte(struct world *w, struct mmu_gather *tlb)
{
	tlb_gather_mmu(tlb, w->mm);
	tlb_change_page_size(tlb, PAGE_SIZE);
	tlb_flush_pte_range(tlb, ADDR, PAGE_SIZE);
}

#endif
