// SPDX-License-Identifier: GPL-2.0-only
/* What GUP looked for since Linux 4.9. */
#include "linux-4.9.c"
