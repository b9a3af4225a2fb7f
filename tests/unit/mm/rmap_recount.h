/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TEST_MM_RMAP_RECOUNT_H
#define TEST_MM_RMAP_RECOUNT_H

#include "../vmsim_test.h"
#include "mm/mm_internal.h"
#include "check/checker.h"

/* What anon_vmas count of themselves, counted again over all mappings of all address spaces. */
#define MAX_ANON_VMAS 512

struct anon_vma_recount {
	struct anon_vma *at[MAX_ANON_VMAS];
	unsigned long vmas[MAX_ANON_VMAS];	/* in their trees */
	unsigned long active[MAX_ANON_VMAS];
	unsigned int nr;
};

static inline unsigned int recount_index(struct anon_vma_recount *all, struct anon_vma *anon_vma)
{
	for (unsigned int i = 0; i < all->nr; i++)
		if (all->at[i] == anon_vma)
			return i;
	assert_true(all->nr < MAX_ANON_VMAS);
	all->at[all->nr] = anon_vma;
	return all->nr++;
}

static inline void recount_vma(struct anon_vma_recount *all, struct vm_area_struct *vma)
{
	struct anon_vma_chain *avc;
	bool found = !vma->anon_vma;

	list_for_each_entry(avc, &vma->anon_vma_chain, same_vma) {
		unsigned int i = recount_index(all, avc->anon_vma);

		assert_ptr_equal(avc->vma, vma);
		/* One family. */
		assert_ptr_equal(avc->anon_vma->root, vma->anon_vma->root);
		all->vmas[i]++;
		all->active[i] += vma->anon_vma == avc->anon_vma;
		found |= vma->anon_vma == avc->anon_vma;
	}
	assert_true(found);
}

static inline unsigned long tree_size(struct anon_vma *anon_vma)
{
	struct anon_vma_chain *avc;
	unsigned long n = 0;

	anon_vma_interval_tree_foreach(avc, &anon_vma->rb_root, 0, ~0UL)
		n++;
	return n;
}

/* An anon_vma without VMAs that somebody names as parent is not known here, but is a parent. */
static inline void recount_children(struct anon_vma_recount *all)
{
	for (unsigned int i = 0; i < all->nr; i++) {
		struct anon_vma *anon_vma = all->at[i];
		unsigned long children = 0;

		for (unsigned int k = 0; k < all->nr; k++)
			children += all->at[k]->parent == anon_vma;
		assert_int_equal(anon_vma->num_children, children);
		assert_int_equal(anon_vma->num_active_vmas, all->active[i]);
		assert_int_equal(tree_size(anon_vma), all->vmas[i]);
	}
}

/* Nobody is inside the library. */
static inline void recount_anon_vmas(struct vmsim_machine *machine)
{
	struct vmsim_machine *m = vmsim_machine_get(machine);
	struct anon_vma_recount *all = calloc(1, sizeof(*all));
	struct mm_struct *mm;

	assert_non_null(all);
	list_for_each_entry(mm, &m->mms, mm_list)
		for (struct vm_area_struct *vma = vmsim_vma_first(&mm->mm_mt); vma;
		     vma = vmsim_vma_next(vma))
			recount_vma(all, vma);
	recount_children(all);
	free(all);
}

#endif
