/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCENARIO_GUP_FAST_DEVICE_H
#define SCENARIO_GUP_FAST_DEVICE_H

#include "corpus/corpus.h"

/* Pins the page at AREA, has a device write @word to it, and lets go. 0 once it is written. */
static inline int device_writes(uint64_t word)
{
	struct vmsim_pins *pins;
	int err = corpus_pin(AREA, VMSIM_PIN_WRITE, &pins);

	if (err)
		return err;
	vmsim_point("pinned");
	err = vmsim_dma_write(pins, 0, &word, sizeof(word));
	return vmsim_unpin(pins, true) ?: err;
}

/* What a thread has written to memory of its own, at @addr, is there. */
static inline int nobody_wrote(unsigned long addr, uint64_t word)
{
	uint64_t seen = 0;

	if (!corpus_load(addr, &seen))
		return -1;
	if (seen != word)
		vmsim_fail("a device wrote %#llx into memory that was never given to it",
			   (unsigned long long)seen);
	return 0;
}

#endif
