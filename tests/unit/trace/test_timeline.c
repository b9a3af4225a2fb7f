// SPDX-License-Identifier: GPL-2.0-only
#include "../vmsim_test.h"
#include "trace/record.h"
#include "trace/timeline.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct vmsim_thread_def threads[] = {
	{ .name = "Writer" }, { .name = "Zapper", .cpu = 1 }, { .name = "Cleaner", .cpu = 2 },
};

static const struct vmsim_scenario scenario = {
	.name = "race", .threads = threads, .nr_threads = 3,
};

#define ADDR(text) ((uint64_t)(uintptr_t)(text))

static const struct vmsim_event events[] = {
	{ .tid = VMSIM_RECORD_OTHER, .kind = VMSIM_EV_SYSCALL, .arg = { ADDR("mmap"), 0, 0 } },
	{ .tid = 0, .kind = VMSIM_EV_PTE_SET, .arg = { 0x10000, 0, 0x5067 } },
	{ .tid = 0, .kind = VMSIM_EV_TLB_FILL,
	  .arg = { 0, 0x10000, 5 | VMSIM_RECORD_WRITE | VMSIM_RECORD_DIRTY } },
	{ .tid = 0, .kind = VMSIM_EV_STORE, .arg = { 0x10000, 8, 0x1111 } },
	{ .tid = 0, .kind = VMSIM_EV_POINT, .arg = { ADDR("wrote") } },
	{ .tid = 1, .cpu = 1, .kind = VMSIM_EV_SYSCALL,
	  .arg = { ADDR("munmap"), 0x10000, 0x1000 } },
	{ .tid = 1, .cpu = 1, .kind = VMSIM_EV_REF, .arg = { 5, 2, 3 } },
	{ .tid = 1, .cpu = 1, .kind = VMSIM_EV_PTE_SET, .arg = { 0x10000, 0x5067, 0 } },
	{ .tid = 1, .cpu = 1, .kind = VMSIM_EV_MAP_ZERO, .arg = { 5 } },
	{ .tid = 1, .cpu = 1, .kind = VMSIM_EV_FLUSH_BEGIN, .arg = { 1, 0x10000, 0x11000 } },
	{ .tid = 1, .cpu = 1, .kind = VMSIM_EV_FLUSH_BEGIN, .arg = { 1, 0x10000, 0x11000 } },
	{ .tid = VMSIM_RECORD_IRQ, .cpu = 2, .kind = VMSIM_EV_IPI_RUN, .arg = { 2 } },
	{ .tid = 2, .cpu = 2, .kind = VMSIM_EV_FOLIO_CLEAN, .arg = { 5, 1 } },
	{ .tid = 0, .kind = VMSIM_EV_STORE, .arg = { 0x10000, 8, 0x2222 } },
};

static char *printed(const struct vmsim_result *result, bool full)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(vmsim_timeline_print(&scenario, result, full, out), 0);
	fclose(out);
	return text;
}

static struct vmsim_result result_of(const struct vmsim_event *event, size_t n)
{
	return (struct vmsim_result){ .events = (struct vmsim_event *)event, .nr_events = n };
}

static void one_column_per_thread(void **state)
{
	static const char picture[] =
		"CPU0 (Writer)                     CPU1 (Zapper)                     CPU2 (Cleaner)\n"
		"-------------                     -------------                     --------------\n"
		"set_pte(0x10000, pfn 5 rw young\n"
		"  dirty)\n"
		"[ CPU0 TLB: 0x10000 -> pfn 5 rw\n"
		"  dirty ]\n"
		"store 0x10000 = 0x1111\n"
		"-- wrote --\n"
		"                                  munmap(0x10000, 0x1000)\n"
		"                                  ptep_get_and_clear(0x10000)\n"
		"                                    [ was pfn 5 rw young dirty ]\n"
		"                                  [ pfn 5: mapped by nobody ]\n"
		"                                  flush_tlb_range(0x10000,\n"
		"                                    0x11000)\n"
		"                                                                    <IPI on CPU2>\n"
		"                                                                    [ pfn 5 clean ]\n"
		"store 0x10000 = 0x2222\n"
		"[*] O3 R5\n"
		"\n"
		"[*] O3 R5: a clean page is newer than its store\n";
	struct vmsim_result result = result_of(events, sizeof(events) / sizeof(events[0]));
	char *text;

	(void)state;
	result.violated = true;
	result.violation = (struct vmsim_violation){
		.oracle = "O3", .rule = "R5", .text = "a clean page is newer than its store",
	};
	text = printed(&result, false);
	assert_string_equal(text, picture);
	free(text);
}

