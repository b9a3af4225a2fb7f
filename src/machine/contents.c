// SPDX-License-Identifier: GPL-2.0-only
#include "machine/internal.h"
#include "machine/contents.h"
#include <asm/page.h>
#include <linux/highmem.h>

/*
 * Contents of frames in the three modes of a machine: nothing is kept and loads give zeros; one
 * 64-bit version per frame, which every store replaces; or 4 KiB.
 *
 * Programs store while the kernel copies or clears, and nothing but the program itself orders the
 * two. Loads and stores are relaxed atomics. Whole pages go through memcpy() and memset(), as they
 * do in a kernel; for ThreadSanitizer, which cannot know that this is meant, word by word.
 */

#ifdef __has_feature
#if __has_feature(thread_sanitizer)
#define WORD_BY_WORD 1
#endif
#endif
#ifdef __SANITIZE_THREAD__
#define WORD_BY_WORD 1
#endif

void vmsim_contents_copy(void *to, const void *from, unsigned int length)
{
#ifdef WORD_BY_WORD
	for (unsigned int i = 0; i < length / sizeof(u64); i++)
		__WRITE_ONCE(((u64 *)to)[i], __READ_ONCE(((const u64 *)from)[i]));
#else
	memcpy(to, from, length);
#endif
}

/* The same to and from a buffer that is its owner's alone, and aligned in no way. */
static void copy_out(char *to, const char *from, unsigned int length)
{
#ifdef WORD_BY_WORD
	for (unsigned int i = 0; i < length; i += sizeof(u64)) {
		u64 word = __READ_ONCE(*(const u64 *)(from + i));

		memcpy(to + i, &word, sizeof(word));
	}
#else
	memcpy(to, from, length);
#endif
}

static void copy_in(char *to, const char *from, unsigned int length)
{
#ifdef WORD_BY_WORD
	for (unsigned int i = 0; i < length; i += sizeof(u64)) {
		u64 word;

		memcpy(&word, from + i, sizeof(word));
		__WRITE_ONCE(*(u64 *)(to + i), word);
	}
#else
	memcpy(to, from, length);
#endif
}

static void fill_zero(void *to)
{
#ifdef WORD_BY_WORD
	for (unsigned int i = 0; i < PAGE_SIZE / sizeof(u64); i++)
		__WRITE_ONCE(((u64 *)to)[i], 0);
#else
	memset(to, 0, PAGE_SIZE);
#endif
}

static u64 *version_of(const struct page *page)
{
	struct vmsim_machine *m = vmsim_this_machine();

	return &m->versions[page - m->memmap];
}

/* The low @size bytes of a version, as a load of that size sees it. */
static u64 low_bytes(u64 value, unsigned int size)
{
	return size == 8 ? value : value & (BIT_ULL(8 * size) - 1);
}

static u64 load(const char *at, unsigned int size)
{
	switch (size) {
	case 1:
		return __READ_ONCE(*(const u8 *)at);
	case 2:
		return __READ_ONCE(*(const u16 *)at);
	case 4:
		return __READ_ONCE(*(const u32 *)at);
	default:
		return __READ_ONCE(*(const u64 *)at);
	}
}

static void store(char *at, unsigned int size, u64 value)
{
	switch (size) {
	case 1:
		__WRITE_ONCE(*(u8 *)at, (u8)value);
		break;
	case 2:
		__WRITE_ONCE(*(u16 *)at, (u16)value);
		break;
	case 4:
		__WRITE_ONCE(*(u32 *)at, (u32)value);
		break;
	default:
		__WRITE_ONCE(*(u64 *)at, value);
		break;
	}
}

/* @offset and @size: 1, 2, 4 or 8 bytes, naturally aligned. */
u64 vmsim_frame_load(struct page *page, unsigned int offset, unsigned int size)
{
	switch (vmsim_this_machine()->config.contents) {
	case VMSIM_CONTENTS_BYTES:
		return load((char *)page_address(page) + offset, size);
	case VMSIM_CONTENTS_VERSION:
		return low_bytes(__READ_ONCE(*version_of(page)), size);
	default:
		return 0;
	}
}

void vmsim_frame_store(struct page *page, unsigned int offset, unsigned int size, u64 value)
{
	switch (vmsim_this_machine()->config.contents) {
	case VMSIM_CONTENTS_BYTES:
		store((char *)page_address(page) + offset, size, value);
		break;
	case VMSIM_CONTENTS_VERSION:
		__WRITE_ONCE(*version_of(page), value);
		break;
	default:
		break;
	}
}

void vmsim_frame_clear(struct page *page)
{
	switch (vmsim_this_machine()->config.contents) {
	case VMSIM_CONTENTS_BYTES:
		fill_zero(page_address(page));
		break;
	case VMSIM_CONTENTS_VERSION:
		__WRITE_ONCE(*version_of(page), 0);
		break;
	default:
		break;
	}
}

