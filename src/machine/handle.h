/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMSIM_HANDLE_H
#define VMSIM_HANDLE_H

struct vmsim_machine;

/*
 * A handle, NULL when there are too many. @slot: small number, unique while the handle lives. The
 * handle is not live before vmsim_handle_set().
 */
struct vmsim_machine *vmsim_handle_new(unsigned int *slot);
void vmsim_handle_set(struct vmsim_machine *handle, struct vmsim_machine *machine);
void vmsim_handle_delete(struct vmsim_machine *handle);

#endif
