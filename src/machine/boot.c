// SPDX-License-Identifier: GPL-2.0-only
#include "machine/internal.h"
#include <linux/rmap.h>
#include <pthread.h>

/* What a kernel does once, when it starts: it makes its caches, for all machines of the process. */

static void boot(void)
{
	anon_vma_init();
}

void vmsim_boot(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, boot);
}
