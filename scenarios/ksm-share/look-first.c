// SPDX-License-Identifier: GPL-2.0-only
/* KSM that looks for pins and references, and then clears the entry (A04). */
#define LOOK_FIRST true
#include "../ksm-protect.h"
