/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_SMALL_WORLD_H
#define VMSIM_SMALL_WORLD_H

#include <vmsim/scenario.h>

/*
 * What the explorer does on memory management itself: four CPUs of one address space take faults,
 * change rights, unmap and write back. About 200 decisions an execution, and no bug.
 */
extern const struct vmsim_scenario bench_small_world;

#endif
