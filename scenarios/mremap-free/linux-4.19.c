// SPDX-License-Identifier: GPL-2.0-only
/*
 * move_ptes() of Linux 4.9 to 4.19: dirty entries are flushed under their lock, so that writeback
 * finds them written or gone. The others are not (CVE-2018-18281; eb66ae030829 in 4.20).
 */
#define FLUSHED_IN_TIME(pte) (pte_present(pte) && pte_dirty(pte))
#include "../move-ptes.h"
