// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lines of a .vmtrace file. The format is in docs/vmtrace.md. Strict: a trace comes from anywhere.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include "trace/scan.h"
#include "trace/vmtrace.h"
#include "trace/vmtrace_internal.h"

#define PID_MAX 4194304
#define CPU_MAX 8191
#define PAGE UINT64_C(4096)

/* What the numbers at the end of a trace count. */
static const char *const op_name[VMTRACE_OPS] = {
	[VMTRACE_EXEC] = "exec",
	[VMTRACE_VMA] = "vma",
	[VMTRACE_FAULT] = "fault",
	[VMTRACE_ENTER] = "enter",
	[VMTRACE_SYS] = "sys",
	[VMTRACE_FORK] = "fork",
	[VMTRACE_CLONE_THREAD] = "clone_thread",
	[VMTRACE_EXIT] = "exit",
	[VMTRACE_TLBFLUSH] = "tlbflush",
	[VMTRACE_RSS] = "rss",
};

/* @result: the line is written when the call returns; else when it begins. */
static const struct {
	const char *name;
	unsigned int min_args, max_args;
	bool result;
} syscall_form[VMTRACE_SYSCALLS] = {
	[VMTRACE_MMAP] = { "mmap", 6, 6, true },
	[VMTRACE_MUNMAP] = { "munmap", 2, 2, true },
	[VMTRACE_MPROTECT] = { "mprotect", 3, 3, true },
	[VMTRACE_BRK] = { "brk", 1, 1, true },
	[VMTRACE_MADVISE] = { "madvise", 3, 3, true },
	[VMTRACE_MREMAP] = { "mremap", 5, 5, true },
	[VMTRACE_CLONE] = { "clone", 0, 6, false },
	[VMTRACE_CLONE3] = { "clone3", 0, 6, false },
	[VMTRACE_VFORK] = { "vfork", 0, 0, false },
	[VMTRACE_VMSPLICE] = { "vmsplice", 0, 6, false },
	[VMTRACE_PROCESS_VM_READV] = { "process_vm_readv", 0, 6, false },
};

static const char *const counter_name[VMTRACE_COUNTERS] = {
	[VMTRACE_RSS_FILE] = "MM_FILEPAGES",
	[VMTRACE_RSS_ANON] = "MM_ANONPAGES",
	[VMTRACE_RSS_SWAP] = "MM_SWAPENTS",
	[VMTRACE_RSS_SHMEM] = "MM_SHMEMPAGES",
};

const char *vmtrace_sys_name(enum vmtrace_sys call)
{
	return syscall_form[call].name;
}

int vmtrace_malformed(struct vmtrace_parser *parser, const char *format, ...)
{
	char what[128];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	if (parser->error_size)
		snprintf(parser->error, parser->error_size, "%s:%" PRIu64 ": %s", parser->name,
			 parser->line, what);
	return -EINVAL;
}

/* A number and the blank behind it. */
static bool field(struct vmsim_scan *line, unsigned int base, uint64_t max, uint64_t *number)
{
	return scan_number(line, base, max, number) && scan_char(line, ' ');
}

static bool last_field(struct vmsim_scan *line, unsigned int base, uint64_t max, uint64_t *number)
{
	return scan_number(line, base, max, number) && scan_done(line);
}

static bool pid_field(struct vmsim_scan *line, int *pid)
{
	uint64_t number;

	if (!scan_number(line, 10, PID_MAX, &number) || number == 0)
		return false;
	*pid = (int)number;
	return true;
}

/* The rest of the line: printable, so that it can go into a report. */
static bool name_field(struct vmsim_scan line, char *name)
{
	size_t length = scan_left(&line);

	if (length == 0 || length >= VMTRACE_NAME_MAX)
		return false;
	for (size_t i = 0; i < length; i++) {
		if ((unsigned char)line.at[i] < ' ' || line.at[i] == 0x7f)
			return false;
	}
	memcpy(name, line.at, length);
	name[length] = '\0';
	return true;
}

static int parse_exec(struct vmtrace_parser *parser, struct vmsim_scan line,
		      struct vmtrace_event *event)
{
	if (!name_field(line, event->exec.name))
		return vmtrace_malformed(parser, "exec without the name of a program");
	return 0;
}

