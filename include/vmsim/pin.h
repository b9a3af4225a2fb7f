/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_PIN_H
#define VMSIM_PIN_H

#include <vmsim/process.h>
#include <stdbool.h>

/**
 * DOC: Pages that others hold
 *
 * A program asks for its pages to be held: for a device that will read or write them, or for a
 * pipe. From then on they are accessed past its page tables, by anybody who has the handle: a thread of
 * another process, or one that is on no CPU and stands for a device (natively: a pthread that is
 * not attached; at least one CPU then has to be without a thread).
 */
struct vmsim_pins;

#define VMSIM_PIN_WRITE 1u	/* the pages will be written */
#define VMSIM_PIN_LONGTERM 2u	/* for as long as the program likes: registered buffers */
#define VMSIM_PIN_LOCKED 4u	/* with mmap_lock at once, not only where GUP-fast fails */
#define VMSIM_PIN_REF 8u	/* references, as vmsplice(2) takes, and no pins */

/*
 * Holds @pages pages of the caller from @addr on, which is page aligned. Returns how many, which
 * may be fewer, and a handle in *@pins; or a negative errno, and no handle.
 */
VMSIM_API int vmsim_pin(unsigned long addr, size_t pages, unsigned int flags,
			struct vmsim_pins **pins);
/* Lets go. @dirty: they were written; file systems hear of it now. */
VMSIM_API int vmsim_unpin(struct vmsim_pins *pins, bool dirty);

/*
 * What a device does: reads and writes what is held, @offset bytes from its beginning. Where the
 * machine keeps versions, each aligned 8 bytes are the version of their page.
 */
VMSIM_API int vmsim_dma_read(struct vmsim_pins *pins, size_t offset, void *buf, size_t length);
VMSIM_API int vmsim_dma_write(struct vmsim_pins *pins, size_t offset, const void *buf,
			      size_t length);

/*
 * Memory of another process, as process_vm_readv(2) and process_vm_writev(2) access it: with the
 * rights that it has itself. Return the number of bytes, or a negative errno for not even one.
 */
VMSIM_API ssize_t vmsim_process_vm_read(int pid, unsigned long addr, void *buf, size_t length);
VMSIM_API ssize_t vmsim_process_vm_write(int pid, unsigned long addr, const void *buf,
					 size_t length);
/* The same as a debugger does, past the rights of private mappings (FOLL_FORCE). */
VMSIM_API ssize_t vmsim_ptrace_read(int pid, unsigned long addr, void *buf, size_t length);
VMSIM_API ssize_t vmsim_ptrace_write(int pid, unsigned long addr, const void *buf, size_t length);

#endif
