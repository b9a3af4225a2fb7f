#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# unmodified.sh FOLDER TREE...: what was taken from each kernel tree, and is compiled, is what lies in it. A
# tarball is not read again, which takes long (scripts/kernel-files.py does): it must be the one from which was
# taken, and what was taken must have the sums that it had then. Exit status 77: there is no tree.
set -eu
cd "$1"
shift
if [ $# = 0 ]; then
	echo "SKIP: no kernel source configured (-Dkernel_src=...)"
	exit 77
fi
count=0
for tree; do
	source=$(cat "$tree/source")
	if [ -d "$source" ]; then
		sed 's/^[0-9a-f]*  //' "$tree/sums" > "$tree/files"
		while read -r file; do
			cmp "$tree/$file" "$source/$file"
		done < "$tree/files"
	else
		now=$(stat -L -c '%Y %s' "$source")
		case $(cat "$tree/origin") in
		*" $now "*) ;;
		*)
			echo "$source: is not what it was; configure anew"
			exit 1
			;;
		esac
	fi
	(cd "$tree" && sha256sum --quiet -c sums)
	[ -s "$tree/sums" ]
	count=$((count + $(wc -l < "$tree/sums")))
done
echo "$count files"
