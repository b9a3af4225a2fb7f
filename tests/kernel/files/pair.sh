#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# pair.sh VMSIM VERDICT OVERRIDE... -- SCENARIO...: with functions of a kernel in place of ours the scenarios
# end, under their scripts, as VERDICT says: that oracle alone finds the error, or nothing finds anything (pass).
set -eu
vmsim=$1 verdict=$2
shift 2
overrides=
while [ "$1" != -- ]; do
	overrides="$overrides --override $1"
	shift
done
shift
work=$(mktemp)
trap 'rm -f "$work"' EXIT

for scenario; do
	status=0
	# Paths of a build folder, which are words here.
	# shellcheck disable=SC2086
	if [ "$verdict" = pass ]; then
		"$vmsim" check "$scenario" --executions 100 $overrides > "$work" || status=$?
		expected=0
	else
		"$vmsim" run "$scenario" --oracles "$verdict" $overrides > "$work" || status=$?
		expected=1
		grep -q "^violation: $verdict" "$work" || status=3
	fi
	[ "$status" = "$expected" ] || {
		echo "$scenario: status $status instead of $expected"
		cat "$work"
		exit 1
	}
	echo "$scenario: $verdict"
done
