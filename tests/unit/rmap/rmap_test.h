/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RMAP_TEST_H
#define RMAP_TEST_H

#include "../vmsim_test.h"
#include <limits.h>
#include "machine/internal.h"
#include "folio/folio.h"
#include "mm/mm_internal.h"
#include <linux/mm_inline.h>
#include <linux/pagemap.h>
#include <linux/rmap.h>
#include <pthread.h>
#include <sys/mman.h>

#define FILE_PAGES 64
#define PROCESSES 3

struct worker;
typedef void (*job_fn)(struct worker *worker, void *arg);

/* A thread of one process on one CPU, which does what it is told and is otherwise outside. */
struct worker {
	struct vmsim_machine *machine;
	unsigned int cpu;
	int pid;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	job_fn job;
	void *arg;
	bool ready, quit;
	struct mm_struct *mm;
};

/* Process i has pid pid[i] and a thread on CPU i; the test is the one on CPU 0. */
struct world {
	struct vmsim_machine *machine;
	int pid[PROCESSES];
	struct worker worker[PROCESSES];
	struct mm_struct *mm[PROCESSES];
	int file;
};

static void *worker_main(void *arg)
{
	struct worker *me = arg;

	if (vmsim_attach(me->machine, me->cpu, me->pid))
		abort();
	me->mm = current->mm;
	pthread_mutex_lock(&me->lock);
	me->ready = true;
	pthread_cond_broadcast(&me->changed);
	while (!me->quit) {
		if (!me->job) {
			pthread_cond_wait(&me->changed, &me->lock);
			continue;
		}
		pthread_mutex_unlock(&me->lock);
		me->job(me, me->arg);
		pthread_mutex_lock(&me->lock);
		me->job = NULL;
		pthread_cond_broadcast(&me->changed);
	}
	pthread_mutex_unlock(&me->lock);
	vmsim_detach();
	return NULL;
}

/* Gives the worker a job; worker_wait() waits for its end. */
static inline void worker_start(struct worker *worker, job_fn job, void *arg)
{
	pthread_mutex_lock(&worker->lock);
	worker->arg = arg;
	worker->job = job;
	pthread_cond_broadcast(&worker->changed);
	pthread_mutex_unlock(&worker->lock);
}

static inline bool worker_busy(struct worker *worker)
{
	bool busy;

	pthread_mutex_lock(&worker->lock);
	busy = worker->job != NULL;
	pthread_mutex_unlock(&worker->lock);
	return busy;
}

static inline void worker_wait(struct worker *worker)
{
	pthread_mutex_lock(&worker->lock);
	while (worker->job)
		pthread_cond_wait(&worker->changed, &worker->lock);
	pthread_mutex_unlock(&worker->lock);
}

static inline void worker_run(struct worker *worker, job_fn job, void *arg)
{
	worker_start(worker, job, arg);
	worker_wait(worker);
}

static inline void worker_begin(struct world *w, unsigned int i)
{
	struct worker *worker = &w->worker[i];

	worker->machine = w->machine;
	worker->cpu = i;
	worker->pid = w->pid[i];
	pthread_mutex_init(&worker->lock, NULL);
	pthread_cond_init(&worker->changed, NULL);
	assert_int_equal(pthread_create(&worker->thread, NULL, worker_main, worker), 0);
	pthread_mutex_lock(&worker->lock);
	while (!worker->ready)
		pthread_cond_wait(&worker->changed, &worker->lock);
	pthread_mutex_unlock(&worker->lock);
	w->mm[i] = worker->mm;
}

static inline void worker_end(struct worker *worker)
{
	pthread_mutex_lock(&worker->lock);
	worker->quit = true;
	pthread_cond_broadcast(&worker->changed);
	pthread_mutex_unlock(&worker->lock);
	pthread_join(worker->thread, NULL);
}

static inline int world_setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct vmsim_config config;

	vmsim_config_init(&config);
	config.mode = VMSIM_NATIVE;
	config.contents = VMSIM_CONTENTS_VERSION;
	config.tlb = VMSIM_TLB_IPI;
	config.cpus = PROCESSES;
	config.frames = 4096;
	assert_int_equal(vmsim_machine_create(&config, &w->machine), 0);
	for (int i = 0; i < PROCESSES; i++) {
		w->pid[i] = vmsim_process_create(w->machine, "rmap");
		assert_true(w->pid[i] > 0);
	}
	assert_int_equal(vmsim_attach(w->machine, 0, w->pid[0]), 0);
	w->mm[0] = current->mm;
	for (unsigned int i = 1; i < PROCESSES; i++)
		worker_begin(w, i);
	w->file = vmsim_file_create(w->machine, "file", FILE_PAGES * PAGE_SIZE);
	assert_true(w->file >= 0);
	*state = w;
	return 0;
}

