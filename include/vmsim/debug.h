/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_DEBUG_H
#define VMSIM_DEBUG_H

#include <vmsim/machine.h>

/**
 * DOC: Replay under a debugger
 *
 * Where a debugger stops (docs/failures.md); gdb/vmsim-gdb.py makes commands of it. What it shows
 * comes as arguments: it need not call anything in the program, which not every debugger can.
 */

/**
 * vmsim_debug_decision() - called before each decision of a replay is carried out; does nothing
 * @number: of the decision, from 1
 * @what: the pick, as schedules name it
 * @state: of memory, in words; NULL unless options.debugger is set
 */
VMSIM_API void vmsim_debug_decision(uint64_t number, const char *what, const char *state);

/**
 * vmsim_debug_violation() - called when a rule breaks; does nothing
 * @number: of the last decision
 * @rule: oracle and rule
 * @text: the report
 * @state: as above
 *
 * Context: the simulated thread that broke it, in the event that told of it.
 */
VMSIM_API void vmsim_debug_violation(uint64_t number, const char *rule, const char *text,
				     const char *state);

#endif
