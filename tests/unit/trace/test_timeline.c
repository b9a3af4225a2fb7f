// SPDX-License-Identifier: GPL-2.0-only
#include "../vmsim_test.h"
#include "trace/record.h"
#include "trace/timeline.h"
#include <linux/spinlock.h>
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

#define DIRTY_5 (5 | VMSIM_RECORD_WRITE | VMSIM_RECORD_DIRTY)

static const struct vmsim_event events[] = {
	{ .tid = VMSIM_RECORD_OTHER, .kind = VMSIM_EV_SYSCALL, .arg = { ADDR("mmap"), 0, 0 } },
	{ .tid = 0, .kind = VMSIM_EV_PTE_SET, .arg = { 0x10000, 0, 0x5067 } },
	{ .tid = 0, .kind = VMSIM_EV_FOLIO_DIRTY, .arg = { 5, 0 } },
	{ .tid = 0, .kind = VMSIM_EV_MAP_ADD, .arg = { 5, 0, 1 } },
	{ .tid = 0, .kind = VMSIM_EV_TLB_FILL, .arg = { 0, 0x10000, DIRTY_5 } },
	{ .tid = 0, .kind = VMSIM_EV_STORE, .arg = { 0x10000, 8, 0x1111 } },
	{ .tid = 0, .kind = VMSIM_EV_POINT, .arg = { ADDR("wrote") } },
	/* Another frame, another address: of no interest. */
	{ .tid = 0, .kind = VMSIM_EV_STORE, .arg = { 0x50000, 8, 0x3333 } },
	{ .tid = 0, .kind = VMSIM_EV_REF, .arg = { 7, 2, 3 } },
	{ .tid = 1, .cpu = 1, .kind = VMSIM_EV_SYSCALL, .arg = { ADDR("madvise"), 0, 0 } },
	{ .tid = 1, .cpu = 1, .kind = VMSIM_EV_SYSCALL_RET, .arg = { ADDR("madvise"), 0, 0 } },
	{ .tid = 1, .cpu = 1, .kind = VMSIM_EV_SYSCALL,
	  .arg = { ADDR("munmap"), 0x10000, 0x1000 } },
	{ .tid = 1, .cpu = 1, .kind = VMSIM_EV_REF, .arg = { 5, 2, 3 } },
	{ .tid = 1, .cpu = 1, .kind = VMSIM_EV_REF, .arg = { 5, 3, 2 } },
	{ .tid = 1, .cpu = 1, .kind = VMSIM_EV_PTE_SET, .arg = { 0x10000, 0x5067, 0 } },
	{ .tid = 1, .cpu = 1, .kind = VMSIM_EV_MAP_REMOVE, .arg = { 5, 1, 0 } },
	{ .tid = 1, .cpu = 1, .kind = VMSIM_EV_MAP_ZERO, .arg = { 5 } },
	{ .tid = 1, .cpu = 1, .kind = VMSIM_EV_FLUSH_BEGIN, .arg = { 1, 0x10000, 0x11000 } },
	{ .tid = 1, .cpu = 1, .kind = VMSIM_EV_FLUSH_BEGIN, .arg = { 1, 0x10000, 0x11000 } },
	{ .tid = 2, .cpu = 2, .kind = VMSIM_EV_FOLIO_CLEAN, .arg = { 5, 1 } },
	{ .tid = 0, .kind = VMSIM_EV_STORE, .arg = { 0x10000, 8, 0x2222 } },
	{ .tid = VMSIM_RECORD_IRQ, .cpu = 0, .kind = VMSIM_EV_IPI_RUN, .arg = { 0 } },
	{ .tid = VMSIM_RECORD_IRQ, .cpu = 0, .kind = VMSIM_EV_TLB_DROP,
	  .arg = { 0, 0x10000, DIRTY_5 } },
};

#define NR_EVENTS (sizeof(events) / sizeof(events[0]))

