#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# gather-users.sh SOURCE FILE...: FILEs are all files of the library that include <asm/tlb.h>.
set -eu
root=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# By itself, or by the one header that does.
users='#include (<asm/tlb\.h>|"tlbgather/internal\.h")'
headers=$(cd "$root" && grep -rlE "$users" --include='*.h' src include | grep -vE '^src/tlbgather/internal.h$|^include/asm/tlb-') || true
[ -z "$headers" ] || {
	echo "headers that include <asm/tlb.h>: $headers"
	exit 1
}
(cd "$root" && grep -rlE "$users" --include='*.c' src) | sort > "$work/found"
for file; do
	realpath --relative-to="$root" "$file"
done | sort > "$work/listed"
diff "$work/listed" "$work/found" || {
	echo "src/meson.build: gather_users is not what includes <asm/tlb.h>"
	exit 1
}
wc -l < "$work/found"
