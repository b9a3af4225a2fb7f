#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# check-installed.sh BUILD EXAMPLE.c PACKAGE CC [FLAG...]
# Installs the library below a folder of its own, builds the example by pkg-config, and runs it.
set -eu
build=$1 example=$2 package=$3
shift 3

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
meson install -C "$build" --no-rebuild --destdir "$root" >"$root/log" || { cat "$root/log"; exit 1; }

folder=$(dirname "$(find "$root" -name "$package.pc")")
PKG_CONFIG_PATH=$folder
PKG_CONFIG_SYSROOT_DIR=$root
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
# shellcheck disable=SC2046
"$@" -Wall -Wextra -Werror -Wno-sign-compare -Wno-unused-parameter -o "$root/example" "$example" \
	$(pkg-config --cflags --libs "$package")
LD_LIBRARY_PATH=$(dirname "$folder") "$root/example"
