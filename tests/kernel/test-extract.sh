#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# test-extract.sh KERNEL-EXTRACT: trees, tarballs and what is neither.
set -eu
extract=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

files="include/asm-generic/tlb.h mm/mmu_gather.c mm/other.c"

# extract SOURCE FOLDER
extract() {
	# shellcheck disable=SC2086
	"$extract" "$1" "$2" $files
}

fail() {
	echo "FAIL: $1"
	exit 1
}

make_tree() {
	mkdir -p "$1/mm" "$1/include/asm-generic"
	echo "gather of $2" > "$1/mm/mmu_gather.c"
	echo "header of $2" > "$1/include/asm-generic/tlb.h"
	echo "other of $2" > "$1/mm/other.c"
	echo "not wanted" > "$1/mm/third.c"
	printf 'VERSION = %s\nPATCHLEVEL = %s\nSUBLEVEL = 7\n' "${2%.*}" "${2#*.}" > "$1/Makefile"
}

check() {
	[ "$1" = "$2" ] || fail "version '$1' instead of '$2'"
	[ "$(cat "$work/out/mm/mmu_gather.c")" = "gather of $2" ] || fail "wrong mmu_gather.c"
	[ "$(cat "$work/out/include/asm-generic/tlb.h")" = "header of $2" ] || fail "wrong tlb.h"
	[ "$(cat "$work/out/mm/other.c")" = "other of $2" ] || fail "wrong other.c"
	[ "$(find "$work/out" -type f | wc -l)" -eq 8 ] || fail "more than what is wanted"
}

# Refused with status 2 and one line that names what was given.
refused() {
	status=0
	extract "$1" "$work/bad" > "$work/stdout" 2> "$work/stderr" || status=$?
	[ "$status" -eq 2 ] || fail "$1: status $status"
	[ "$(wc -l < "$work/stderr")" -eq 1 ] || fail "$1: not one line"
	grep -q "$1" "$work/stderr" || fail "$1: not named"
}

make_tree "$work/linux-9.8" 9.8
check "$(extract "$work/linux-9.8" "$work/out")" 9.8

(cd "$work" && tar -cJf source.tar.xz linux-9.8)
check "$(extract "$work/source.tar.xz" "$work/out")" 9.8
# From what was taken before.
check "$(extract "$work/source.tar.xz" "$work/out")" 9.8

rm "$work/linux-9.8/Makefile"
check "$(extract "$work/linux-9.8" "$work/out")" 9.8
mv "$work/linux-9.8" "$work/tree"
refused "$work/tree"
make_tree "$work/tree" 9.8
# What a tree lacks is not there; the rest is.
rm "$work/tree/mm/mmu_gather.c"
(cd "$work" && tar -cJf short.tar.xz tree)
for source in "$work/tree" "$work/short.tar.xz"; do
	[ "$(extract "$source" "$work/part")" = 9.8 ] || fail "$source: refused"
	[ -f "$work/part/mm/other.c" ] || fail "$source: other.c is not there"
	[ ! -f "$work/part/mm/mmu_gather.c" ] || fail "$source: mmu_gather.c is there"
done
# Other files are wanted of a source that is the same.
files="$files mm/third.c"
extract "$work/source.tar.xz" "$work/out" > /dev/null
[ -f "$work/out/mm/third.c" ] || fail "third.c was not taken"
files=mm/absent.c
refused "$work/tree"
refused "$work/short.tar.xz"
head -c 100 "$work/source.tar.xz" > "$work/cut.tar.xz"
refused "$work/cut.tar.xz"
refused "$work/absent"
echo "kernel-extract: all as expected"
