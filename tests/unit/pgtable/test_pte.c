// SPDX-License-Identifier: GPL-2.0-only
/* Entries as values and in memory. */
#include "pgtable/fixture.h"

#define ADDR 0x200000UL
#define PFN 77UL

static int setup(void **state)
{
	static struct fixture f;
	struct vmsim_config config = fixture_config();

	fixture_make(&f, &config);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	fixture_free_tables(f->mm, 0, TASK_SIZE);
	fixture_end(f);
	return 0;
}

/* What modifiers promise, for every protection that mappings have. */
static void test_modifiers(void **state)
{
	const pgprot_t prots[] = { PAGE_NONE, PAGE_SHARED, PAGE_SHARED_EXEC, PAGE_COPY,
				   PAGE_COPY_EXEC };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(prots); i++) {
		pte_t pte = pfn_pte(PFN, prots[i]);

		assert_int_equal(pte_pfn(pte), PFN);
		assert_true(pte_present(pte));
		assert_false(pte_none(pte));
		assert_true(pte_same(pte, pte));
		assert_true(pte_dirty(pte_mkdirty(pte)));
		assert_false(pte_dirty(pte_mkclean(pte_mkdirty(pte))));
		assert_true(pte_soft_dirty(pte_mkclean(pte_mkdirty(pte))));
		assert_true(pte_young(pte_mkyoung(pte_mkold(pte))));
		assert_false(pte_young(pte_mkold(pte_mkyoung(pte))));
		assert_true(pte_write(pte_mkwrite(pte_wrprotect(pte), NULL)));
		assert_false(pte_write(pte_wrprotect(pte_mkwrite(pte, NULL))));
		assert_false(pte_special(pte));
		assert_true(pte_special(pte_mkspecial(pte)));
		assert_int_equal(pte_pfn(pte_mkspecial(pte_mkdirty(pte))), PFN);
		assert_int_equal(pte_pfn(pte_advance_pfn(pte, 9)), PFN + 9);
		assert_int_equal(pte_pfn(pte_next_pfn(pte)), PFN + 1);
		assert_true(pte_protnone(pte) == (i == 0));
		assert_true(pte_exec(pte) == (i == 0 || i == 2 || i == 4));
	}
}

static void test_modify_keeps_what_is_known(void **state)
{
	pte_t pte = pte_mkspecial(pte_mkdirty(pte_mkyoung(pfn_pte(PFN, PAGE_SHARED))));
	pte_t less = pte_modify(pte, PAGE_COPY);
	pte_t none = pte_modify(pte, PAGE_NONE);

	(void)state;
	assert_false(pte_write(less));
	assert_true(pte_dirty(less) && pte_young(less) && pte_special(less));
	assert_int_equal(pte_pfn(less), PFN);
	assert_true(pte_protnone(none) && pte_dirty(none));
	assert_true(pte_write(pte_modify(none, PAGE_SHARED)));
}

/* The frame number fills its bits, and nothing but them. */
static void test_pfn_bits(void **state)
{
	(void)state;
	for (unsigned int bit = 0; bit < 40; bit++) {
		pte_t pte = pfn_pte(1UL << bit, PAGE_SHARED);

		assert_int_equal(pte_pfn(pte), 1UL << bit);
		assert_int_equal(pte_val(pte) & PTE_FLAGS_MASK, pgprot_val(PAGE_SHARED));
	}
}

static void test_set_and_get(void **state)
{
	struct fixture *f = *state;
	pte_t *ptep = fixture_pte(f->mm, ADDR);
	pte_t pte = pte_mkdirty(pfn_pte(PFN, PAGE_SHARED));

	assert_true(pte_none(ptep_get(ptep)));
	set_pte(ptep, pte);
	assert_true(pte_same(ptep_get(ptep), pte));
	assert_true(pte_same(ptep_get_lockless(ptep), pte));
	pte_clear(f->mm, ADDR, ptep);
	assert_true(pte_none(ptep_get(ptep)));
}

