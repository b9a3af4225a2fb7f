// SPDX-License-Identifier: GPL-2.0-only
#include "../vmsim_test.h"
#include "trace/replay.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LIST 32

static struct vmsim_replay_stats stats;
static struct vmsim_disagreement list[LIST];
static char error[256];

/* A program with a stack, a file of two pages and four pages of its own memory. */
#define START									\
	"1 001 5 5 exec prog\n"							\
	"1 001 5 5 vma 7ffd00000000 21000 rw-p 0x7ffffffde000 00:00:0 [stack]\n"	\
	"1 001 5 5 vma 400000 2000 rw-p 0 fe:00:7 prog\n"			\
	"1 001 5 5 vma 500000 4000 rw-p 0x500000 00:00:0 //anon\n"
#define FAULT(address, how) "1 001 5 5 fault " address " " how "\n"
#define RSS(what, bytes) "1 001 5 5 rss 77 1 MM_" what "PAGES " bytes "\n"
#define FLUSH "1 001 5 5 tlbflush 1 local_MM_shootdown_(3)\n"
#define SYS(call) "1 001 5 5 sys " call "\n"
#define END "1 001 5 5 exit\n# 1 exit\n"

static int replay(const char *text)
{
	struct replay_source source = { .name = "t", .data = text, .length = strlen(text) };

	return vmtrace_replay(&source, &stats, list, LIST, error, sizeof(error));
}

static void agrees(const char *text)
{
	int err = replay(text);

	if (err)
		print_error("%s\n", error);
	assert_int_equal(err, 0);
	if (stats.disagreements)
		print_error("line %d: %s\n", (int)list[0].line, list[0].text);
	assert_int_equal(stats.disagreements, 0);
}

static void one_disagreement(const char *text, uint64_t line, const char *kind, const char *words)
{
	assert_int_equal(replay(text), 0);
	assert_int_equal(stats.disagreements, 1);
	assert_int_equal(list[0].line, line);
	assert_string_equal(list[0].kind, kind);
	assert_string_equal(list[0].text, words);
}

static void recorded_answers_are_predicted(void **state)
{
	(void)state;
	agrees(START
	       FAULT("500010", "W-u") RSS("ANON", "8192")
	       FAULT("501010", "R-u")
	       FAULT("501018", "Wpu") RSS("ANON", "12288") FLUSH
	       FAULT("400000", "R-u") RSS("FILE", "8192")
	       FAULT("400008", "Wpu") RSS("FILE", "4096") RSS("ANON", "16384") FLUSH
	       RSS("ANON", "8192") FLUSH SYS("munmap 0x500000 0x4000 = 0x0") END);
	assert_int_equal(stats.faults, 5);
	assert_int_equal(stats.faults_agreed, 5);
	assert_int_equal(stats.protection_faults_agreed, 2);
	assert_int_equal(stats.copies_agreed, 2);
	assert_int_equal(stats.anon_steps, 4);
	assert_int_equal(stats.anon_agreed, 4);
	assert_int_equal(stats.file_steps, 2);
	assert_int_equal(stats.file_agreed, 2);
}

static void another_count_is_noticed(void **state)
{
	(void)state;
	one_disagreement(START FAULT("500010", "W-u") RSS("ANON", "12288") END, 6, "anon-rss",
			 "recorded 12288 (+2 pages), model 8192 (+1)");
	assert_int_equal(stats.anon_agreed, 0);
	/* Anonymous memory agrees absolutely, step by step. */
	assert_int_equal(replay(START FAULT("500010", "W-u") RSS("ANON", "12288")
				FAULT("501010", "W-u") RSS("ANON", "16384") END), 0);
	assert_int_equal(stats.disagreements, 2);
	/* Of file memory, the changes are compared. */
	assert_int_equal(replay(START FAULT("400000", "R-u") RSS("FILE", "4096")
				FAULT("400008", "Wpu") RSS("FILE", "0") RSS("ANON", "8192") FLUSH
				END), 0);
	assert_int_equal(stats.disagreements, 1);
	assert_int_equal(stats.file_agreed, 1);
}