static char *printed(const struct vmsim_result *result, bool full)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(vmsim_timeline_print(&scenario, result, VMSIM_TIMELINE_TEXT, full, out),
			 0);
	fclose(out);
	return text;
}

static struct vmsim_result result_of(const struct vmsim_event *event, size_t n)
{
	return (struct vmsim_result){ .events = (struct vmsim_event *)event, .nr_events = n };
}

static struct vmsim_result violated_result(const char *text)
{
	struct vmsim_result result = result_of(events, NR_EVENTS);

	result.violated = true;
	result.violation = (struct vmsim_violation){ .oracle = "O3", .rule = "R5" };
	snprintf(result.violation.text, sizeof(result.violation.text), "%s", text);
	return result;
}

static void a_picture_of_what_matters(void **state)
{
	static const char picture[] =
		"CPU0 (Writer)                     CPU1 (Zapper)                     CPU2 (Cleaner)\n"
		"-------------                     -------------                     --------------\n"
		"[ pte pfn 5 rw young dirty ]\n"
		"[ CPU0 TLB pfn 5 rw dirty ]\n"
		"[ pfn 5: refs 0, maps 1, dirty ]\n"
		"store 0x10000 = 0x1111\n"
		"-- wrote --\n"
		"                                  munmap(0x10000, 0x1000)\n"
		"                                  [ pte none ]\n"
		"                                  [ CPU0 TLB pfn 5 rw dirty,\n"
		"                                    stale ]\n"
		"                                  [ pfn 5: refs 2, maps 0, dirty ]\n"
		"                                  flush_tlb_range(0x10000,\n"
		"                                    0x11000)\n"
		"                                                                    [ pfn 5: refs 2, maps 0 ]\n"
		"store 0x10000 = 0x2222\n"
		"<IPI on CPU0>\n"
		"[ CPU0 TLB empty ]\n"
		"[*] O3 R5\n"
		"\n"
		"[*] O3 R5: a clean page is newer than its store; page:pfn=5\n"
		"\n"
		"Memory then:\n"
		"process 0, 0x10000: pte none; pfn 5: refs 2, maps 0\n";
	struct vmsim_result result =
		violated_result("a clean page is newer than its store; page:pfn=5");
	char *text;

	(void)state;
	text = printed(&result, false);
	assert_string_equal(text, picture);
	free(text);
}

/* A report that names nothing: everything may matter. Of two columns, each has 35 characters. */
static void without_names_everything_matters(void **state)
{
	struct vmsim_result result = violated_result("thread Zapper returned -1");
	char *text;

	(void)state;
	text = printed(&result, false);
	assert_non_null(strstr(text, "store 0x50000 = 0x3333\n"));
	assert_non_null(strstr(text, "[ pfn 7: refs 3, maps 0 ]\n"));
	assert_null(strstr(text, "Memory then"));
	free(text);
}

/* The same address in two processes is two pages. */
static void processes_are_told_apart(void **state)
{
	static const struct vmsim_event two[] = {
		{ .tid = 0, .kind = VMSIM_EV_PTE_SET, .arg = { 0x10000, 0, 0x5067 } },
		{ .tid = 0, .kind = VMSIM_EV_TLB_FILL, .arg = { 0, 0x10000, DIRTY_5 } },
		{ .tid = 1, .cpu = 1, .kind = VMSIM_EV_PTE_SET, .arg = { 0x10000, 0, 0x6067 } },
		{ .tid = 1, .cpu = 1, .kind = VMSIM_EV_PTE_SET, .arg = { 0x10000, 0x6067, 0 } },
	};
	struct vmsim_origin origins[] = {
		{ .step = 1, .pid = 1 }, { .step = 2, .pid = 1 }, { .step = 3, .pid = 2 },
		{ .step = 4, .pid = 2 },
	};
	struct vmsim_result result = result_of(two, 4);
	char *text;

	(void)state;
	result.violated = true;
	strcpy(result.violation.text, "page:pfn=5");
	result.origins = origins;
	text = printed(&result, false);
	assert_non_null(strstr(text, "process 1, 0x10000: pte pfn 5 rw young dirty; "
			       "CPU0 TLB pfn 5"));
	assert_null(strstr(text, "stale"));
	assert_null(strstr(text, "pfn 6"));
	free(text);
	/* The same without processes: the entry is replaced under the CPU. */
	for (int i = 0; i < 4; i++)
		origins[i].pid = 1;
	text = printed(&result, false);
	assert_non_null(strstr(text, "stale"));
	free(text);
}

