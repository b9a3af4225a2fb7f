/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_TEST_BYSTANDER_H
#define VMSIM_TEST_BYSTANDER_H

#include <linux/mm.h>

/* Drops a reference; true: it was the last one. */
bool bystander_put(struct page *page);

#endif
