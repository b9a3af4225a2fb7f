// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include "machine/contents.h"
#include <vmsim/pin.h>
#include <limits.h>

/*
 * Memory of another process. Behaviour of mm/process_vm_access.c, which pins, and of
 * access_remote_vm() in mm/memory.c, which takes references; Linux 6.12.
 */

static unsigned int part_in_page(unsigned long addr, size_t length)
{
	return (unsigned int)min(length, PAGE_SIZE - offset_in_page(addr));
}

/* Moves part of one page to or from @buf. */
static void move(struct page *page, unsigned long addr, void *buf, unsigned int length, bool write)
{
	if (write)
		vmsim_frame_dma_write(page, (unsigned int)offset_in_page(addr), buf, length);
	else
		vmsim_frame_dma_read(page, (unsigned int)offset_in_page(addr), buf, length);
}

/**
 * access_remote_vm() - reads or writes memory of an address space
 * @mm: the address space; its user count is held
 * @addr: address
 * @buf: where to, or where from
 * @len: number of bytes
 * @gup_flags: FOLL_WRITE: write; FOLL_FORCE: past the rights of private mappings
 *
 * Context: mmap_lock not held.
 * Source: mm/memory.c, Linux 6.12.
 * Return: how many bytes were moved, maybe none.
 */
__vmsim_overridable int access_remote_vm(struct mm_struct *mm, unsigned long addr, void *buf,
					 int len, unsigned int gup_flags)
{
	int done = 0;

	mmap_read_lock(mm);
	while (done < len) {
		unsigned int part = part_in_page(addr + done, (size_t)(len - done));
		struct page *page = NULL;

		if (get_user_pages_remote(mm, addr + done, 1, gup_flags, &page, NULL) != 1)
			break;
		move(page, addr + done, (char *)buf + done, part, gup_flags & FOLL_WRITE);
		if (gup_flags & FOLL_WRITE)
			set_page_dirty_lock(page);
		put_page(page);
		done += (int)part;
	}
	mmap_read_unlock(mm);
	return done;
}

/* One page, pinned for as long as it takes; false: it cannot be had. */
static bool move_pinned(struct mm_struct *mm, unsigned long addr, void *buf, unsigned int length,
			bool write)
{
	struct page *page = NULL;
	long pinned;

	mmap_read_lock(mm);
	pinned = pin_user_pages_remote(mm, addr, 1, write ? FOLL_WRITE : 0, &page, NULL);
	mmap_read_unlock(mm);
	if (pinned != 1)
		return false;
	move(page, addr, buf, length, write);
	unpin_user_pages_dirty_lock(&page, 1, write);
	return true;
}

static int access_pinned(struct mm_struct *mm, unsigned long addr, void *buf, int len,
			 unsigned int gup_flags)
{
	int done = 0;

	while (done < len) {
		unsigned int part = part_in_page(addr + done, (size_t)(len - done));

		if (!move_pinned(mm, addr + done, (char *)buf + done, part,
				 gup_flags & FOLL_WRITE))
			break;
		done += (int)part;
	}
	return done;
}

/* One of the two ways above; how many bytes it moved. */
typedef int (*access_fn)(struct mm_struct *mm, unsigned long addr, void *buf, int len,
			 unsigned int gup_flags);

/**
 * struct remote - one access
 * @call: its name in events
 * @fn, @flags: how it is made
 */
struct remote {
	const char *call;
	access_fn fn;
	unsigned int flags;
};

static ssize_t do_access(const struct remote *remote, int pid, unsigned long addr, void *buf,
			 size_t length)
{
	struct mm_struct *mm;
	int done;

	if (!buf || length > INT_MAX)
		return -EINVAL;
	mm = vmsim_process_get_mm(vmsim_this_machine(), pid);
	if (!mm)
		return -ESRCH;
	done = remote->fn(mm, addr, buf, (int)length, remote->flags);
	mmput(mm);
	return done || !length ? done : -EFAULT;
}

static ssize_t access_process(const struct remote *remote, int pid, unsigned long addr, void *buf,
			      size_t length)
{
	int err = vmsim_syscall_enter(remote->call, addr, length);

	if (err)
		return err;
	return vmsim_syscall_leave(remote->call, do_access(remote, pid, addr, buf, length));
}

/**
 * vmsim_process_vm_read() - reads memory of a process
 * @pid: the process
 * @addr: address there
 * @buf: where to
 * @length: number of bytes
 *
 * Return: how many bytes, from @addr on; -EFAULT: not even the first; -EINVAL; -ESRCH: no such
 * process, or one that has exited; the caller is not attached, or has exited.
 */
VMSIM_API ssize_t vmsim_process_vm_read(int pid, unsigned long addr, void *buf, size_t length)
{
	static const struct remote remote = { "process_vm_readv", access_pinned, 0 };

	return access_process(&remote, pid, addr, buf, length);
}

/**
 * vmsim_process_vm_write() - writes memory of a process
 * @pid: the process
 * @addr: address there
 * @buf: where from
 * @length: number of bytes
 *
 * Return: as vmsim_process_vm_read().
 */
VMSIM_API ssize_t vmsim_process_vm_write(int pid, unsigned long addr, const void *buf,
					 size_t length)
{
	static const struct remote remote = { "process_vm_writev", access_pinned, FOLL_WRITE };

	return access_process(&remote, pid, addr, (void *)(uintptr_t)buf, length);
}

/**
 * vmsim_ptrace_read() - reads memory of a process as a debugger
 * @pid: the process
 * @addr: address there
 * @buf: where to
 * @length: number of bytes
 *
 * Also what the process itself may not read.
 * Return: as vmsim_process_vm_read().
 */
VMSIM_API ssize_t vmsim_ptrace_read(int pid, unsigned long addr, void *buf, size_t length)
{
	static const struct remote remote = { "ptrace", access_remote_vm, FOLL_FORCE };

	return access_process(&remote, pid, addr, buf, length);
}

/**
 * vmsim_ptrace_write() - writes memory of a process as a debugger
 * @pid: the process
 * @addr: address there
 * @buf: where from
 * @length: number of bytes
 *
 * Also what the process itself may not write, if it is private: a copy is made for it.
 * Return: as vmsim_process_vm_read().
 */
VMSIM_API ssize_t vmsim_ptrace_write(int pid, unsigned long addr, const void *buf, size_t length)
{
	static const struct remote remote = { "ptrace", access_remote_vm,
					      FOLL_FORCE | FOLL_WRITE };

	return access_process(&remote, pid, addr, (void *)(uintptr_t)buf, length);
}
