// SPDX-License-Identifier: GPL-2.0-only
#include "perf_script.h"
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* What perf prints of a recorded program, as lines of a .vmtrace (docs/vmtrace.md). */

#define CALLS_MAX 6
#define USER_END (UINT64_C(1) << 47)

#define ENTER(call) ",syscalls:sys_enter_" call
#define BOTH(call) ENTER(call) ",syscalls:sys_exit_" call

const char perf_script_events[] =
	"exceptions:page_fault_user,exceptions:page_fault_kernel,tlb:tlb_flush,kmem:rss_stat"
	BOTH("mmap") BOTH("munmap") BOTH("mprotect") BOTH("brk") BOTH("madvise") BOTH("mremap")
	ENTER("clone") ENTER("clone3") ENTER("vfork") ENTER("vmsplice") ENTER("process_vm_readv");

const char *const perf_script_options[] = {
	"--ns", "-F", "sw:pid,tid,cpu,time,event", "-F", "trace:pid,tid,cpu,time,event,trace",
	"--show-mmap-events", "--show-task-events", "--show-lost-events", NULL
};

/**
 * struct call - a system call that has begun
 * @name: with its arguments, as the trace will show it
 */
struct call {
	int tid;
	char name[192];
};

/**
 * struct converter - what is known of the recording so far
 * @line: number of the line at hand; @pid, @tid, @cpu, @ns: what it begins with
 * @start: time of the first exec, when the trace begins; 0: it has not come yet
 * @call, @nr_calls: system calls under way
 * @counts: kinds of events, as the end of the trace counts them
 */
struct converter {
	const char *name;
	uint64_t line;
	int pid, tid;
	unsigned int cpu;
	uint64_t ns, start;
	struct call *call;
	size_t nr_calls;
	struct {
		char what[32];
		uint64_t n;
	} count[32];
	gzFile out;
	char *error;
	size_t error_size;
};

static int malformed(struct converter *converter, const char *what)
{
	if (converter->error_size)
		snprintf(converter->error, converter->error_size, "%s:%" PRIu64 ": %s",
			 converter->name, converter->line, what);
	return -EINVAL;
}

static void count(struct converter *converter, const char *what, int length)
{
	for (size_t i = 0; i < sizeof(converter->count) / sizeof(converter->count[0]); i++) {
		char *name = converter->count[i].what;

		if (!converter->count[i].n)
			snprintf(name, sizeof(converter->count[i].what), "%.*s", length, what);
		if (strncmp(name, what, (size_t)length) || name[length])
			continue;
		converter->count[i].n++;
		return;
	}
}

/* One line of the trace; @op may have arguments behind it. */
static int emit(struct converter *converter, const char *op)
{
	if (gzprintf(converter->out, "%" PRIu64 " %03u %d %d %s\n",
		     converter->ns - converter->start, converter->cpu, converter->pid,
		     converter->tid, op) <= 0)
		return -EIO;
	count(converter, op, (int)strcspn(op, " "));
	return 0;
}

static int emit_call(struct converter *converter, const char *name)
{
	char what[24], line[256];

	snprintf(what, sizeof(what), "sys:%.*s", (int)strcspn(name, " "), name);
	count(converter, what, (int)strlen(what));
	snprintf(line, sizeof(line), "sys %s", name);
	return emit(converter, line);
}

/* "exec: NAME:PID/TID"; a name that a task only gave itself has no "exec". */
static int convert_comm(struct converter *converter, const char *text)
{
	const char *end = strrchr(text, ':');
	char line[256];

	if (strncmp(text, "exec: ", 6) || !end || end <= text + 6)
		return 0;
	if (!converter->start)
		converter->start = converter->ns;
	snprintf(line, sizeof(line), "exec %.*s", (int)(end - text - 6), text + 6);
	return emit(converter, line);
}

/* Files by the last part of their names; what is no file has a name of its own. */
static const char *short_name(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash && strncmp(name, "//", 2) && slash[1] ? slash + 1 : name;
}

