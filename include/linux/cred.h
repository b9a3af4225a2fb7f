/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_CRED_H
#define _VMSIM_LINUX_CRED_H

#include <linux/user_namespace.h>

/* Those of the one user of the machine; they stay as long as it does (src/mm/limits.c). */
__vmsim_customised __vmsim_export struct ucounts *current_ucounts(void);

#endif
