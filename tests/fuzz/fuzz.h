/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_FUZZ_H
#define VMSIM_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* What libFuzzer calls, and mutate.c too. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A broken promise of the code under test is a crash of the target. */
#define expect(condition) ((condition) ? (void)0 : abort())

#endif
