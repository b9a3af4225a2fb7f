/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCENARIO_FORKED_H
#define SCENARIO_FORKED_H

#include "corpus/corpus.h"

/* Pids; the other process has no part in anything. */
#define FIRST 1
#define OTHER 2

/*
 * The set-up's last step: a child that shares the page at AREA. The fork finds nothing to flush:
 * its flush may as well be lost. Of scenarios with two processes. Returns the child's pid.
 */
static inline int share_with_child(uint64_t value)
{
	int err = corpus_map(AREA, 1, RW, ANON, VMSIM_NO_FILE);

	if (!err)
		err = vmsim_store(AREA, 8, value);
	if (!err)
		err = vmsim_become(OTHER);
	if (!err)
		err = vmsim_become(FIRST);
	return err ? err : vmsim_fork("child");
}

#endif
