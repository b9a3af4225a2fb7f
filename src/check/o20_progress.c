// SPDX-License-Identifier: GPL-2.0-only
#include "check/checker.h"
#include "check/census.h"

/*
 * O20: what is left behind. Deadlock and livelock are the explorer's to see; here, at rest: page
 * tables that no address space has, and once all processes are gone, frames that nobody has.
 */

static bool somebody_runs(const struct chk_census *census)
{
	for (unsigned int i = 0; i < census->nr_mms; i++)
		if (atomic_read(&census->mms[i].mm->mm_users) > 0)
			return true;
	return false;
}

/* Tables whose readers may not all have left yet are nobody's, and still in use. */
static void check_tables(struct chk_census *census)
{
	struct vmsim_machine *m = census->chk->machine;
	u64 found = __READ_ONCE(m->tables);

	if (found != census->tables && !__READ_ONCE(m->rcu.pending))
		chk_report(census->chk, VMSIM_ORACLE_O20, "R2",
			   "page tables: expected %llu in %u address spaces, found %llu",
			   (unsigned long long)census->tables, census->nr_mms,
			   (unsigned long long)found);
}

static void check_leaked(struct chk_census *census, struct page *page)
{
	struct folio *folio = (struct folio *)page;
	struct chk_text text;

	if (!chk_frame_allocated(page) || PageReserved(page) || chk_is_table(page) ||
	    folio_mapping(folio))
		return;
	chk_report(census->chk, VMSIM_ORACLE_O20, "",
		   "left behind after the last process: expected a free frame, found %s",
		   chk_page(&text, page));
}

static void check_processes(struct chk_census *census)
{
	for (unsigned int i = 0; i < census->nr_mms; i++) {
		struct mm_struct *mm = census->mms[i].mm;
		int users = atomic_read(&mm->mm_users);

		chk_report(census->chk, VMSIM_ORACLE_O20, "",
			   "address space of process %d left behind: expected none, found %d %s",
			   mm->pid, users > 0 ? users : atomic_read(&mm->mm_count),
			   users > 0 ? "users" : "references without a user");
	}
}

static void o20_quiescent(struct vmsim_checker *chk, struct chk_census *census)
{
	check_tables(census);
	if (!list_empty(&chk->machine->processes))
		return;
	check_processes(census);
	if (!somebody_runs(census) && !__READ_ONCE(chk->machine->rcu.pending))
		chk_each_head(census, check_leaked);
}

const struct chk_oracle chk_o20 = {
	.id = VMSIM_ORACLE_O20,
	.quiescent = o20_quiescent,
};
