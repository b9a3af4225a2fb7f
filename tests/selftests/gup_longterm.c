// SPDX-License-Identifier: GPL-2.0-only
#include "results.h"

/*
 * Long-term pins of file mappings: for reading, or of private memory, they always work; for writing
 * of shared memory only where no file system has to notice the writes. The cases of
 * tools/testing/selftests/mm/gup_longterm.c, Linux 6.12, on memfd and on a file with dirty tracking
 * (its third kind, a file next to the source of the test, is one, too). hugetlb is not modelled.
 */

static const struct kind {
	const char *name;
	unsigned int flags;
} kinds[] = {
	{ "R/W longterm GUP pin", VMSIM_PIN_WRITE | VMSIM_PIN_LOCKED },
	{ "R/W longterm GUP-fast pin", VMSIM_PIN_WRITE },
	{ "R/O longterm GUP pin", VMSIM_PIN_LOCKED },
	{ "R/O longterm GUP-fast pin", 0 },
	/* Registered buffers are always pinned for writing, with mmap_lock. */
	{ "fixed buffer", VMSIM_PIN_WRITE | VMSIM_PIN_LOCKED },
};

static const struct backing {
	const char *name;
	int (*create)(struct vmsim_machine *machine, const char *name, uint64_t size);
	bool notices_writes;
} backings[] = {
	{ "memfd", vmsim_memfd_create, false },
	{ "tmpfile", vmsim_file_create, true },
};

enum { RESULTS = ARRAY_SIZE(kinds) * ARRAY_SIZE(backings) * 2 };

#define FILES 1000
#define PROGRAMS 1

static uint64_t in_file(int file)
{
	uint64_t word[512];

	assert_int_equal(vmsim_file_read(file, 0, word, PG), PG);
	return word[0];
}

/* What is pinned is what is mapped: the file's page, or a page of the program's own. */
static bool right_page(const struct vmsim_pins *pins, unsigned long addr, bool shared)
{
	struct page *page = page_of(addr);

	if (pins->page[0] != page || !folio_maybe_dma_pinned(page_folio(page)))
		return false;
	return shared ? !PageAnon(page) : PageAnon(page) && PageAnonExclusive(page);
}

/* Who writes through the pin, or afterwards through the mapping, is seen by those who should. */
static void assert_coherent(struct vmsim_pins *pins, unsigned long addr, int file, bool shared)
{
	uint64_t word = 2;

	if (pins->flags & VMSIM_PIN_WRITE) {
		assert_int_equal(vmsim_dma_write(pins, 0, &word, 8), 0);
		assert_int_equal(load(addr), 2);
	} else {
		assert_int_equal(vmsim_mprotect(addr, PG, RW), 0);
		store(addr, 2);
		word = 0;
		assert_int_equal(vmsim_dma_read(pins, 0, &word, 8), 0);
		assert_int_equal(word, 2);
	}
	assert_int_equal(in_file(file), shared ? 2 : FILES);
}

static void pin(const struct kind *kind, const struct backing *backing, bool shared)
{
	bool write = kind->flags & VMSIM_PIN_WRITE;
	bool should_work = !shared || !write || !backing->notices_writes;
	int file = backing->create(world.machine, "f", PG);
	uint64_t word[512] = { FILES };
	struct vmsim_pins *pins = NULL;
	unsigned long a;
	int refs, got;

	assert_true(file > 0);
	assert_int_equal(vmsim_file_write(file, 0, word, PG), PG);
	a = map_file(file, 1, RW, shared ? MAP_SHARED : MAP_PRIVATE, 0);
	/* So that GUP-fast finds it. */
	store(a, PROGRAMS);
	if (!write)
		assert_int_equal(vmsim_mprotect(a, PG, PROT_READ), 0);
	refs = folio_ref_count(page_folio(page_of(a)));
	got = vmsim_pin(a, 1, kind->flags | VMSIM_PIN_LONGTERM, &pins);
	result(got == (should_work ? 1 : -EFAULT), kind->name);
	if (should_work) {
		assert_true(right_page(pins, a, shared));
		assert_int_equal(folio_ref_count(page_folio(page_of(a))),
				 refs + (int)GUP_PIN_COUNTING_BIAS);
		assert_coherent(pins, a, file, shared);
		assert_int_equal(vmsim_unpin(pins, write), 0);
	}
	assert_int_equal(folio_ref_count(page_folio(page_of(a))), refs);
	assert_false(folio_maybe_dma_pinned(page_folio(page_of(a))));
	recount();
	assert_int_equal(vmsim_munmap(a, PG), 0);
	assert_int_equal(vmsim_file_destroy(world.machine, file), 0);
}

static void pin_all(bool shared)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		for (size_t k = 0; k < ARRAY_SIZE(backings); k++)
			pin(&kinds[i], &backings[k], shared);
}

static void test_shared(void **state)
{
	(void)state;
	pin_all(true);
}

static void test_private(void **state)
{
	(void)state;
	pin_all(false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_watched_world(test_shared),
		in_watched_world(test_private),
	};

	return run_with_results(tests, RESULTS);
}