static bool flag_char(struct vmsim_scan *line, char yes, char no, bool *flag)
{
	*flag = !scan_done(line) && *line->at == yes;
	return scan_char(line, yes) || scan_char(line, no);
}

static bool protection_field(struct vmsim_scan *line, struct vmtrace_event *event)
{
	return flag_char(line, 'r', '-', &event->vma.read) &&
	       flag_char(line, 'w', '-', &event->vma.write) &&
	       flag_char(line, 'x', '-', &event->vma.exec) &&
	       flag_char(line, 's', 'p', &event->vma.shared) && scan_char(line, ' ');
}

/* "fe:00:248224" */
static bool inode_field(struct vmsim_scan *line, struct vmtrace_event *event)
{
	uint64_t dev_major, dev_minor;

	if (!scan_number(line, 16, UINT32_MAX, &dev_major) || !scan_char(line, ':') ||
	    !scan_number(line, 16, UINT32_MAX, &dev_minor) || !scan_char(line, ':') ||
	    !field(line, 10, UINT64_MAX, &event->vma.inode))
		return false;
	event->vma.dev_major = (uint32_t)dev_major;
	event->vma.dev_minor = (uint32_t)dev_minor;
	return true;
}

/* The inode's generation, which not every converter writes: a number with a name behind it. */
static void skip_generation(struct vmsim_scan *line)
{
	struct vmsim_scan rest = *line;
	uint64_t generation;

	if (field(&rest, 10, UINT64_MAX, &generation) && !scan_done(&rest))
		*line = rest;
}

static int parse_vma(struct vmtrace_parser *parser, struct vmsim_scan line,
		     struct vmtrace_event *event)
{
	uint64_t start, length;

	if (!field(&line, 16, UINT64_MAX, &start) || !field(&line, 16, UINT64_MAX, &length))
		return vmtrace_malformed(parser, "vma: bad start or length");
	if (!protection_field(&line, event))
		return vmtrace_malformed(parser, "vma: bad protection");
	scan_literal(&line, "0x");
	if (!field(&line, 16, INT64_MAX, &event->vma.offset))
		return vmtrace_malformed(parser, "vma: bad offset");
	if (!inode_field(&line, event))
		return vmtrace_malformed(parser, "vma: bad device and inode");
	skip_generation(&line);
	if (!name_field(line, event->vma.name))
		return vmtrace_malformed(parser, "vma: bad name");
	if (start % PAGE || length % PAGE || event->vma.offset % PAGE)
		return vmtrace_malformed(parser, "vma: not in whole pages");
	if (length == 0)
		return vmtrace_malformed(parser, "vma: empty");
	if (start >= VMTRACE_ADDRESS_END || length > VMTRACE_ADDRESS_END - start)
		return vmtrace_malformed(parser, "vma: address out of range");
	if (event->vma.offset > INT64_MAX - length)
		return vmtrace_malformed(parser, "vma: offset out of range");
	event->vma.start = start;
	event->vma.length = length;
	return 0;
}

static int parse_fault(struct vmtrace_parser *parser, struct vmsim_scan line,
		       struct vmtrace_event *event)
{
	static const char accesses[] = "RWX";

	if (!field(&line, 16, UINT64_MAX, &event->fault.address))
		return vmtrace_malformed(parser, "fault: bad address");
	if (scan_left(&line) != 3 || !memchr(accesses, *line.at, 3))
		return vmtrace_malformed(parser, "fault: bad kind of access");
	event->fault.access = *line.at++;
	if (!flag_char(&line, 'p', '-', &event->fault.protection) ||
	    !flag_char(&line, 'u', 'k', &event->fault.user))
		return vmtrace_malformed(parser, "fault: bad kind of access");
	if (event->fault.address >= VMTRACE_ADDRESS_END)
		return vmtrace_malformed(parser, "fault: address out of range");
	return 0;
}

/* " 0x1f" any number of times, at most VMTRACE_SYS_ARGS. */
static bool argument_fields(struct vmsim_scan *line, struct vmtrace_event *event)
{
	event->sys.nr_args = 0;
	while (scan_literal(line, " 0x")) {
		if (event->sys.nr_args == VMTRACE_SYS_ARGS ||
		    !scan_number(line, 16, UINT64_MAX, &event->sys.arg[event->sys.nr_args++]))
			return false;
	}
	return true;
}

