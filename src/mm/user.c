// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include "order/order.h"
#include <linux/uaccess.h>
#include <vmsim/process.h>
#include <signal.h>
#include <sys/mman.h>

/*
 * What programs do: instructions that access memory, and the faults that they take. As
 * do_user_addr_fault() (arch/x86/mm/fault.c, Linux 6.12).
 */

static vm_flags_t needed(enum vmsim_access access)
{
	switch (access) {
	case VMSIM_ACCESS_WRITE:
		return VM_WRITE;
	case VMSIM_ACCESS_EXEC:
		return VM_EXEC;
	default:
		/* Everything that is accessible at all can be read. */
		return VM_ACCESS_FLAGS;
	}
}

static unsigned int fault_flags(enum vmsim_access access)
{
	return FAULT_FLAG_USER | FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_KILLABLE |
	       (access == VMSIM_ACCESS_WRITE ? FAULT_FLAG_WRITE : 0) |
	       (access == VMSIM_ACCESS_EXEC ? FAULT_FLAG_INSTRUCTION : 0);
}

static int deadly(unsigned long addr, enum vmsim_fault_kind kind)
{
	current->fault_kind = kind;
	vmsim_event(FAULT_KIND, addr, kind, 0);
	return kind == VMSIM_FAULT_BUS ? SIGBUS : SIGSEGV;
}

/* 0: try the access again; a signal; -ENOMEM. */
static int take_fault(struct mm_struct *mm, unsigned long addr, enum vmsim_access access)
{
	unsigned int flags = fault_flags(access);
	struct vm_area_struct *vma;
	vm_fault_t ret = VM_FAULT_SIGSEGV;

	vmsim_order_drain(vmsim_this_cpu());
	mmap_read_lock(mm);
	vma = vma_lookup(mm, addr);
	if (vma && vma->vm_flags & needed(access))
		ret = handle_mm_fault(vma, addr, flags, NULL);
	mmap_read_unlock(mm);
	vmsim_event(FAULT, addr, flags, ret);
	if (likely(!(ret & VM_FAULT_ERROR)))
		return 0;
	/* A kernel returns to the program, which comes back. Here it does where that may help. */
	if (ret & VM_FAULT_OOM)
		return vmsim_memory_may_return() ? 0 : -ENOMEM;
	return deadly(addr, ret & VM_FAULT_SIGBUS ? VMSIM_FAULT_BUS : VMSIM_FAULT_SEGV);
}

static int access_memory(unsigned long addr, enum vmsim_access access, unsigned int size,
			 uint64_t *value)
{
	struct task_struct *self = vmsim_self;
	int err;

	if (unlikely(addr >= self->mm->task_size))
		return deadly(addr, VMSIM_FAULT_SEGV);
	do {
		err = vmsim_tlb_access(self->cpu, self->mm, addr, access, size, value);
		if (likely(err != -EFAULT))
			return err;
		err = take_fault(self->mm, addr, access);
	} while (!err);
	return err;
}

int vmsim_uaccess(unsigned long addr, bool write, unsigned int size, u64 *value)
{
	int err = access_memory(addr, write ? VMSIM_ACCESS_WRITE : VMSIM_ACCESS_READ, size, value);

	if (err)
		return err;
	if (write)
		vmsim_event(STORE, addr, size, *value);
	else
		vmsim_event(LOAD, addr, size, *value);
	return 0;
}

static bool bad_size(unsigned long addr, unsigned int size)
{
	return !size || size > 8 || size & (size - 1) || addr & (size - 1);
}

/* Programs run inside the library while it simulates their instruction. */
static int program_enter(void)
{
	int err = vmsim_enter();

	if (unlikely(!err && !vmsim_self->mm)) {
		vmsim_leave();
		err = -ESRCH;
	}
	return err;
}

/**
 * vmsim_load() - loads from memory
 * @addr: address, a multiple of @size
 * @size: 1, 2, 4 or 8
 * @value: receives what is there
 *
 * Return: 0; SIGSEGV or SIGBUS; -EINVAL; -ENOMEM: no memory for the page; -ESRCH: the caller is
 * not attached, or has exited.
 */
VMSIM_API int vmsim_load(unsigned long addr, unsigned int size, uint64_t *value)
{
	int err;

	if (!value || bad_size(addr, size))
		return -EINVAL;
	err = program_enter();
	if (unlikely(err))
		return err;
	err = access_memory(addr, VMSIM_ACCESS_READ, size, value);
	if (likely(!err))
		vmsim_event(LOAD, addr, size, *value);
	vmsim_leave();
	return err;
}

