/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_RESOURCE_H
#define _VMSIM_LINUX_RESOURCE_H

/* struct rlimit, RLIMIT_* and RLIM_INFINITY: libc has them as the kernel does. */
#include <sys/resource.h>

#endif