static int find_syscall(struct vmsim_scan word)
{
	for (int call = 0; call < VMTRACE_SYSCALLS; call++) {
		if (scan_equals(word, syscall_form[call].name))
			return call;
	}
	return -1;
}

static int parse_enter(struct vmtrace_parser *parser, struct vmsim_scan line,
		       struct vmtrace_event *event)
{
	int call = find_syscall(scan_word(&line));

	if (call < 0 || !scan_done(&line))
		return vmtrace_malformed(parser, "enter: unknown system call");
	event->enter.call = (enum vmtrace_sys)call;
	return 0;
}

static int parse_sys(struct vmtrace_parser *parser, struct vmsim_scan line,
		     struct vmtrace_event *event)
{
	int call = find_syscall(scan_word(&line));

	if (call < 0)
		return vmtrace_malformed(parser, "sys: unknown system call");
	event->sys.call = (enum vmtrace_sys)call;
	if (!argument_fields(&line, event))
		return vmtrace_malformed(parser, "sys: bad argument");
	if (event->sys.nr_args < syscall_form[call].min_args ||
	    event->sys.nr_args > syscall_form[call].max_args)
		return vmtrace_malformed(parser, "sys: wrong number of arguments");
	event->sys.returned = scan_literal(&line, " = 0x");
	if (event->sys.returned && !scan_number(&line, 16, UINT64_MAX, &event->sys.result))
		return vmtrace_malformed(parser, "sys: bad result");
	if (event->sys.returned != syscall_form[call].result)
		return vmtrace_malformed(parser, event->sys.returned ? "sys: unexpected result" :
						 "sys: no result");
	if (!scan_done(&line))
		return vmtrace_malformed(parser, "sys: unexpected text");
	return 0;
}

static int parse_fork(struct vmtrace_parser *parser, struct vmsim_scan line,
		      struct vmtrace_event *event)
{
	if (!pid_field(&line, &event->fork.pid) || !scan_char(&line, ' ') ||
	    !pid_field(&line, &event->fork.tid) || !scan_literal(&line, " parent ") ||
	    !pid_field(&line, &event->fork.parent_pid) || !scan_char(&line, ' ') ||
	    !pid_field(&line, &event->fork.parent_tid) || !scan_done(&line))
		return vmtrace_malformed(parser, "%s: bad ids", op_name[event->op]);
	return 0;
}

static int parse_exit(struct vmtrace_parser *parser, struct vmsim_scan line,
		      struct vmtrace_event *event)
{
	(void)event;
	if (!scan_done(&line))
		return vmtrace_malformed(parser, "exit: unexpected text");
	return 0;
}

static int parse_tlbflush(struct vmtrace_parser *parser, struct vmsim_scan line,
			  struct vmtrace_event *event)
{
	bool all = scan_char(&line, '-');
	uint64_t pages;
	char reason[VMTRACE_NAME_MAX];

	if (!field(&line, 10, INT64_MAX, &pages) || (all && pages != 1))
		return vmtrace_malformed(parser, "tlbflush: bad number of pages");
	if (!name_field(line, reason))
		return vmtrace_malformed(parser, "tlbflush: no reason");
	event->tlbflush.pages = all ? -1 : (int64_t)pages;
	event->tlbflush.own = scan_literal(&line, "local_") ||
			      scan_literal(&line, "remote_IPI_send");
	return 0;
}

static int find_counter(struct vmsim_scan word)
{
	for (int counter = 0; counter < VMTRACE_COUNTERS; counter++) {
		if (scan_equals(word, counter_name[counter]))
			return counter;
	}
	return -1;
}

static int parse_rss(struct vmtrace_parser *parser, struct vmsim_scan line,
		     struct vmtrace_event *event)
{
	uint64_t current_mm;
	int counter;

	if (!field(&line, 10, UINT64_MAX, &event->rss.mm) || !field(&line, 10, 1, &current_mm))
		return vmtrace_malformed(parser, "rss: bad address space");
	counter = find_counter(scan_word(&line));
	if (counter < 0)
		return vmtrace_malformed(parser, "rss: unknown counter");
	if (!scan_char(&line, ' ') || !last_field(&line, 10, INT64_MAX, &event->rss.bytes))
		return vmtrace_malformed(parser, "rss: bad number of bytes");
	if (event->rss.bytes % PAGE)
		return vmtrace_malformed(parser, "rss: not in whole pages");
	event->rss.current_mm = current_mm;
	event->rss.counter = (enum vmtrace_counter)counter;
	return 0;
}

