// SPDX-License-Identifier: GPL-2.0-only
/* Two CPUs that really run at the same time: one uses memory, the other one unmaps it. */
#include "tlb/tlb_fixture.h"
#include <pthread.h>
#include <sched.h>

#define ADDR 0x40000000UL
#define ROUNDS 1500
#define PAGES 4

struct race {
	struct fixture f;
	pthread_t thread;
	bool stop;
	bool wrong;
	u64 accesses;
	void (*step)(struct race *race, u64 n);
};

static void *other_cpu(void *arg)
{
	struct race *race = arg;
	struct vmsim_cpu *cpu = &race->f.m->cpu[1];

	vmsim_self = vmsim_task_create(race->f.m, cpu);
	vmsim_enter();
	vmsim_switch_mm(cpu, race->f.mm);
	vmsim_leave();
	for (u64 n = 1; !READ_ONCE(race->stop); n++) {
		vmsim_enter();
		for (unsigned int i = 0; i < 8; i++)
			race->step(race, n * 8 + i);
		vmsim_leave();
		if (n % 16 == 0)
			sched_yield();
	}
	vmsim_enter();
	vmsim_switch_mm(cpu, NULL);
	vmsim_task_destroy(vmsim_self);
	vmsim_self = &cpu->idle;
	vmsim_self->kernel_depth++;
	vmsim_leave();
	return NULL;
}

/* Makes accesses long: between the translation, which is made, and the memory. */
static void linger(void *arg, const struct vmsim_event *event)
{
	(void)arg;
	for (unsigned int i = 0; i < 50; i++)
		__builtin_ia32_pause();
	if (event->seq % 64 == 0)
		sched_yield();
}

static void begin(struct race *race, enum vmsim_tlb tlb, void (*step)(struct race *race, u64 n))
{
	struct vmsim_config config = fixture_config();

	config.cpus = 2;
	config.tlb = tlb;
	fixture_make(&race->f, &config);
	assert_int_equal(vmsim_subscribe(race->f.handle, VMSIM_EV_BIT(TLB_USE), linger, NULL), 0);
	load_mm_on(&race->f, 1);
	race->step = step;
	vmsim_leave();
	vmsim_self = vmsim_task_create(race->f.m, &race->f.m->cpu[0]);
	assert_int_equal(vmsim_enter(), 0);
	assert_int_equal(pthread_create(&race->thread, NULL, other_cpu, race), 0);
}

static void end(struct race *race)
{
	struct task_struct *self = vmsim_self;

	WRITE_ONCE(race->stop, true);
	vmsim_leave();
	pthread_join(race->thread, NULL);
	vmsim_self = &race->f.m->cpu[0].idle;
	vmsim_task_destroy(self);
	assert_int_equal(vmsim_enter(), 0);
	assert_false(race->wrong);
	assert_true(race->accesses > 0);
	tlb_fixture_end(&race->f);
}

/* The other CPU still runs: the test goes on to its end, and fails there. */
static void expect(struct race *race, bool holds)
{
	if (!holds)
		WRITE_ONCE(race->wrong, true);
}

static void let_others(unsigned int n)
{
	for (unsigned int i = 0; i < n % 97; i++)
		vmsim_poll();
	if (n % 5 == 0)
		sched_yield();
}

/* Many accesses between two polls: a CPU that was taken away is in the middle of them. */
static void store_number(struct race *race, u64 n)
{
	for (u64 value = n * 32; value < (n + 1) * 32; value++) {
		u64 stored = value;

		if (!vmsim_tlb_access(&race->f.m->cpu[1], race->f.mm, ADDR, VMSIM_ACCESS_WRITE, 8,
				      &stored))
			WRITE_ONCE(race->accesses, race->accesses + 1);
	}
	vmsim_poll();
}

/* Coherent hardware needs no flush. */
static pte_t take_out(struct fixture *f, struct vm_area_struct *vma, pte_t *ptep)
{
	if (f->m->tlb_backend == VMSIM_TLB_COHERENT)
		return ptep_get_and_clear(f->mm, ADDR, ptep);
	return ptep_clear_flush(vma, ADDR, ptep);
}

/*
 * What was stored through an entry is told by D in the value that was taken out; and when the flush
 * is complete, nothing is stored any more.
 */
static void check_no_store_is_lost(enum vmsim_tlb tlb)
{
	struct race race = { .wrong = false };
	struct fixture *f = &race.f;
	struct vm_area_struct vma;
	unsigned int noticed = 0, tries = 0;
	struct page *page;
	pte_t *ptep;
	u64 last = 0;

	begin(&race, tlb, store_number);
	vma = (struct vm_area_struct) { .vm_mm = f->mm };
	page = new_frame(0);
	ptep = fixture_pte(f->mm, ADDR);
	while (tries++ < ROUNDS || (noticed == 0 && tries < 1000 * ROUNDS)) {
		bool away = tlb == VMSIM_TLB_PV_DEFER && tries % 2;
		pte_t old;
		u64 now;

		set_pte(ptep, mk_pte(page, PAGE_SHARED));
		let_others(tries);
		if (away)
			expect(&race, vmsim_cpu_preempt(f->handle, 1) == 0);
		old = take_out(f, &vma, ptep);
		now = vmsim_frame_load(page, 0, 8);
		expect(&race, now == last || pte_dirty(old));
		noticed += now != last;
		last = now;
		let_others(tries / 3);
		if (away)
			expect(&race, vmsim_cpu_resume(f->handle, 1) == 0);
		let_others(tries / 7);
		expect(&race, vmsim_frame_load(page, 0, 8) == last);
	}
	expect(&race, noticed > 0);
	__free_page(page);
	end(&race);
}