static void steps_that_only_one_side_has_are_noticed(void **state)
{
	(void)state;
	one_disagreement(START FAULT("500010", "W-u") END, 5, "anon-rss",
			 "recorded no step, model 8192");
	one_disagreement(START FAULT("500010", "R-u") RSS("ANON", "8192") END, 6, "anon-rss",
			 "recorded 8192, model stays at 4096");
	assert_int_equal(stats.anon_steps, 1);
}

static void faults_of_another_kind_are_noticed(void **state)
{
	(void)state;
	one_disagreement(START FAULT("500010", "W-u") RSS("ANON", "8192") FAULT("500018", "W-u")
				 END,
			 7, "fault", "recorded missing page at 0x500018, model: no fault");
	one_disagreement(START FAULT("500010", "Rpu") END, 5, "fault",
			 "recorded protection fault at 0x500010, model: zero page");
	one_disagreement(START FAULT("600010", "R-u") END, 5, "fault",
			 "recorded missing page at 0x600010, model: SIGSEGV");
}

static void a_copy_that_was_a_reuse_is_noticed(void **state)
{
	(void)state;
	one_disagreement(START FAULT("500010", "R-u") FAULT("500018", "Wpu") RSS("ANON", "8192")
			 FAULT("501010", "R-u") FLUSH END, 6, "copy",
			 "recorded reuse, model: copy");
	assert_int_equal(stats.reuses, 1);
	assert_int_equal(stats.reuses_agreed, 0);
	assert_int_equal(stats.protection_faults_agreed, 0);
	/* After mprotect() there and back, the page may be written without a fault. */
	assert_int_equal(replay(START FAULT("500010", "W-u") RSS("ANON", "8192")
				SYS("mprotect 0x500000 0x1000 0x1 = 0x0")
				SYS("mprotect 0x500000 0x1000 0x3 = 0x0")
				FAULT("500010", "Wpu") FLUSH END), 0);
	assert_int_equal(stats.disagreements, 2);
	assert_string_equal(list[0].text, "recorded protection fault at 0x500010, model: no fault");
	assert_string_equal(list[1].text, "recorded copy, model: no fault");
}

static void results_of_calls_are_compared(void **state)
{
	(void)state;
	one_disagreement(START SYS("munmap 0x500001 0x1000 = 0x0") END, 5, "result",
			 "munmap: recorded 0, model 0xffffffffffffffea");
	agrees(START SYS("munmap 0x500001 0x1000 = 0xffffffffffffffea")
	       SYS("brk 0x0 = 0x900000") SYS("brk 0x902000 = 0x902000")
	       FAULT("901000", "W-u") RSS("ANON", "8192")
	       RSS("ANON", "4096") FLUSH SYS("brk 0x900000 = 0x900000") END);
}

static void a_child_shares_memory_until_it_execs(void **state)
{
	(void)state;
	agrees(START FAULT("500010", "W-u") RSS("ANON", "8192")
	       SYS("vfork")
	       "1 001 5 5 fork 6 6 parent 5 5\n"
	       "1 001 6 6 fault 501010 W-u\n1 001 6 6 rss 77 1 MM_ANONPAGES 12288\n"
	       "1 001 6 6 rss 78 0 MM_ANONPAGES 4096\n"
	       "1 001 6 6 rss 78 0 MM_ANONPAGES 8192\n"
	       "1 001 6 6 rss 77 1 MM_ANONPAGES 16384\n"
	       "1 001 6 6 rss 77 1 MM_ANONPAGES 20480\n"
	       "1 001 6 6 rss 77 1 MM_ANONPAGES 12288\n"
	       "1 001 6 6 exec child\n"
	       "1 001 6 6 vma 7ffd00000000 22000 rw-p 0x7ffffffde000 00:00:0 [stack]\n"
	       "1 001 6 6 exit\n"
	       FAULT("502010", "W-u") RSS("ANON", "16384") "1 001 5 5 exit\n# 2 exit\n");
}

#define CHILD_FAULT(address, how) "1 001 6 6 fault " address " " how "\n"
#define CHILD_RSS(current, what, bytes)						\
	"1 001 6 6 rss 78 " current " MM_" what "PAGES " bytes "\n"
