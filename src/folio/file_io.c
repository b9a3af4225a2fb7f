// SPDX-License-Identifier: GPL-2.0-only
#include "folio/folio.h"
#include "machine/contents.h"
#include <linux/pagemap.h>
#include <vmsim/process.h>
#include <errno.h>

/*
 * What programs do with files past the page tables. Contents move in units of 8 bytes, so that a
 * machine that keeps versions can take the first of a write, and give it for each of a read.
 */

/* One call: its name in events, and the file it acts on. */
struct call {
	const char *name;
	struct file *file;
};

static int call_begin(struct call *call, const char *name, int id, uint64_t offset)
{
	int err = vmsim_enter();

	if (err)
		return err;
	call->name = name;
	call->file = vmsim_file_get(vmsim_this_machine(), id);
	if (!call->file) {
		vmsim_leave();
		return -ENOENT;
	}
	vmsim_event(SYSCALL, (uintptr_t)name, id, offset);
	return 0;
}

static ssize_t call_end(struct call *call, ssize_t result)
{
	vmsim_file_put(call->file);
	vmsim_event(SYSCALL_RET, (uintptr_t)call->name, result, 0);
	vmsim_leave();
	return result;
}

static int range_check(uint64_t offset, const void *buf, size_t length)
{
	if (!buf || offset % sizeof(u64) || length % sizeof(u64))
		return -EINVAL;
	if (offset > VMSIM_MAX_FILE_SIZE || length > VMSIM_MAX_FILE_SIZE - offset)
		return -EFBIG;
	return 0;
}

/* Bytes of [offset, offset + length) that lie in the file. */
static size_t clip(const struct file *file, uint64_t offset, size_t length)
{
	u64 size = READ_ONCE(file->f_inode->i_size);

	return offset >= size ? 0 : min_t(u64, length, size - offset);
}

/* Bytes of the rest of a range that lie in its first page. */
static unsigned int in_page(uint64_t offset, size_t rest)
{
	return (unsigned int)min_t(size_t, rest, PAGE_SIZE - offset_in_page(offset));
}

/* Moves part of one page; 0 or -errno. */
typedef int (*page_fn)(struct file *file, uint64_t offset, void *buf, unsigned int length);

/* Bytes moved before the first error; the error, if it came first. */
static ssize_t for_each_page(struct file *file, uint64_t offset, void *buf, size_t length,
			     page_fn fn)
{
	size_t done = 0;

	while (done < length) {
		unsigned int part = in_page(offset + done, length - done);
		int err = fn(file, offset + done, (char *)buf + done, part);

		if (err)
			return done ? (ssize_t)done : err;
		done += part;
	}
	return (ssize_t)done;
}

/* The words that hold @length bytes: a file may end within one, a caller's buffer does not. */
static unsigned int whole_words(unsigned int length)
{
	return ALIGN(length, sizeof(u64));
}

static int read_page(struct file *file, uint64_t offset, void *buf, unsigned int length)
{
	pgoff_t index = offset >> PAGE_SHIFT;
	struct folio *folio = read_mapping_folio(file->f_mapping, index, file);
	struct page *page;

	if (IS_ERR(folio))
		return (int)PTR_ERR(folio);
	page = folio_page(folio, index - folio_pgoff(folio));
	vmsim_frame_read(page, offset_in_page(offset), buf, whole_words(length));
	vmsim_event(FRAME_READ, (uintptr_t)page, 0, 0);
	folio_mark_accessed(folio);
	folio_put(folio);
	return 0;
}

/* Under the folio lock, so that writeback cannot pass between the contents and the flag (R31). */
static int write_locked(struct folio *folio, uint64_t offset, const void *buf, unsigned int length)
{
	struct page *page = folio_page(folio, (offset >> PAGE_SHIFT) - folio_pgoff(folio));
	int err = length < PAGE_SIZE || folio_test_large(folio) ? vmsim_folio_fill(folio) : 0;

	if (err)
		return err;
	vmsim_folio_attach_buffers(folio);
	vmsim_frame_write(page, offset_in_page(offset), buf, length);
	vmsim_event(FRAME_WRITE, (uintptr_t)page, 0, 0);
	folio_set_uptodate(folio);
	folio_mark_dirty(folio);
	return 0;
}

static int write_page(struct file *file, uint64_t offset, void *buf, unsigned int length)
{
	struct folio *folio = filemap_grab_folio(file->f_mapping, offset >> PAGE_SHIFT);
	int err;

	if (IS_ERR(folio))
		return (int)PTR_ERR(folio);
	err = write_locked(folio, offset, buf, length);
	folio_unlock(folio);
	folio_put(folio);
	return err;
}

/* A file grows to what was written. */
static void grow_to(struct file *file, uint64_t end)
{
	spinlock_t *lock = &file->f_mapping->i_pages->lock;

	spin_lock(lock);
	if (end > file->f_inode->i_size)
		WRITE_ONCE(file->f_inode->i_size, end);
	spin_unlock(lock);
}

