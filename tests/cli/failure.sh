#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A failure, cut down, in one line that replays it elsewhere; every buggy variant of every scenario.
. "$2/lib.sh"

"$vmsim" check --executions 0 --json >"$work/verdicts"
python3 - "$work/verdicts" >"$work/cells" <<'END' || fail 'no list of buggy variants'
import json, sys
failing = {}
for run in json.load(open(sys.argv[1]))['runs']:
    if run['expected'] != 'pass':
        column = run['tlb'], run['memory_model']
        failing.setdefault((run['scenario'], run['variant']), []).append(column)
for variant, columns in sorted(failing.items()):
    print(*variant, *columns[-1])
END
[ "$(wc -l <"$work/cells")" -ge 10 ] || fail 'too few buggy variants'

# What a run of a cell prints is kept, and looked at when all have ended: see below.
keep() {
	cp "$work/out" "$work/$scenario-$variant.$1"
}

while read -r scenario variant tlb model; do
	runs 1 explore "$scenario" --variant "$variant" --tlb "$tlb" --memory-model "$model" \
		--minimise --json
	keep found
	line=$(sed -n 's/^ *"line": "\(.*\)",*$/\1/p' "$work/out")
	runs 1 replay --line "$line" --json
	keep fiber
	runs 1 replay --backend pthread --line "$line" --json
	keep pthread
done <"$work/cells"

python3 - "$work" <<'END' || fail 'cells are wrong'
import json, sys
work, wrong = sys.argv[1], 0
for cell in open(work + '/cells'):
    name = '-'.join(cell.split()[:2])
    found, fiber, pthread = (json.load(open(f'{work}/{name}.{x}'))
                             for x in ('found', 'fiber', 'pthread'))
    cut = found['minimised']
    for what, holds in (
            ('a line of at most 200', len(found['line']) <= 200),
            ('no more preemptions', cut['preemptions'] <= cut['preemptions_before']),
            ('the same on fibers', fiber['violation'] == found['violation']),
            ('the same on pthreads', pthread['violation'] == found['violation'])):
        if not holds:
            print(f'FAILED: {name}: not {what}')
            wrong += 1
sys.exit(wrong != 0)
END

# What is printed to be copied is what replays.
runs 1 explore lost-dirty --variant linux-6.1 --strategy random --minimise --save "$work/small"
grep '^violation: ' "$work/out" >"$work/expected"
again=$(sed -n "s/^again: vmsim replay --line '\\(.*\\)'$/\\1/p" "$work/out")
runs 1 replay --line "$again"
grep '^violation: ' "$work/out" | cmp -s - "$work/expected" || fail 'the line is another failure'
runs 1 replay "$work/small"
grep '^violation: ' "$work/out" | cmp -s - "$work/expected" || fail 'the file is another failure'

# A saved failure is cut down later.
runs 1 explore lost-dirty --variant linux-6.1 --strategy random --save "$work/large"
runs 1 replay "$work/large" --minimise --save "$work/small2" --json
is_json "x['minimised']['preemptions'] < x['minimised']['preemptions_before']"
runs 1 replay "$work/small2"
[ "$(wc -c <"$work/small2")" -lt "$(wc -c <"$work/large")" ] || fail 'not smaller'

runs 0 run lost-dirty --save "$work/pass"
runs 0 replay "$work/pass" --minimise
refuses 'vmsim: a file and --line' replay "$work/small" --line "$line"
refuses 'vmsim: no schedule to replay' replay
refuses "vmsim: --line: line 1: 'scenario' is missing" replay --line 'vmsim-schedule 1; end 0'
exit $failed
