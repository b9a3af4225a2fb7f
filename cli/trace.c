// SPDX-License-Identifier: GPL-2.0-only
#include "cli.h"
#include <string.h>

int cli_trace(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (argc > 1)
		argv[1] = argv[0];
	if (!strcmp(what, "replay"))
		return cli_trace_replay(argc - 1, argv + 1);
	if (!strcmp(what, "record"))
		return cli_trace_record(argc - 1, argv + 1);
	cli_bad_usage("trace replay FILE and trace record -- COMMAND are the only forms");
}