/* "PID/TID: [START(LENGTH) @ OFFSET MAJOR:MINOR INODE GENERATION]: PROTECTION NAME" */
static int convert_mapping(struct converter *converter, const char *text)
{
	uint64_t start, length, inode;
	char offset[20], device[12], protection[5], line[400];
	int name = 0;

	if (sscanf(text, "%*d/%*d: [0x%" SCNx64 "(0x%" SCNx64 ") @ %19s %11s %" SCNu64
		   " %*u]: %4s %n", &start, &length, offset, device, &inode, protection,
		   &name) != 6 || !name)
		return malformed(converter, "a mapping of another form");
	snprintf(line, sizeof(line), "vma %" PRIx64 " %" PRIx64 " %s %s %s:%" PRIu64 " %.255s",
		 start, length, protection, offset, device, inode, short_name(text + name));
	return emit(converter, line);
}

/* "(PID:TID):(PARENT:ITS THREAD)" */
static int convert_fork(struct converter *converter, const char *text)
{
	int pid, tid, parent, parent_tid;
	char line[100];

	if (sscanf(text, "(%d:%d):(%d:%d)", &pid, &tid, &parent, &parent_tid) != 4)
		return malformed(converter, "a fork of another form");
	snprintf(line, sizeof(line), "%s %d %d parent %d %d",
		 pid == parent ? "clone_thread" : "fork", pid, tid, parent, parent_tid);
	return emit(converter, line);
}

static int convert_exit(struct converter *converter, const char *text)
{
	(void)text;
	return emit(converter, "exit");
}

static int refuse_lost(struct converter *converter, const char *text)
{
	(void)text;
	return malformed(converter, "events were lost while recording");
}

/* "address=A ip=I error_code=0xE". What is no address of a program is the kernel's own business. */
static int convert_fault(struct converter *converter, const char *text)
{
	uint64_t address;
	unsigned int code;
	char line[64];

	if (sscanf(text, "address=0x%" SCNx64 " ", &address) != 1)
		return 0;
	text = strstr(text, "error_code=0x");
	if (!text || sscanf(text, "error_code=0x%x", &code) != 1)
		return malformed(converter, "a fault of another form");
	if (address >= USER_END)
		return 0;
	snprintf(line, sizeof(line), "fault %" PRIx64 " %c%c%c", address,
		 code & 0x10 ? 'X' : code & 0x2 ? 'W' : 'R', code & 0x1 ? 'p' : '-',
		 code & 0x4 ? 'u' : 'k');
	return emit(converter, line);
}

/* "pages:N reason:WORDS (NUMBER)" */
static int convert_flush(struct converter *converter, const char *text)
{
	int pages, reason = 0;
	char words[101], line[128];

	if (sscanf(text, "pages:%d reason:%n", &pages, &reason) != 1 || !reason || !text[reason])
		return malformed(converter, "a flush of another form");
	snprintf(words, sizeof(words), "%s", text + reason);
	for (char *blank = words; (blank = strchr(blank, ' '));)
		*blank = '_';
	snprintf(line, sizeof(line), "tlbflush %d %s", pages, words);
	return emit(converter, line);
}

/* "mm_id=ID curr=C type=COUNTER size=NB" */
static int convert_rss(struct converter *converter, const char *text)
{
	char counter[24], line[100];
	uint64_t mm, bytes;
	unsigned int current_mm;

	if (sscanf(text, "mm_id=%" SCNu64 " curr=%u type=%23s size=%" SCNu64 "B", &mm, &current_mm,
		   counter, &bytes) != 4)
		return malformed(converter, "a counter of another form");
	snprintf(line, sizeof(line), "rss %" PRIu64 " %u %s %" PRIu64, mm, current_mm, counter,
		 bytes);
	return emit(converter, line);
}

/* "mmap: addr: 0x0, len: 0x1000, ..." as "mmap 0x0 0x1000 ..." */
static void describe_call(const char *text, char *line, size_t size)
{
	size_t length = strcspn(text, ":");

	snprintf(line, size, "%.*s", (int)length, text);
	for (int i = 0; i < CALLS_MAX && (text = strstr(text, ": 0x")); i++) {
		text += 2;
		length = strlen(line);
		snprintf(line + length, size - length, " %.*s", (int)strcspn(text, ", \n"), text);
	}
}

static bool has_result(const char *call)
{
	static const char *const with_result[] = {
		"mmap", "munmap", "mprotect", "brk", "madvise", "mremap",
	};
	size_t length = strcspn(call, " ");

	for (size_t i = 0; i < sizeof(with_result) / sizeof(with_result[0]); i++) {
		if (strlen(with_result[i]) == length && !strncmp(call, with_result[i], length))
			return true;
	}
	return false;
}

