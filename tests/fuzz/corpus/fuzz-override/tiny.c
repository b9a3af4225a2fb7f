// SPDX-License-Identifier: GPL-2.0-only
/* The smallest override there is: what mutations begin with. */
int vmsim_fuzz_replaced(void);

int vmsim_fuzz_replaced(void)
{
	return 0;
}
