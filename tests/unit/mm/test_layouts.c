// SPDX-License-Identifier: GPL-2.0-only
#include "large_folio.h"

/*
 * A14: by mremap() any page can come to lie beside any other: pages of one folio out of order, mixed
 * with those of others, in several page tables. Whoever treats entries in runs must see where such a
 * run ends: in a range of entries that is zapped, protected or copied, each is treated as it would
 * be alone, and none outside of it is touched.
 */

#define SLOTS 64
/* The border of two page tables is in the middle. */
#define WINDOW (0x20000000UL + PMD_SIZE - SLOTS / 2 * PG)
#define SOURCE 0x30000000UL
#define FOLIOS 4
#define STEPS 400
#define MOVE (MREMAP_MAYMOVE | MREMAP_FIXED)

/* What is in each slot: 0: nothing is mapped; else what was written, plus one. */
static uint64_t slot[SLOTS];
static uint64_t random_state;

static unsigned int pick(unsigned int below)
{
	random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned int)(random_state >> 33) % below;
}

static unsigned long at(unsigned int i)
{
	return WINDOW + i * PG;
}

/* Entries that change while a range is worked on, and where. */
static unsigned long touched_from, touched_to;
static unsigned int touched, touched_elsewhere;

static void note_change(void *arg, const struct vmsim_event *event)
{
	const struct ptdesc *pt = page_ptdesc(virt_to_page((void *)event->arg[0]));
	unsigned long addr = pt->pt_base + offset_in_page(event->arg[0]) / sizeof(u64) * PG;

	(void)arg;
	touched++;
	touched_elsewhere += addr < touched_from || addr >= touched_to;
}

static void begin_range(unsigned int first, unsigned int past)
{
	touched_from = at(first);
	touched_to = at(past);
	touched = touched_elsewhere = 0;
	assert_int_equal(vmsim_subscribe(world.machine, VMSIM_EV_BIT(PTE_SET), note_change, NULL),
			 0);
}

static void end_range(void)
{
	assert_int_equal(vmsim_unsubscribe(world.machine, note_change, NULL), 0);
	assert_int_equal(touched_elsewhere, 0);
}

static void check_slots(void)
{
	for (unsigned int i = 0; i < SLOTS; i++) {
		uint64_t value;

		if (!slot[i])
			assert_int_equal(vmsim_load(at(i), 8, &value), SIGSEGV);
		else
			assert_int_equal(load(at(i)), slot[i] - 1);
	}
}

/* Large folios, and small ones, in order. */
static void make_slots(void)
{
	for (unsigned int f = 0; f < FOLIOS; f++) {
		unsigned long addr = SOURCE + f * PAGES * PG;

		assert_int_equal(vmsim_mmap(addr, PAGES * PG, RW, ANON | MAP_FIXED, -1, 0), addr);
		map_large(addr, PAGES);
		assert_int_equal(vmsim_mremap(addr, PAGES * PG, PAGES * PG, MOVE, at(f * PAGES)),
				 at(f * PAGES));
		for (unsigned int i = 0; i < PAGES; i++)
			slot[f * PAGES + i] = i + 2;
	}
	assert_int_equal(vmsim_mmap(at(FOLIOS * PAGES), (SLOTS - FOLIOS * PAGES) * PG, RW,
				    ANON | MAP_FIXED, -1, 0), at(FOLIOS * PAGES));
	for (unsigned int i = FOLIOS * PAGES; i < SLOTS; i++) {
		store(at(i), 1000 + i);
		slot[i] = 1001 + i;
	}
}

static void move_slots(void)
{
	unsigned int len = 1 + pick(3), from = pick(SLOTS - len), to = pick(SLOTS - len);

	if (from < to + len && to < from + len)
		return;
	for (unsigned int i = 0; i < len; i++)
		if (!slot[from + i] || vma_at(at(from + i)) != vma_at(at(from)))
			return;
	assert_int_equal(vmsim_mremap(at(from), len * PG, len * PG, MOVE, at(to)), at(to));
	for (unsigned int i = 0; i < len; i++) {
		slot[to + i] = slot[from + i];
		slot[from + i] = 0;
	}
}

/* A run of slots that are mapped. */
static bool pick_range(unsigned int *first, unsigned int *past)
{
	*first = pick(SLOTS);
	for (*past = *first; *past < SLOTS && slot[*past] && *past - *first < 12;)
		++*past;
	return *past > *first;
}

static void drop_slots(void)
{
	unsigned int first, past;

	/* Not often, or nothing is left. */
	if (pick(8) || !pick_range(&first, &past))
		return;
	past = first + 1 + pick(past - first);
	begin_range(first, past);
	assert_int_equal(vmsim_madvise(at(first), (past - first) * PG, MADV_DONTNEED), 0);
	end_range();
	for (unsigned int i = first; i < past; i++)
		slot[i] = 1;
}

