/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_HUGETLB_INLINE_H
#define _VMSIM_LINUX_HUGETLB_INLINE_H

#include <linux/hugetlb.h>

#endif