#define CHILD_FLUSH "1 001 6 6 tlbflush 1 local_MM_shootdown_(3)\n"
/* The steps of the child's counters come while it is made, before its number does. */
#define FORK(counted)								\
	SYS("clone 0x1200011") counted						\
	"1 001 5 5 tlbflush -1 local_MM_shootdown_(3)\n"			\
	"1 001 5 5 fork 6 6 parent 5 5\n"
#define CHILD_RSS_IN_FORK(what, bytes) "1 001 5 5 rss 78 0 MM_" what "PAGES " bytes "\n"
#define BOTH_EXIT "1 001 6 6 exit\n1 001 5 5 exit\n# 2 exit\n"
/* With the page of its arguments it has three. */
#define TWO_PAGES								\
	START FAULT("500010", "W-u") RSS("ANON", "8192")			\
	FAULT("501010", "W-u") RSS("ANON", "12288")

static void a_child_copies_what_both_write(void **state)
{
	(void)state;
	/* The one that writes first copies, the other one reuses, whichever it is. */
	agrees(TWO_PAGES
	       FORK(CHILD_RSS_IN_FORK("ANON", "8192") CHILD_RSS_IN_FORK("ANON", "12288"))
	       FAULT("500010", "Wpu") FLUSH
	       CHILD_FAULT("501010", "Wpu") CHILD_FLUSH
	       CHILD_FAULT("500010", "Wpu")
	       FAULT("501010", "Wpu")
	       CHILD_FAULT("502010", "W-u") CHILD_RSS("1", "ANON", "16384")
	       BOTH_EXIT);
	assert_int_equal(stats.copies_agreed, 2);
	assert_int_equal(stats.reuses_agreed, 2);
	assert_int_equal(stats.anon_steps, 5);
	/* What a child leaves is reused. */
	agrees(TWO_PAGES
	       FORK(CHILD_RSS_IN_FORK("ANON", "8192") CHILD_RSS_IN_FORK("ANON", "12288"))
	       "1 001 6 6 exit\n" FAULT("500010", "Wpu") "1 001 5 5 exit\n# 2 exit\n");
	assert_int_equal(stats.reuses_agreed, 1);
}

static void answers_of_a_fork_are_compared(void **state)
{
	(void)state;
	one_disagreement(TWO_PAGES
			 FORK(CHILD_RSS_IN_FORK("ANON", "8192") CHILD_RSS_IN_FORK("ANON", "16384"))
			 BOTH_EXIT, 11, "anon-rss",
			 "recorded 16384 (+2 pages), model 12288 (+1)");
	one_disagreement(TWO_PAGES
			 FORK(CHILD_RSS_IN_FORK("ANON", "8192") CHILD_RSS_IN_FORK("ANON", "12288"))
			 CHILD_FAULT("501010", "Wpu") CHILD_FLUSH
			 FAULT("501010", "Wpu") FLUSH
			 BOTH_EXIT, 16, "copy", "recorded copy, model: reuse");
	one_disagreement(TWO_PAGES
			 FORK(CHILD_RSS_IN_FORK("ANON", "8192") CHILD_RSS_IN_FORK("ANON", "12288"))
			 FAULT("501010", "Wpu")
			 BOTH_EXIT, 14, "copy", "recorded reuse, model: copy");
}

static void numbers_of_address_spaces_come_again(void **state)
{
	(void)state;
	agrees(TWO_PAGES
	       FORK(CHILD_RSS_IN_FORK("ANON", "8192") CHILD_RSS_IN_FORK("ANON", "12288"))
	       CHILD_FAULT("502010", "W-u") CHILD_RSS("1", "ANON", "16384")
	       "1 001 6 6 exit\n"
	       FORK(CHILD_RSS_IN_FORK("ANON", "8192") CHILD_RSS_IN_FORK("ANON", "12288"))
	       "1 001 6 6 exit\n1 001 5 5 exit\n# 3 exit\n");
}

