/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_PROCESS_H
#define VMSIM_PROCESS_H

#include <vmsim/machine.h>
#include <vmsim/event.h>
#include <sys/types.h>

/**
 * DOC: Simulated programs
 *
 * The calls below act on the calling simulated thread, as system calls and instructions do.
 * System calls return a result or -errno. Loads and stores return 0, or the signal that the
 * program would get (SIGSEGV, SIGBUS), or -errno for misuse (-ESRCH: the thread is not attached).
 */

VMSIM_API int vmsim_process_create(struct vmsim_machine *machine, const char *name);
/* Ends a process that no thread is attached to; its address space goes away. */
VMSIM_API int vmsim_process_destroy(struct vmsim_machine *machine, int pid);

/* Files: made, then named by their id wherever a program would use a descriptor. */
VMSIM_API int vmsim_file_create(struct vmsim_machine *machine, const char *name, uint64_t size);
/* The same in memory alone, as memfd_create(2): nobody writes it back. */
VMSIM_API int vmsim_memfd_create(struct vmsim_machine *machine, const char *name, uint64_t size);
VMSIM_API int vmsim_file_destroy(struct vmsim_machine *machine, int file);

#define VMSIM_NO_FILE (-1)

/* @prot, @flags, @advice: the constants of <sys/mman.h>. What is not modelled: -EOPNOTSUPP. */
VMSIM_API long vmsim_mmap(unsigned long addr, size_t length, int prot, int flags, int file,
			  uint64_t offset);
VMSIM_API int vmsim_munmap(unsigned long addr, size_t length);
/* @flags: MREMAP_*. */
VMSIM_API long vmsim_mremap(unsigned long addr, size_t old_len, size_t new_len, int flags,
			    unsigned long new_addr);
VMSIM_API int vmsim_mprotect(unsigned long addr, size_t length, int prot);
/* Memory that stays in memory. @flags: MLOCK_ONFAULT; MCL_*. */
VMSIM_API int vmsim_mlock(unsigned long addr, size_t length);
VMSIM_API int vmsim_mlock2(unsigned long addr, size_t length, int flags);
VMSIM_API int vmsim_munlock(unsigned long addr, size_t length);
VMSIM_API int vmsim_mlockall(int flags);
VMSIM_API int vmsim_munlockall(void);
/* How much of it: RLIMIT_MEMLOCK, for who has given CAP_IPC_LOCK up. Children inherit both. */
VMSIM_API int vmsim_setrlimit(int resource, uint64_t limit);
VMSIM_API int vmsim_drop_capability(int capability);
VMSIM_API int vmsim_madvise(unsigned long addr, size_t length, int advice);
/* What ksmd would do with two pages of equal content, in MADV_MERGEABLE memory of any processes. */
VMSIM_API int vmsim_ksm_merge(int pid, unsigned long addr, int kept_pid, unsigned long kept_addr);
VMSIM_API int vmsim_msync(unsigned long addr, size_t length, int flags);
/* As a write of that number to /proc/self/clear_refs; only this one is modelled. */
#define VMSIM_CLEAR_SOFT_DIRTY 4
VMSIM_API int vmsim_clear_refs(int what);
VMSIM_API long vmsim_brk(unsigned long addr);
/* Says where the heap starts, as exec does; it is empty then. */
VMSIM_API int vmsim_brk_start(unsigned long addr);
/* Replaces the caller's address space by an empty one. */
VMSIM_API int vmsim_exec(const char *name);
/* The caller's process gives up its address space; a shared one lives on in its other users. */
VMSIM_API int vmsim_exit(void);
/* A new process with a copy of the caller's address space; its pid. */
VMSIM_API int vmsim_fork(const char *name);
/* The calling thread becomes one of another process, as after a fork the child's does. */
VMSIM_API int vmsim_become(int pid);
/* A new process that shares the caller's address space until it execs or exits. */
VMSIM_API int vmsim_vfork(const char *name);

/* Whole pages of a file, past the page tables: what read(2), write(2) and fsync(2) do. */
VMSIM_API ssize_t vmsim_file_read(int file, uint64_t offset, void *buf, size_t length);
VMSIM_API ssize_t vmsim_file_write(int file, uint64_t offset, const void *buf, size_t length);
/* Writes dirty pages of the range back; without a thread of its own, in the caller's. */
VMSIM_API int vmsim_file_sync(int file, uint64_t offset, uint64_t length);
/* Drops clean, unmapped pages of the range from the page cache (fadvise DONTNEED). */
VMSIM_API int vmsim_file_drop(int file, uint64_t offset, uint64_t length);
/*
 * Unmaps the pages of a range, as long as what a page table maps, and takes its tables away, as a
 * collapse to a huge page does.
 */
VMSIM_API int vmsim_file_retract(int file, uint64_t offset);
/* What the backing store holds of a page: what a crash would leave. */
VMSIM_API ssize_t vmsim_file_stored(int file, uint64_t offset, void *buf, size_t length);

/* 1, 2, 4 or 8 bytes, naturally aligned, through the caller's TLB. */
VMSIM_API int vmsim_load(unsigned long addr, unsigned int size, uint64_t *value);
VMSIM_API int vmsim_store(unsigned long addr, unsigned int size, uint64_t value);
VMSIM_API int vmsim_fetch(unsigned long addr);
/* Loads @length bytes at @src and stores them at @dst, 8 at a time. */
VMSIM_API int vmsim_copy(unsigned long dst, unsigned long src, size_t length);
/*
 * Accesses a byte, PROT_READ, PROT_WRITE (what was there is stored again) or PROT_EXEC, and tells
 * in *@kind, if not NULL, which fault that took first.
 */
VMSIM_API int vmsim_touch(unsigned long addr, int prot, enum vmsim_fault_kind *kind);

/** struct vmsim_rss - resident pages of an address space */
struct vmsim_rss {
	uint64_t anon, file, shmem, swap;
};

VMSIM_API int vmsim_rss_get(struct vmsim_machine *machine, int pid, struct vmsim_rss *rss);

#endif