static void a_full_timeline_has_every_event(void **state)
{
	struct vmsim_result result = result_of(events, sizeof(events) / sizeof(events[0]));
	char *text = printed(&result, true);
	char *first;

	(void)state;
	assert_non_null(strstr(text, "[ pfn 5: refcount 2 -> 3 ]"));
	first = strstr(text, "flush_tlb_range");
	assert_non_null(strstr(first + 1, "flush_tlb_range"));
	assert_null(strstr(text, "[*]"));
	free(text);
}

static void every_kind_of_event_has_words(void **state)
{
	char text[256];

	(void)state;
	for (int kind = 0; kind < VMSIM_EV_COUNT; kind++) {
		struct vmsim_event event = { .kind = (enum vmsim_event_kind)kind };

		text[0] = '\0';
		vmsim_event_describe(&event, text, sizeof(text));
		assert_true(text[0] != '\0');
		assert_null(strchr(text, '\n'));
	}
}

static void lines_are_no_longer_than_a_hundred(void **state)
{
	char text[200], *printed_text = NULL, *rest, *line;
	struct vmsim_columns columns;
	size_t size;
	FILE *out = open_memstream(&printed_text, &size);

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	text[20] = text[70] = ' ';
	for (unsigned int n = 1; n <= 3; n++) {
		vmsim_columns_init(&columns, n, out);
		vmsim_columns_print(&columns, n - 1, text);
	}
	fclose(out);
	rest = printed_text;
	while ((line = strsep(&rest, "\n")))
		assert_true(strlen(line) <= 100);
	free(printed_text);
}

static void misuse_is_refused(void **state)
{
	struct vmsim_result result = { 0 };

	(void)state;
	assert_int_equal(vmsim_timeline_print(&scenario, &result, false, stdout), -ENODATA);
	assert_int_equal(vmsim_timeline_print(NULL, &result, false, stdout), -EINVAL);
	assert_int_equal(vmsim_timeline_print(&scenario, &result, false, NULL), -EINVAL);
}

/* A recorder keeps the last events, in order. */
static void the_oldest_events_are_forgotten(void **state)
{
	struct vmsim_recorder *recorder = vmsim_recorder_new(5000);
	struct vmsim_event *kept;
	size_t n;

	(void)state;
	for (uint64_t i = 1; i <= 7000; i++) {
		struct vmsim_event event = { .kind = VMSIM_EV_STORE, .seq = i, .arg = { i } };

		vmsim_recorder_add(recorder, &event);
	}
	vmsim_recorder_take(recorder, &kept, &n);
	assert_int_equal(n, 5000);
	for (uint64_t i = 0; i < 5000; i++)
		assert_int_equal(kept[i].seq, 2001 + i);
	free(kept);
	vmsim_recorder_take(recorder, &kept, &n);
	assert_int_equal(n, 0);
	vmsim_recorder_free(recorder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_column_per_thread),
		cmocka_unit_test(a_full_timeline_has_every_event),
		cmocka_unit_test(every_kind_of_event_has_words),
		cmocka_unit_test(lines_are_no_longer_than_a_hundred),
		cmocka_unit_test(misuse_is_refused),
		cmocka_unit_test(the_oldest_events_are_forgotten),
	};

	return vmsim_run_tests(tests);
}
