// SPDX-License-Identifier: GPL-2.0-only
/* A replacement of a kernel-named function: anonymous memory that always faults. */
#include <linux/mm.h>

vm_fault_t do_anonymous_page(struct vm_fault *vmf)
{
	return VM_FAULT_SIGBUS;
}
