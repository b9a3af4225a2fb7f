/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_FOLIO_TEST_H
#define VMSIM_FOLIO_TEST_H

#include "../vmsim_test.h"
#include "folio/folio.h"
#include "machine/contents.h"
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/swap.h>

/* A machine with one process, and the calling pthread on its CPU 0. */
struct world {
	struct vmsim_machine *handle;
	struct vmsim_machine *m;
};

static inline struct world world_make(const struct vmsim_config *config)
{
	struct world w;
	int pid;

	assert_int_equal(vmsim_machine_create(config, &w.handle), 0);
	w.m = vmsim_machine_get(w.handle);
	pid = vmsim_process_create(w.handle, "test");
	assert_true(pid > 0);
	assert_int_equal(vmsim_attach(w.handle, 0, pid), 0);
	return w;
}

static inline struct vmsim_config small_config(void)
{
	struct vmsim_config config;

	vmsim_config_init(&config);
	config.frames = 4096;
	return config;
}

static inline struct world world_small(void)
{
	struct vmsim_config config = small_config();

	return world_make(&config);
}

static inline void world_end(struct world *w)
{
	assert_int_equal(vmsim_detach(), 0);
	assert_int_equal(vmsim_machine_destroy(w->handle), 0);
}

/* Runs a statement that must end in BUG(). */
static jmp_buf bug_place;

static inline void bug_caught(const char *file, int line, const char *cond)
{
	(void)file, (void)line, (void)cond;
	longjmp(bug_place, 1);
}

#define assert_bug(statement)						\
do {									\
	volatile bool returned = false;					\
	int depth = current->preempt_count;				\
	vmsim_set_bug_handler(bug_caught);				\
	if (!setjmp(bug_place)) {					\
		statement;						\
		returned = true;					\
	}								\
	vmsim_set_bug_handler(NULL);					\
	current->preempt_count = depth;					\
	assert_false(returned);						\
} while (0)

/* Runs a statement that must break a rule of O7 exactly once. */
#define assert_violation(w, statement, what)				\
do {									\
	uint64_t before_ = vmsim_violations((w)->handle);		\
	struct vmsim_violation v_;					\
	statement;							\
	assert_int_equal(vmsim_violations((w)->handle), before_ + 1);	\
	assert_int_equal(vmsim_violation_get((w)->handle, (unsigned int)before_, &v_), 0); \
	assert_string_equal(v_.oracle, "O7");				\
	assert_non_null(strstr(v_.text, what));				\
} while (0)

#endif
