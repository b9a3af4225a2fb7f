/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_TRACE_TIMELINE_H
#define VMSIM_TRACE_TIMELINE_H

#include <vmsim/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* How much an event says to somebody who looks at the whole. */
enum vmsim_weight {
	VMSIM_WEIGHT_DETAIL,	/* shown in full timelines only */
	VMSIM_WEIGHT_SHOWN,
};

/*
 * The words for a recorded event (see record.h), in at most one line of @text. Returns its weight.
 */
enum vmsim_weight vmsim_event_describe(const struct vmsim_event *event, char *text, size_t size);

/* An entry of a table: "pfn 5 rw dirty". Returns @words. */
const char *entry_words(uint64_t value, char *words, size_t size);

/**
 * struct vmsim_columns - text side by side
 * @n: number of columns
 * @width: characters per column
 */
struct vmsim_columns {
	FILE *out;
	unsigned int n;
	unsigned int width;
};

/*
 * Columns of equal width, as far as that leaves room for words: in 72 characters, as changelogs
 * have, up to two of them; in 100, more.
 */
void vmsim_columns_init(struct vmsim_columns *columns, unsigned int n, FILE *out);

/* Prints @text in one column, wrapped between words. */
void vmsim_columns_print(const struct vmsim_columns *columns, unsigned int column,
			 const char *text);

/* Text over all columns, wrapped; lines but the first are indented by @indent. */
void vmsim_columns_paragraph(const struct vmsim_columns *columns, unsigned int indent,
			     const char *text);

/* One word per column, underlined. */
void vmsim_columns_header(const struct vmsim_columns *columns, const char *const *name);

#endif