/* Locks are told of when several threads do something that matters under them. */
static void locks_that_order(void **state)
{
	static const struct vmsim_lock_class class = { .name = "both" };
	static const struct vmsim_lock_class other = { .name = "alone" };
	struct vmsim_event two[] = {
		{ .tid = 0, .kind = VMSIM_EV_LOCK, .arg = { 1, ADDR(&class) } },
		{ .tid = 0, .kind = VMSIM_EV_LOCK, .arg = { 2, ADDR(&other) } },
		{ .tid = 0, .kind = VMSIM_EV_REF, .arg = { 5, 0, 1 } },
		{ .tid = 0, .kind = VMSIM_EV_UNLOCK, .arg = { 2, ADDR(&other) } },
		{ .tid = 0, .kind = VMSIM_EV_UNLOCK, .arg = { 1, ADDR(&class) } },
		{ .tid = 1, .cpu = 1, .kind = VMSIM_EV_LOCK, .arg = { 2, ADDR(&other) } },
		{ .tid = 1, .cpu = 1, .kind = VMSIM_EV_UNLOCK, .arg = { 2, ADDR(&other) } },
		{ .tid = 1, .cpu = 1, .kind = VMSIM_EV_LOCK, .arg = { 1, ADDR(&class) } },
		{ .tid = 1, .cpu = 1, .kind = VMSIM_EV_REF, .arg = { 5, 1, 2 } },
		{ .tid = 1, .cpu = 1, .kind = VMSIM_EV_UNLOCK, .arg = { 1, ADDR(&class) } },
	};
	struct vmsim_result result = result_of(two, 10);
	char *text;

	(void)state;
	result.violated = true;
	strcpy(result.violation.text, "page:pfn=5");
	text = printed(&result, false);
	assert_non_null(strstr(text, "\nlock(both)\n"));
	assert_non_null(strstr(text, " unlock(both)\n"));
	assert_null(strstr(text, "alone"));
	free(text);
	two[8].arg[0] = 6;
	text = printed(&result, false);
	assert_null(strstr(text, "both"));
	free(text);
}

/* Of two steps, the events that touch the same page are marked, and explained. */
static void the_pair_that_decides(void **state)
{
	struct vmsim_origin origins[NR_EVENTS] = { { 0 } };
	struct vmsim_result result = violated_result("page:pfn=5");
	char *text;

	(void)state;
	for (size_t i = 0; i < NR_EVENTS; i++)
		origins[i] = (struct vmsim_origin){ .step = i / 3, .pid = 1 };
	result.origins = origins;
	/* 3 to 5: mapped, filled, stored; 12 to 14: references, and the entry cleared. */
	result.deciding = (struct vmsim_deciding){ 1, 4, true };
	text = printed(&result, false);
	assert_non_null(strstr(text, "\n(1) [ CPU0 TLB: 0x10000 -> pfn 5"));
	assert_non_null(strstr(text, "  (2) ptep_get_and_clear(0x10000)\n"));
	assert_non_null(strstr(text, "The order of (1) and (2) decides; the other way round "
			       "nothing fails:\n(1) Writer: [ CPU0 TLB: 0x10000"));
	assert_non_null(strstr(text, "\n(2) Zapper: ptep_get_and_clear"));
	free(text);
	result.deciding.passes = false;
	text = printed(&result, false);
	assert_non_null(strstr(text, "round something else\n    fails:"));
	free(text);
	result.deciding = (struct vmsim_deciding){ 0 };
	text = printed(&result, false);
	assert_null(strstr(text, "(1)"));
	assert_null(strstr(text, "decides"));
	free(text);
}

