/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_TEST_BARRIERS_H
#define VMSIM_TEST_BARRIERS_H

#include <vmsim/vmsim.h>

enum barrier_protocol { EXCLUSIVE_FLAG, WRITE_PROTECT_SEQ, FLUSH_COUNTER, DIRTY_THEN_UNMAP };

/**
 * struct barrier_row - a protocol with an ordering taken away
 * @protocol: which
 * @what: what is different
 * @without: bits of the orderings that are not there
 * @expected: a letter for sc, tso and pso: 'P' nothing wrong in any state, 'F' it fails
 * @why: one line
 */
struct barrier_row {
	enum barrier_protocol protocol;
	const char *what;
	unsigned int without;
	const char *expected, *why;
};

extern const struct barrier_row barrier_rows[];
extern const unsigned int barrier_row_count;

const char *barrier_protocol_name(enum barrier_protocol protocol);
const char *barrier_protocol_source(enum barrier_protocol protocol);

/* Visits all states: 'P', 'F', or '?' with the reason in @error. */
char barrier_run(const struct barrier_row *row, enum vmsim_memory_model model, char *error,
		 size_t size);

/* Executions until it fails; 0: not within @executions. */
uint64_t barrier_find(const struct barrier_row *row, enum vmsim_memory_model model,
		      enum vmsim_strategy strategy, uint64_t executions);

#endif
