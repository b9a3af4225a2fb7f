// SPDX-License-Identifier: GPL-2.0-only
/* Walks, fills, hits: what one CPU does. */
#include "tlb/tlb_fixture.h"

#define ADDR 0x40000000UL

static struct fixture the_fixture;

static int setup_levels(void **state, unsigned int levels, enum vmsim_mode mode)
{
	struct vmsim_config config = fixture_config();

	config.levels = levels;
	config.mode = mode;
	fixture_make(&the_fixture, &config);
	load_mm_on(&the_fixture, 1);
	*state = &the_fixture;
	return 0;
}

static int setup(void **state)
{
	return setup_levels(state, 0, VMSIM_NATIVE);
}

static int setup_most_levels(void **state)
{
	return setup_levels(state, CONFIG_PGTABLE_LEVELS, VMSIM_EXPLORE);
}

static int teardown(void **state)
{
	tlb_fixture_end(*state);
	return 0;
}

static void test_fill_and_hit(void **state)
{
	struct fixture *f = *state;
	pte_t *ptep = map(f, ADDR, new_frame(42), PAGE_SHARED);
	const struct vmsim_tlb_entry *entry;
	u64 value = 0;

	assert_int_equal(load_as(f, 0, ADDR, &value), 0);
	assert_int_equal(value, 42);
	assert_true(pte_young(ptep_get(ptep)));
	assert_false(pte_dirty(ptep_get(ptep)));
	entry = cached(f, 0, ADDR);
	assert_non_null(entry);
	assert_int_equal(entry->pfn, pte_pfn(ptep_get(ptep)));
	assert_int_equal(entry->gen, pte_page(ptep_get(ptep))->vmsim_gen);
	assert_ptr_equal(entry->ptep, ptep);
	assert_int_equal(entry->shift, PAGE_SHIFT);
	assert_true(entry->write && entry->accessed && !entry->dirty && !entry->exec);
	assert_int_equal(fixture_stats(f).tlb_fills, 1);
	assert_int_equal(fixture_stats(f).tlb_hits, 0);
	assert_int_equal(load_as(f, 0, ADDR + 8, &value), 0);
	assert_int_equal(value, 0);
	assert_int_equal(fixture_stats(f).tlb_fills, 1);
	assert_int_equal(fixture_stats(f).tlb_hits, 1);
	__free_page(pte_page(ptep_get(ptep)));
}

static void test_store(void **state)
{
	struct fixture *f = *state;
	struct page *page = new_frame(1);
	pte_t *ptep = map(f, ADDR, page, PAGE_SHARED);
	u32 half = 0;
	u64 value;

	assert_int_equal(store_as(f, 0, ADDR, 0x1122334455667788), 0);
	assert_int_equal(vmsim_frame_load(page, 0, 8), 0x1122334455667788);
	assert_true(pte_dirty(ptep_get(ptep)) && pte_young(ptep_get(ptep)));
	/* What the hardware sets is not what software tracks. */
	assert_false(pte_soft_dirty(ptep_get(ptep)));
	assert_true(cached(f, 0, ADDR)->dirty);
	assert_int_equal(vmsim_tlb_access(&f->m->cpu[0], f->mm, ADDR + 4, VMSIM_ACCESS_READ, 4,
					  &value), 0);
	half = (u32)value;
	assert_int_equal(half, 0x11223344);
	__free_page(page);
}

static void test_faults(void **state)
{
	struct fixture *f = *state;
	struct page *page = new_frame(1);
	u64 value;
	pte_t *ptep;

	/* No tables; an empty entry; one that is present for software only. */
	assert_int_equal(load_as(f, 0, ADDR, &value), -EFAULT);
	ptep = fixture_pte(f->mm, ADDR);
	assert_int_equal(load_as(f, 0, ADDR, &value), -EFAULT);
	map(f, ADDR, page, PAGE_NONE);
	assert_int_equal(load_as(f, 0, ADDR, &value), -EFAULT);
	assert_false(pte_young(ptep_get(ptep)));
	/* A frame that does not exist, and an address that no table translates. */
	set_pte(ptep, pfn_pte(f->m->nr_frames, PAGE_SHARED));
	assert_int_equal(load_as(f, 0, ADDR, &value), -EFAULT);
	assert_int_equal(load_as(f, 0, 1UL << VMSIM_VA_BITS, &value), -EFAULT);
	assert_int_equal(load_as(f, 0, -PAGE_SIZE, &value), -EFAULT);
	assert_int_equal(vmsim_tlb_access(&f->m->cpu[0], NULL, ADDR, VMSIM_ACCESS_READ, 8, &value),
			 -EFAULT);
	assert_null(cached(f, 0, ADDR));
	assert_int_equal(fixture_stats(f).tlb_fills, 0);
	pte_clear(f->mm, ADDR, ptep);
	__free_page(page);
}

