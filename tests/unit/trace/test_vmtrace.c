// SPDX-License-Identifier: GPL-2.0-only
#include "../vmsim_test.h"
#include "trace/vmtrace.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

struct seen {
	unsigned int n;
	struct vmtrace_event event[20];
};

static int see(void *arg, const struct vmtrace_event *event)
{
	struct seen *seen = arg;

	if (seen->n < 20)
		seen->event[seen->n] = *event;
	seen->n++;
	return 0;
}

static int parse_bytes(const void *data, size_t length, struct seen *seen, char *error)
{
	memset(seen, 0, sizeof(*seen));
	return vmtrace_parse_memory("t", data, length, see, seen, error, 256);
}

static int parse(const char *text, struct seen *seen, char *error)
{
	return parse_bytes(text, strlen(text), seen, error);
}

#define P "1000 001 12 13 "

static const char all_lines[] =
	P "exec my prog\n"
	P "vma 7f0000000000 21000 rw-p 0x1000 fe:0a:77 libc.so.6\n"
	P "vma 400000 1000 r-xs 0 00:00:0 99 a b\n"
	P "fault 53d108 W-k\n"
	"2000 000 12 13 fault 53d108 Xpu\n"
	"2000 000 12 13 sys mmap 0x00000000 0x2000 0x3 0x22 0xffffffff 0x0 = 0x7f90735ac000\n"
	"2000 000 12 13 sys vfork\n"
	"2000 000 12 13 sys clone 0x11 0x0\n"
	"2000 000 12 13 fork 20 20 parent 12 13\n"
	"2000 000 12 13 clone_thread 12 14 parent 12 13\n"
	"2000 000 12 13 tlbflush -1 flush_on_task_switch_(0)\n"
	"2000 000 12 13 tlbflush 1 local_MM_shootdown_(3)\n"
	"2000 000 12 13 tlbflush 1 remote_IPI_send_(4)\n"
	"2000 000 12 13 tlbflush 0 remote_wrong_CPU_(5)\n"
	"2000 000 12 13 enter munmap\n"
	"2000 000 12 13 rss 1991652241 0 MM_ANONPAGES 8192\n"
	"2000 000 12 13 exit\n"
	"# 2 fault\n# 1 sys:vfork\n# 3 sys\n# what else is there\n";

static void reads_every_kind_of_line(void **state)
{
	struct seen seen;
	char error[256];

	(void)state;
	assert_int_equal(parse(all_lines, &seen, error), 0);
	assert_int_equal(seen.n, 17);
	assert_string_equal(seen.event[0].exec.name, "my prog");
	assert_int_equal(seen.event[0].ns, 1000);
	assert_int_equal(seen.event[0].cpu, 1);
	assert_int_equal(seen.event[0].pid, 12);
	assert_int_equal(seen.event[0].tid, 13);
	assert_int_equal(seen.event[1].vma.start, 0x7f0000000000);
	assert_int_equal(seen.event[1].vma.length, 0x21000);
	assert_true(seen.event[1].vma.write && !seen.event[1].vma.exec);
	assert_false(seen.event[1].vma.shared);
	assert_int_equal(seen.event[1].vma.offset, 0x1000);
	assert_int_equal(seen.event[1].vma.dev_major, 0xfe);
	assert_int_equal(seen.event[1].vma.dev_minor, 0x0a);
	assert_int_equal(seen.event[1].vma.inode, 77);
	assert_string_equal(seen.event[1].vma.name, "libc.so.6");
	assert_string_equal(seen.event[2].vma.name, "a b");
	assert_true(seen.event[2].vma.exec && seen.event[2].vma.shared);
	assert_int_equal(seen.event[3].fault.address, 0x53d108);
	assert_int_equal(seen.event[3].fault.access, 'W');
	assert_false(seen.event[3].fault.protection || seen.event[3].fault.user);
	assert_true(seen.event[4].fault.protection && seen.event[4].fault.user);
	assert_int_equal(seen.event[5].sys.call, VMTRACE_MMAP);
	assert_int_equal(seen.event[5].sys.nr_args, 6);
	assert_int_equal(seen.event[5].sys.arg[3], 0x22);
	assert_int_equal(seen.event[5].sys.result, 0x7f90735ac000);
	assert_int_equal(seen.event[7].sys.nr_args, 2);
	assert_int_equal(seen.event[8].fork.pid, 20);
	assert_int_equal(seen.event[9].fork.tid, 14);
	assert_int_equal(seen.event[10].tlbflush.pages, -1);
	assert_false(seen.event[10].tlbflush.own);
	assert_true(seen.event[11].tlbflush.own && seen.event[12].tlbflush.own);
	assert_false(seen.event[13].tlbflush.own);
	assert_int_equal(seen.event[14].enter.call, VMTRACE_MUNMAP);
	assert_int_equal(seen.event[15].rss.mm, 1991652241);
	assert_false(seen.event[15].rss.current_mm);
	assert_int_equal(seen.event[15].rss.counter, VMTRACE_RSS_ANON);
	assert_int_equal(seen.event[15].rss.bytes, 8192);
	assert_int_equal(seen.event[16].line, 17);
}

