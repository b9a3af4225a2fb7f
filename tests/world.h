/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TEST_WORLD_H
#define TEST_WORLD_H

#include <vmsim/vmsim.h>
#include <string.h>

/*
 * Under what a scenario runs, as tables of tests name it: a flush back-end, and the questions that
 * are asked: "ipi", "ipi+alloc+batch". @text is taken apart. False: something is not known.
 */
static inline bool world_parse(char *text, struct vmsim_explore_options *options)
{
	int tlb = vmsim_tlb_parse(strsep(&text, "+"));
	char *name;

	options->tlb = (enum vmsim_tlb)tlb;
	options->ask = 0;
	while (tlb >= 0 && (name = strsep(&text, "+"))) {
		int question = vmsim_question_parse(name);

		if (question < 0)
			return false;
		options->ask |= 1u << question;
	}
	return tlb >= 0;
}

#endif
