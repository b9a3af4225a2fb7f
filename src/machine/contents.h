/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_CONTENTS_H
#define VMSIM_CONTENTS_H

#include <linux/types.h>

struct page;

/*
 * Contents of frames as the kernel moves them: to and from buffers of its callers and the backing
 * store. @offset and @length are multiples of 8. No events.
 */
void vmsim_frame_read(struct page *page, unsigned int offset, void *to, unsigned int length);
void vmsim_frame_write(struct page *page, unsigned int offset, const void *from,
		       unsigned int length);

/*
 * The same in units of a bus: aligned words of 8 bytes, and single bytes at either end; @offset,
 * @length and the buffer are aligned in no way. Raise FRAME_READ and FRAME_WRITE of a device.
 */
void vmsim_frame_dma_read(struct page *page, unsigned int offset, void *to, unsigned int length);
void vmsim_frame_dma_write(struct page *page, unsigned int offset, const void *from,
			   unsigned int length);

/* What a read of @length bytes of a page gives that is kept as a version. */
void vmsim_version_read(u64 version, void *to, unsigned int length);

/* What a read of @length bytes at @bytes gives, where others may write meanwhile. */
void vmsim_bytes_read(const void *bytes, void *to, unsigned int length);

/* memcpy() between two places that others may change meanwhile; aligned, a multiple of 8 long. */
void vmsim_contents_copy(void *to, const void *from, unsigned int length);

#endif
