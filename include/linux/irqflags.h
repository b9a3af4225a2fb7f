/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_IRQFLAGS_H
#define _VMSIM_LINUX_IRQFLAGS_H

#include <linux/types.h>

/*
 * Interrupts of the simulated CPU. While they are off, the CPU answers no inter-processor
 * interrupt, and its thread counts as an RCU reader.
 */
__vmsim_export void local_irq_disable(void);
__vmsim_export void local_irq_enable(void);
__vmsim_export bool irqs_disabled(void);

#define local_irq_save(flags) do { (flags) = irqs_disabled(); local_irq_disable(); } while (0)
#define local_irq_restore(flags) do { if (!(flags)) local_irq_enable(); } while (0)

#endif
