/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_BENCH_H
#define VMSIM_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BENCH_PAGE 4096ul

/*
 * `vmsim bench [NAME...] [--json] [--runs N] [--pages N]`, and `vmsim bench explore`, see
 * explore.h; argv[0] is not an argument.
 */
int vmsim_bench_main(int argc, char **argv);

/**
 * struct bench_size - how much one run does
 * @pages: pages per run of a fault or unmap measurement
 * @calls: calls per run of a per-call measurement
 */
struct bench_size {
	size_t pages;
	size_t calls;
};

/* Pages of one call that takes or pins pages, or gives them back. */
#define BENCH_HELD_PAGES 256ul

/**
 * struct bench_fork - nanoseconds per page of private anonymous memory that was written
 * @fork: what fork() of the process takes longer for the page
 * @copy: the first write after it, of one of the two
 * @reuse: the first write of the other one
 */
struct bench_fork {
	double fork, copy, reuse;
};

/**
 * struct bench_hold - nanoseconds per present page, in calls for BENCH_HELD_PAGES each
 * @gup: taking references; @pin: pinning; @unpin: giving pins back. What the host cannot do: NAN
 */
struct bench_hold {
	double gup, pin, unpin;
};

/**
 * struct bench_world - where the work is done: in a simulated machine, or by system calls
 * @faults_and_munmap: one anonymous mapping of @size->pages: nanoseconds per page of the first
 *                     write to each page, and of the unmapping
 * @shared_fault: the first write to each page of a shared mapping of a file in the page cache
 * @flush_call: nanoseconds per call of a MADV_DONTNEED of one touched page and the next touch of
 *              it; @remote: with another CPU of the same address space that keeps loading
 * @faults_by: the first write to each of @size->pages pages, by each of @threads threads of one
 *             address space in a mapping of its own: nanoseconds per page of all together
 * @fork: fork of @size->pages, copies and reuses
 * @hold: @size->calls calls, some at a time
 *
 * Each returns 0, or -errno when the work itself failed.
 */
struct bench_world {
	const char *name;
	int (*faults_and_munmap)(const struct bench_size *size, double *fault, double *munmap);
	int (*shared_fault)(const struct bench_size *size, double *fault);
	int (*flush_call)(const struct bench_size *size, bool remote, double *call);
	int (*faults_by)(const struct bench_size *size, unsigned int threads, double *fault);
	int (*fork)(const struct bench_size *size, struct bench_fork *times);
	int (*hold)(const struct bench_size *size, struct bench_hold *times);
};

extern const struct bench_world bench_simulated;
extern const struct bench_world bench_host;

/**
 * struct bench_crew - work that several threads do at once
 * @prepare: before the start; @work: what is measured; @finish: called in any case
 */
struct bench_crew {
	int (*prepare)(void *arg, unsigned int index);
	int (*work)(void *arg, unsigned int index);
	void (*finish)(void *arg, unsigned int index);
};

#define BENCH_MAX_THREADS 2

/* Nanoseconds from the first start to the last end of the crew's work. */
int bench_crew_run(const struct bench_crew *crew, unsigned int threads, void *arg, double *elapsed);

/* Nanoseconds of a monotonic clock, and of the processor time of the calling thread. */
double bench_now(void);
double bench_cpu_time(void);
/* Nanoseconds of one uncontended atomic read-modify-write (A). */
double bench_atomic_rmw(void);

#endif
