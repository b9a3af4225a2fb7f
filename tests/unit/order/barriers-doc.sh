#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# usage: barriers-doc.sh {check,write} PROGRAM FILE: the table that PROGRAM measures, and FILE.
set -eu

if [ "$1" = write ]; then
	"$2" write >"$3.new"
	mv "$3.new" "$3"
else
	"$2" write | diff -u "$3" - || { echo "run: meson compile barriers-doc"; exit 1; }
fi
