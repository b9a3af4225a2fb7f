// SPDX-License-Identifier: GPL-2.0-only
/* The same code as in the scenario gup-fast-zap. */
#include "../gup-fast-zap/no-pte-recheck.c"