static void test_set_ptes(void **state)
{
	struct fixture *f = *state;
	pte_t *ptep = fixture_pte(f->mm, ADDR);

	set_ptes(f->mm, ADDR, ptep, pfn_pte(PFN, PAGE_COPY), 5);
	for (unsigned int i = 0; i < 5; i++)
		assert_true(pte_same(ptep_get(ptep + i), pfn_pte(PFN + i, PAGE_COPY)));
	assert_true(pte_none(ptep_get(ptep + 5)));
	clear_full_ptes(f->mm, ADDR, ptep, 4, 0);
	assert_true(pte_none(ptep_get(ptep + 3)));
	assert_false(pte_none(ptep_get(ptep + 4)));
	clear_not_present_full_ptes(f->mm, ADDR, ptep + 4, 1, 0);
	assert_true(pte_none(ptep_get(ptep + 4)));
}

static void test_get_and_clear(void **state)
{
	struct fixture *f = *state;
	pte_t *ptep = fixture_pte(f->mm, ADDR);
	pte_t pte = pfn_pte(PFN, PAGE_SHARED);

	for (int full = 0; full < 2; full++) {
		set_pte(ptep, pte);
		assert_true(pte_same(ptep_get_and_clear_full(f->mm, ADDR, ptep, full), pte));
		assert_true(pte_none(ptep_get(ptep)));
	}
}

/* Any dirty or young page of a batch makes the batch so; the frame is the first one's. */
static void test_batch_gathers_bits(void **state)
{
	struct fixture *f = *state;
	pte_t *ptep = fixture_pte(f->mm, ADDR);
	pte_t base = pte_mkold(pfn_pte(PFN, PAGE_SHARED));

	for (unsigned int mask = 0; mask < 64; mask++) {
		pte_t got;

		for (unsigned int i = 0; i < 3; i++) {
			pte_t pte = pte_advance_pfn(base, i);

			pte = mask & (1u << i) ? pte_mkdirty(pte) : pte;
			pte = mask & (8u << i) ? pte_mkyoung(pte) : pte;
			set_pte(ptep + i, pte);
		}
		got = get_and_clear_full_ptes(f->mm, ADDR, ptep, 3, 0);
		assert_int_equal(pte_pfn(got), PFN);
		assert_int_equal(!!pte_dirty(got), (mask & 7) != 0);
		assert_int_equal(!!pte_young(got), (mask & 56) != 0);
		for (unsigned int i = 0; i < 3; i++)
			assert_true(pte_none(ptep_get(ptep + i)));
	}
}

static void test_wrprotect(void **state)
{
	struct fixture *f = *state;
	pte_t *ptep = fixture_pte(f->mm, ADDR);
	pte_t pte = pte_mkdirty(pfn_pte(PFN, PAGE_SHARED));

	set_ptes(f->mm, ADDR, ptep, pte, 2);
	wrprotect_ptes(f->mm, ADDR, ptep, 2);
	assert_true(pte_same(ptep_get(ptep), pte_wrprotect(pte)));
	assert_true(pte_same(ptep_get(ptep + 1), pte_wrprotect(pte_next_pfn(pte))));
}

static void test_young(void **state)
{
	struct fixture *f = *state;
	struct vm_area_struct vma = { .vm_mm = f->mm };
	pte_t *ptep = fixture_pte(f->mm, ADDR);

	set_pte(ptep, pte_mkyoung(pte_mkdirty(pfn_pte(PFN, PAGE_SHARED))));
	assert_int_equal(ptep_test_and_clear_young(&vma, ADDR, ptep), 1);
	assert_int_equal(ptep_test_and_clear_young(&vma, ADDR, ptep), 0);
	assert_true(pte_dirty(ptep_get(ptep)));
	set_pte(ptep, pte_mkyoung(ptep_get(ptep)));
	assert_int_equal(ptep_clear_flush_young(&vma, ADDR, ptep), 1);
	assert_int_equal(ptep_clear_flush_young(&vma, ADDR, ptep), 0);
}