static int (*const parse_op[VMTRACE_OPS])(struct vmtrace_parser *parser, struct vmsim_scan line,
					  struct vmtrace_event *event) = {
	[VMTRACE_EXEC] = parse_exec,
	[VMTRACE_VMA] = parse_vma,
	[VMTRACE_FAULT] = parse_fault,
	[VMTRACE_ENTER] = parse_enter,
	[VMTRACE_SYS] = parse_sys,
	[VMTRACE_FORK] = parse_fork,
	[VMTRACE_CLONE_THREAD] = parse_fork,
	[VMTRACE_EXIT] = parse_exit,
	[VMTRACE_TLBFLUSH] = parse_tlbflush,
	[VMTRACE_RSS] = parse_rss,
};

static int find_op(struct vmsim_scan word)
{
	for (int op = 0; op < VMTRACE_OPS; op++) {
		if (scan_equals(word, op_name[op]))
			return op;
	}
	return -1;
}

/* "<ns> <cpu> <pid> <tid> <op> <args>" */
static int parse_event(struct vmtrace_parser *parser, struct vmsim_scan line,
		       struct vmtrace_event *event)
{
	uint64_t cpu;
	int op;

	event->line = parser->line;
	if (!field(&line, 10, INT64_MAX, &event->ns) || !field(&line, 10, CPU_MAX, &cpu))
		return vmtrace_malformed(parser, "bad time or CPU");
	if (!pid_field(&line, &event->pid) || !scan_char(&line, ' ') ||
	    !pid_field(&line, &event->tid) || !scan_char(&line, ' '))
		return vmtrace_malformed(parser, "bad process or thread id");
	if (event->ns < parser->last_ns)
		return vmtrace_malformed(parser, "time runs backwards");
	event->cpu = (unsigned int)cpu;
	op = find_op(scan_word(&line));
	if (op < 0)
		return vmtrace_malformed(parser, "unknown event");
	event->op = (enum vmtrace_op)op;
	/* exit and vfork are the words that nothing follows. */
	if (!scan_done(&line))
		line.at++;
	else if (event->op != VMTRACE_EXIT)
		return vmtrace_malformed(parser, "%s: nothing follows", op_name[op]);
	parser->last_ns = event->ns;
	return parse_op[op](parser, line, event);
}

/* The number of events so far that a count at the end calls @word; false: it is no such count. */
static bool counted(const struct vmtrace_parser *parser, struct vmsim_scan word, uint64_t *count)
{
	int index;

	if (scan_literal(&word, "sys:")) {
		index = find_syscall(word);
		*count = index < 0 ? 0 : parser->syscalls[index];
	} else {
		index = find_op(word);
		*count = index < 0 ? 0 : parser->events[index];
	}
	return index >= 0;
}

/* "# 8278 fault": must be what was there. Other lines that begin with '#' are remarks. */
static int parse_count(struct vmtrace_parser *parser, struct vmsim_scan line)
{
	uint64_t announced, count;

	if (!scan_literal(&line, "# ") || !field(&line, 10, INT64_MAX, &announced) ||
	    !counted(parser, line, &count))
		return 0;
	if (announced != count)
		return vmtrace_malformed(parser, "%" PRIu64 " %.*s announced, %" PRIu64
					 " are there", announced, (int)scan_left(&line), line.at,
					 count);
	parser->counts++;
	return 0;
}

int vmtrace_parse_line(struct vmtrace_parser *parser, const char *text, size_t length)
{
	struct vmsim_scan line = scan_text(text, length);
	struct vmtrace_event event;
	int err;

	if (!scan_done(&line) && *line.at == '#')
		return parse_count(parser, line);
	if (parser->counts)
		return vmtrace_malformed(parser, "an event after the counts at the end");
	memset(&event, 0, offsetof(struct vmtrace_event, exec));
	err = parse_event(parser, line, &event);
	if (err)
		return err;
	parser->events[event.op]++;
	if (event.op == VMTRACE_SYS)
		parser->syscalls[event.sys.call]++;
	return parser->sink(parser->arg, &event);
}

int vmtrace_parse_end(struct vmtrace_parser *parser)
{
	if (!parser->counts)
		return vmtrace_malformed(parser, "no counts at the end: the trace was cut off");
	return 0;
}
