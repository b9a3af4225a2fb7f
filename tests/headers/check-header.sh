#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# check-header.sh BESIDE-LIBC.C HEADER CC [FLAG...]
#
# A public header must compile alone, twice, in each page-table flavour, and beside libc and CMocka
# whether it comes first or last. No flag but the ones of the pkg-config files is given.
set -eu
beside=$1 header=$2
shift 2

compile() {
	"$@" -fsyntax-only -Wall -Wextra -Werror -Wno-unused-parameter -Wno-sign-compare
}

for flavour in X86_64 X86_PAE S390; do
	compile "$@" -DVMSIM_ARCH_$flavour -include "$header" -include "$header" -x c /dev/null
done
compile "$@" -include "$header" -include "$header" -O2 -x c /dev/null
compile "$@" -include "$header" -x c "$beside"
compile "$@" -include "$beside" -include "$header" -x c /dev/null
compile "$@" -include "$beside" -include "$header" -D_GNU_SOURCE -x c /dev/null