static void a_full_timeline_has_every_event(void **state)
{
	struct vmsim_result result = result_of(events, NR_EVENTS);
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

/* Up to two columns are as wide as changelogs have it; more get a hundred characters. */
static void lines_are_not_too_long(void **state)
{
	char text[200];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	text[20] = text[70] = ' ';
	for (unsigned int n = 1; n <= 3; n++) {
		char *printed_text = NULL, *rest, *line;
		struct vmsim_columns columns;
		size_t size, longest = 0;
		FILE *out = open_memstream(&printed_text, &size);

		vmsim_columns_init(&columns, n, out);
		vmsim_columns_print(&columns, n - 1, text);
		vmsim_columns_paragraph(&columns, 4, text);
		fclose(out);
		for (rest = printed_text; (line = strsep(&rest, "\n"));)
			longest = strlen(line) > longest ? strlen(line) : longest;
		assert_int_equal(longest, n > 2 ? 100 : 72);
		free(printed_text);
	}
}

static void nothing_is_no_picture(void **state)
{
	struct vmsim_result result = { .events = (struct vmsim_event *)events };
	char *text = printed(&result, false);

	(void)state;
	assert_string_equal(text, "");
	free(text);
}

static void misuse_is_refused(void **state)
{
	struct vmsim_result result = { 0 };

	(void)state;
	assert_int_equal(vmsim_timeline_print(&scenario, &result, VMSIM_TIMELINE_TEXT, false,
					      stdout), -ENODATA);
	assert_int_equal(vmsim_timeline_print(NULL, &result, VMSIM_TIMELINE_TEXT, false, stdout),
			 -EINVAL);
	assert_int_equal(vmsim_timeline_print(&scenario, &result, VMSIM_TIMELINE_TEXT, false, NULL),
			 -EINVAL);
	assert_int_equal(vmsim_timeline_print(&scenario, &result, VMSIM_TIMELINE_DOT + 1, false,
					      stdout), -EINVAL);
}

/* A recorder keeps the last events, in order. */
static void the_oldest_events_are_forgotten(void **state)
{
	struct vmsim_recorder *recorder = vmsim_recorder_new(5000);
	struct vmsim_result kept = { 0 };

	(void)state;
	for (uint64_t i = 1; i <= 7000; i++) {
		struct vmsim_event event = { .kind = VMSIM_EV_STORE, .seq = i, .arg = { i } };

		vmsim_recorder_add(recorder, &event);
	}
	assert_int_equal(vmsim_recorder_take(recorder, &kept), 0);
	assert_int_equal(kept.nr_events, 5000);
	for (uint64_t i = 0; i < 5000; i++)
		assert_int_equal(kept.events[i].seq, 2001 + i);
	/* All came from here. */
	assert_int_equal(kept.nr_stacks, 2);
	assert_int_equal(kept.origins[0].stack, 1);
	assert_int_equal(kept.origins[4999].stack, 1);
	vmsim_result_free(&kept);
	assert_int_equal(vmsim_recorder_take(recorder, &kept), 0);
	assert_int_equal(kept.nr_events, 0);
	vmsim_result_free(&kept);
	vmsim_recorder_free(recorder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_picture_of_what_matters),
		cmocka_unit_test(without_names_everything_matters),
		cmocka_unit_test(processes_are_told_apart),
		cmocka_unit_test(locks_that_order),
		cmocka_unit_test(the_pair_that_decides),
		cmocka_unit_test(a_full_timeline_has_every_event),
		cmocka_unit_test(every_kind_of_event_has_words),
		cmocka_unit_test(lines_are_not_too_long),
		cmocka_unit_test(nothing_is_no_picture),
		cmocka_unit_test(misuse_is_refused),
		cmocka_unit_test(the_oldest_events_are_forgotten),
	};

	return vmsim_run_tests(tests);
}
