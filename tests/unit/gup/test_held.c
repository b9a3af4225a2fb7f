// SPDX-License-Identifier: GPL-2.0-only
#include "gup_test.h"
#include <pthread.h>

/* Pages in the hands of devices, pipes and other processes. */

static uint64_t dma_word(struct vmsim_pins *pins, size_t offset)
{
	uint64_t word = 0;

	assert_int_equal(vmsim_dma_read(pins, offset, &word, sizeof(word)), 0);
	return word;
}

static void dma_store(struct vmsim_pins *pins, size_t offset, uint64_t word)
{
	assert_int_equal(vmsim_dma_write(pins, offset, &word, sizeof(word)), 0);
}

static void test_device_and_program_see_the_same(void **state)
{
	static const unsigned int how[] = {
		VMSIM_PIN_WRITE, VMSIM_PIN_WRITE | VMSIM_PIN_LONGTERM,
		VMSIM_PIN_WRITE | VMSIM_PIN_LOCKED, VMSIM_PIN_WRITE | VMSIM_PIN_REF,
		VMSIM_PIN_WRITE | VMSIM_PIN_REF | VMSIM_PIN_LOCKED,
	};
	unsigned long a = map(3, RW, ANON);

	(void)state;
	for (size_t i = 0; i < sizeof(how) / sizeof(how[0]); i++) {
		bool ref = how[i] & VMSIM_PIN_REF;
		struct vmsim_pins *pins;

		store(a + PG, 5 + i);
		assert_int_equal(vmsim_pin(a, 3, how[i], &pins), 3);
		assert_int_equal(page_count(page_at(a)), ref ? 2 : PINNED(1));
		assert_int_equal(dma_word(pins, PG), 5 + i);
		dma_store(pins, 2 * PG + 8, 9 + i);
		assert_int_equal(load(a + 2 * PG + 8), 9 + i);
		store(a + 8, 77 + i);
		assert_int_equal(dma_word(pins, 8), 77 + i);
		assert_int_equal(vmsim_unpin(pins, true), 0);
		assert_int_equal(page_count(page_at(a)), 1);
	}
}

/* Over page borders, and in pieces that are aligned in no way. */
static void test_odd_pieces(void **state)
{
	unsigned long a = map(2, RW, ANON);
	struct vmsim_pins *pins;
	char buf[32], back[32];

	(void)state;
	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = (char)(i + 1);
	assert_int_equal(vmsim_pin(a, 2, VMSIM_PIN_WRITE, &pins), 2);
	assert_int_equal(vmsim_dma_write(pins, PG - 13, buf, sizeof(buf)), 0);
	assert_int_equal(vmsim_dma_read(pins, PG - 13, back, sizeof(back)), 0);
	assert_memory_equal(buf, back, sizeof(buf));
	for (size_t i = 0; i < sizeof(buf); i++) {
		uint64_t byte;

		assert_int_equal(vmsim_load(a + PG - 13 + i, 1, &byte), 0);
		assert_int_equal(byte, i + 1);
	}
	assert_int_equal(vmsim_unpin(pins, false), 0);
}

static void test_misuse(void **state)
{
	unsigned long a = map(2, RW, ANON);
	struct vmsim_pins *pins = (void *)1;
	uint64_t word = 0;

	(void)state;
	assert_int_equal(vmsim_pin(a + 8, 1, 0, &pins), -EINVAL);
	assert_null(pins);
	assert_int_equal(vmsim_pin(a, 0, 0, &pins), -EINVAL);
	assert_int_equal(vmsim_pin(a, 1, 64, &pins), -EINVAL);
	assert_int_equal(vmsim_pin(a, 1, 0, NULL), -EINVAL);
	assert_int_equal(vmsim_pin(a, 1UL << 40, 0, &pins), -EINVAL);
	assert_int_equal(vmsim_pin(a, 1, VMSIM_PIN_REF | VMSIM_PIN_LONGTERM, &pins), -EINVAL);
	assert_int_equal(vmsim_pin(0x1000, 1, 0, &pins), -EFAULT);
	assert_null(pins);
	assert_int_equal(vmsim_unpin(NULL, false), -EINVAL);
	assert_int_equal(vmsim_dma_read(NULL, 0, &word, 8), -EINVAL);
	assert_int_equal(vmsim_dma_write(NULL, 0, &word, 8), -EINVAL);

	/* Fewer than asked for are some. */
	assert_int_equal(vmsim_munmap(a + PG, PG), 0);
	assert_int_equal(vmsim_pin(a, 2, 0, &pins), 1);
	assert_int_equal(vmsim_dma_read(pins, PG - 4, &word, 8), -EINVAL);
	assert_int_equal(vmsim_dma_read(pins, PG + 8, &word, 8), -EINVAL);
	assert_int_equal(vmsim_dma_read(pins, 0, NULL, 8), -EINVAL);
	assert_int_equal(vmsim_dma_read(pins, PG, &word, 0), 0);
	assert_int_equal(vmsim_dma_write(pins, 0, &word, 8), -EACCES);
	assert_int_equal(vmsim_unpin(pins, false), 0);
	assert_int_equal(vmsim_exit(), 0);
	assert_int_equal(vmsim_pin(a, 1, 0, &pins), -ESRCH);
}

