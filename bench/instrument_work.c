// SPDX-License-Identifier: GPL-2.0-only
#include "instrument_work.h"

/* Compiled twice: as it is, and instrumented (-DVMSIM_FULL). */
#ifdef VMSIM_FULL
#define work work_instrumented
#else
#define work work_plain
#endif

void work(long *words, unsigned long rounds)
{
	for (unsigned long round = 0; round < rounds; round++) {
		for (unsigned int i = 0; i < WORK_ACCESSES / 2; i++)
			words[i]++;
		/* The sums are made in memory. */
		__asm__ __volatile__("" : : "r"(words) : "memory");
	}
}
