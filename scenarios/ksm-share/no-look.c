// SPDX-License-Identifier: GPL-2.0-only
/* KSM that takes the page in spite of pins. */
#define COUNT_REFERENCES false
#define ASK_FOR_PINS false
#include "../ksm-protect.h"
