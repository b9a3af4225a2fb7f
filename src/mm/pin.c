// SPDX-License-Identifier: GPL-2.0-only
#include "mm/mm_internal.h"
#include "machine/contents.h"
#include <vmsim/pin.h>
#include <limits.h>

/*
 * Pages of a program in the hands of a device or of a pipe: what drivers and vmsplice(2) do with
 * get_user_pages*() and pin_user_pages*().
 */

#define PIN_FLAGS (VMSIM_PIN_WRITE | VMSIM_PIN_LONGTERM | VMSIM_PIN_LOCKED | VMSIM_PIN_REF)

static bool bad_args(unsigned long addr, size_t pages, unsigned int flags,
		     struct vmsim_pins **pins)
{
	const unsigned int contradiction = VMSIM_PIN_REF | VMSIM_PIN_LONGTERM;

	return !pins || offset_in_page(addr) || !pages || pages > INT_MAX >> PAGE_SHIFT ||
	       flags & ~PIN_FLAGS || (flags & contradiction) == contradiction;
}

static struct vmsim_pins *pins_alloc(unsigned long addr, size_t pages, unsigned int flags)
{
	struct vmsim_pins *pins = kzalloc(sizeof(*pins) + pages * sizeof(pins->page[0]),
					  GFP_KERNEL);

	if (!pins)
		return NULL;
	pins->machine = vmsim_this_machine();
	pins->mm = current->mm;
	pins->addr = addr;
	pins->flags = flags;
	mmgrab(pins->mm);
	return pins;
}

static void pins_free(struct vmsim_pins *pins)
{
	mmdrop(pins->mm);
	kfree(pins);
}

static long take(struct vmsim_pins *pins, unsigned long pages)
{
	unsigned int flags = (pins->flags & VMSIM_PIN_WRITE ? FOLL_WRITE : 0) |
			     (pins->flags & VMSIM_PIN_LONGTERM ? FOLL_LONGTERM : 0);

	switch (pins->flags & (VMSIM_PIN_REF | VMSIM_PIN_LOCKED)) {
	case 0:
		return pin_user_pages_fast(pins->addr, (int)pages, flags, pins->page);
	case VMSIM_PIN_REF:
		return get_user_pages_fast(pins->addr, (int)pages, flags, pins->page);
	case VMSIM_PIN_LOCKED:
		return pin_user_pages_unlocked(pins->addr, pages, pins->page, flags);
	default:
		return get_user_pages_unlocked(pins->addr, pages, pins->page, flags);
	}
}

/**
 * vmsim_pin() - holds pages of the caller
 * @addr: first address, page aligned
 * @pages: how many pages
 * @flags: VMSIM_PIN_*
 * @pins: receives a handle, for vmsim_unpin()
 *
 * Return: how many pages from @addr on; -EINVAL; -EFAULT: not mapped, or not with these rights, or
 * a file that must not be held so; -ENOMEM; -ESRCH.
 */
VMSIM_API int vmsim_pin(unsigned long addr, size_t pages, unsigned int flags,
			struct vmsim_pins **pins)
{
	struct vmsim_pins *held = NULL;
	long result = vmsim_syscall_enter("pin", addr, pages);

	if (result)
		return (int)result;
	if (bad_args(addr, pages, flags, pins)) {
		result = -EINVAL;
	} else {
		held = pins_alloc(addr, pages, flags);
		result = held ? take(held, pages) : -ENOMEM;
	}
	if (result > 0) {
		held->nr = (unsigned int)result;
	} else if (held) {
		pins_free(held);
		held = NULL;
	}
	if (pins)
		*pins = held;
	vmsim_event(SYSCALL_RET, (uintptr_t)"pin", result, (uintptr_t)held);
	vmsim_leave();
	return (int)result;
}

/* Acts for a device: as the calling thread, or as a CPU that has none. */
static int device_enter(struct vmsim_pins *pins, struct vmsim_borrowed *cpu)
{
	return pins ? vmsim_borrow_cpu(pins->machine, cpu) : -EINVAL;
}

static void let_go_of_references(struct vmsim_pins *pins, bool dirty)
{
	for (unsigned int i = 0; i < pins->nr; i++) {
		if (dirty)
			set_page_dirty_lock(pins->page[i]);
		put_page(pins->page[i]);
	}
}

/**
 * vmsim_unpin() - lets go of pages
 * @pins: handle, gone afterwards
 * @dirty: the pages were written
 *
 * Return: 0; -EINVAL: no handle; -EBUSY: the caller is not attached and every CPU has a thread.
 */
VMSIM_API int vmsim_unpin(struct vmsim_pins *pins, bool dirty)
{
	struct vmsim_borrowed cpu;
	int err = device_enter(pins, &cpu);

	if (err)
		return err;
	vmsim_event(SYSCALL, (uintptr_t)"unpin", (uintptr_t)pins, dirty);
	if (pins->flags & VMSIM_PIN_REF)
		let_go_of_references(pins, dirty);
	else
		unpin_user_pages_dirty_lock(pins->page, pins->nr, dirty);
	pins_free(pins);
	vmsim_event(SYSCALL_RET, (uintptr_t)"unpin", 0, 0);
	vmsim_return_cpu(&cpu);
	return 0;
}

static bool out_of_range(const struct vmsim_pins *pins, size_t offset, const void *buf,
			 size_t length)
{
	size_t size = (size_t)pins->nr << PAGE_SHIFT;

	return !buf || offset > size || length > size - offset;
}

/* Moves what lies in one page. */
typedef void (*move_fn)(struct page *page, unsigned int offset, void *buf, unsigned int length);

static int dma(struct vmsim_pins *pins, size_t offset, void *buf, size_t length, move_fn move)
{
	struct vmsim_borrowed cpu;
	int err = device_enter(pins, &cpu);

	if (err)
		return err;
	if (out_of_range(pins, offset, buf, length))
		err = -EINVAL;
	for (size_t done = 0, part; !err && done < length; done += part) {
		size_t at = offset + done;

		part = min(length - done, PAGE_SIZE - offset_in_page(at));
		move(pins->page[at >> PAGE_SHIFT], (unsigned int)offset_in_page(at),
		     (char *)buf + done, (unsigned int)part);
	}
	vmsim_return_cpu(&cpu);
	return err;
}

static void to_page(struct page *page, unsigned int offset, void *buf, unsigned int length)
{
	vmsim_frame_dma_write(page, offset, buf, length);
}

/**
 * vmsim_dma_read() - a device reads what is held
 * @pins: handle
 * @offset: bytes from the beginning
 * @buf: where to
 * @length: how many bytes
 *
 * Return: 0; -EINVAL: no handle, or not all of it is held; -EBUSY as vmsim_unpin().
 */
VMSIM_API int vmsim_dma_read(struct vmsim_pins *pins, size_t offset, void *buf, size_t length)
{
	return dma(pins, offset, buf, length, vmsim_frame_dma_read);
}

/**
 * vmsim_dma_write() - a device writes to what is held
 * @pins: handle
 * @offset: bytes from the beginning
 * @buf: where from
 * @length: how many bytes
 *
 * Return: as vmsim_dma_read(); -EACCES: it is not held for writing.
 */
VMSIM_API int vmsim_dma_write(struct vmsim_pins *pins, size_t offset, const void *buf,
			      size_t length)
{
	if (pins && !(pins->flags & VMSIM_PIN_WRITE))
		return -EACCES;
	return dma(pins, offset, (void *)(uintptr_t)buf, length, to_page);
}
