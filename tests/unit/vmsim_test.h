/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_TEST_H
#define VMSIM_TEST_H

/* What every CMocka program of the project includes first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <vmsim/vmsim.h>

/* CMocka returns the number of failures, which wraps at 256: exit status 0 or 1 (peers.md 4.3). */
#define vmsim_run_tests(tests) (cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0)

#endif
