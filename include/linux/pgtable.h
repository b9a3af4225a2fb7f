/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_PGTABLE_H
#define _VMSIM_LINUX_PGTABLE_H

#include <asm/pgtable.h>

#endif