/* More rights need no flush: the weak entry is dropped, and the tables are asked again (R4). */
static void test_upgrade_needs_no_flush(void **state)
{
	struct fixture *f = *state;
	struct page *page = new_frame(7);
	pte_t *ptep = map(f, ADDR, page, PAGE_COPY);
	u64 value;

	assert_int_equal(load_as(f, 0, ADDR, &value), 0);
	assert_int_equal(store_as(f, 0, ADDR, 8), -EFAULT);
	assert_null(cached(f, 0, ADDR));
	assert_false(pte_dirty(ptep_get(ptep)));
	assert_int_equal(load_as(f, 0, ADDR, &value), 0);
	set_pte(ptep, mk_pte(page, PAGE_SHARED));
	assert_int_equal(store_as(f, 0, ADDR, 8), 0);
	assert_int_equal(vmsim_frame_load(page, 0, 8), 8);
	assert_int_equal(fixture_stats(f).flushes, 0);
	__free_page(page);
}

static void test_fetch(void **state)
{
	struct fixture *f = *state;
	struct page *page = new_frame(7);
	pte_t *ptep = map(f, ADDR, page, PAGE_COPY);
	u64 value;

	assert_int_equal(load_as(f, 0, ADDR, &value), 0);
	assert_int_equal(fetch_as(f, 0, ADDR), -EFAULT);
	set_pte(ptep, mk_pte(page, PAGE_COPY_EXEC));
	assert_int_equal(fetch_as(f, 0, ADDR), 0);
	assert_true(cached(f, 0, ADDR)->exec);
	assert_int_equal(store_as(f, 0, ADDR, 1), -EFAULT);
	__free_page(page);
}

/* A hit with D cached never looks at the entry: a cleaned one stays clean (X-dirty). */
static void test_cached_dirty_writes_unseen(void **state)
{
	struct fixture *f = *state;
	struct page *page = new_frame(0);
	pte_t *ptep = map(f, ADDR, page, PAGE_SHARED);

	assert_int_equal(store_as(f, 0, ADDR, 1), 0);
	set_pte(ptep, pte_mkclean(ptep_get(ptep)));
	assert_int_equal(store_as(f, 0, ADDR, 2), 0);
	assert_int_equal(vmsim_frame_load(page, 0, 8), 2);
	/* Where clearing flushes, the store had to walk, and was noticed. */
	assert_int_equal(!!pte_dirty(ptep_get(ptep)), CLEARING_FLUSHES(f));
	flush_tlb_mm(f->mm);
	assert_int_equal(store_as(f, 0, ADDR, 3), 0);
	assert_true(pte_dirty(ptep_get(ptep)));
	__free_page(page);
}

/* Without D cached, a store goes back to the live entry, whatever rights are cached (R5). */
static void test_setting_dirty_validates(void **state)
{
	struct fixture *f = *state;
	struct page *page = new_frame(0);
	pte_t *ptep = map(f, ADDR, page, PAGE_SHARED);
	u64 value;

	assert_int_equal(load_as(f, 0, ADDR, &value), 0);
	assert_true(cached(f, 0, ADDR)->write);
	assert_int_equal(store_as(f, 0, ADDR, 1), 0);
	assert_true(pte_dirty(ptep_get(ptep)));

	set_pte(ptep, pte_mkclean(ptep_get(ptep)));
	flush_tlb_mm(f->mm);
	assert_int_equal(load_as(f, 0, ADDR, &value), 0);
	ptep_set_wrprotect(f->mm, ADDR, ptep);
	assert_int_equal(store_as(f, 0, ADDR, 2), -EFAULT);
	assert_false(pte_dirty(ptep_get(ptep)));

	set_pte(ptep, mk_pte(page, PAGE_SHARED));
	assert_int_equal(load_as(f, 0, ADDR, &value), 0);
	(void)ptep_get_and_clear(f->mm, ADDR, ptep);
	assert_int_equal(store_as(f, 0, ADDR, 3), -EFAULT);
	assert_true(pte_none(ptep_get(ptep)));
	assert_int_equal(vmsim_frame_load(page, 0, 8), 1);
	__free_page(page);
}

