// SPDX-License-Identifier: GPL-2.0-only
#include "../vmsim_test.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct vmsim_thread_def threads[] = {
	{ .name = "Writer" }, { .name = "Zapper", .cpu = 1 },
};

static const struct vmsim_scenario scenario = {
	.name = "race", .threads = threads, .nr_threads = 2,
};

#define HEAD "vmsim-schedule 1\nscenario race\nvariant linux-6.1\ntlb ipi\n"

static int parse(const char *text, struct vmsim_schedule *schedule, char *error, size_t size)
{
	error[0] = '\0';
	return vmsim_schedule_parse(text, strlen(text), schedule, error, size);
}

static char *written(const struct vmsim_schedule *schedule)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(vmsim_schedule_write(&scenario, schedule, out), 0);
	fclose(out);
	return text;
}

static void parses_every_item(void **state)
{
	static const char text[] =
		"# found by hand\n\n" HEAD "ask alloc batch\noracles O3 O6\n"
		"picks Writer17 Zapper i0 i1*3 r\npicks r*2 p63 u0 n1 n0*4 Writer2\nend 11\n";
	struct vmsim_schedule schedule;
	char error[128];

	(void)state;
	assert_int_equal(parse(text, &schedule, error, sizeof(error)), 0);
	assert_string_equal(schedule.scenario, "race");
	assert_string_equal(schedule.variant, "linux-6.1");
	assert_int_equal(schedule.tlb, VMSIM_TLB_IPI);
	assert_int_equal(schedule.ask, VMSIM_ASK_BIT(ALLOC) | VMSIM_ASK_BIT(BATCH));
	assert_int_equal(schedule.oracles, VMSIM_ORACLE_BIT(O3) | VMSIM_ORACLE_BIT(O6));
	assert_int_equal(schedule.nr_picks, 11);
	assert_int_equal(schedule.nr_thread_names, 2);
	assert_string_equal(schedule.thread_name[1], "Zapper");
	assert_int_equal(schedule.picks[0].kind, 't');
	assert_int_equal(schedule.picks[0].count, 17);
	assert_int_equal(schedule.picks[1].count, 1);
	assert_int_equal(schedule.picks[3].kind, 'i');
	assert_int_equal(schedule.picks[3].id, 1);
	assert_int_equal(schedule.picks[3].count, 3);
	assert_int_equal(schedule.picks[5].count, 2);
	assert_int_equal(schedule.picks[6].id, 63);
	assert_int_equal(schedule.picks[9].count, 4);
	vmsim_schedule_free(&schedule);
}

static void what_is_written_is_read(void **state)
{
	struct vmsim_schedule schedule, again;
	char error[128], *first, *second;

	(void)state;
	assert_int_equal(parse(HEAD "ask batch\npicks Zapper3 Rcu Writer i0*2 n1\nend 5\n",
			       &schedule, error, sizeof(error)),
			 0);
	assert_int_equal(vmsim_schedule_bind(&scenario, &schedule, error, sizeof(error)), 0);
	assert_int_equal(schedule.nr_thread_names, 0);
	assert_int_equal(schedule.picks[0].id, 1);
	assert_int_equal(schedule.picks[1].id, 2);
	assert_int_equal(schedule.picks[2].id, 0);
	first = written(&schedule);
	assert_int_equal(parse(first, &again, error, sizeof(error)), 0);
	assert_int_equal(vmsim_schedule_bind(&scenario, &again, error, sizeof(error)), 0);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(schedule.picks[i].kind, again.picks[i].kind);
		assert_int_equal(schedule.picks[i].id, again.picks[i].id);
		assert_int_equal(schedule.picks[i].count, again.picks[i].count);
	}
	second = written(&again);
	assert_string_equal(first, second);
	free(first);
	free(second);
	vmsim_schedule_free(&schedule);
	vmsim_schedule_free(&again);
}

static char *written_line(const struct vmsim_schedule *schedule)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(vmsim_schedule_write_line(&scenario, schedule, out), 0);
	fputc('\n', out);
	fclose(out);
	return text;
}

/* Long enough to have several lines of picks in the other form. */
static void one_line_says_the_same(void **state)
{
	struct vmsim_schedule schedule, again;
	char text[4096] = HEAD "oracles O3 O6\n", error[128];
	char *first, *line, *second;

	(void)state;
	for (int i = 0; i < 30; i++)
		strcat(text, i % 10 ? " Writer2 Zapper3" : i ? "\npicks i0" : "picks i0");
	strcat(text, "\nend 57\n");
	assert_int_equal(parse(text, &schedule, error, sizeof(error)), 0);
	first = written(&schedule);
	line = written_line(&schedule);
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
	assert_int_equal(strncmp(line, "vmsim-schedule 1; scenario race; variant linux-6.1; "
				 "tlb ipi; oracles O3 O6; picks i0 Writer2 Zapper3 ", 100), 0);
	assert_non_null(strstr(line, " Zapper3 i0 Writer2 "));
	assert_non_null(strstr(line, " Zapper3; end 57\n"));
	assert_int_equal(parse(line, &again, error, sizeof(error)), 0);
	second = written(&again);
	assert_string_equal(first, second);
	vmsim_schedule_free(&schedule);
	vmsim_schedule_free(&again);
	free(first);
	free(line);
	free(second);
}