static void test_access_flags(void **state)
{
	struct fixture *f = *state;
	struct vm_area_struct vma = { .vm_mm = f->mm };
	pte_t *ptep = fixture_pte(f->mm, ADDR);
	pte_t weak = pfn_pte(PFN, PAGE_COPY);
	pte_t strong = pte_mkyoung(pte_mkdirty(pfn_pte(PFN, PAGE_SHARED)));

	set_pte(ptep, weak);
	assert_int_equal(ptep_set_access_flags(&vma, ADDR, ptep, weak, 1), 0);
	assert_int_equal(ptep_set_access_flags(&vma, ADDR, ptep, strong, 1), 1);
	assert_true(pte_same(ptep_get(ptep), strong));
}

static void test_modify_prot(void **state)
{
	struct fixture *f = *state;
	struct vm_area_struct vma = { .vm_mm = f->mm };
	pte_t *ptep = fixture_pte(f->mm, ADDR);
	pte_t pte = pte_mkdirty(pfn_pte(PFN, PAGE_SHARED));
	pte_t old;

	set_pte(ptep, pte);
	old = ptep_modify_prot_start(&vma, ADDR, ptep);
	assert_true(pte_same(old, pte));
	assert_true(pte_none(ptep_get(ptep)));
	ptep_modify_prot_commit(&vma, ADDR, ptep, old, pte_modify(old, PAGE_COPY));
	assert_true(pte_same(ptep_get(ptep), pte_modify(pte, PAGE_COPY)));
}

/* A flush follows only where a CPU may have the entry. */
static void test_clear_flush(void **state)
{
	struct fixture *f = *state;
	struct vm_area_struct vma = { .vm_mm = f->mm };
	pte_t *ptep = fixture_pte(f->mm, ADDR);
	u64 before = fixture_stats(f).flushes;

	set_pte(ptep, pfn_pte(PFN, PAGE_SHARED));
	assert_true(pte_same(ptep_clear_flush(&vma, ADDR, ptep), pfn_pte(PFN, PAGE_SHARED)));
	assert_int_equal(fixture_stats(f).flushes, before + 1);
	(void)ptep_clear_flush(&vma, ADDR, ptep);
	assert_int_equal(fixture_stats(f).flushes, before + 1);
	set_pte(ptep, pfn_pte(PFN, PAGE_NONE));
	(void)ptep_clear_flush(&vma, ADDR, ptep);
	assert_int_equal(fixture_stats(f).flushes, before + 1);
	atomic_set(&f->mm->tlb_flush_pending, 1);
	set_pte(ptep, pfn_pte(PFN, PAGE_NONE));
	(void)ptep_clear_flush(&vma, ADDR, ptep);
	assert_int_equal(fixture_stats(f).flushes, before + 2);
	atomic_set(&f->mm->tlb_flush_pending, 0);
}

struct hardware {
	pte_t *ptep;
	unsigned int left;
};

/* Plays a walker of another CPU that sets D just after the entry was read. */
static void set_dirty_behind(void *arg, const struct vmsim_event *event)
{
	struct hardware *hw = arg;

	if (event->arg[0] == (uintptr_t)hw->ptep && event->arg[2] == 0 && hw->left && hw->left--)
		__atomic_fetch_or(&hw->ptep->pte, _PAGE_DIRTY, __ATOMIC_SEQ_CST);
}

