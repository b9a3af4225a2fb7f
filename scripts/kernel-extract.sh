#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernel-extract.sh SOURCE FOLDER FILE...
#
# Takes FILEs (mm/rmap.c) from a kernel tree, or from a tarball of one, puts them into FOLDER, and
# prints the kernel's version, as in "6.12". Files that the tree does not have are not there
# afterwards; it is an error if it has none of them. What is there already is not taken again. FOLDER
# lies in the build folder: nothing of a kernel is ever committed.
#
#	FOLDER/FILE
#	FOLDER/Makefile	of the tree's top folder
#	FOLDER/include/linux	empty: what a kernel tree is known by
#	FOLDER/version	the version
#	FOLDER/origin	what was taken, and from where
#	FOLDER/source	where from
#	FOLDER/sums	SHA-256 of what was taken
set -eu

fail() {
	echo "kernel-extract.sh: $1" >&2
	exit 2
}

[ $# -ge 3 ] || fail "usage: kernel-extract.sh SOURCE FOLDER FILE..."
source=$1 folder=$2
shift 2
wanted=$*
[ -e "$source" ] || fail "$source: no such file or folder"

origin="$source $(stat -L -c '%Y %s' "$source") $wanted"
if [ -f "$folder/version" ] && [ "$(cat "$folder/origin" 2>/dev/null)" = "$origin" ] &&
   [ -f "$source" ]; then
	cat "$folder/version"
	exit 0
fi

rm -rf "$folder"
mkdir -p "$folder"
if [ -d "$source" ]; then
	for file in $wanted Makefile; do
		mkdir -p "$folder/$(dirname "$file")"
		[ ! -f "$source/$file" ] || cp -p "$source/$file" "$folder/$file"
	done
else
	# tar dies of the closed pipe; that is no failure.
	top=$(tar -tf "$source" 2>/dev/null | head -n 1 | cut -d / -f 1) || true
	[ -n "$top" ] || fail "$source: no tar archive"
	members="$top/Makefile"
	for file in $wanted; do
		members="$members $top/$file"
	done
	# --occurrence: stop reading when all have been seen. It complains of those that it does not find.
	# shellcheck disable=SC2086
	tar -xf "$source" -C "$folder" --strip-components=1 --occurrence=1 $members 2>/dev/null || true
fi
found=
for file in $wanted; do
	[ ! -f "$folder/$file" ] || found="$found $file"
done
[ -n "$found" ] || fail "$source: has none of: $wanted"

# A tree without its top folder's files is known by its name.
version=
if [ -f "$folder/Makefile" ]; then
	version=$(sed -n 's/^VERSION = *\([0-9]*\)$/\1/p' "$folder/Makefile")
	patch=$(sed -n 's/^PATCHLEVEL = *\([0-9]*\)$/\1/p' "$folder/Makefile")
	[ -n "$version" ] && [ -n "$patch" ] || fail "$source: no version in its Makefile"
	version=$version.$patch
else
	version=$(basename "$source" | sed -n 's/^linux-\(source-\)\{0,1\}\([0-9]*\.[0-9]*\).*/\2/p')
	[ -n "$version" ] || fail "$source: no Makefile, and no version in its name"
	printf 'VERSION = %s\nPATCHLEVEL = %s\n' "${version%.*}" "${version#*.}" > "$folder/Makefile"
fi
mkdir -p "$folder/include/linux"
# shellcheck disable=SC2086
(cd "$folder" && sha256sum $found > sums)
realpath "$source" > "$folder/source"
echo "$version" > "$folder/version"
echo "$origin" > "$folder/origin"
echo "$version"