static void malformed_lines_are_refused(void **state)
{
	static const struct {
		const char *line, *error;
	} wrong[] = {
		{ "x 001 12 13 exit", "bad time or CPU" },
		{ "1 9999 12 13 exit", "bad time or CPU" },
		{ "99999999999999999999 1 12 13 exit", "bad time or CPU" },
		{ "1 001 0 13 exit", "bad process or thread id" },
		{ "1 001 12 5000000 exit", "bad process or thread id" },
		{ "1 001 12", "bad process or thread id" },
		{ P "explode", "unknown event" },
		{ P "", "unknown event" },
		{ P "exit ", NULL },
		{ P "exit now", "exit: unexpected text" },
		{ P "exec", "exec: nothing follows" },
		{ P "exec ", "exec without the name of a program" },
		{ P "exec a\tb", "exec without the name of a program" },
		{ P "vma 400001 1000 r--p 0 0:0:0 x", "vma: not in whole pages" },
		{ P "vma 400000 1001 r--p 0 0:0:0 x", "vma: not in whole pages" },
		{ P "vma 400000 0 r--p 0 0:0:0 x", "vma: empty" },
		{ P "vma 800000000000 1000 r--p 0 0:0:0 x", "vma: address out of range" },
		{ P "vma 7ffffffff000 2000 r--p 0 0:0:0 x", "vma: address out of range" },
		{ P "vma 400000 fffffffffffff000 r--p 0 0:0:0 x", "vma: address out of range" },
		{ P "vma 400000 1000 r--x 0 0:0:0 x", "vma: bad protection" },
		{ P "vma 400000 1000 r-- 0 0:0:0 x", "vma: bad protection" },
		{ P "vma 400000 1000 r--p 0x7ffffffffffff000 0:0:0 x",
		  "vma: offset out of range" },
		{ P "vma 400000 1000 r--p -1 0:0:0 x", "vma: bad offset" },
		{ P "vma 400000 1000 r--p 0 0:0 x", "vma: bad device and inode" },
		{ P "vma 400000 1000 r--p 0 0:0:0 ", "vma: bad name" },
		{ P "vma 400000", "vma: bad start or length" },
		{ P "fault", "fault: nothing follows" },
		{ P "fault 53d108 W-", "fault: bad kind of access" },
		{ P "fault 53d108 W-kk", "fault: bad kind of access" },
		{ P "fault 53d108 Z-k", "fault: bad kind of access" },
		{ P "fault 53d108 Wxk", "fault: bad kind of access" },
		{ P "fault 0x53d108 W-k", "fault: bad address" },
		{ P "fault ffff800000000000 W-k", "fault: address out of range" },
		{ P "sys open 0x0 = 0x0", "sys: unknown system call" },
		{ P "sys munmap 0x0 = 0x0", "sys: wrong number of arguments" },
		{ P "sys munmap 0x0 0x0 0x0 = 0x0", "sys: wrong number of arguments" },
		{ P "sys munmap 0x0 0x0", "sys: no result" },
		{ P "sys munmap 0x0 0x = 0x0", "sys: bad argument" },
		{ P "sys munmap 0x0 0x1 = 0x", "sys: bad result" },
		{ P "sys munmap 0x0 0x1 = 0x0 ", "sys: unexpected text" },
		{ P "sys vfork = 0x0", "sys: unexpected result" },
		{ P "sys clone 0x1 0x1 0x1 0x1 0x1 0x1 0x1", "sys: bad argument" },
		{ P "fork 20 20 12 13", "fork: bad ids" },
		{ P "clone_thread 20 20 parent 12 0", "clone_thread: bad ids" },
		{ P "tlbflush -2 x", "tlbflush: bad number of pages" },
		{ P "tlbflush 1 ", "tlbflush: no reason" },
		{ P "enter open", "enter: unknown system call" },
		{ P "enter munmap 0x0", "enter: unknown system call" },
		{ P "rss 1 2 MM_ANONPAGES 0", "rss: bad address space" },
		{ P "rss 1 1 MM_PAGES 0", "rss: unknown counter" },
		{ P "rss 1 1 MM_ANONPAGES", "rss: bad number of bytes" },
		{ P "rss 1 1 MM_ANONPAGES -4096", "rss: bad number of bytes" },
		{ P "rss 1 1 MM_ANONPAGES 4097", "rss: not in whole pages" },
	};
	char text[256], error[256], expected[256];
	struct seen seen;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(text, sizeof(text), P "exec x\n%s\n# 1 exec\n", wrong[i].line);
		if (!wrong[i].error) {
			assert_int_equal(parse(text, &seen, error), 0);
			continue;
		}
		assert_int_equal(parse(text, &seen, error), -EINVAL);
		snprintf(expected, sizeof(expected), "t:2: %s", wrong[i].error);
		assert_string_equal(error, expected);
	}
}

