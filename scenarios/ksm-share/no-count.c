// SPDX-License-Identifier: GPL-2.0-only
/* KSM that asks for pins only: that suffices for who pins. */
#define COUNT_REFERENCES false
#include "../ksm-protect.h"