/**
 * vmsim_store() - stores to memory
 * @addr: address, a multiple of @size
 * @size: 1, 2, 4 or 8
 * @value: what to store
 *
 * Return: as vmsim_load().
 */
VMSIM_API int vmsim_store(unsigned long addr, unsigned int size, uint64_t value)
{
	int err;

	if (bad_size(addr, size))
		return -EINVAL;
	err = program_enter();
	if (unlikely(err))
		return err;
	err = access_memory(addr, VMSIM_ACCESS_WRITE, size, &value);
	if (likely(!err))
		vmsim_event(STORE, addr, size, value);
	vmsim_leave();
	return err;
}

/**
 * vmsim_fetch() - fetches an instruction
 * @addr: its address
 *
 * Return: as vmsim_load().
 */
VMSIM_API int vmsim_fetch(unsigned long addr)
{
	uint64_t instruction = 0;
	int err = program_enter();

	if (err)
		return err;
	err = access_memory(addr, VMSIM_ACCESS_EXEC, 1, &instruction);
	vmsim_leave();
	return err;
}

static int copy_word(unsigned long dst, unsigned long src, unsigned int size)
{
	uint64_t value = 0;
	int err = access_memory(src, VMSIM_ACCESS_READ, size, &value);

	if (err)
		return err;
	vmsim_event(LOAD, src, size, value);
	err = access_memory(dst, VMSIM_ACCESS_WRITE, size, &value);
	if (!err)
		vmsim_event(STORE, dst, size, value);
	return err;
}

/**
 * vmsim_copy() - copies memory upwards, word by word
 * @dst: where to
 * @src: where from
 * @length: number of bytes
 *
 * Words are of 8 bytes where both addresses and the rest of the length allow it, else of 1.
 *
 * Return: as vmsim_load(); what was copied before a failure stays.
 */
VMSIM_API int vmsim_copy(unsigned long dst, unsigned long src, size_t length)
{
	bool words = !((dst | src) & 7);
	int err = program_enter();

	if (err)
		return err;
	while (length && !err) {
		unsigned int size = words && length >= 8 ? 8 : 1;

		err = copy_word(dst, src, size);
		dst += size;
		src += size;
		length -= size;
	}
	vmsim_leave();
	return err;
}

/*
 * A write that changes nothing. Where the page cannot be read yet, it is the write that faults, and
 * what the fault makes accessible is read first.
 */
static int write_back_byte(unsigned long addr)
{
	struct task_struct *self = vmsim_self;
	uint64_t byte = 0;
	int err;

	if (unlikely(addr >= self->mm->task_size))
		return deadly(addr, VMSIM_FAULT_SEGV);
	do {
		err = vmsim_tlb_access(self->cpu, self->mm, addr, VMSIM_ACCESS_READ, 1, &byte);
		if (!err)
			err = vmsim_tlb_access(self->cpu, self->mm, addr, VMSIM_ACCESS_WRITE, 1,
					       &byte);
		if (err != -EFAULT)
			return err;
		err = take_fault(self->mm, addr, VMSIM_ACCESS_WRITE);
	} while (!err);
	return err;
}

/**
 * vmsim_touch() - accesses memory, and tells what fault that took
 * @addr: address
 * @prot: one of PROT_READ, PROT_WRITE, PROT_EXEC
 * @kind: receives the first fault's kind, VMSIM_FAULT_NONE where there was none; may be NULL
 *
 * For those who replay a program's faults. A write leaves the contents as they are.
 *
 * Return: as vmsim_load().
 */
VMSIM_API int vmsim_touch(unsigned long addr, int prot, enum vmsim_fault_kind *kind)
{
	enum vmsim_access access = prot == PROT_WRITE ? VMSIM_ACCESS_WRITE :
				   prot == PROT_EXEC ? VMSIM_ACCESS_EXEC : VMSIM_ACCESS_READ;
	uint64_t byte = 0;
	int err;

	if (prot != PROT_READ && prot != PROT_WRITE && prot != PROT_EXEC)
		return -EINVAL;
	err = program_enter();
	if (err)
		return err;
	vmsim_self->fault_kind = VMSIM_FAULT_NONE;
	if (access == VMSIM_ACCESS_WRITE)
		err = write_back_byte(addr);
	else
		err = access_memory(addr, access, 1, &byte);
	if (kind)
		*kind = vmsim_self->fault_kind;
	vmsim_leave();
	return err;
}