static void whole_traces_that_do_not_hold_together_are_refused(void **state)
{
	static const struct {
		const char *text, *error;
	} wrong[] = {
		{ "", "t:1: no counts at the end: the trace was cut off" },
		{ P "exit\n", "t:2: no counts at the end: the trace was cut off" },
		{ P "exit\n# 1 exit", "t:2: the last line does not end" },
		{ P "exit\n# 2 exit\n", "t:2: 2 exit announced, 1 are there" },
		{ P "exit\n# 1 sys:brk\n", "t:2: 1 sys:brk announced, 0 are there" },
		{ P "exit\n# 1 exit\n" P "exit\n", "t:3: an event after the counts at the end" },
		{ P "exit\n999 001 12 13 exit\n", "t:2: time runs backwards" },
	};
	struct seen seen;
	char error[256];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(parse(wrong[i].text, &seen, error), -EINVAL);
		assert_string_equal(error, wrong[i].error);
	}
}

static void lines_have_a_length(void **state)
{
	char *text = malloc(200000);
	struct seen seen;
	char error[256];

	(void)state;
	memset(text, 'x', 200000);
	assert_int_equal(parse_bytes(text, 200000, &seen, error), -EINVAL);
	assert_string_equal(error, "t:1: line of more than 1024 bytes");
	free(text);
}

/* gzip of @text, cut to @keep bytes of the result if that is less. */
static size_t pack(const char *text, unsigned char *out, size_t size)
{
	z_stream stream = { 0 };

	assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8,
				      Z_DEFAULT_STRATEGY), Z_OK);
	stream.next_in = (unsigned char *)text;
	stream.avail_in = (unsigned int)strlen(text);
	stream.next_out = out;
	stream.avail_out = (unsigned int)size;
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	size = stream.total_out;
	deflateEnd(&stream);
	return size;
}

static void packed_traces_are_unpacked(void **state)
{
	unsigned char packed[4096];
	struct seen seen;
	char error[256];
	size_t length = pack(all_lines, packed, sizeof(packed)), first;

	(void)state;
	assert_int_equal(parse_bytes(packed, length, &seen, error), 0);
	assert_int_equal(seen.n, 17);
	/* Two members, the first of which ends within a line. */
	first = pack(P "exec x\n1000 ", packed, sizeof(packed));
	length = first + pack("001 12 13 exit\n# 1 exit\n", packed + first, sizeof(packed) - first);
	assert_int_equal(parse_bytes(packed, length, &seen, error), 0);
	assert_int_equal(seen.n, 2);
}

/* Far more text than what it was packed into. */
static void much_text_comes_out_of_few_bytes(void **state)
{
	static const char line[] = P "exit\n";
	size_t length = strlen(line), n = 20000;
	char *text = malloc(n * length + 32);
	unsigned char packed[65536];
	struct seen seen;
	char error[256];

	(void)state;
	for (size_t i = 0; i < n; i++)
		memcpy(text + i * length, line, length);
	strcpy(text + n * length, "# 20000 exit\n");
	length = pack(text, packed, sizeof(packed));
	assert_int_equal(parse_bytes(packed, length, &seen, error), 0);
	assert_int_equal(seen.n, n);
	free(text);
}

static void damaged_packed_traces_are_refused(void **state)
{
	unsigned char packed[4096];
	struct seen seen;
	char error[256];
	size_t length = pack(all_lines, packed, sizeof(packed));

	(void)state;
	for (size_t cut = 2; cut < length; cut++)
		assert_int_equal(parse_bytes(packed, cut, &seen, error), -EINVAL);
	assert_non_null(strstr(error, "the gzip data are cut off"));
	packed[length / 2] ^= 0x55;
	assert_int_equal(parse_bytes(packed, length, &seen, error), -EINVAL);
	packed[length / 2] ^= 0x55;
	packed[length] = 'x';
	assert_int_equal(parse_bytes(packed, length + 1, &seen, error), -EINVAL);
}

static int stop(void *arg, const struct vmtrace_event *event)
{
	(void)arg;
	(void)event;
	return -EPROTO;
}

static void the_sink_can_stop(void **state)
{
	char error[256];

	(void)state;
	assert_int_equal(vmtrace_parse_memory("t", all_lines, strlen(all_lines), stop, NULL, error,
					      sizeof(error)), -EPROTO);
	assert_int_equal(vmtrace_parse_file("/nowhere/at/all", stop, NULL, error, sizeof(error)),
			 -ENOENT);
	assert_string_equal(error, "/nowhere/at/all: No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_kind_of_line),
		cmocka_unit_test(malformed_lines_are_refused),
		cmocka_unit_test(whole_traces_that_do_not_hold_together_are_refused),
		cmocka_unit_test(lines_have_a_length),
		cmocka_unit_test(packed_traces_are_unpacked),
		cmocka_unit_test(much_text_comes_out_of_few_bytes),
		cmocka_unit_test(damaged_packed_traces_are_refused),
		cmocka_unit_test(the_sink_can_stop),
	};

	return vmsim_run_tests(tests);
}