static void a_line_is_read_as_strictly(void **state)
{
	static const struct {
		const char *text, *error;
	} bad[] = {
		{ "vmsim-schedule 1; scenario race; tlb ipi; end 0",
		  "line 1: the line does not end" },
		{ "vmsim-schedule 1; scenario race; tlb ipi; end 0; ",
		  "line 1: the line does not end" },
		{ "vmsim-schedule 1;scenario race\n", "line 1: unknown version of the format" },
		{ "vmsim-schedule 1; scenario race; picks A; end 1\n", "line 1: 'tlb' is missing" },
		{ "vmsim-schedule 1; scenario race; tlb ipi; end 1\n",
		  "line 1: 1 picks were announced, 0 are there" },
		{ "vmsim-schedule 1; scenario race\ntlb ipi; end 0\nend 0\n",
		  "line 3: text after the end" },
	};
	struct vmsim_schedule schedule;
	char error[128];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(parse(bad[i].text, &schedule, error, sizeof(error)), -EINVAL);
		assert_string_equal(error, bad[i].error);
	}
	assert_int_equal(parse("# a; b\n" HEAD "end 0\n", &schedule, error, sizeof(error)), 0);
	vmsim_schedule_free(&schedule);
}

static void long_schedules_are_wrapped(void **state)
{
	struct vmsim_pick picks[200];
	struct vmsim_schedule schedule = { .scenario = "race", .picks = picks, .nr_picks = 200 };
	struct vmsim_schedule again;
	char error[128], *text, *rest, *line;

	(void)state;
	for (unsigned int i = 0; i < 200; i++)
		picks[i] = (struct vmsim_pick){ 't', i % 2, i + 1 };
	text = written(&schedule);
	assert_int_equal(parse(text, &again, error, sizeof(error)), 0);
	assert_int_equal(again.nr_picks, 200);
	vmsim_schedule_free(&again);
	rest = text;
	while ((line = strsep(&rest, "\n")))
		assert_true(strlen(line) <= 100);
	free(text);
}

static void malformed_text_is_refused_with_its_line(void **state)
{
	static const struct {
		const char *text, *error;
	} wrong[] = {
		{ "", "line 1: 'vmsim-schedule' is missing" },
		{ "vmsim-schedule 2\n", "line 1: unknown version of the format" },
		{ "vmsim-schedule 1", "line 1: the line does not end" },
		{ "scenario race\n", "line 1: 'vmsim-schedule' is missing" },
		{ "vmsim-schedule 1\nvmsim-schedule 1\n", "line 2: a second 'vmsim-schedule'" },
		{ "vmsim-schedule 1\ntlb ipi\n", "line 2: 'scenario' is missing" },
		{ "vmsim-schedule 1\nscenario ../x\n",
		  "line 2: not a name of at most 63 letters, digits and -_.+" },
		{ "vmsim-schedule 1\nscenario a b\n",
		  "line 2: not a name of at most 63 letters, digits and -_.+" },
		{ "vmsim-schedule 1\nscenario race\ntlb nothing\n",
		  "line 3: unknown flush back-end" },
		{ "vmsim-schedule 1\nscenario race\ntlb ipi -1\n",
		  "line 3: the number of the lost flush is no number" },
		{ "vmsim-schedule 1\nscenario race\ntlb ipi 4294967296\n",
		  "line 3: the number of the lost flush is no number" },
		{ HEAD "variant x\n", "line 5: a second 'variant'" },
		{ HEAD "ask alloc resched\n", "line 5: unknown question" },
		{ HEAD "ask \n", "line 5: unknown question" },
		{ HEAD "ask alloc\nask batch\n", "line 6: a second 'ask'" },
		{ HEAD "oracles O3\nask alloc\n", "line 6: 'ask' after 'oracles'" },
		{ "vmsim-schedule 1\nscenario race\ntlb ipi\nvariant x\n",
		  "line 4: 'variant' after 'tlb'" },
		{ HEAD "oracles O99\n", "line 5: unknown oracle" },
		{ HEAD "picks\n", "line 5: a line is a word, a blank and what it says" },
		{ HEAD "picks \n", "line 5: a pick is missing" },
		{ HEAD "picks Writer  Zapper\n", "line 5: a pick is missing" },
		{ HEAD "picks Writer0\n", "line 5: bad number of picks of a thread" },
		{ HEAD "picks Writer4294967296\n", "line 5: bad number of picks of a thread" },
		{ HEAD "picks Writer17x\n", "line 5: bad number of picks of a thread" },
		{ HEAD "picks writer\n", "line 5: unknown pick" },
		{ HEAD "picks i\n", "line 5: bad number in a pick" },
		{ HEAD "picks i64\n", "line 5: bad number in a pick" },
		{ HEAD "picks n2\n", "line 5: bad number in a pick" },
		{ HEAD "picks n9\n", "line 5: bad number in a pick" },
		{ HEAD "picks i0*0\n", "line 5: bad repetition of a pick" },
		{ HEAD "picks i0*\n", "line 5: bad repetition of a pick" },
		{ HEAD "picks i0+\n", "line 5: unexpected characters in a pick" },
		{ HEAD "picks r7\n", "line 5: unexpected characters in a pick" },
		{ HEAD "pocks A\n", "line 5: unknown line" },
		{ HEAD "picks Writer\n", "line 6: 'end' is missing: the schedule was cut off" },
		{ HEAD "picks Writer\nend 2\n", "line 6: 2 picks were announced, 1 are there" },
		{ HEAD "end 0\npicks Writer\n", "line 6: text after the end" },
		{ HEAD "end -0\n", "line 5: bad number of picks at the end" },
		{ HEAD "picks ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG\n",
		  "line 5: thread name of more than 31 characters" },
		{ HEAD "picks A B C D E F G H I J K L M N O P Q R\n",
		  "line 5: more than 17 threads" },
	};
	struct vmsim_schedule schedule;
	char error[128];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(parse(wrong[i].text, &schedule, error, sizeof(error)), -EINVAL);
		assert_string_equal(error, wrong[i].error);
		assert_null(schedule.picks);
	}
}

