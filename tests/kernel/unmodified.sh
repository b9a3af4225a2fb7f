#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# unmodified.sh FOLDER TREE...: what was taken from each kernel tree, and is compiled, is what lies in it. A
# tarball is not read again: there what was taken is held against its sums (scripts/kernel-files.py reads it).
set -eu
cd "$1"
shift
count=0
for tree; do
	source=$(cat "$tree/source")
	if [ -d "$source" ]; then
		sed 's/^[0-9a-f]*  //' "$tree/sums" > "$tree/files"
		while read -r file; do
			cmp "$tree/$file" "$source/$file"
		done < "$tree/files"
	fi
	(cd "$tree" && sha256sum --quiet -c sums)
	count=$((count + $(wc -l < "$tree/sums")))
done
echo "$count files"
