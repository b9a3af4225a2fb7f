// SPDX-License-Identifier: GPL-2.0-only
/* The same code as in the scenario lost-dirty. */
#include "../lost-dirty/linux-6.1.c"
