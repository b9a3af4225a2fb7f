#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# run, explore, save and replay: the same violation every time; damaged schedules are refused.
. "$2/lib.sh"

runs 1 run lost-dirty --variant linux-6.1 --save "$work/s"
says 'violation: O'
grep violation "$work/out" >"$work/first"
for again in 1 2 3; do
	runs 1 replay "$work/s"
	grep violation "$work/out" | cmp -s - "$work/first" ||
		fail "replay $again: another violation"
done
runs 1 replay "$work/s" --timeline
says 'CPU1 (Zapper)'
says '[*] O'
runs 1 replay "$work/s" --json
is_json "x['violated'] and x['strategy'] == 'replay' and x['variant'] == 'linux-6.1'"
runs 1 replay "$work/s" --trace-out "$work/events"
python3 -c "
import json
n = [json.loads(line) for line in open('$work/events')]
assert len(n) > 50 and all(len(e['args']) == 3 for e in n)" || fail 'events are no JSON'

# A schedule with fewer oracles keeps them.
runs 1 run lost-dirty --variant linux-6.1 --oracles O3 --save "$work/o3"
grep violation "$work/out" >"$work/first"
runs 1 replay "$work/o3"
grep violation "$work/out" | cmp -s - "$work/first" || fail 'replay with O3: another violation'

runs 0 run lost-dirty --save "$work/pass"
runs 0 replay "$work/pass"
runs 1 explore lost-dirty --variant linux-6.1 --strategy random --save "$work/r" --json
is_json "x['violated'] and x['failures'] == 1 and x['schedule'].startswith('vmsim-schedule 1')"
runs 1 replay "$work/r"
runs 0 explore lost-dirty --strategy pct --executions 50 --json
is_json "not x['violated'] and x['executions'] == 50 and x['violation'] is None"

refuses "vmsim: $work/none: No such file or directory" replay "$work/none"
refuses "vmsim: $work: Is a directory" replay "$work"
: >"$work/empty"
refuses "vmsim: $work/empty: line 1: 'vmsim-schedule' is missing" replay "$work/empty"
head -n 5 "$work/s" >"$work/cut"
refuses "vmsim: $work/cut: line 6: 'end' is missing: the schedule was cut off" replay "$work/cut"
seq 1 9 | gzip -n >"$work/garbage"
refuses "vmsim: $work/garbage: line *" replay "$work/garbage"
sed 's/lost-dirty/lost-dirts/' "$work/s" >"$work/other"
refuses "vmsim: unknown scenario 'lost-dirts'; see vmsim list" replay "$work/other"
sed 's/linux-6.1/linux-9.9/' "$work/s" >"$work/other"
refuses "vmsim: scenario 'lost-dirty' has no variant 'linux-9.9'*" replay "$work/other"
sed 's/Writer/Reader/' "$work/s" >"$work/other"
refuses "vmsim: $work/other: scenario 'lost-dirty' has no thread 'Reader'" replay "$work/other"
printf 'vmsim-schedule 1\nscenario lost-dirty\ntlb ipi\npicks i2\nend 1\n' >"$work/misfit"
refuses 'vmsim: lost-dirty: the schedule does not fit: *' replay "$work/misfit"

runs 3 run lost-dirty --save "$work/no/such/folder/x"
exit $failed
