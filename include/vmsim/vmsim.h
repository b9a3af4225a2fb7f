/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_VMSIM_H
#define VMSIM_VMSIM_H

/* libvmsim, a Linux mm simulator: everything of its own API. */
#include <vmsim/machine.h>
#include <vmsim/process.h>
#include <vmsim/pin.h>
#include <vmsim/event.h>
#include <vmsim/scenario.h>
#include <vmsim/explore.h>
#include <vmsim/check.h>
#include <vmsim/trace.h>

#endif
