#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Builds libvmsim and shows one real race: how Linux 6.1 loses a write, and 6.12 does not.
set -eu
cd "$(dirname "$0")/.."

scripts/install-deps.sh
rm -rf build
meson setup build >build.log 2>&1 || { cat build.log; exit 3; }
ninja -C build >build.log 2>&1 || { tail -n 40 build.log; exit 3; }
rm -f build.log
vmsim=build/cli/vmsim
schedule=build/lost-dirty.schedule

# run EXPECTED-STATUS COMMAND...
run() {
	expected=$1
	shift
	printf '\n$ %s\n' "$*"
	status=0
	"$@" || status=$?
	if [ "$status" != "$expected" ]; then
		echo "exit status $status, expected $expected" >&2
		exit 1
	fi
}

# Only the oracle for lost writes: with all of them the run ends earlier, where the cause is.
run 1 "$vmsim" run lost-dirty --variant linux-6.1 --oracles O3 --timeline --save "$schedule"
run 1 "$vmsim" replay "$schedule"
# The same script, all oracles.
run 0 "$vmsim" run lost-dirty --variant linux-6.12 --timeline
# Without a script: the explorer finds the race, and cuts the schedule down.
run 1 "$vmsim" explore lost-dirty --variant linux-6.1 --oracles O3 --minimise
