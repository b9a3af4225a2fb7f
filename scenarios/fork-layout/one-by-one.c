// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

/* Override: every entry by itself. Nothing is wrong with that: it takes longer. */

int folio_pte_batch(struct folio *folio, unsigned long addr, pte_t *start_ptep, pte_t pte,
		    int max_nr, fpb_t flags, bool *any_writable, bool *any_young, bool *any_dirty)
{
	bool *const any[] = { any_writable, any_young, any_dirty };

	(void)folio, (void)addr, (void)start_ptep, (void)pte, (void)max_nr, (void)flags;
	for (unsigned int i = 0; i < ARRAY_SIZE(any); i++)
		if (any[i])
			*any[i] = false;
	return 1;
}