void vmsim_frame_copy(struct page *to, struct page *from)
{
	switch (vmsim_this_machine()->config.contents) {
	case VMSIM_CONTENTS_BYTES:
		vmsim_contents_copy(page_address(to), page_address(from), PAGE_SIZE);
		break;
	case VMSIM_CONTENTS_VERSION:
		__WRITE_ONCE(*version_of(to), __READ_ONCE(*version_of(from)));
		break;
	default:
		break;
	}
}

/* Every word of a page that is kept as a version reads as the version. */
void vmsim_version_read(u64 version, void *to, unsigned int length)
{
	for (unsigned int i = 0; i < length; i += sizeof(version))
		memcpy((char *)to + i, &version, sizeof(version));
}

void vmsim_bytes_read(const void *bytes, void *to, unsigned int length)
{
	copy_out(to, bytes, length);
}

void vmsim_frame_read(struct page *page, unsigned int offset, void *to, unsigned int length)
{
	if (vmsim_this_machine()->config.contents == VMSIM_CONTENTS_BYTES)
		copy_out(to, (char *)page_address(page) + offset, length);
	else
		vmsim_version_read(vmsim_frame_load(page, 0, sizeof(u64)), to, length);
}

void vmsim_frame_write(struct page *page, unsigned int offset, const void *from,
		       unsigned int length)
{
	u64 version;

	if (vmsim_this_machine()->config.contents == VMSIM_CONTENTS_BYTES) {
		copy_in((char *)page_address(page) + offset, from, length);
		return;
	}
	memcpy(&version, from, sizeof(version));
	vmsim_frame_store(page, 0, sizeof(u64), version);
}

/* The word of the READ or WRITE after which others may come in. */
static uintptr_t word_behind(const struct page *page, unsigned int offset)
{
	if (vmsim_this_machine()->config.contents == VMSIM_CONTENTS_BYTES)
		return (uintptr_t)page_address(page) + round_down(offset, sizeof(u64));
	return (uintptr_t)version_of(page);
}

/* The largest unit that is aligned at @offset and fits. */
static unsigned int unit_at(unsigned int offset, unsigned int length)
{
	return offset % sizeof(u64) || length < sizeof(u64) ? 1 : sizeof(u64);
}

void vmsim_frame_dma_read(struct page *page, unsigned int offset, void *to, unsigned int length)
{
	for (unsigned int done = 0, unit; done < length; done += unit) {
		u64 value;

		unit = unit_at(offset + done, length - done);
		value = vmsim_frame_load(page, offset + done, unit);
		memcpy((char *)to + done, &value, unit);
	}
	vmsim_event(FRAME_READ, (uintptr_t)page, 1, 0);
	vmsim_event(READ, word_behind(page, offset), 0, 1);
}

void vmsim_frame_dma_write(struct page *page, unsigned int offset, const void *from,
			   unsigned int length)
{
	for (unsigned int done = 0, unit; done < length; done += unit) {
		u64 value = 0;

		unit = unit_at(offset + done, length - done);
		memcpy(&value, (const char *)from + done, unit);
		vmsim_frame_store(page, offset + done, unit, value);
	}
	vmsim_event(FRAME_WRITE, (uintptr_t)page, 1, 0);
	vmsim_event(WRITE, word_behind(page, offset), 0, 1);
}

/* Programs may write meanwhile: word by word, each read once. */
static int compare_words(const u64 *one, const u64 *other)
{
	for (unsigned int i = 0; i < PAGE_SIZE / sizeof(u64); i++) {
		u64 a = __READ_ONCE(one[i]), b = __READ_ONCE(other[i]);

		if (a != b)
			return memcmp(&a, &b, sizeof(a));
	}
	return 0;
}

static int compare(struct page *one, struct page *other)
{
	u64 a, b;

	if (vmsim_this_machine()->config.contents == VMSIM_CONTENTS_BYTES)
		return compare_words(page_address(one), page_address(other));
	a = vmsim_frame_load(one, 0, sizeof(a));
	b = vmsim_frame_load(other, 0, sizeof(b));
	return memcmp(&a, &b, sizeof(a));
}

/**
 * memcmp_pages() - compares what two pages hold
 * @page1: one
 * @page2: the other
 *
 * Whether anybody writes to them meanwhile is the caller's business (MR2).
 *
 * Source: mm/util.c, Linux 6.12.
 * Return: as memcmp(3). In a machine that keeps no contents all pages are alike.
 */
__vmsim_overridable int memcmp_pages(struct page *page1, struct page *page2)
{
	int result = compare(page1, page2);

	vmsim_event(FRAME_READ, (uintptr_t)page1, 0, 0);
	vmsim_event(FRAME_READ, (uintptr_t)page2, 0, 0);
	return result;
}

__vmsim_overridable void clear_highpage(struct page *page)
{
	vmsim_frame_clear(page);
	vmsim_event(FRAME_WRITE, (uintptr_t)page, 0, 0);
}

__vmsim_overridable void copy_highpage(struct page *to, struct page *from)
{
	vmsim_frame_copy(to, from);
	vmsim_event(FRAME_READ, (uintptr_t)from, 0, 0);
	vmsim_event(FRAME_WRITE, (uintptr_t)to, 0, 0);
}
