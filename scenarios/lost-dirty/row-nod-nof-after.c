// SPDX-License-Identifier: GPL-2.0-only
#define DIRTY_IN_PTL 0
#define FLUSH_IN_PTL 0
#define RMAP_PLACE RMAP_AFTER_PTL
#include "zap-row.h"
