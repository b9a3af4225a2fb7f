// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz.h"
#include "cli.h"
#include <string.h>

/* Whatever is named as an override is looked at, and refused with a reason if it is none. */

static bool replaceable(const char *name)
{
	return !strcmp(name, "vmsim_fuzz_replaced");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char what[128] = "";

	if (!cli_override_check_memory(data, size, replaceable, what, sizeof(what)))
		expect(what[0] != '\0');
	return 0;
}
