/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_MIGRATE_H
#define _VMSIM_LINUX_MIGRATE_H

/* As without CONFIG_MIGRATION. */
#include <linux/mm.h>

#endif
