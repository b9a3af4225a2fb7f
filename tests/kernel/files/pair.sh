#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# pair.sh VMSIM OVERRIDE VERDICT SCENARIO...: with functions of a kernel in place of ours the scenarios end,
# under their scripts, as VERDICT says: that oracle alone finds the error, or nothing finds anything (pass).
set -eu
vmsim=$1 override=$2 verdict=$3
shift 3
work=$(mktemp)
trap 'rm -f "$work"' EXIT

for scenario; do
	status=0
	if [ "$verdict" = pass ]; then
		"$vmsim" check "$scenario" --executions 100 --override "$override" > "$work" || status=$?
		expected=0
	else
		"$vmsim" run "$scenario" --oracles "$verdict" --override "$override" > "$work" || status=$?
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