static void protect_slots(void)
{
	unsigned int first, past;

	if (!pick_range(&first, &past))
		return;
	begin_range(first, past);
	assert_int_equal(vmsim_mprotect(at(first), (past - first) * PG, PROT_READ), 0);
	end_range();
	for (unsigned int i = first; i < past; i++)
		assert_int_equal(vmsim_store(at(i), 8, 1), SIGSEGV);
	assert_int_equal(vmsim_mprotect(at(first), (past - first) * PG, RW), 0);
}

static void write_slots(void)
{
	unsigned int first, past;

	if (!pick_range(&first, &past))
		return;
	for (unsigned int i = first; i < past; i++) {
		store(at(i), 5000 + i);
		slot[i] = 5001 + i;
	}
}

/* The child finds what the parent has, and what it writes is its own. */
static void fork_slots(void)
{
	unsigned int i = pick(SLOTS);
	int child = fork_process();

	recount();
	become(child);
	check_slots();
	if (slot[i])
		store(at(i), 9999);
	become(world.pid);
	check_slots();
	end_process(child);
}

static void test_random_layouts(void **state)
{
	static void (*const actions[])(void) = {
		move_slots, move_slots, move_slots, move_slots, drop_slots, protect_slots,
		write_slots, fork_slots,
	};

	(void)state;
	random_state = 2026;
	make_slots();
	recount();
	for (unsigned int step = 0; step < STEPS; step++) {
		actions[pick(ARRAY_SIZE(actions))]();
		recount();
		check_slots();
	}
	assert_int_equal(vmsim_munmap(WINDOW, SLOTS * PG), 0);
	memset(slot, 0, sizeof(slot));
	recount();
}

/* Mappings of which a child has some and lacks others meet in the middle of a folio. */
static void test_border_in_a_folio(void **state)
{
	int child;

	(void)state;
	make_slots();
	assert_int_equal(vmsim_madvise(at(3), 2 * PG, MADV_DONTFORK), 0);
	child = fork_process();
	recount();
	assert_true(pte_none(entry_of(mm_of(child), at(3))));
	assert_true(pte_none(entry_of(mm_of(child), at(4))));
	assert_int_equal(rss_of(child).anon, SLOTS - 2);
	/* What was not shared is still the parent's alone. */
	assert_true(PageAnonExclusive(page_at(vmsim_self->mm, at(3))));
	assert_false(PageAnonExclusive(page_at(vmsim_self->mm, at(5))));
	end_process(child);
	check_slots();
	recount();
	assert_int_equal(vmsim_munmap(WINDOW, SLOTS * PG), 0);
	memset(slot, 0, sizeof(slot));
}

/* How long a run is, counted by hand: consecutive pages of one folio, in one table and mapping. */
static int run_length(unsigned int first)
{
	struct mm_struct *mm = vmsim_self->mm;
	struct folio *folio = page_folio(page_at(mm, at(first)));
	int nr = 1;

	while (first + (unsigned int)nr < SLOTS && slot[first + (unsigned int)nr] &&
	       at(first + (unsigned int)nr) & ~PMD_MASK) {
		unsigned int i = first + (unsigned int)nr;

		if (vma_at(at(i)) != vma_at(at(first)) ||
		    page_at(mm, at(i)) != page_at(mm, at(first)) + nr ||
		    page_folio(page_at(mm, at(i))) != folio)
			break;
		nr++;
	}
	return nr;
}

static int batch_length(unsigned int first)
{
	struct mm_struct *mm = vmsim_self->mm;
	unsigned long addr = at(first);
	unsigned long end = min(vma_at(addr)->vm_end, (addr & PMD_MASK) + PMD_SIZE);
	pte_t *ptep = chk_find_pte(mm, addr);

	return in_kernel(folio_pte_batch(page_folio(page_at(mm, addr)), addr, ptep, *ptep,
					 (int)((end - addr) / PG),
					 FPB_IGNORE_DIRTY | FPB_IGNORE_SOFT_DIRTY, NULL, NULL,
					 NULL));
}

static void test_batches(void **state)
{
	unsigned int longest = 0, single = 0;

	(void)state;
	random_state = 7;
	make_slots();
	for (unsigned int step = 0; step < 60; step++) {
		move_slots();
		for (unsigned int i = 0; i < SLOTS; i++) {
			int nr = slot[i] ? batch_length(i) : 0;

			if (!slot[i])
				continue;
			assert_int_equal(nr, run_length(i));
			longest = max(longest, (unsigned int)nr);
			single += nr == 1;
		}
	}
	assert_int_equal(longest, PAGES);
	assert_true(single > 0);
	assert_int_equal(vmsim_munmap(WINDOW, SLOTS * PG), 0);
	memset(slot, 0, sizeof(slot));
	recount();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_watched_world(test_random_layouts),
		in_watched_world(test_border_in_a_folio),
		in_watched_world(test_batches),
	};

	return vmsim_run_tests(tests);
}