/**
 * vmsim_file_read() - read(2) at an offset
 * @file: id of the file
 * @offset: in the file, a multiple of 8
 * @buf: receives the bytes; in a machine that keeps versions, the page's version in every word
 * @length: a multiple of 8
 *
 * Return: number of bytes, fewer at the end of the file; -EINVAL; -EFBIG; -ENOENT: no such file;
 * -ENOMEM; -ESRCH: the caller is not attached.
 */
VMSIM_API ssize_t vmsim_file_read(int file, uint64_t offset, void *buf, size_t length)
{
	struct call call;
	ssize_t result = range_check(offset, buf, length);

	if (!result)
		result = call_begin(&call, "read", file, offset);
	if (result)
		return result;
	result = for_each_page(call.file, offset, buf, clip(call.file, offset, length), read_page);
	return call_end(&call, result);
}

/**
 * vmsim_file_write() - write(2) at an offset
 * @file: id of the file
 * @offset: in the file, a multiple of 8
 * @buf: the bytes; in a machine that keeps versions, the first word of each page counts
 * @length: a multiple of 8
 *
 * Return: as vmsim_file_read(); the file grows if it must.
 */
VMSIM_API ssize_t vmsim_file_write(int file, uint64_t offset, const void *buf, size_t length)
{
	struct call call;
	ssize_t result = range_check(offset, buf, length);

	if (!result)
		result = call_begin(&call, "write", file, offset);
	if (result)
		return result;
	result = for_each_page(call.file, offset, (void *)buf, length, write_page);
	if (result > 0)
		grow_to(call.file, offset + (uint64_t)result);
	return call_end(&call, result);
}

static int peek_page(struct file *file, uint64_t offset, void *buf, unsigned int length)
{
	vmsim_store_peek(file->f_mapping, offset >> PAGE_SHIFT, offset_in_page(offset), buf,
			 whole_words(length));
	return 0;
}

/**
 * vmsim_file_stored() - what read(2) would give after a crash
 * @file: id of the file
 * @offset: in the file, a multiple of 8
 * @buf: receives the bytes
 * @length: a multiple of 8
 *
 * Return: as vmsim_file_read().
 */
VMSIM_API ssize_t vmsim_file_stored(int file, uint64_t offset, void *buf, size_t length)
{
	struct call call;
	ssize_t result = range_check(offset, buf, length);

	if (!result)
		result = call_begin(&call, "stored", file, offset);
	if (result)
		return result;
	result = for_each_page(call.file, offset, buf, clip(call.file, offset, length), peek_page);
	return call_end(&call, result);
}

/* The last byte of a range; a length of 0 means to the end of everything. */
static uint64_t last_byte(uint64_t offset, uint64_t length)
{
	uint64_t room = VMSIM_MAX_FILE_SIZE - offset;

	return offset + (length && length < room ? length : room) - 1;
}

int vmsim_file_writeback(struct file *file, uint64_t offset, uint64_t length)
{
	if (offset >= VMSIM_MAX_FILE_SIZE)
		return 0;
	return filemap_write_and_wait_range(file->f_mapping, (loff_t)offset,
					    (loff_t)last_byte(offset, length));
}

/**
 * vmsim_file_sync() - fsync(2) of a range
 * @file: id of the file
 * @offset: start
 * @length: size; 0 = to the end
 *
 * Return: 0; -ENOENT: no such file; -ENOMEM; -ESRCH: the caller is not attached.
 */
VMSIM_API int vmsim_file_sync(int file, uint64_t offset, uint64_t length)
{
	struct call call;
	int err = call_begin(&call, "fsync", file, offset);

	if (err)
		return err;
	err = vmsim_file_writeback(call.file, offset, length);
	return (int)call_end(&call, err);
}

/* Only pages that lie in the range as a whole. */
static void drop_range(struct file *file, uint64_t offset, uint64_t length)
{
	pgoff_t first = DIV_ROUND_UP(offset, PAGE_SIZE);
	pgoff_t end = (last_byte(offset, length) + 1) >> PAGE_SHIFT;

	if (first < end)
		invalidate_mapping_pages(file->f_mapping, first, end - 1);
}

/**
 * vmsim_file_drop() - posix_fadvise(2), POSIX_FADV_DONTNEED
 * @file: id of the file
 * @offset: start
 * @length: size; 0 = to the end
 *
 * Pages that are dirty, under writeback, locked, mapped or in use stay.
 *
 * Return: 0; -ENOENT: no such file; -ESRCH: the caller is not attached.
 */
VMSIM_API int vmsim_file_drop(int file, uint64_t offset, uint64_t length)
{
	struct call call;
	int err = call_begin(&call, "fadvise", file, offset);

	if (err)
		return err;
	if (offset < VMSIM_MAX_FILE_SIZE)
		drop_range(call.file, offset, length);
	return (int)call_end(&call, 0);
}
