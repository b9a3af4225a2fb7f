// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include "explore/schedule.h"
#include "trace/scan.h"

/* The form of a schedule that goes into a sentence of a bug report. */

static void write_item(struct vmsim_scan line, bool *in_picks, bool first, FILE *out)
{
	bool picks = scan_literal(&line, "picks ");
	const char *before = first ? "" : "; ";

	if (picks)
		before = *in_picks ? " " : "; picks ";
	fprintf(out, "%s%.*s", before, (int)scan_left(&line), line.at);
	*in_picks = picks;
}

static void write_items(struct vmsim_scan text, FILE *out)
{
	bool in_picks = false, first = true;
	struct vmsim_scan line;

	while (scan_line(&text, &line)) {
		write_item(line, &in_picks, first, out);
		first = false;
	}
}

/**
 * vmsim_schedule_write_line() - writes a schedule as one line of text
 * @scenario: as for vmsim_schedule_write()
 * @schedule: what is written
 * @out: where to; no newline is written
 *
 * vmsim_schedule_parse() reads it, with a newline behind it.
 *
 * Return: 0, -EINVAL for what could not be read back, -EIO, -ENOMEM.
 */
int vmsim_schedule_write_line(const struct vmsim_scenario *scenario,
			      const struct vmsim_schedule *schedule, FILE *out)
{
	char *text = NULL;
	size_t size = 0;
	FILE *lines = open_memstream(&text, &size);
	int err;

	if (!lines)
		return -ENOMEM;
	err = vmsim_schedule_write(scenario, schedule, lines);
	if (fclose(lines))
		err = -ENOMEM;
	if (!err)
		write_items(scan_text(text, size), out);
	free(text);
	return err ? err : ferror(out) ? -EIO : 0;
}
