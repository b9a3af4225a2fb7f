#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Installs what the project needs and this machine lacks: Debian 12, apt, as root or with sudo.
# install-deps.sh          to build, test and use the library
# install-deps.sh --test   also what scripts/test.sh needs: clang, cmake, kernel sources
set -eu

build="gcc libc6-dev meson ninja-build pkg-config python3 binutils
	libatomic-ops-dev libjemalloc-dev libbsd-dev zlib1g-dev libjansson-dev libxxhash-dev
	libboost-context-dev libdw-dev libelf-dev libcmocka-dev universal-ctags"
test="clang libclang-rt-14-dev gdb cmake parallel xz-utils
	linux-source-6.12 linux-source-6.1"

wanted=$build
if [ "${1:-}" = --test ]; then
	wanted="$build $test"
fi

missing=
for package in $wanted; do
	state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
	if [ "$state" != installed ]; then
		missing="$missing $package"
	fi
done
if [ -z "$missing" ]; then
	exit 0
fi

as_root=
if [ "$(id -u)" != 0 ]; then
	as_root=sudo
fi
echo "Installing:$missing"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get -qq update
# shellcheck disable=SC2086
$as_root apt-get -qq install --yes --no-install-recommends $missing >/dev/null
