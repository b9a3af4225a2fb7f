// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the lines of a trace come from: a file or memory, as text or gzip. Nothing is kept of a
 * trace but the line at hand, however long it is.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "trace/vmtrace_internal.h"

#define CHUNK 65536

/* More lines than this are a bomb and no trace. */
#define LINES_MAX UINT64_C(1000000000)

/**
 * struct input - one piece of a trace after the other
 * @file: where from, or NULL: from @data
 */
struct input {
	FILE *file;
	const unsigned char *data;
	size_t left;
	unsigned char chunk[CHUNK];
};

/* The next piece; @length 0 at the end. -errno when it cannot be read. */
static int next_piece(struct input *input, const unsigned char **piece, size_t *length)
{
	if (input->file) {
		*length = fread(input->chunk, 1, CHUNK, input->file);
		*piece = input->chunk;
		return ferror(input->file) ? -(errno ? errno : EIO) : 0;
	}
	*piece = input->data;
	*length = input->left < CHUNK ? input->left : CHUNK;
	input->data += *length;
	input->left -= *length;
	return 0;
}

static int complete_line(struct vmtrace_parser *parser, const char *text, size_t length)
{
	if (parser->buffered + length > VMTRACE_LINE_MAX)
		return vmtrace_malformed(parser, "line of more than %d bytes", VMTRACE_LINE_MAX);
	if (!parser->buffered)
		return vmtrace_parse_line(parser, text, length);
	memcpy(parser->buffer + parser->buffered, text, length);
	length += parser->buffered;
	parser->buffered = 0;
	return vmtrace_parse_line(parser, parser->buffer, length);
}

static int keep_rest(struct vmtrace_parser *parser, const char *text, size_t length)
{
	if (parser->buffered + length > VMTRACE_LINE_MAX)
		return vmtrace_malformed(parser, "line of more than %d bytes", VMTRACE_LINE_MAX);
	memcpy(parser->buffer + parser->buffered, text, length);
	parser->buffered += length;
	return 0;
}

/* Takes text that may begin and end within a line. */
static int feed_text(struct vmtrace_parser *parser, const char *text, size_t length)
{
	while (length) {
		const char *newline = memchr(text, '\n', length);
		size_t line = newline ? (size_t)(newline - text) : length;
		int err;

		if (!newline)
			return keep_rest(parser, text, length);
		err = complete_line(parser, text, line);
		if (err)
			return err;
		if (++parser->line > LINES_MAX)
			return vmtrace_malformed(parser, "more lines than a trace has");
		text = newline + 1;
		length -= line + 1;
	}
	return 0;
}

static int feed_plain(struct vmtrace_parser *parser, struct input *input,
		      const unsigned char *piece, size_t length)
{
	int err = 0;

	while (!err && length) {
		err = feed_text(parser, (const char *)piece, length);
		if (!err)
			err = next_piece(input, &piece, &length);
	}
	return err;
}

/* Unpacks what is in @stream, which may be the ends and beginnings of several gzip members. */
static int feed_packed(struct vmtrace_parser *parser, z_stream *stream, bool *ended)
{
	unsigned char text[CHUNK];

	do {
		int status, err;

		if (*ended && inflateReset(stream) != Z_OK)
			return -ENOMEM;
		stream->next_out = text;
		stream->avail_out = sizeof(text);
		status = inflate(stream, Z_NO_FLUSH);
		if (status == Z_MEM_ERROR)
			return -ENOMEM;
		if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
			return vmtrace_malformed(parser, "damaged gzip data: %s",
						 stream->msg ? stream->msg : "no reason given");
		*ended = status == Z_STREAM_END;
		err = feed_text(parser, (char *)text, sizeof(text) - stream->avail_out);
		if (err)
			return err;
	} while (stream->avail_in || (stream->avail_out == 0 && !*ended));
	return 0;
}

static int feed_gzip(struct vmtrace_parser *parser, struct input *input,
		     const unsigned char *piece, size_t length)
{
	z_stream stream = { 0 };
	bool ended = false;
	int err = 0;

	if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK)
		return -ENOMEM;
	while (!err && length) {
		stream.next_in = (unsigned char *)piece;
		stream.avail_in = (unsigned int)length;
		err = feed_packed(parser, &stream, &ended);
		if (!err)
			err = next_piece(input, &piece, &length);
	}
	inflateEnd(&stream);
	if (!err && !ended)
		return vmtrace_malformed(parser, "the gzip data are cut off");
	return err;
}

static int feed_input(struct vmtrace_parser *parser, struct input *input)
{
	const unsigned char *piece;
	size_t length;
	int err = next_piece(input, &piece, &length);

	if (err)
		return err;
	if (length >= 2 && piece[0] == 0x1f && piece[1] == 0x8b)
		err = feed_gzip(parser, input, piece, length);
	else
		err = feed_plain(parser, input, piece, length);
	if (err)
		return err;
	if (parser->buffered)
		return vmtrace_malformed(parser, "the last line does not end");
	return vmtrace_parse_end(parser);
}

/* Parses all of @input; failures of the system get a text here, malformed input has one. */
static int parse_input(const char *name, struct input *input, vmtrace_sink sink, void *arg,
		       char *error, size_t error_size)
{
	struct vmtrace_parser *parser = calloc(1, sizeof(*parser));
	int err = -ENOMEM;

	if (error_size)
		error[0] = '\0';
	if (parser) {
		parser->name = name;
		parser->line = 1;
		parser->sink = sink;
		parser->arg = arg;
		parser->error = error;
		parser->error_size = error_size;
		err = feed_input(parser, input);
	}
	if (err && error_size && !error[0])
		snprintf(error, error_size, "%s: %s", name, strerror(-err));
	free(parser);
	return err;
}

int vmtrace_parse_file(const char *path, vmtrace_sink sink, void *arg, char *error,
		       size_t error_size)
{
	struct input *input = calloc(1, sizeof(*input));
	int err;

	if (!input)
		return -ENOMEM;
	input->file = fopen(path, "rb");
	if (!input->file) {
		err = -errno;
		if (error_size)
			snprintf(error, error_size, "%s: %s", path, strerror(errno));
		free(input);
		return err;
	}
	err = parse_input(path, input, sink, arg, error, error_size);
	fclose(input->file);
	free(input);
	return err;
}

int vmtrace_parse_memory(const char *name, const void *data, size_t length, vmtrace_sink sink,
			 void *arg, char *error, size_t error_size)
{
	struct input *input = calloc(1, sizeof(*input));
	int err;

	if (!input)
		return -ENOMEM;
	input->data = data;
	input->left = length;
	err = parse_input(name, input, sink, arg, error, error_size);
	free(input);
	return err;
}
