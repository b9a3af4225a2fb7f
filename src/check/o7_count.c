// SPDX-License-Identifier: GPL-2.0-only
#include "check/checker.h"
#include "check/census.h"
#include "folio/folio.h"

/*
 * O7: counts. Underflows are seen at once; at rest every count is compared with a recount: map
 * counts, references, resident sets, free frames.
 */

/* Counts wrap around: so many references that the count is negative nobody has put. */
static bool is_put(int from, int to)
{
	return (int)((unsigned int)to - (unsigned int)from) < 0;
}

static void ref(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	const struct page *page = (void *)event->arg[0];
	int from = (int)event->arg[1], to = (int)event->arg[2];
	struct chk_text text;

	/* Not where both are -1: the counts before and after are not known. */
	if (from < 0 || to >= 0 || !is_put(from, to))
		return;
	chk_report(chk, VMSIM_ORACLE_O7, "R7", "reference put that nobody had: %d to %d; %s", from,
		   to, chk_page(&text, page));
}

static void map_add(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	const struct page *page = (void *)event->arg[0];
	struct chk_text text;

	if (!chk_frame_allocated(page))
		chk_report(chk, VMSIM_ORACLE_O7, "R7", "a free frame is mapped: %s",
			   chk_page(&text, page));
}

static void map_remove(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	const struct page *page = (void *)event->arg[0];
	struct chk_text text;

	if ((int)event->arg[2] >= 0)
		return;
	chk_report(chk, VMSIM_ORACLE_O7, "R7",
		   "map count below zero: expected 0 or more, found %d; %s", (int)event->arg[2],
		   chk_page(&text, page));
}

static void o7_event(struct vmsim_checker *chk, const struct vmsim_event *event)
{
	switch (event->kind) {
	case VMSIM_EV_REF:
		ref(chk, event);
		break;
	case VMSIM_EV_MAP_ADD:
		map_add(chk, event);
		break;
	default:
		map_remove(chk, event);
	}
}

static void mismatch(struct chk_census *census, const char *what, long expected, long found,
		     const struct page *page)
{
	struct chk_text text;

	chk_report(census->chk, VMSIM_ORACLE_O7, "R28", "%s: expected %ld, found %ld; %s", what,
		   expected, found, chk_page(&text, page));
}

static void check_count(struct chk_census *census, const char *what, long expected, long found,
			const struct page *page)
{
	if (expected != found)
		mismatch(census, what, expected, found, page);
}

static u32 entries_of(const struct chk_census *census, const struct page *page)
{
	unsigned long pfn = page_to_pfn(page);

	return pfn < census->frames ? census->entries[pfn] : 0;
}

/* Entries that map the folio; checks the map count of each of its pages. */
static long check_mapcounts(struct chk_census *census, struct folio *folio)
{
	long total = 0, mapped = 0;

	for (long i = 0; i < folio_nr_pages(folio); i++) {
		struct page *page = folio_page(folio, (unsigned long)i);
		u32 entries = entries_of(census, page);

		check_count(census, "map count", entries, page_mapcount(page), page);
		total += entries;
		mapped += entries != 0;
	}
	if (!folio_test_large(folio))
		return total;
	check_count(census, "map count of a large folio", total, folio_large_mapcount(folio),
		    &folio->page);
	check_count(census, "mapped pages of a large folio", mapped,
		    atomic_read(&folio->_nr_pages_mapped), &folio->page);
	return total;
}

/* Who holds a frame that is in no mapping and in no cache is not known here; see O20. */
static void check_user_frame(struct chk_census *census, struct folio *folio)
{
	long entries = check_mapcounts(census, folio);
	bool cached = folio_mapping(folio);
	long expected = entries + (cached ? folio_nr_pages(folio) : 0) +
			(cached && folio_test_private(folio) ? 1 : 0);

	if (entries || cached)
		check_count(census, "references", expected, folio_ref_count(folio), &folio->page);
}

static void check_frame(struct chk_census *census, struct page *page)
{
	if (PageReserved(page)) {
		check_count(census, "references of a reserved frame", 1, page_ref_count(page),
			    page);
		check_count(census, "map count of a reserved frame", 0, page_mapcount(page), page);
	} else if (!chk_frame_allocated(page)) {
		check_count(census, "entries that map a free frame", 0, entries_of(census, page),
			    page);
		check_count(census, "references of a free frame", 0, page_ref_count(page), page);
	} else if (chk_is_table(page)) {
		check_count(census, "entries that map a page table", 0, entries_of(census, page),
			    page);
		check_count(census, "references of a page table", 1, page_ref_count(page), page);
	} else {
		check_user_frame(census, (struct folio *)page);
	}
}

static void check_rss(struct chk_census *census)
{
	static const char *const names[NR_MM_COUNTERS] = {
		[MM_FILEPAGES] = "file", [MM_ANONPAGES] = "anonymous",
		[MM_SWAPENTS] = "swap", [MM_SHMEMPAGES] = "shared-memory",
	};

	for (unsigned int i = 0; i < census->nr_mms; i++) {
		const struct chk_mm_census *of_mm = &census->mms[i];

		for (int kind = 0; kind < NR_MM_COUNTERS; kind++) {
			long found = vmsim_rss_sum(of_mm->mm, kind);

			if (found != of_mm->rss[kind])
				chk_report(
					census->chk, VMSIM_ORACLE_O7, "R28",
					"resident %s pages of process %d: expected %ld, found %ld",
					names[kind], of_mm->mm->pid, of_mm->rss[kind], found);
		}
	}
}

/* Frames beyond the highest one that was ever used are free. */
static void check_free_frames(struct chk_census *census)
{
	struct vmsim_machine *m = census->chk->machine;
	u64 allocated = 0, valid = 0, found = m->zone.nr_free_pages;

	for (unsigned long pfn = 0; pfn < census->frames; pfn++)
		if (vmsim_section_is_valid(m, pfn))
			allocated += chk_frame_allocated(pfn_to_page(pfn));
	for (unsigned long pfn = 0; pfn < m->nr_frames; pfn += VMSIM_SECTION_FRAMES)
		if (vmsim_has_cell(pfn))
			valid += min((unsigned long)VMSIM_SECTION_FRAMES, m->nr_frames - pfn);
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++)
		found += m->cpu[cpu].pcp.count;
	if (found != valid - allocated)
		chk_report(census->chk, VMSIM_ORACLE_O7, "R28",
			   "free frames: expected %llu, found %llu",
			   (unsigned long long)(valid - allocated), (unsigned long long)found);
}

static void o7_quiescent(struct vmsim_checker *chk, struct chk_census *census)
{
	(void)chk;
	chk_each_head(census, check_frame);
	check_rss(census);
	check_free_frames(census);
}

const struct chk_oracle chk_o7 = {
	.id = VMSIM_ORACLE_O7,
	.kinds = VMSIM_EV_BIT(REF) | VMSIM_EV_BIT(MAP_ADD) | VMSIM_EV_BIT(MAP_REMOVE),
	.event = o7_event,
	.quiescent = o7_quiescent,
};
