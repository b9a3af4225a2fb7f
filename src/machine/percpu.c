// SPDX-License-Identifier: GPL-2.0-only
#include "machine/internal.h"
#include <linux/percpu-defs.h>
#include <errno.h>
#include <pthread.h>

/*
 * What kernel files define as variables (<linux/percpu-defs.h>). The templates are no part of a
 * machine, and never change; its copies are, so that they are reset and compared with it.
 */

#define MAX_SECTIONS 32

/* A section of templates, and where in a CPU's copy its own begins. */
struct section {
	const char *start;
	size_t size, at;
};

static struct section sections[MAX_SECTIONS];
static unsigned int nr_sections;
static pthread_mutex_t sections_lock = PTHREAD_MUTEX_INITIALIZER;

static size_t all_sections(unsigned int nr)
{
	return nr ? ALIGN(sections[nr - 1].at + sections[nr - 1].size, 64) : 0;
}

static bool is_known(const char *start)
{
	for (unsigned int i = 0; i < nr_sections; i++)
		if (sections[i].start == start)
			return true;
	return false;
}

/**
 * vmsim_machine_data_add() - tells of the variables of kernel files in an object that was loaded
 * @start: where the templates begin; each of its files may tell of them
 * @end: where they end
 *
 * Machines that are made from now on have their copies.
 */
void vmsim_machine_data_add(const char *start, const char *end)
{
	pthread_mutex_lock(&sections_lock);
	if (start != end && !is_known(start)) {
		BUG_ON(nr_sections == MAX_SECTIONS);
		sections[nr_sections] = (struct section) {
			.start = start, .size = (size_t)(end - start),
			.at = all_sections(nr_sections),
		};
		__atomic_store_n(&nr_sections, nr_sections + 1, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&sections_lock);
}

static void copy_for(struct vmsim_machine *m, unsigned int cpu, unsigned int nr)
{
	char *copy = m->machine_data + cpu * m->machine_data_size;

	for (unsigned int i = 0; i < nr; i++)
		memcpy(copy + sections[i].at, sections[i].start, sections[i].size);
}

int vmsim_machine_data_init_all(struct vmsim_machine *m)
{
	unsigned int nr = __atomic_load_n(&nr_sections, __ATOMIC_ACQUIRE);

	m->machine_data_size = all_sections(nr);
	if (!nr)
		return 0;
	m->machine_data = vmsim_machine_alloc(m, m->nr_cpus * m->machine_data_size);
	if (!m->machine_data)
		return -ENOMEM;
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++)
		copy_for(m, cpu, nr);
	return 0;
}

/**
 * vmsim_machine_data() - the machine's own copy of a variable of a kernel file
 * @at: the variable that the file names, or a part of it
 * @cpu: whose copy
 */
void *vmsim_machine_data(const volatile void *at, unsigned int cpu)
{
	const struct vmsim_machine *m = vmsim_this_machine();
	unsigned int nr = __atomic_load_n(&nr_sections, __ATOMIC_ACQUIRE);

	for (unsigned int i = 0; i < nr; i++) {
		size_t offset = (size_t)((const volatile char *)at - sections[i].start);

		if (offset >= sections[i].size)
			continue;
		if (cpu >= m->nr_cpus || sections[i].at + offset >= m->machine_data_size)
			vmsim_bug(__FILE__, __LINE__, "no such CPU, or the machine is older");
		return m->machine_data + cpu * m->machine_data_size + sections[i].at + offset;
	}
	vmsim_bug(__FILE__, __LINE__, "no variable of a kernel file, or nobody told of it");
}
