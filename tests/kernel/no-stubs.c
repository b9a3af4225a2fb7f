// SPDX-License-Identifier: GPL-2.0-only
#include <linux/bug.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * In programs that the kernel's files are linked into a stub that is reached is the end: what they
 * would show from there on says nothing about these files. One that does not matter would be let
 * through here, with the reason; there is none.
 */
void vmsim_stub_reached(const char *name)
{
	fprintf(stderr, "%s(), which is a stub, was reached\n", name);
	abort();
}
