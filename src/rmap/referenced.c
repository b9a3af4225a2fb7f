// SPDX-License-Identifier: GPL-2.0-only
#include "rmap/internal.h"

/* Has a folio been used through its mappings since somebody last asked? */

/**
 * struct referenced - state of one question
 * @mappings: entries that have not been found yet
 * @referenced: VMAs through which it was used
 * @vm_flags: flags of those VMAs
 */
struct referenced {
	int mappings;
	int referenced;
	unsigned long vm_flags;
};

__vmsim_overridable bool folio_referenced_one(struct folio *folio, struct vm_area_struct *vma,
					      unsigned long address, void *arg)
{
	DEFINE_FOLIO_VMA_WALK(pvmw, folio, vma, address, 0);
	struct referenced *result = arg;
	bool young = false;

	while (page_vma_mapped_walk(&pvmw)) {
		if (READ_ONCE(vma->vm_flags) & VM_LOCKED) {
			/* It stays in memory, whatever else is found; mlock() may have missed it. */
			mlock_small_folio(folio, vma);
			page_vma_mapped_walk_done(&pvmw);
			result->vm_flags |= VM_LOCKED;
			return false;
		}
		young |= ptep_clear_flush_young(vma, pvmw.address, pvmw.pte) != 0;
		result->mappings--;
	}
	if (young) {
		result->referenced++;
		result->vm_flags |= READ_ONCE(vma->vm_flags) & ~(unsigned long)VM_LOCKED;
	}
	return result->mappings != 0;
}

static bool has_no_recency(struct vm_area_struct *vma, void *arg)
{
	(void)arg;
	return !vma_has_recency(vma);
}

/**
 * folio_referenced() - asks whether a folio was used through its mappings, and forgets it
 * @folio: folio
 * @is_locked: the caller holds its lock; else it is tried for, where it is needed
 * @memcg: must be NULL, there are no control groups
 * @vm_flags: set to the flags of the VMAs through which it was used
 *
 * Reclaim must not wait for locks: where it would have to, the answer is -1.
 *
 * Return: the number of VMAs through which it was used, or -1. Source: Linux 6.12, mm/rmap.c.
 */
__vmsim_overridable int folio_referenced(struct folio *folio, int is_locked,
					 struct mem_cgroup *memcg, unsigned long *vm_flags)
{
	struct referenced result = { .mappings = folio_mapcount(folio) };
	struct rmap_walk_control rwc = {
		.rmap_one = folio_referenced_one,
		.invalid_vma = has_no_recency,
		.anon_lock = folio_lock_anon_vma_read,
		.try_lock = true,
		.arg = &result,
	};
	bool lock = !is_locked && (!folio_test_anon(folio) || folio_test_ksm(folio));

	VM_BUG_ON(memcg);
	*vm_flags = 0;
	if (!folio_mapped(folio) || !folio_raw_mapping(folio))
		return 0;
	/* Could not be locked: better kept than looked at closely. */
	if (lock && !folio_trylock(folio))
		return 1;
	rmap_walk(folio, &rwc);
	if (lock)
		folio_unlock(folio);
	*vm_flags = result.vm_flags;
	return rwc.contended ? -1 : result.referenced;
}