static inline int world_teardown(void **state)
{
	struct world *w = *state;
	uint64_t violations;

	for (int i = 1; i < PROCESSES; i++)
		worker_end(&w->worker[i]);
	assert_int_equal(vmsim_detach(), 0);
	for (int i = 0; i < PROCESSES; i++)
		assert_int_equal(vmsim_process_destroy(w->machine, w->pid[i]), 0);
	assert_int_equal(vmsim_file_destroy(w->machine, w->file), 0);
	violations = vmsim_violations(w->machine);
	assert_int_equal(vmsim_machine_destroy(w->machine), 0);
	free(w);
	return violations != 0;
}

#define rmap_test(fn) cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)

static inline struct vmsim_stats stats_of(struct world *w)
{
	struct vmsim_stats stats;

	assert_int_equal(vmsim_stats_get(w->machine, &stats), 0);
	return stats;
}

/* What a process does to one page: job of a worker. */
struct access {
	int file;		/* VMSIM_NO_FILE: anonymous */
	int prot, flags;
	size_t length;
	pgoff_t pgoff;
	bool store;
	long addr;		/* result of the mmap */
	int result;
};

static inline void do_map(struct worker *worker, void *arg)
{
	struct access *access = arg;

	(void)worker;
	access->addr = vmsim_mmap(0, access->length, access->prot, access->flags, access->file,
				  access->pgoff * PAGE_SIZE);
}

static inline void do_touch(struct worker *worker, void *arg)
{
	struct access *access = arg;
	uint64_t value;

	(void)worker;
	access->result = access->store ? vmsim_store(access->addr, 8, 1) :
					 vmsim_load(access->addr, 8, &value);
}

/* In process @i: CPU 0 is the test itself. */
static inline void in_process(struct world *w, int i, job_fn job, void *arg)
{
	if (i == 0)
		job(NULL, arg);
	else
		worker_run(&w->worker[i], job, arg);
}

/* Maps @pages of the file from @pgoff and touches the first of them. */
static inline unsigned long map_and_touch(struct world *w, int i, int file, int flags,
					  pgoff_t pgoff, size_t pages, bool store)
{
	struct access access = {
		.file = file, .prot = PROT_READ | PROT_WRITE, .flags = flags,
		.length = pages * PAGE_SIZE, .pgoff = pgoff, .store = store,
	};

	in_process(w, i, do_map, &access);
	assert_true(access.addr > 0);
	in_process(w, i, do_touch, &access);
	assert_int_equal(access.result, 0);
	return (unsigned long)access.addr;
}

static inline void store_in(struct world *w, int i, unsigned long addr)
{
	struct access access = { .store = true, .addr = (long)addr };

	in_process(w, i, do_touch, &access);
	assert_int_equal(access.result, 0);
}

static inline void load_in(struct world *w, int i, unsigned long addr)
{
	struct access access = { .store = false, .addr = (long)addr };

	in_process(w, i, do_touch, &access);
	assert_int_equal(access.result, 0);
}

/* The entry for an address, without locks: for moments when nobody else runs. */
static inline pte_t *entry_of(struct mm_struct *mm, unsigned long addr, spinlock_t **ptl)
{
	pud_t *pud = pud_offset(p4d_offset(pgd_offset(mm, addr), addr), addr);
	pmd_t *pmd = pmd_offset(pud, addr);

	if (ptl)
		*ptl = pte_lockptr(mm, pmd);
	return pte_offset_kernel(pmd, addr);
}

static inline pte_t value_of(struct mm_struct *mm, unsigned long addr)
{
	return ptep_get(entry_of(mm, addr, NULL));
}

static inline struct address_space *mapping_of(struct world *w)
{
	struct file *file = vmsim_file_get(vmsim_this_machine(), w->file);
	struct address_space *mapping = file->f_mapping;

	vmsim_file_put(file);
	return mapping;
}

/* The cached folio of a page of the file, with a reference and locked. */
static inline struct folio *locked_folio(struct world *w, pgoff_t index)
{
	struct folio *folio = filemap_get_folio(mapping_of(w), index);

	assert_false(IS_ERR_OR_NULL(folio));
	folio_lock(folio);
	return folio;
}

/* The page of a process at @addr, locked and with a reference. */
static inline struct folio *anon_folio(struct world *w, int i, unsigned long addr)
{
	struct folio *folio = page_folio(pte_page(value_of(w->mm[i], addr)));

	assert_true(folio_test_anon(folio));
	folio_get(folio);
	folio_lock(folio);
	return folio;
}

static inline void unlock_and_put(struct folio *folio)
{
	folio_unlock(folio);
	folio_put(folio);
}

#endif
