/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TEST_LEAVINGS_H
#define TEST_LEAVINGS_H

#include <stdint.h>

/*
 * What the last execution that ran to its end has left in the memory of its machine, before the
 * scenario's check: a hash. The program is linked with -Wl,--wrap=world_finish.
 */
extern uint64_t leavings;

#endif
