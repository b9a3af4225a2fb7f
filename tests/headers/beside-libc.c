// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a user's file includes too; the compiler is told to include a public header before or after.
 * Not <stdatomic.h>: C11 and the kernel both define atomic_fetch_add(), with different arguments.
 */
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/param.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* The names of libc still mean what they meant. */
static inline int libc_still_works(void)
{
	char text[8];
	int length = snprintf(text, sizeof(text), "%d", INT_MAX > 0 ? 1 : 0);

	assert(length >= 0);
	return open("/dev/null", O_RDONLY) + (int)strlen(text) +
	       (mmap(NULL, 0, PROT_READ, MAP_PRIVATE, -1, 0) == MAP_FAILED);
}

int main(void)
{
	return libc_still_works();
}
