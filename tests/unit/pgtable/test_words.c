// SPDX-License-Identifier: GPL-2.0-only
/*
 * What others see in the middle of a change. Entries of one word have no middle; entries of two
 * words have one, and the order of the words keeps it harmless (R34).
 */
#include "pgtable/fixture.h"

#define ADDR 0x200000UL

#if defined(VMSIM_ARCH_X86_PAE)
#define WORDS 2
#else
#define WORDS 1
#endif

/* Frames and rights that differ in both words. */
#define VALUE_A __pte((0x12345ULL << 32) | 0x1000 | _PAGE_PRESENT)
#define VALUE_B __pte((0x00777ULL << 32) | 0x2000 | _PAGE_PRESENT)

#define LOW 0xffffffffULL

struct middle {
	pte_t *ptep;
	unsigned int nr;
	u64 seen[8];
	pte_t replace[2];	/* stored by a watcher in the middle of a load */
	unsigned int nr_replace;
};

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

static void look(void *arg, const struct vmsim_event *event)
{
	struct middle *middle = arg;

	if (event->arg[0] != (uintptr_t)middle->ptep || event->arg[2] == 0)
		return;
	assert_true(middle->nr < ARRAY_SIZE(middle->seen));
	middle->seen[middle->nr++] = __atomic_load_n(&middle->ptep->pte, __ATOMIC_SEQ_CST);
	assert_int_equal(event->arg[1], middle->seen[middle->nr - 1]);
}

/* Present or not, no middle shows a present entry that is neither the old nor the new one. */
static void test_stores(void **state)
{
	struct fixture *f = *state;
	struct middle middle = { .ptep = fixture_pte(f->mm, ADDR) };

	assert_int_equal(vmsim_subscribe(f->handle, VMSIM_EV_BIT(PTE_READ), look, &middle), 0);
	set_pte(middle.ptep, VALUE_A);
	pte_clear(f->mm, ADDR, middle.ptep);
	assert_int_equal(vmsim_unsubscribe(f->handle, look, &middle), 0);
	assert_int_equal(middle.nr, WORDS == 2 ? 2 : 0);
	/* High word alone, both times: it is first to come and last to go. */
	for (unsigned int i = 0; i < middle.nr; i++)
		assert_int_equal(middle.seen[i], pte_val(VALUE_A) & ~LOW);
}

static void test_exchanges_have_no_middle(void **state)
{
	struct fixture *f = *state;
	struct middle middle = { .ptep = fixture_pte(f->mm, ADDR) };

	set_pte(middle.ptep, VALUE_A);
	assert_int_equal(vmsim_subscribe(f->handle, VMSIM_EV_BIT(PTE_READ), look, &middle), 0);
	assert_true(pte_same(ptep_get_and_clear(f->mm, ADDR, middle.ptep), VALUE_A));
	assert_int_equal(vmsim_unsubscribe(f->handle, look, &middle), 0);
	assert_int_equal(middle.nr, 0);
}

static void replace(void *arg, const struct vmsim_event *event)
{
	struct middle *middle = arg;

	if (event->arg[0] != (uintptr_t)middle->ptep || event->arg[2] == 0)
		return;
	if (middle->nr < middle->nr_replace)
		middle->ptep->pte = pte_val(middle->replace[middle->nr]);
	middle->nr++;
}

static pte_t load_while_replaced(struct fixture *f, struct middle *middle, pte_t (*load)(pte_t *))
{
	pte_t got;

	middle->ptep = fixture_pte(f->mm, ADDR);
	set_pte(middle->ptep, VALUE_A);
	assert_int_equal(vmsim_subscribe(f->handle, VMSIM_EV_BIT(PTE_READ), replace, middle), 0);
	got = load(middle->ptep);
	assert_int_equal(vmsim_unsubscribe(f->handle, replace, middle), 0);
	return got;
}

static pte_t get(pte_t *ptep)
{
	return ptep_get(ptep);
}

static pte_t get_lockless(pte_t *ptep)
{
	return ptep_get_lockless(ptep);
}

/* A load under no lock of an entry that becomes another one. */
static void test_plain_load_tears(void **state)
{
	struct middle middle = { .replace = { VALUE_B }, .nr_replace = 1 };
	pte_t got = load_while_replaced(*state, &middle, get);
	pte_t torn = __pte((pte_val(VALUE_A) & LOW) | (pte_val(VALUE_B) & ~LOW));

	assert_true(pte_same(got, WORDS == 2 ? torn : VALUE_A));
}

static void test_lockless_load_retries(void **state)
{
	struct middle middle = { .replace = { VALUE_B }, .nr_replace = 1 };
	pte_t got = load_while_replaced(*state, &middle, get_lockless);

	assert_true(pte_same(got, WORDS == 2 ? VALUE_B : VALUE_A));
	assert_int_equal(middle.nr, WORDS == 2 ? 4 : 0);
}

/* E01: the low word comes back with a third value, and the retry is fooled. */
static void test_lockless_load_is_fooled(void **state)
{
	pte_t third = __pte((0x00999ULL << 32) | (pte_val(VALUE_A) & LOW));
	struct middle middle = { .replace = { VALUE_B, third }, .nr_replace = 2 };
	pte_t got = load_while_replaced(*state, &middle, get_lockless);
	pte_t torn = __pte((pte_val(VALUE_A) & LOW) | (pte_val(VALUE_B) & ~LOW));

	assert_true(pte_same(got, WORDS == 2 ? torn : VALUE_A));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_stores, setup, teardown),
		cmocka_unit_test_setup_teardown(test_exchanges_have_no_middle, setup, teardown),
		cmocka_unit_test_setup_teardown(test_plain_load_tears, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lockless_load_retries, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lockless_load_is_fooled, setup, teardown),
	};

	return vmsim_run_tests(tests);
}