/* D that is set while software takes other bits away is not lost (R5). */
static void test_hardware_updates_survive(void **state)
{
	struct fixture *f = *state;
	struct vm_area_struct vma = { .vm_mm = f->mm };
	struct hardware hw = { .ptep = fixture_pte(f->mm, ADDR) };

	assert_int_equal(vmsim_subscribe(f->handle, VMSIM_EV_BIT(PTE_READ), set_dirty_behind,
					 &hw), 0);
	set_pte(hw.ptep, pfn_pte(PFN, PAGE_SHARED));
	hw.left = 1;
	ptep_set_wrprotect(f->mm, ADDR, hw.ptep);
	assert_int_equal(hw.left, 0);
	assert_true(pte_dirty(ptep_get(hw.ptep)));
	assert_false(pte_write(ptep_get(hw.ptep)));

	set_pte(hw.ptep, pte_mkyoung(pfn_pte(PFN, PAGE_SHARED)));
	hw.left = 2;
	assert_int_equal(ptep_test_and_clear_young(&vma, ADDR, hw.ptep), 1);
	assert_int_equal(hw.left, 0);
	assert_true(pte_dirty(ptep_get(hw.ptep)));
	assert_false(pte_young(ptep_get(hw.ptep)));
	assert_int_equal(vmsim_unsubscribe(f->handle, set_dirty_behind, &hw), 0);
}

struct history {
	unsigned int nr;
	u64 old[16], new_value[16];
};

static void record_set(void *arg, const struct vmsim_event *event)
{
	struct history *h = arg;

	assert_true(h->nr < ARRAY_SIZE(h->old));
	h->old[h->nr] = event->arg[1];
	h->new_value[h->nr++] = event->arg[2];
}

/* One PTE_SET per change, each one beginning where the last one ended. */
static void test_every_change_is_told(void **state)
{
	struct fixture *f = *state;
	struct vm_area_struct vma = { .vm_mm = f->mm };
	struct history h = { 0 };
	pte_t *ptep = fixture_pte(f->mm, ADDR);
	pte_t pte = pte_mkyoung(pfn_pte(PFN, PAGE_SHARED));

	assert_int_equal(vmsim_subscribe(f->handle, VMSIM_EV_BIT(PTE_SET), record_set, &h), 0);
	set_pte(ptep, pte);
	ptep_set_wrprotect(f->mm, ADDR, ptep);
	ptep_set_wrprotect(f->mm, ADDR, ptep);
	(void)ptep_test_and_clear_young(&vma, ADDR, ptep);
	(void)ptep_set_access_flags(&vma, ADDR, ptep, pte_mkdirty(pte), 1);
	(void)ptep_get_and_clear(f->mm, ADDR, ptep);
	set_pte(ptep, pte);
	(void)ptep_get_and_clear_full(f->mm, ADDR, ptep, 1);
	assert_int_equal(vmsim_unsubscribe(f->handle, record_set, &h), 0);
	assert_int_equal(h.nr, 7);
	assert_int_equal(h.old[0], 0);
	assert_int_equal(h.new_value[0], pte_val(pte));
	for (unsigned int i = 1; i < h.nr; i++)
		assert_int_equal(h.old[i], h.new_value[i - 1]);
	assert_int_equal(h.new_value[4], 0);
	assert_int_equal(h.new_value[6], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_modifiers),
		cmocka_unit_test(test_modify_keeps_what_is_known),
		cmocka_unit_test(test_pfn_bits),
		cmocka_unit_test_setup_teardown(test_set_and_get, setup, teardown),
		cmocka_unit_test_setup_teardown(test_set_ptes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_get_and_clear, setup, teardown),
		cmocka_unit_test_setup_teardown(test_batch_gathers_bits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wrprotect, setup, teardown),
		cmocka_unit_test_setup_teardown(test_young, setup, teardown),
		cmocka_unit_test_setup_teardown(test_access_flags, setup, teardown),
		cmocka_unit_test_setup_teardown(test_modify_prot, setup, teardown),
		cmocka_unit_test_setup_teardown(test_clear_flush, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hardware_updates_survive, setup, teardown),
		cmocka_unit_test_setup_teardown(test_every_change_is_told, setup, teardown),
	};

	return vmsim_run_tests(tests);
}
