#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The default portfolio, its coverage, limits, and failures cut down.
. "$2/lib.sh"

runs 1 explore lost-dirty --variant linux-6.1 --json
is_json "x['strategy'] == 'portfolio' and x['coverage']['found_by'] in x['coverage']['executions']"
is_json "sum(x['coverage']['executions'].values()) == x['executions'] and x['executions'] <= 100"
is_json "x['coverage']['preemptions'] is None and x['coverage']['deepest'] >= x['decisions'] > 10"
cp "$work/out" "$work/first"
runs 1 explore lost-dirty --variant linux-6.1 --json
cmp -s "$work/out" "$work/first" || fail 'the same portfolio again: another result'
runs 1 explore lost-dirty --variant linux-6.1 --json --seed 77
cmp -s "$work/out" "$work/first" && fail 'another seed: the same result'
runs 1 explore lost-dirty --variant linux-6.1
says 'found by '
says 'coverage: any number of preemptions; '

runs 0 explore lost-dirty --executions 60
says 'lost-dirty linux-6.12, tlb ipi, portfolio: 60 executions, nothing wrong'
says '; not exhausted, '
runs 0 explore lost-dirty --executions 60 --json
is_json "x['executions'] == 60 and all(x['coverage']['executions'][s] >= 10 for s in ('random', 'pct'))"
is_json "not x['coverage']['exhausted'] and x['coverage']['found_by'] is None"
runs 0 explore lost-dirty --strategy random --executions 1000000000 --time-limit 1 --json
is_json "100 < x['executions'] < 1000000000 and x['coverage']['executions'] == {'random': x['executions']}"
runs 0 run lost-dirty --json
is_json "x['coverage'] is None"

# Nothing is left: the portfolio ends by itself, and says so.
runs 0 explore file-fault --executions 100000000 --json
is_json "x['coverage']['exhausted'] and x['coverage']['classes'] > 10"
is_json "x['executions'] < 1000000 and x['coverage']['preemptions'] is None"
runs 0 explore file-fault --executions 100000000
says 'coverage: EXHAUSTED; any number of preemptions; '

# All failures are counted, and the first one is told.
runs 1 explore lost-dirty --variant linux-6.1 --strategy random --json
cp "$work/out" "$work/first"
# Store buffers hold no lock of the allocator, which is one step.
runs 0 explore lost-dirty-poc --strategy random --seed 5 --executions 200 --memory-model tso
runs 1 explore lost-dirty --variant linux-6.1 --strategy random --keep-going --executions 500 --json
is_json "x['executions'] == 500 and x['failures'] > 20"
is_json "x['schedule'] == json.load(open('$work/first'))['schedule']"

# Cut down: the same rule, fewer preemptions, and the schedule that is saved is the small one.
runs 1 explore lost-dirty --variant linux-6.1 --strategy random --minimise --save "$work/small" --json
is_json "x['minimised']['preemptions'] <= 2 < x['minimised']['preemptions_before']"
is_json "x['violation']['rule'] == json.load(open('$work/first'))['violation']['rule']"
is_json "len(x['schedule']) < len(json.load(open('$work/first'))['schedule'])"
is_json "x['schedule'] == open('$work/small').read()"
runs 1 replay "$work/small"
runs 1 explore lost-dirty --variant linux-6.1 --strategy random --minimise --timeline
says 'cut down: '
says '[*] O'
exit $failed
