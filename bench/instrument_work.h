/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_INSTRUMENT_WORK_H
#define VMSIM_INSTRUMENT_WORK_H

/* Adds to each of eight words in turn, @rounds times: 16 plain accesses a round. */
#define WORK_ACCESSES 16
void work_plain(long *words, unsigned long rounds);
void work_instrumented(long *words, unsigned long rounds);

#endif
