// SPDX-License-Identifier: GPL-2.0-only
#include "results.h"

/*
 * References and pins of a long range, so many pages at a time. The matrix of run_vmtests.sh for
 * gup_test, Linux 6.12, on base pages: 5 calls x writing or reading x shared or private x 1, 512 or
 * 123 pages a call. What its driver in the kernel warns of is asserted, and the counts besides.
 */

#define PAGES 640UL

static long gup_basic(unsigned long addr, int nr, unsigned int flags, struct page **pages)
{
	return under_mmap_lock(get_user_pages(addr, (unsigned long)nr, flags, pages));
}

static long gup_fast_pages(unsigned long addr, int nr, unsigned int flags, struct page **pages)
{
	return in_kernel(get_user_pages_fast(addr, nr, flags, pages));
}

static long pin_fast(unsigned long addr, int nr, unsigned int flags, struct page **pages)
{
	return in_kernel(pin_user_pages_fast(addr, nr, flags, pages));
}

static long pin_basic(unsigned long addr, int nr, unsigned int flags, struct page **pages)
{
	return under_mmap_lock(pin_user_pages(addr, (unsigned long)nr, flags, pages));
}

static long pin_longterm(unsigned long addr, int nr, unsigned int flags, struct page **pages)
{
	return pin_basic(addr, nr, flags | FOLL_LONGTERM, pages);
}

static const struct command {
	const char *name;
	long (*get)(unsigned long addr, int nr, unsigned int flags, struct page **pages);
	int refs;
} commands[] = {
	{ "GUP_FAST", gup_fast_pages, 1 },
	{ "GUP_BASIC", gup_basic, 1 },
	{ "PIN_FAST", pin_fast, GUP_PIN_COUNTING_BIAS },
	{ "PIN_BASIC", pin_basic, GUP_PIN_COUNTING_BIAS },
	{ "PIN_LONGTERM", pin_longterm, GUP_PIN_COUNTING_BIAS },
};

static const int counts[] = { 1, 512, 123 };

enum { RESULTS = ARRAY_SIZE(commands) * 2 * 2 * ARRAY_SIZE(counts) };

static bool pins(const struct command *command)
{
	return command->refs != 1;
}

/* All of the range, @count pages a call, the rest at the end. */
static bool get_all(const struct command *command, unsigned long addr, unsigned int flags,
		    int count, struct page **pages)
{
	for (int done = 0; done < (int)PAGES; done += count) {
		int nr = min(count, (int)PAGES - done);

		if (command->get(addr + (unsigned long)done * PG, nr, flags, pages + done) != nr)
			return false;
	}
	return true;
}

static void put_all(const struct command *command, struct page **pages)
{
	vmsim_enter();
	if (pins(command))
		unpin_user_pages(pages, PAGES);
	for (size_t i = 0; i < PAGES && !pins(command); i++)
		put_page(pages[i]);
	vmsim_leave();
}

/* What is mapped there was got, with @more references than it has by itself. */
static void assert_held(struct page **pages, unsigned long addr, bool shared, int more)
{
	/* The mapping's, and the file's. */
	const int own = shared ? 2 : 1;

	for (size_t i = 0; i < PAGES; i++) {
		struct page *page = page_of(addr + i * PG);

		assert_ptr_equal(pages[i], page);
		assert_int_equal(folio_ref_count(page_folio(page)), own + more);
		assert_int_equal(folio_mapcount(page_folio(page)), 1);
		assert_int_equal(folio_maybe_dma_pinned(page_folio(page)),
				 more >= (int)GUP_PIN_COUNTING_BIAS);
		assert_true(folio_is_longterm_pinnable(page_folio(page)));
		assert_int_equal(!PageAnon(page), shared);
		assert_true(shared || PageAnonExclusive(page));
	}
}

static void run(const struct command *command, bool write, bool shared, int count)
{
	unsigned long a = map(PAGES, RW, MAP_ANONYMOUS | (shared ? MAP_SHARED : MAP_PRIVATE));
	struct page *pages[PAGES] = { NULL };
	uint64_t faults;

	/* They are there, so that nothing has to be faulted in. */
	for (size_t i = 0; i < PAGES; i++)
		store(a + i * PG, 0);
	faults = stats_now().faults;
	result(get_all(command, a, write ? FOLL_WRITE : 0, count, pages), command->name);
	assert_int_equal(stats_now().faults, faults);
	assert_held(pages, a, shared, command->refs);
	put_all(command, pages);
	assert_held(pages, a, shared, 0);
	assert_int_equal(vmsim_munmap(a, PAGES * PG), 0);
}

static void test_matrix(void **state)
{
	(void)state;
	for (size_t c = 0; c < ARRAY_SIZE(commands); c++)
		for (int kind = 0; kind < 4; kind++)
			for (size_t n = 0; n < ARRAY_SIZE(counts); n++)
				run(&commands[c], kind & 1, kind & 2, counts[n]);
	recount();
}

#define THERE 100UL

/* As with -z: the calls fault in what is not there, from where GUP-fast stops. */
static void test_faults(void **state)
{
	(void)state;
	for (size_t c = 0; c < ARRAY_SIZE(commands); c++) {
		unsigned long a = map(PAGES, RW, ANON);
		struct page *pages[PAGES] = { NULL };
		uint64_t faults = stats_now().faults;

		for (size_t i = 0; i < THERE; i++)
			store(a + i * PG, 0);
		assert_int_equal(stats_now().faults - faults, THERE);
		assert_true(get_all(&commands[c], a, FOLL_WRITE, 123, pages));
		assert_int_equal(stats_now().faults - faults, PAGES);
		assert_held(pages, a, false, commands[c].refs);
		put_all(&commands[c], pages);
		assert_int_equal(vmsim_munmap(a, PAGES * PG), 0);
	}
	recount();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_watched_world(test_matrix),
		in_watched_world(test_faults),
	};

	return run_with_results(tests, RESULTS);
}
