// SPDX-License-Identifier: GPL-2.0-only
#include "../gup-fork/no-has-pinned.c"