static void what_others_flush_is_no_copy(void **state)
{
	(void)state;
	/* A reuse, and then a switch to another task, or a call that flushes by itself. */
	agrees(TWO_PAGES
	       FORK(CHILD_RSS_IN_FORK("ANON", "8192") CHILD_RSS_IN_FORK("ANON", "12288"))
	       "1 001 6 6 exit\n"
	       FAULT("500010", "Wpu") "1 001 5 5 tlbflush -1 flush_on_task_switch_(0)\n"
	       FAULT("501010", "Wpu") "1 001 5 5 enter mprotect\n" FLUSH
	       SYS("mprotect 0x500000 0x1000 0x1 = 0x0")
	       "1 001 5 5 exit\n# 2 exit\n");
	assert_int_equal(stats.reuses_agreed, 2);
	/* The switch does not end the fault. */
	agrees(TWO_PAGES
	       FORK(CHILD_RSS_IN_FORK("ANON", "8192") CHILD_RSS_IN_FORK("ANON", "12288"))
	       FAULT("500010", "Wpu") "1 001 5 5 tlbflush 0 remote_wrong_CPU_(5)\n" FLUSH
	       BOTH_EXIT);
	assert_int_equal(stats.copies_agreed, 1);
}

static void children_get_what_advice_says(void **state)
{
	(void)state;
	agrees(TWO_PAGES SYS("madvise 0x500000 0x1000 0xa = 0x0")
	       SYS("madvise 0x501000 0x1000 0x12 = 0x0")
	       FORK(CHILD_RSS_IN_FORK("ANON", "4096"))
	       CHILD_FAULT("501010", "W-u") CHILD_RSS("1", "ANON", "8192")
	       CHILD_FAULT("7ffd00020ff8", "Wpu") CHILD_FLUSH BOTH_EXIT);
}

static void the_stack_grows(void **state)
{
	(void)state;
	agrees(START FAULT("7ffcfffffff8", "W-u")
	       "1 001 5 5 vma 7ffcfffff000 22000 rw-p 0x7ffffffdd000 00:00:0 [stack]\n"
	       RSS("ANON", "8192") END);
	/* Not farther than its limit. */
	one_disagreement(START FAULT("7ffcf0000000", "W-u") END, 5, "fault",
			 "recorded missing page at 0x7ffcf0000000, model: SIGSEGV");
}