/* What the program unmaps stays with the device, and nobody else gets it. */
static void test_held_after_munmap_and_exit(void **state)
{
	unsigned long a = map(2, RW, ANON);
	uint64_t free_before = stats_now().frames_free;
	struct vmsim_pins *pins, *exited;

	(void)state;
	store(a, 5);
	store(a + PG, 6);
	assert_int_equal(vmsim_pin(a, 1, VMSIM_PIN_WRITE, &pins), 1);
	assert_int_equal(vmsim_pin(a + PG, 1, VMSIM_PIN_WRITE, &exited), 1);
	assert_int_equal(vmsim_madvise(a, PG, MADV_DONTNEED), 0);
	store(a, 8);
	assert_int_equal(dma_word(pins, 0), 5);
	dma_store(pins, 0, 9);
	assert_int_equal(load(a), 8);
	assert_int_equal(vmsim_unpin(pins, true), 0);
	assert_int_equal(vmsim_exit(), 0);
	assert_int_equal(dma_word(exited, 0), 6);
	assert_int_equal(vmsim_unpin(exited, false), 0);
	settle();
	assert_true(stats_now().frames_free >= free_before);
}

static void *device(void *arg)
{
	struct vmsim_pins *pins = arg;
	uint64_t word = 0;

	if (!vmsim_dma_read(pins, 0, &word, 8)) {
		word++;
		vmsim_dma_write(pins, 8, &word, 8);
	}
	return NULL;
}

/* By a thread that is no CPU's. */
static void test_a_device_of_its_own(void **state)
{
	unsigned long a = map(1, RW, ANON);
	struct vmsim_pins *pins;
	pthread_t thread;

	(void)state;
	store(a, 41);
	assert_int_equal(vmsim_pin(a, 1, VMSIM_PIN_WRITE, &pins), 1);
	assert_int_equal(pthread_create(&thread, NULL, device, pins), 0);
	pthread_join(thread, NULL);
	assert_int_equal(load(a + 8), 42);
	assert_int_equal(vmsim_unpin(pins, true), 0);
}

static void test_a_written_page_of_a_file_is_dirty(void **state)
{
	int file = make_file(1);
	unsigned long a = map_file(file, 1, RW, MAP_SHARED, 0);
	struct vmsim_pins *pins;
	uint64_t word = 0;

	(void)state;
	for (int ref = 0; ref <= 1; ref++) {
		assert_int_equal(vmsim_pin(a, 1, VMSIM_PIN_WRITE | (ref ? VMSIM_PIN_REF : 0),
					   &pins), 1);
		assert_int_equal(vmsim_file_sync(file, 0, PG), 0);
		assert_false(PageDirty(page_at(a)));
		dma_store(pins, 0, 55 + (uint64_t)ref);
		assert_int_equal(vmsim_unpin(pins, true), 0);
		assert_true(PageDirty(page_at(a)));
		assert_int_equal(vmsim_file_sync(file, 0, PG), 0);
		assert_int_equal(vmsim_file_stored(file, 0, &word, 8), 8);
		assert_int_equal(word, 55 + ref);
	}
	drop_file(file, a, 1);
}

static void test_another_process(void **state)
{
	unsigned long a = map(2, RW, ANON), ro = map(1, PROT_READ, ANON);
	unsigned long hole = map(2, RW, ANON);
	int pid = world.pid;
	char buf[24] = "abcdefghijklmnopqrstuvw", back[24];
	int other = vmsim_process_create(world.machine, "debugger");

	(void)state;
	store(a + PG - 8, 3);
	assert_int_equal(vmsim_munmap(hole + PG, PG), 0);
	assert_int_equal(vmsim_detach(), 0);
	assert_int_equal(vmsim_attach(world.machine, 1, other), 0);

	assert_int_equal(vmsim_process_vm_write(pid, a + PG - 11, buf, 24), 24);
	assert_int_equal(vmsim_process_vm_read(pid, a + PG - 11, back, 24), 24);
	assert_memory_equal(buf, back, 24);
	assert_int_equal(vmsim_ptrace_read(pid, a + PG - 11, back, 3), 3);
	assert_memory_equal(buf, back, 3);
	/* With its own rights, and with a debugger's. */
	assert_int_equal(vmsim_process_vm_write(pid, ro, buf, 8), -EFAULT);
	assert_int_equal(vmsim_ptrace_write(pid, ro + 8, buf, 8), 8);
	assert_int_equal(vmsim_process_vm_read(pid, ro + 8, back, 8), 8);
	assert_memory_equal(buf, back, 8);
	/* As far as it is mapped. */
	assert_int_equal(vmsim_process_vm_read(pid, hole + PG - 5, back, 24), 5);
	assert_int_equal(vmsim_ptrace_write(pid, hole + PG - 5, buf, 24), 5);
	assert_int_equal(vmsim_process_vm_read(pid, hole + PG, back, 24), -EFAULT);
	assert_int_equal(vmsim_process_vm_read(pid, hole + PG, back, 0), 0);
	assert_int_equal(vmsim_process_vm_read(pid + 100, a, back, 8), -ESRCH);
	assert_int_equal(vmsim_process_vm_read(pid, a, NULL, 8), -EINVAL);

	assert_int_equal(vmsim_exit(), 0);
	assert_int_equal(vmsim_detach(), 0);
	assert_int_equal(vmsim_process_destroy(world.machine, other), 0);
	assert_int_equal(vmsim_attach(world.machine, 0, world.pid), 0);
	assert_int_equal(vmsim_load(a + PG - 11, 1, &(uint64_t){ 0 }), 0);
	assert_int_equal(vmsim_store(ro, 8, 1), SIGSEGV);
	for (int i = 0; i < 2; i++)
		assert_int_equal(page_count(page_at(a + i * PG)), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_world(test_device_and_program_see_the_same),
		in_world(test_odd_pieces),
		in_world(test_misuse),
		in_world(test_held_after_munmap_and_exit),
		in_world(test_a_device_of_its_own),
		in_world(test_a_written_page_of_a_file_is_dirty),
		in_world(test_another_process),
	};

	return vmsim_run_tests(tests);
}
