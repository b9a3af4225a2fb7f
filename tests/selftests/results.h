/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TEST_RESULTS_H
#define TEST_RESULTS_H

#include "../unit/mm/fork_test.h"
#include <vmsim/pin.h>

/*
 * Results as the kernel's selftests report them. Those that belong to what is not modelled are not
 * counted: what is listed runs.
 */
static unsigned int results;

static inline void result(bool good, const char *name)
{
	if (!good)
		fail_msg("%s", name);
	results++;
}

/* Runs the tests, and demands that they gave so many results. */
#define run_with_results(tests, expected)						\
({											\
	int __failed = vmsim_run_tests(tests);						\
											\
	printf("%u of %u results, %u skipped\n", results, (unsigned int)(expected),	\
	       (expected) - results);							\
	__failed || results != (expected);						\
})

static inline pte_t entry(unsigned long addr)
{
	return entry_of(vmsim_self->mm, addr);
}

/* The page that the caller has there, NULL: none. */
static inline struct page *page_of(unsigned long addr)
{
	return pte_present(entry(addr)) ? pte_page(entry(addr)) : NULL;
}

#endif