static void what_is_not_modelled_ends_the_replay(void **state)
{
	static const struct {
		const char *text, *error;
		int err;
	} wrong[] = {
		{ "1 001 5 5 sys brk 0x0 = 0x0\n# 1 sys\n",
		  "t:1: process 5 was neither started nor forked", -EINVAL },
		{ START SYS("mremap 0x0 0x0 0x0 0x0 0x0 = 0x0") END,
		  "t:5: mremap is not modelled", -EOPNOTSUPP },
		{ START SYS("madvise 0x500000 0x1000 0x8 = 0x0") END,
		  "t:5: madvise with advice 8 is not modelled", -EOPNOTSUPP },
		{ START SYS("mmap 0x0 0x1000 0x3 0x40022 0xffffffff 0x0 = 0x700000") END,
		  "t:5: mmap with flags 0x40022 is not modelled", -EOPNOTSUPP },
		{ START SYS("mmap 0x0 0x1000 0x3 0x2 0x3 0x0 = 0x700000") END,
		  "t:5: mmap of a file that no vma line names", -EINVAL },
		{ START SYS("vfork") "1 001 5 5 fork 5 5 parent 5 5\n" END,
		  "t:6: process 5 exists", -EINVAL },
		{ START "1 001 5 5 fork 6 6 parent 9 9\n" END,
		  "t:5: process 9 is not known", -EINVAL },
		{ "1 001 5 5 exec a\n1 001 5 5 vma 1000 900000 rw-p 0 0:0:0 [stack]\n" END,
		  "t:2: too many pages of arguments", -EINVAL },
		{ START "1 001 5 6 exit\n1 001 5 5 exit\n# 2 exit\n",
		  "t:6: process 5 is not known", -EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(replay(wrong[i].text), wrong[i].err);
		assert_string_equal(error, wrong[i].error);
	}
}

/* gcc compiling a file of 2,342 lines (docs/vmtrace.md explains the disagreements). */
static void a_recorded_compiler_agrees(void **state)
{
	(void)state;
	assert_int_equal(vmsim_vmtrace_replay(VMSIM_GCC_TRACE, &stats, list, LIST, error,
					      sizeof(error)), 0);
	assert_int_equal(stats.events, 17249);
	assert_int_equal(stats.faults, 8278);
	assert_int_equal(stats.faults_agreed, 8278);
	assert_int_equal(stats.protection_faults, 266);
	assert_int_equal(stats.protection_faults_agreed, 266);
	assert_int_equal(stats.copies_agreed, 266);
	assert_int_equal(stats.anon_steps, 7484);
	assert_int_equal(stats.anon_agreed, 7484);
	assert_int_equal(stats.file_steps, 641);
	assert_int_equal(stats.file_agreed, 635);
	assert_int_equal(stats.disagreements, 6);
	for (unsigned int i = 0; i < 6; i++)
		assert_string_equal(list[i].kind, "file-rss");
}

/* tests/data/python-forks.py, a process with eight children. */
static void recorded_forks_agree(void **state)
{
	(void)state;
	assert_int_equal(vmsim_vmtrace_replay(VMSIM_FORKS_TRACE, &stats, list, LIST, error,
					      sizeof(error)), 0);
	assert_int_equal(stats.events, 7570);
	assert_int_equal(stats.faults, 4055);
	assert_int_equal(stats.faults_agreed, 4055);
	assert_int_equal(stats.protection_faults, 2768);
	assert_int_equal(stats.protection_faults_agreed, 2768);
	assert_int_equal(stats.copies_agreed, 1249);
	assert_int_equal(stats.reuses_agreed, 1519);
	assert_int_equal(stats.anon_steps, 1209);
	assert_int_equal(stats.anon_agreed, 1209);
	assert_int_equal(stats.file_steps, 864);
	assert_int_equal(stats.file_agreed, 864);
	assert_int_equal(stats.disagreements, 0);
}

static void misuse_is_refused(void **state)
{
	struct vmsim_machine *machine;
	struct vmsim_config config;

	(void)state;
	assert_int_equal(vmsim_vmtrace_replay(NULL, &stats, list, LIST, error, 10), -EINVAL);
	assert_int_equal(vmsim_vmtrace_replay("x", NULL, list, LIST, error, 10), -EINVAL);
	assert_int_equal(vmsim_vmtrace_replay("/nowhere", &stats, NULL, 0, error, sizeof(error)),
			 -ENOENT);
	assert_string_equal(error, "/nowhere: No such file or directory");
	/* A thread of a machine cannot drive another one. */
	vmsim_config_init(&config);
	assert_int_equal(vmsim_machine_create(&config, &machine), 0);
	assert_int_equal(vmsim_attach(machine, 0, vmsim_process_create(machine, "p")), 0);
	assert_int_equal(replay(START END), -EBUSY);
	vmsim_detach();
	vmsim_machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_answers_are_predicted),
		cmocka_unit_test(another_count_is_noticed),
		cmocka_unit_test(steps_that_only_one_side_has_are_noticed),
		cmocka_unit_test(faults_of_another_kind_are_noticed),
		cmocka_unit_test(a_copy_that_was_a_reuse_is_noticed),
		cmocka_unit_test(results_of_calls_are_compared),
		cmocka_unit_test(a_child_shares_memory_until_it_execs),
		cmocka_unit_test(a_child_copies_what_both_write),
		cmocka_unit_test(answers_of_a_fork_are_compared),
		cmocka_unit_test(numbers_of_address_spaces_come_again),
		cmocka_unit_test(what_others_flush_is_no_copy),
		cmocka_unit_test(children_get_what_advice_says),
		cmocka_unit_test(the_stack_grows),
		cmocka_unit_test(what_is_not_modelled_ends_the_replay),
		cmocka_unit_test(a_recorded_compiler_agrees),
		cmocka_unit_test(recorded_forks_agree),
		cmocka_unit_test(misuse_is_refused),
	};

	return vmsim_run_tests(tests);
}