/* An entry that was dirty when it was filled, by a load, lets stores through. */
static void test_dirty_is_cached_by_loads(void **state)
{
	struct fixture *f = *state;
	struct page *page = new_frame(0);
	pte_t *ptep = map(f, ADDR, page, PAGE_SHARED);
	u64 value;

	set_pte(ptep, pte_mkdirty(ptep_get(ptep)));
	assert_int_equal(load_as(f, 0, ADDR, &value), 0);
	assert_true(cached(f, 0, ADDR)->dirty);
	__free_page(page);
}

/* More pages than the TLB has room for. */
static void test_capacity(void **state)
{
	struct fixture *f = *state;
	struct page *page = new_frame(5);
	unsigned int pages = 2 * f->m->cpu[0].tlb.sets * VMSIM_TLB_WAYS;
	unsigned int kept = 0;
	u64 value;

	for (unsigned int i = 0; i < pages; i++)
		map(f, ADDR + i * PAGE_SIZE, page, PAGE_SHARED);
	for (unsigned int round = 0; round < 2; round++)
		for (unsigned int i = 0; i < pages; i++)
			assert_int_equal(load_as(f, 0, ADDR + i * PAGE_SIZE, &value), 0);
	for (unsigned int i = 0; i < pages; i++)
		kept += cached(f, 0, ADDR + i * PAGE_SIZE) != NULL;
	assert_int_equal(kept, pages / 2);
	/* Round robin over all sets is not fair to each of them: some of the second round hits. */
	assert_true(fixture_stats(f).tlb_fills > pages);
	assert_int_equal(fixture_stats(f).tlb_fills + fixture_stats(f).tlb_hits, 2 * pages);
	flush_tlb_mm(f->mm);
	for (unsigned int i = 0; i < pages; i++)
		assert_null(cached(f, 0, ADDR + i * PAGE_SIZE));
	__free_page(page);
}

static void test_huge(void **state)
{
	struct fixture *f = *state;
	pmd_t *pmd = fixture_pmd(f->mm, ADDR);
	struct page *page = alloc_pages(GFP_KERNEL, HPAGE_PMD_ORDER);
	const struct vmsim_tlb_entry *entry;
	u64 value;

	assert_non_null(page);
	vmsim_frame_store(page + 3, 8, 8, 33);
	set_pmd(pmd, __pmd(((u64)page_to_pfn(page) << PAGE_SHIFT) | _PAGE_PRESENT | _PAGE_RW |
			   _PAGE_USER | _PAGE_PSE));
	assert_int_equal(load_as(f, 0, ADDR + 3 * PAGE_SIZE + 8, &value), 0);
	assert_int_equal(value, 33);
	entry = cached(f, 0, ADDR + 100 * PAGE_SIZE);
	assert_non_null(entry);
	assert_int_equal(entry->shift, PMD_SHIFT);
	assert_int_equal(store_as(f, 0, ADDR + 511 * PAGE_SIZE, 44), 0);
	assert_int_equal(vmsim_frame_load(page + 511, 0, 8), 44);
	assert_true(pmd_val(pmdp_get(pmd)) & _PAGE_DIRTY);
	assert_int_equal(fixture_stats(f).tlb_fills, 2);
	/* Any address of it drops all of it. */
	flush_tlb_mm_range(f->mm, ADDR + PAGE_SIZE, ADDR + 2 * PAGE_SIZE, PAGE_SHIFT, false);
	assert_null(cached(f, 0, ADDR));
	assert_int_equal(f->m->cpu[0].tlb.huge, 0);
	pmd_clear(pmd);
	__free_pages(page, HPAGE_PMD_ORDER);
}