static void embedded_zeros_are_refused(void **state)
{
	static const char text[] = "vmsim-schedule 1\nscenario ra\0ce\n";
	struct vmsim_schedule schedule;
	char error[128];

	(void)state;
	assert_int_equal(vmsim_schedule_parse(text, sizeof(text) - 1, &schedule, error,
					      sizeof(error)), -EINVAL);
	assert_string_equal(error, "line 2: not a name of at most 63 letters, digits and -_.+");
}

static void a_million_picks_are_the_limit(void **state)
{
	size_t n = 1000000, head = strlen(HEAD "picks");
	char *text = malloc(head + 2 * (n + 1) + 32);
	struct vmsim_schedule schedule;
	char error[128];

	(void)state;
	strcpy(text, HEAD "picks");
	for (size_t i = 0; i < n; i++)
		memcpy(text + head + 2 * i, " r", 3);
	strcpy(text + head + 2 * n, "\nend 1000000\n");
	assert_int_equal(parse(text, &schedule, error, sizeof(error)), 0);
	assert_int_equal(schedule.nr_picks, n);
	vmsim_schedule_free(&schedule);
	strcpy(text + head + 2 * n, " r\nend 1000000\n");
	assert_int_equal(parse(text, &schedule, error, sizeof(error)), -EINVAL);
	assert_string_equal(error, "line 5: more than 1000000 picks");
	free(text);
}

static void a_schedule_of_something_else_is_not_bound(void **state)
{
	struct vmsim_scenario other = scenario;
	struct vmsim_schedule schedule;
	char error[128];

	(void)state;
	other.name = "other";
	assert_int_equal(parse(HEAD "picks Reader\nend 1\n", &schedule, error, sizeof(error)), 0);
	assert_int_equal(vmsim_schedule_bind(&other, &schedule, error, sizeof(error)), -EINVAL);
	assert_string_equal(error, "the schedule is for scenario 'race', not 'other'");
	assert_int_equal(vmsim_schedule_bind(&scenario, &schedule, error, sizeof(error)), -EINVAL);
	assert_string_equal(error, "scenario 'race' has no thread 'Reader'");
	vmsim_schedule_free(&schedule);
}

static void what_could_not_be_read_is_not_written(void **state)
{
	struct vmsim_pick pick = { 't', 5, 1 };
	struct vmsim_schedule schedule = { .scenario = "race", .picks = &pick, .nr_picks = 1 };
	FILE *out = fopen("/dev/null", "w");

	(void)state;
	assert_int_equal(vmsim_schedule_write(&scenario, &schedule, out), -EINVAL);
	pick = (struct vmsim_pick){ 'x', 0, 1 };
	assert_int_equal(vmsim_schedule_write(&scenario, &schedule, out), -EINVAL);
	pick = (struct vmsim_pick){ 'i', 0, 0 };
	assert_int_equal(vmsim_schedule_write(&scenario, &schedule, out), -EINVAL);
	pick = (struct vmsim_pick){ 'i', 0, 1 };
	assert_int_equal(vmsim_schedule_write(&scenario, &schedule, out), 0);
	strcpy(schedule.variant, "a b");
	assert_int_equal(vmsim_schedule_write(&scenario, &schedule, out), -EINVAL);
	fclose(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_every_item),
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(one_line_says_the_same),
		cmocka_unit_test(a_line_is_read_as_strictly),
		cmocka_unit_test(long_schedules_are_wrapped),
		cmocka_unit_test(malformed_text_is_refused_with_its_line),
		cmocka_unit_test(embedded_zeros_are_refused),
		cmocka_unit_test(a_million_picks_are_the_limit),
		cmocka_unit_test(a_schedule_of_something_else_is_not_bound),
		cmocka_unit_test(what_could_not_be_read_is_not_written),
	};

	return vmsim_run_tests(tests);
}
