// SPDX-License-Identifier: GPL-2.0-only
/*
 * System calls that take or pin many pages: vmsplice(2) takes references for a pipe, a buffer that
 * is registered with io_uring is pinned. They do other things besides; what they do once a call is
 * taken off, by a call for one page, what they do for each page is not.
 */
#include "host.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static double per_page(double many, double one, size_t calls)
{
	return (many - one) / (calls * (BENCH_HELD_PAGES - 1));
}

/* Takes references of @pages pages, and lets them go again, which is not measured. */
static int splice_pages(const int *pipe_fds, int sink, char *base, size_t pages, double *total)
{
	struct iovec part = { base, pages * BENCH_PAGE };
	double start = bench_cpu_time();
	ssize_t moved = vmsplice(pipe_fds[1], &part, 1, 0);

	*total += bench_cpu_time() - start;
	if (moved != (ssize_t)part.iov_len)
		return moved < 0 ? -errno : -EIO;
	while (moved > 0) {
		ssize_t gone = splice(pipe_fds[0], NULL, sink, NULL, (size_t)moved, 0);

		if (gone <= 0)
			return gone ? -errno : -EIO;
		moved -= gone;
	}
	return 0;
}

static int time_references(char *base, size_t calls, double *gup)
{
	int pipe_fds[2], sink = open("/dev/null", O_WRONLY), result = 0;
	double many = 0, one = 0;

	if (sink < 0 || pipe(pipe_fds))
		return -errno;
	if (fcntl(pipe_fds[1], F_SETPIPE_SZ, (int)(BENCH_HELD_PAGES * BENCH_PAGE)) < 0)
		result = -errno;
	for (size_t i = 0; i < calls && !result; i++) {
		result = splice_pages(pipe_fds, sink, base, BENCH_HELD_PAGES, &many);
		if (!result)
			result = splice_pages(pipe_fds, sink, base, 1, &one);
	}
	*gup = per_page(many, one, calls);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	close(sink);
	return result;
}

static int pin_pages(int ring, char *base, size_t pages, double *pin, double *unpin)
{
	struct iovec buffer = { base, pages * BENCH_PAGE };
	double start = bench_cpu_time(), pinned;

	if (syscall(__NR_io_uring_register, ring, IORING_REGISTER_BUFFERS, &buffer, 1))
		return -errno;
	pinned = bench_cpu_time();
	*pin += pinned - start;
	if (syscall(__NR_io_uring_register, ring, IORING_UNREGISTER_BUFFERS, NULL, 0))
		return -errno;
	*unpin += bench_cpu_time() - pinned;
	return 0;
}

/* Where io_uring is switched off, or may not pin so much, there is no figure. */
static void time_pins(char *base, size_t calls, struct bench_hold *times)
{
	double pin[2] = { 0 }, unpin[2] = { 0 };
	struct io_uring_params params = { 0 };
	int ring = (int)syscall(__NR_io_uring_setup, 1, &params);
	int result = ring < 0 ? -errno : 0;

	for (size_t i = 0; i < calls && !result; i++) {
		result = pin_pages(ring, base, BENCH_HELD_PAGES, &pin[0], &unpin[0]);
		if (!result)
			result = pin_pages(ring, base, 1, &pin[1], &unpin[1]);
	}
	times->pin = result ? NAN : per_page(pin[0], pin[1], calls);
	times->unpin = result ? NAN : per_page(unpin[0], unpin[1], calls);
	if (ring >= 0)
		close(ring);
}

int bench_host_hold(const struct bench_size *size, struct bench_hold *times)
{
	char *base = bench_host_map(BENCH_HELD_PAGES);
	size_t calls = size->calls / 8 + 1;
	int result;

	if (!base)
		return -errno;
	bench_host_write(base, BENCH_HELD_PAGES);
	result = time_references(base, calls, &times->gup);
	if (!result)
		time_pins(base, calls, times);
	munmap(base, BENCH_HELD_PAGES * BENCH_PAGE);
	return result;
}
