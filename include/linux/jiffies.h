/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMSIM_LINUX_JIFFIES_H
#define _VMSIM_LINUX_JIFFIES_H

/* No time passes: what happens does not depend on how long anything takes. */
#undef HZ
#define HZ 250
#define jiffies 0UL /* customised */

#define jiffies_to_msecs(j) ((unsigned int)((j) * (1000 / HZ)))

#define time_after(a, b) ((long)((b) - (a)) < 0)
#define time_before(a, b) time_after(b, a)
#define time_after_eq(a, b) ((long)((a) - (b)) >= 0)
#define time_before_eq(a, b) time_after_eq(b, a)

#endif
