// SPDX-License-Identifier: GPL-2.0-only
#include "check/checker.h"

/* An inaccessible entry grants nothing, and yet tells a cleaner that its page is dirty. */
static u64 what_is_left(u64 live)
{
	return live & _PAGE_PROTNONE && !chk_hw_present(live) ? live & ~_PAGE_RW : 0;
}

unsigned int chk_excess(const struct vmsim_tlb_entry *entry, u64 live)
{
	unsigned int excess = 0;

	if (!chk_hw_present(live) || chk_pfn(live) != entry->pfn) {
		excess = CHK_X_FRAME;
		live = chk_pfn(live) == entry->pfn ? what_is_left(live) : 0;
	}
	if (entry->write && !(live & _PAGE_RW))
		excess |= CHK_X_WRITE;
	if (entry->dirty && !(live & _PAGE_DIRTY))
		excess |= CHK_X_DIRTY;
	return excess;
}

const char *chk_excess_name(unsigned int excess)
{
	static const char *const names[8] = {
		"none", "X-frame", "X-write", "X-frame,X-write",
		"X-dirty", "X-frame,X-dirty", "X-write,X-dirty", "X-frame,X-write,X-dirty",
	};

	return names[excess & 7];
}

/*
 * Coherent hardware uses an entry only while the tables say the same, so what it was filled with
 * long ago does not matter: the frame is the one that the tables name now.
 */
struct vmsim_tlb_entry chk_entry_now(struct vmsim_checker *chk, const struct vmsim_tlb_entry *entry)
{
	struct vmsim_tlb_entry now = *entry;

	if (chk->machine->tlb_backend == VMSIM_TLB_COHERENT && vmsim_has_cell(now.pfn) &&
	    chk_frame_allocated(pfn_to_page(now.pfn)))
		now.gen = __READ_ONCE(pfn_to_page(now.pfn)->vmsim_gen);
	return now;
}

struct collecting {
	struct vmsim_checker *chk;
	chk_entry_filter filter;
	void *arg;
	struct chk_cached_set *set;
};

static void collect_one(void *arg, struct vmsim_cpu *cpu, const struct vmsim_tlb_entry *entry)
{
	struct collecting *c = arg;
	struct vmsim_tlb_entry now = chk_entry_now(c->chk, entry);

	if (c->set->nr == CHK_MAX_CACHED || entry->shift != PAGE_SHIFT)
		return;
	if (!c->filter(c->arg, &now) || !vmsim_tlb_usable(cpu, entry))
		return;
	c->set->at[c->set->nr++] = (struct chk_cached) { .cpu = cpu->id, .entry = now };
}

void chk_collect(struct vmsim_checker *chk, chk_entry_filter filter, void *arg,
		 struct chk_cached_set *set)
{
	struct collecting c = { .chk = chk, .filter = filter, .arg = arg, .set = set };

	set->nr = 0;
	vmsim_tlb_for_each(chk->machine, collect_one, &c);
}

static bool same(const struct chk_cached *a, const struct chk_cached *b)
{
	return a->cpu == b->cpu && a->entry.mm == b->entry.mm && a->entry.vpn == b->entry.vpn &&
	       a->entry.pfn == b->entry.pfn && a->entry.gen == b->entry.gen;
}

static bool has(const struct chk_cached_set *set, const struct chk_cached *cached)
{
	for (unsigned int i = 0; i < set->nr; i++)
		if (same(&set->at[i], cached))
			return true;
	return false;
}

void chk_intersect(struct chk_cached_set *set, const struct chk_cached_set *again)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < set->nr; i++)
		if (has(again, &set->at[i]))
			set->at[kept++] = set->at[i];
	set->nr = kept;
}
