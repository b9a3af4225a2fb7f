/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_SMP_H
#define _VMSIM_LINUX_SMP_H

#include <linux/cpumask.h>
#include <linux/preempt.h>

typedef void (*smp_call_func_t)(void *info);

__vmsim_export unsigned int smp_processor_id(void);
__vmsim_export void smp_call_function(smp_call_func_t func, void *info, int wait);
__vmsim_export void smp_call_function_many(const struct cpumask *mask, smp_call_func_t func,
					   void *info, bool wait);
__vmsim_export void cpu_relax(void);

#define raw_smp_processor_id() smp_processor_id()
#define get_cpu() ({ preempt_disable(); smp_processor_id(); })
#define put_cpu() preempt_enable()

#endif
