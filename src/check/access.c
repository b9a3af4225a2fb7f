// SPDX-License-Identifier: GPL-2.0-only
#include "check/checker.h"

/*
 * What each thread did last: TLB_USE says through which entry it goes, the LOAD or STORE that
 * follows says that it went, and with which value. In an exact order of events nothing lies
 * between the access itself and the second one.
 */

struct chk_access *chk_access_of(struct vmsim_checker *chk, int actor)
{
	struct chk_access *access = chk_map_get(&chk->accesses, (u64)actor);

	if (access)
		return access;
	access = chk_alloc(chk, sizeof(*access));
	if (access && !chk_map_put(&chk->accesses, (u64)actor, access))
		chk_out_of_memory(chk);
	return access;
}

void chk_access_note(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	struct chk_access *access;

	chk_lock(chk);
	access = chk_access_of(chk, chk_actor(event));
	if (access) {
		access->sequence = ++chk->sequence;
		access->va = event->arg[1];
		access->cached.cpu = (unsigned int)event->cpu;
		access->cached.entry = chk_entry_now(chk, (void *)event->arg[2]);
	}
	chk_unlock(chk);
}

unsigned long chk_access_pfn(const struct chk_access *access)
{
	const struct vmsim_tlb_entry *entry = &access->cached.entry;

	return entry->pfn + ((access->va >> PAGE_SHIFT) - entry->vpn);
}

const struct chk_access *chk_access_done(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	const struct chk_access *access = chk_map_get(&chk->accesses, (u64)chk_actor(event));

	if (!access || !access->cached.entry.mm || access->va != event->arg[0] ||
	    access->cached.entry.shift != PAGE_SHIFT || !vmsim_has_cell(chk_access_pfn(access)))
		return NULL;
	/* What happened to the frame since is the business of O1. */
	if (__READ_ONCE(pfn_to_page(chk_access_pfn(access))->vmsim_gen) != access->cached.entry.gen)
		return NULL;
	return access;
}
