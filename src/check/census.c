// SPDX-License-Identifier: GPL-2.0-only
#include "check/census.h"
#include "folio/folio.h"
#include <errno.h>
#include <stdlib.h>

static void count_pte(void *arg, struct mm_struct *mm, pte_t *ptep, unsigned long addr)
{
	struct chk_census *census = arg;
	struct chk_mm_census *of_mm = &census->mms[census->nr_mms];
	u64 pte = chk_read_pte(ptep);

	if (census->nr_found++ < CHK_MAX_FOUND)
		census->found[census->nr_found - 1] = (struct chk_found) { mm, ptep, addr };
	if (chk_hw_present(pte) && !vmsim_has_cell(chk_pfn(pte)))
		census->bad_pfn++;
	if (!chk_maps_normal(census->chk, pte))
		return;
	if (chk_pfn(pte) < census->frames) {
		census->entries[chk_pfn(pte)]++;
		census->dirty[chk_pfn(pte)] |= (pte & _PAGE_DIRTY) != 0;
	}
	of_mm->rss[mm_counter(pfn_folio(chk_pfn(pte)))]++;
}

static void count_table(void *arg, struct mm_struct *mm, struct page *table, unsigned int level)
{
	struct chk_census *census = arg;

	(void)mm, (void)table, (void)level;
	census->tables++;
}

static unsigned int count_mms(const struct vmsim_machine *m)
{
	struct mm_struct *mm;
	unsigned int n = 0;

	list_for_each_entry(mm, &m->mms, mm_list)
		n++;
	return n;
}

/* One piece of memory for all that is counted; a recount of a small world needs no allocation. */
static bool make_room(struct chk_census *census, unsigned long mms)
{
	size_t mms_size = mms * sizeof(*census->mms);
	size_t entries_size = census->frames * sizeof(*census->entries);
	size_t size = mms_size + entries_size + census->frames;
	char *room = size <= sizeof(census->small) ? memset(census->small, 0, size) :
						     calloc(1, size);

	census->mms = (struct chk_mm_census *)room;
	census->entries = (u32 *)(room + mms_size);
	census->dirty = (bool *)(room + mms_size + entries_size);
	return room;
}

int chk_census_take(struct chk_census *census, struct vmsim_checker *chk)
{
	struct vmsim_machine *m = chk->machine;
	const struct chk_walk walk = { .pte = count_pte, .table = count_table, .arg = census };
	struct mm_struct *mm;

	census->chk = chk;
	census->frames = m->frames_used;
	census->tables = census->bad_pfn = 0;
	census->nr_mms = 0;
	census->nr_found = 0;
	if (!make_room(census, count_mms(m)))
		return -ENOMEM;
	list_for_each_entry(mm, &m->mms, mm_list) {
		census->mms[census->nr_mms].mm = mm;
		chk_walk_mm(mm, &walk);
		census->nr_mms++;
	}
	return 0;
}

void chk_census_drop(struct chk_census *census)
{
	if ((char *)census->mms != census->small)
		free(census->mms);
}

static void pass_table(void *arg, struct mm_struct *mm, struct page *table, unsigned int level)
{
	(void)arg, (void)mm, (void)table, (void)level;
}

void chk_each_entry(struct chk_census *census,
		    void (*fn)(void *arg, struct mm_struct *mm, pte_t *ptep, unsigned long addr))
{
	const struct chk_walk walk = { .pte = fn, .table = pass_table, .arg = census };

	if (census->nr_found <= CHK_MAX_FOUND) {
		for (unsigned int i = 0; i < census->nr_found; i++)
			fn(census, census->found[i].mm, census->found[i].ptep,
			   census->found[i].addr);
		return;
	}
	for (unsigned int i = 0; i < census->nr_mms; i++)
		chk_walk_mm(census->mms[i].mm, &walk);
}

void chk_each_head(struct chk_census *census,
		   void (*fn)(struct chk_census *census, struct page *page))
{
	for (unsigned long pfn = 0; pfn < census->frames; pfn++)
		if (vmsim_section_is_valid(census->chk->machine, pfn) &&
		    !PageTail(pfn_to_page(pfn)))
			fn(census, pfn_to_page(pfn));
}
