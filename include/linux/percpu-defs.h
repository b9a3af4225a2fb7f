/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_PERCPU_DEFS_H
#define _VMSIM_LINUX_PERCPU_DEFS_H

#include <linux/smp.h>

/*
 * Static variables of kernel files that change belong to a machine, as everything does that an
 * execution can change. What a file defines is a template: all templates of a program, or of a
 * shared object, lie in one section, which it tells the library of when it is loaded. Each machine
 * has a copy for each of its CPUs, made with the machine (src/machine/percpu.c).
 */
#define VMSIM_MACHINE_DATA __attribute__((section("vmsim_templates")))

__vmsim_export void vmsim_machine_data_add(const char *start, const char *end);
__vmsim_export void *vmsim_machine_data(const volatile void *at, unsigned int cpu);

extern char __start_vmsim_templates[] __attribute__((weak, visibility("hidden")));
extern char __stop_vmsim_templates[] __attribute__((weak, visibility("hidden")));

static __attribute__((constructor, used)) void vmsim_machine_data_init(void)
{
	vmsim_machine_data_add(__start_vmsim_templates, __stop_vmsim_templates);
}

#define DEFINE_PER_CPU(type, name) VMSIM_MACHINE_DATA __typeof__(type) name
#define DECLARE_PER_CPU(type, name) extern __typeof__(type) name

#define per_cpu_ptr(ptr, cpu) ((__typeof__(ptr))vmsim_machine_data(ptr, (unsigned int)(cpu)))
#define this_cpu_ptr(ptr) per_cpu_ptr(ptr, smp_processor_id())
#define raw_cpu_ptr(ptr) this_cpu_ptr(ptr)
#define per_cpu(var, cpu) (*per_cpu_ptr(&(var), cpu))

#endif