static void test_no_store_is_lost(void **state)
{
	const enum vmsim_tlb tlb[] = {
		VMSIM_TLB_IPI, VMSIM_TLB_PV_DEFER, VMSIM_TLB_BROADCAST, VMSIM_TLB_SYNC_ON_CLEAR,
		VMSIM_TLB_COHERENT,
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(tlb); i++)
		check_no_store_is_lost(tlb[i]);
}

/* Each page, if it is there, has its own number in it. */
static void load_numbers(struct race *race, u64 n)
{
	unsigned long addr = ADDR + n % PAGES * PMD_SIZE;
	u64 value;

	if (!vmsim_tlb_access(&race->f.m->cpu[1], race->f.mm, addr, VMSIM_ACCESS_READ, 8, &value)) {
		WRITE_ONCE(race->accesses, race->accesses + 1);
		if (value != addr)
			WRITE_ONCE(race->wrong, true);
	}
	vmsim_poll();
}

static void map_numbers(struct fixture *f)
{
	for (unsigned long i = 0; i < PAGES; i++) {
		unsigned long addr = ADDR + i * PMD_SIZE;

		map(f, addr, new_frame(addr), PAGE_COPY);
	}
}

/* Takes pages out with their tables, all through one gather, and frees all of it. */
static void unmap_numbers(struct fixture *f)
{
	struct mmu_gather tlb;

	tlb_gather_mmu(&tlb, f->mm);
	tlb_change_page_size(&tlb, PAGE_SIZE);
	for (unsigned long i = 0; i < PAGES; i++) {
		unsigned long addr = ADDR + i * PMD_SIZE;
		pte_t *ptep = fixture_pte(f->mm, addr);
		pte_t old = ptep_get_and_clear(f->mm, addr, ptep);

		tlb_remove_tlb_entry(&tlb, ptep, addr);
		tlb_remove_page(&tlb, pte_page(old));
	}
	free_pgd_range(&tlb, ADDR, ADDR + PAGES * PMD_SIZE, 0, 0);
	tlb_finish_mmu(&tlb);
}

/* Frames and tables are used for something else as soon as the gather has freed them. */
static void check_tables_go(enum vmsim_tlb tlb)
{
	struct race race = { .wrong = false };
	unsigned int tries = 0;

	begin(&race, tlb, load_numbers);
	while (tries++ < ROUNDS / 3 || (!READ_ONCE(race.accesses) && tries < 1000 * ROUNDS)) {
		struct page *other;

		map_numbers(&race.f);
		let_others(tries);
		unmap_numbers(&race.f);
		other = new_frame(0xdead);
		__free_page(other);
		/* Where callbacks of RCU run. */
		vmsim_leave();
		vmsim_enter();
	}
	rcu_barrier();
	expect(&race, race.f.m->tables == 1);
	end(&race);
}

static void test_tables_go(void **state)
{
	const enum vmsim_tlb tlb[] = {
		VMSIM_TLB_IPI, VMSIM_TLB_BROADCAST, VMSIM_TLB_SYNC_ON_CLEAR, VMSIM_TLB_COHERENT,
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(tlb); i++)
		check_tables_go(tlb[i]);
}

/* Rights come and go while they are used: no update by either side is lost. */
static void test_wrprotect_keeps_dirty(void **state)
{
	struct race race = { .wrong = false };
	struct fixture *f = &race.f;
	struct vm_area_struct vma;
	unsigned int noticed = 0, tries = 0;
	struct page *page;
	pte_t *ptep;
	u64 last = 0;

	(void)state;
	begin(&race, VMSIM_TLB_IPI, store_number);
	vma = (struct vm_area_struct) { .vm_mm = f->mm };
	page = new_frame(0);
	ptep = fixture_pte(f->mm, ADDR);
	while (tries++ < ROUNDS || (noticed == 0 && tries < 1000 * ROUNDS)) {
		u64 now;

		(void)ptep_get_and_clear(f->mm, ADDR, ptep);
		set_pte(ptep, mk_pte(page, PAGE_SHARED));
		let_others(tries);
		ptep_set_wrprotect(f->mm, ADDR, ptep);
		flush_tlb_page(&vma, ADDR);
		now = vmsim_frame_load(page, 0, 8);
		expect(&race, !pte_write(ptep_get(ptep)));
		expect(&race, now == last || pte_dirty(ptep_get(ptep)));
		noticed += now != last;
		last = now;
	}
	expect(&race, noticed > 0);
	(void)ptep_clear_flush(&vma, ADDR, ptep);
	__free_page(page);
	end(&race);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_store_is_lost),
		cmocka_unit_test(test_tables_go),
		cmocka_unit_test(test_wrprotect_keeps_dirty),
	};

	return vmsim_run_tests(tests);
}
