#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# lost-dirty.sh VMSIM OVERRIDE VERDICT: with a kernel's own zap the scenarios of lost writes end, under their
# scripts, as VERDICT says: the oracle O3 alone finds the write lost, or nothing finds anything (pass).
set -eu
vmsim=$1 override=$2 verdict=$3
work=$(mktemp)
trap 'rm -f "$work"' EXIT

for scenario in lost-dirty lost-dirty-poc lost-dirty-poc2; do
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