struct seen {
	struct fixture *f;
	unsigned int fills, uses, drops;
	u64 used_value;
};

static void watch_tlb(void *arg, const struct vmsim_event *event)
{
	const struct vmsim_tlb_entry *entry = (void *)event->arg[2];
	struct seen *seen = arg;

	assert_int_equal(event->arg[0], 0);
	assert_int_equal(event->arg[1], ADDR);
	assert_int_equal(entry->mm, seen->f->mm->context.ctx_id);
	assert_int_equal(entry->vpn, ADDR >> PAGE_SHIFT);
	assert_true(vmsim_self->atomic_step > 0);
	seen->fills += event->kind == VMSIM_EV_TLB_FILL;
	seen->drops += event->kind == VMSIM_EV_TLB_DROP;
	if (event->kind == VMSIM_EV_TLB_USE) {
		seen->uses++;
		seen->used_value = vmsim_frame_load(pfn_to_page(entry->pfn), 0, 8);
	}
}

/* Watchers see the entry, and memory before the access, within one step. */
static void test_events(void **state)
{
	struct fixture *f = *state;
	struct page *page = new_frame(1);
	struct seen seen = { .f = f };
	u64 value;

	map(f, ADDR, page, PAGE_SHARED);
	assert_int_equal(vmsim_subscribe(f->handle, VMSIM_EV_BIT(TLB_FILL) | VMSIM_EV_BIT(TLB_USE) |
					 VMSIM_EV_BIT(TLB_DROP), watch_tlb, &seen), 0);
	assert_int_equal(load_as(f, 0, ADDR, &value), 0);
	assert_true(seen.fills == 1 && seen.uses == 1 && seen.drops == 0);
	/* No D cached: walked again. */
	assert_int_equal(store_as(f, 0, ADDR, 2), 0);
	assert_true(seen.fills == 2 && seen.uses == 2 && seen.drops == 1);
	assert_int_equal(seen.used_value, 1);
	assert_int_equal(store_as(f, 0, ADDR, 3), 0);
	assert_true(seen.fills == 2 && seen.uses == 3 && seen.drops == 1);
	flush_tlb_mm(f->mm);
	assert_true(seen.drops == 2);
	assert_int_equal(vmsim_self->atomic_step, 0);
	assert_int_equal(vmsim_unsubscribe(f->handle, watch_tlb, &seen), 0);
	__free_page(page);
}

/* Every bit of the address is translated by some level. */
static void test_each_level_counts(void **state)
{
	struct fixture *f = *state;
	struct page *page[64];
	unsigned int nr = 0;
	u64 value;

	for (unsigned int bit = PAGE_SHIFT; bit < VMSIM_VA_BITS - 1; bit++, nr++)
		map(f, 1UL << bit, page[nr] = new_frame(bit), PAGE_SHARED);
	for (unsigned int bit = PAGE_SHIFT; bit < VMSIM_VA_BITS - 1; bit++) {
		assert_int_equal(load_as(f, 0, 1UL << bit, &value), 0);
		assert_int_equal(value, bit);
	}
	assert_int_equal(load_as(f, 0, 0, &value), -EFAULT);
	while (nr--)
		__free_page(page[nr]);
}

#define WITH(test, levels) \
	{ #test " " #levels, test, levels, teardown, NULL }

int main(void)
{
	const struct CMUnitTest tests[] = {
#define BOTH(test) WITH(test, setup), WITH(test, setup_most_levels)
		BOTH(test_fill_and_hit),
		BOTH(test_store),
		BOTH(test_faults),
		BOTH(test_upgrade_needs_no_flush),
		BOTH(test_fetch),
		BOTH(test_cached_dirty_writes_unseen),
		BOTH(test_setting_dirty_validates),
		BOTH(test_dirty_is_cached_by_loads),
		BOTH(test_capacity),
		BOTH(test_huge),
		BOTH(test_events),
		BOTH(test_each_level_counts),
	};

	return vmsim_run_tests(tests);
}
