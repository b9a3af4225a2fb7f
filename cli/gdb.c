// SPDX-License-Identifier: GPL-2.0-only
#include "cli.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A replay under gdb: each simulated thread is a thread there. The commands: gdb/vmsim-gdb.py. */

static char *own_path(void)
{
	char *path = realpath("/proc/self/exe", NULL);

	if (!path) {
		cli_complain("/proc/self/exe: %s", strerror(errno));
		exit(CLI_FAILED);
	}
	return path;
}

void cli_gdb(const char *path, const char *line, const char *oracles)
{
	char script[PATH_MAX];
	char *argv[20] = {
		"gdb", "-q", "-x", script, "-ex", "vmsim-violation", "--args", own_path(), "replay",
		"--debugger", "--backend", "pthread",
	};
	int n = 12;

	if (oracles) {
		argv[n++] = "--oracles";
		argv[n++] = (char *)oracles;
	}
	if (line)
		argv[n++] = "--line";
	argv[n++] = (char *)(line ? line : path);
	snprintf(script, sizeof(script), "%s/vmsim-gdb.py",
		 cli_folder("VMSIM_GDB_DIR", "gdb", VMSIM_INSTALLED_GDB));
	if (access(script, R_OK))
		cli_complain("%s: %s", script, strerror(errno));
	else if (execvp(argv[0], argv))
		cli_complain("gdb: %s", strerror(errno));
	exit(CLI_FAILED);
}
