// SPDX-License-Identifier: GPL-2.0-only
#include "bench.h"

int main(int argc, char **argv)
{
	return vmsim_bench_main(argc, argv);
}
