// SPDX-License-Identifier: GPL-2.0-only
/* The same code as in the scenario cow-share. */
#include "../cow-share/mapcount-reuse.c"