static struct call *find_call(struct converter *converter, int tid)
{
	for (size_t i = 0; i < converter->nr_calls; i++) {
		if (converter->call[i].tid == tid)
			return &converter->call[i];
	}
	return NULL;
}

/* A call with a result is written down when it returns, with its arguments. */
static int convert_enter(struct converter *converter, const char *text)
{
	struct call *call = find_call(converter, converter->tid);
	char name[192];

	describe_call(text, name, sizeof(name));
	if (!has_result(name))
		return emit_call(converter, name);
	if (!call) {
		call = realloc(converter->call, (converter->nr_calls + 1) * sizeof(*call));
		if (!call)
			return -ENOMEM;
		converter->call = call;
		call += converter->nr_calls++;
		call->tid = converter->tid;
	}
	memcpy(call->name, name, sizeof(name));
	snprintf(name, sizeof(name), "enter %.*s", (int)strcspn(call->name, " "), call->name);
	return emit(converter, name);
}

static int convert_leave(struct converter *converter, const char *text)
{
	struct call *call = find_call(converter, converter->tid);
	size_t length = strcspn(text, ":");
	char line[256];

	/* What had begun before the recording did. */
	if (!call || !call->name[0])
		return 0;
	if (strncmp(text, call->name, length) || call->name[length] != ' ')
		return malformed(converter, "the return of another call");
	snprintf(line, sizeof(line), "%s = %s", call->name, text + length + 2);
	call->name[0] = '\0';
	return emit_call(converter, line);
}

static const struct {
	const char *prefix;
	int (*convert)(struct converter *converter, const char *text);
} forms[] = {
	{ "PERF_RECORD_COMM ", convert_comm },
	{ "PERF_RECORD_MMAP2 ", convert_mapping },
	{ "PERF_RECORD_FORK", convert_fork },
	{ "PERF_RECORD_EXIT", convert_exit },
	{ "PERF_RECORD_LOST", refuse_lost },
	{ "exceptions:page_fault_user: ", convert_fault },
	{ "exceptions:page_fault_kernel: ", convert_fault },
	{ "tlb:tlb_flush: ", convert_flush },
	{ "kmem:rss_stat: ", convert_rss },
	{ "syscalls:sys_enter_", convert_enter },
	{ "syscalls:sys_exit_", convert_leave },
};

/* "PID/TID [CPU] SECONDS.NANOSECONDS: WHAT"; what is of no interest is left out. */
static int convert_line(struct converter *converter, const char *line)
{
	uint64_t seconds, ns;
	int what = 0;

	if (sscanf(line, " %d/%d [%u] %" SCNu64 ".%9" SCNu64 ": %n", &converter->pid,
		   &converter->tid, &converter->cpu, &seconds, &ns, &what) != 5 || !what)
		return malformed(converter, "not what perf script was told to print");
	converter->ns = seconds * 1000000000 + ns;
	line += what;
	if (!converter->start && strncmp(line, "PERF_RECORD_COMM exec", 21))
		return 0;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		size_t length = strlen(forms[i].prefix);

		if (!strncmp(line, forms[i].prefix, length))
			return forms[i].convert(converter, line + length);
	}
	return 0;
}

static int convert_lines(struct converter *converter, FILE *in)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t length;
	int err = 0;

	while (!err && (length = getline(&line, &size, in)) >= 0) {
		converter->line++;
		while (length && (line[length - 1] == '\n' || line[length - 1] == ' '))
			line[--length] = '\0';
		err = length ? convert_line(converter, line) : 0;
	}
	if (!err && ferror(in))
		err = -EIO;
	free(line);
	return err;
}

static int write_counts(struct converter *converter)
{
	for (size_t i = 0; i < sizeof(converter->count) / sizeof(converter->count[0]); i++) {
		if (!converter->count[i].n)
			break;
		/* "sys" is what all the calls are, and each is counted. */
		if (strcmp(converter->count[i].what, "sys") &&
		    gzprintf(converter->out, "# %" PRIu64 " %s\n", converter->count[i].n,
			     converter->count[i].what) <= 0)
			return -EIO;
	}
	return 0;
}

int perf_script_convert(FILE *in, const char *name, gzFile out, char *error, size_t error_size)
{
	struct converter converter = {
		.name = name, .out = out, .error = error, .error_size = error_size,
	};
	int err = convert_lines(&converter, in);

	if (!err && !converter.start)
		err = malformed(&converter, "no program was started");
	if (!err)
		err = write_counts(&converter);
	free(converter.call);
	return err;
}
