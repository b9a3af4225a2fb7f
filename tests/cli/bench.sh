#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# `vmsim bench`: names, JSON, and figures that can be true. How large they are is no test.
. "$2/lib.sh"

runs 0 bench explore decision random-2 mm-decisions dpor-executions --runs 1 --ms 20 --json
is_json "[f['name'] for f in x['figures']] == ['decision', 'random-2', 'mm-decisions', 'dpor-executions']"
is_json "all(f['vmsim'] > 0 for f in x['figures'])"
is_json "x['figures'][0]['holds'] == (x['figures'][0]['vmsim'] <= x['figures'][0]['at_most'])"
is_json "x['figures'][1]['holds'] == (x['figures'][1]['vmsim'] >= x['figures'][1]['at_least'])"
is_json "'holds' not in x['figures'][2]"
is_json "100 <= x['figures'][2]['vmsim'] <= 400"
is_json "all(p['tool'] and p['value'] > 0 for f in x['figures'] for p in f['peers'])"
is_json "'explore.md' in x['peers_from']"
is_json "x['figures'][3]['vmsim'] == int(x['figures'][3]['vmsim'])"

runs 0 bench explore random-1 --runs 1 --ms 5
says 'random-1'
says 'Relacy'

# A copy takes longer than leaving a page to its last user, in both worlds.
runs 0 bench fork cow-copy cow-reuse gup-fast pin unpin --runs 3 --pages 1024 --json
is_json "[f['name'] for f in x['figures']] == ['fork', 'cow-copy', 'cow-reuse', 'gup-fast', 'pin', 'unpin']"
# What a fork takes longer for a few pages can be less than what two forks differ by.
is_json "all(f['vmsim'] > 0 for f in x['figures'][1:])"
is_json "all(x['figures'][1][w] > x['figures'][2][w] for w in ('vmsim', 'host'))"
is_json "all(f['host'] is None or isinstance(f['host'], float) for f in x['figures'])"
runs 2 bench explore nothing
runs 2 bench explore --runs 0
runs 2 bench explore --ms x
runs 2 bench explore --pages 5
runs 2 bench nothing
runs 2 bench --runs 102
runs 2 bench --pages 262145
runs 2 bench --pages
runs 2 bench --ms 5
exit $failed
