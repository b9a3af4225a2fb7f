/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_TRACE_VMTRACE_H
#define VMSIM_TRACE_VMTRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Recorded programs. The parser turns text into events and judges their form only; what they mean
 * is the business of src/trace/replay.c.
 */

enum vmtrace_op {
	VMTRACE_EXEC,
	VMTRACE_VMA,
	VMTRACE_FAULT,
	VMTRACE_ENTER,
	VMTRACE_SYS,
	VMTRACE_FORK,
	VMTRACE_CLONE_THREAD,
	VMTRACE_EXIT,
	VMTRACE_TLBFLUSH,
	VMTRACE_RSS,
	VMTRACE_OPS
};

enum vmtrace_sys {
	VMTRACE_MMAP,
	VMTRACE_MUNMAP,
	VMTRACE_MPROTECT,
	VMTRACE_BRK,
	VMTRACE_MADVISE,
	VMTRACE_MREMAP,
	VMTRACE_CLONE,
	VMTRACE_CLONE3,
	VMTRACE_VFORK,
	VMTRACE_VMSPLICE,
	VMTRACE_PROCESS_VM_READV,
	VMTRACE_SYSCALLS
};

enum vmtrace_counter {
	VMTRACE_RSS_FILE,
	VMTRACE_RSS_ANON,
	VMTRACE_RSS_SWAP,
	VMTRACE_RSS_SHMEM,
	VMTRACE_COUNTERS
};

#define VMTRACE_NAME_MAX 256
#define VMTRACE_SYS_ARGS 6

/* User addresses end here: the lower half with four levels of page tables. */
#define VMTRACE_ADDRESS_END (UINT64_C(1) << 47)

/**
 * struct vmtrace_event - one line of a trace
 * @line: its number
 * @pid: process; @tid: thread that did it
 */
struct vmtrace_event {
	uint64_t line;
	uint64_t ns;
	unsigned int cpu;
	int pid, tid;
	enum vmtrace_op op;
	union {
		struct {
			char name[VMTRACE_NAME_MAX];
		} exec;
		struct {
			uint64_t start, length, offset;
			uint32_t dev_major, dev_minor;
			uint64_t inode;
			bool read, write, exec, shared;
			char name[VMTRACE_NAME_MAX];
		} vma;
		struct {
			uint64_t address;
			char access;		/* 'R', 'W', 'X' */
			bool protection;	/* the entry was present */
			bool user;
		} fault;
		struct {
			enum vmtrace_sys call;
		} enter;
		struct {
			enum vmtrace_sys call;
			unsigned int nr_args;
			uint64_t arg[VMTRACE_SYS_ARGS];
			bool returned;
			uint64_t result;
		} sys;
		struct {
			int pid, tid, parent_pid, parent_tid;
		} fork;				/* CLONE_THREAD too */
		struct {
			int64_t pages;		/* -1: all */
			bool own;		/* not by the scheduler or for another CPU */
		} tlbflush;
		struct {
			uint64_t mm;
			bool current_mm;
			enum vmtrace_counter counter;
			uint64_t bytes;
		} rss;
	};
};

/* Takes one event. A negative return value ends parsing; it may set the error text first. */
typedef int (*vmtrace_sink)(void *arg, const struct vmtrace_event *event);

/*
 * Parse text, or gzip of it, and hand each event to @sink. Return: 0; what @sink returned; -EINVAL
 * with "NAME:LINE: what" in @error; -errno with "NAME: what" when the file cannot be read.
 */
int vmtrace_parse_file(const char *path, vmtrace_sink sink, void *arg, char *error,
		       size_t error_size);
int vmtrace_parse_memory(const char *name, const void *data, size_t length, vmtrace_sink sink,
			 void *arg, char *error, size_t error_size);

const char *vmtrace_sys_name(enum vmtrace_sys call);

#endif
