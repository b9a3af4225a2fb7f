#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Tables against reality, with scripts and without; a table that is wrong is told.
. "$2/lib.sh"

runs 0 check lost-dirty-poc
says ' 0 mismatches'
runs 0 check lost-dirty-poc --json
is_json "len(x['runs']) > 20 and not x['mismatches'] and 'summary' not in x"

runs 0 check --explore --executions 300 --pass-executions 300 --seeds 2 lost-dirty-poc
says 'must fail: 10 of 10 runs found it, 10 within 10000 executions; median '
says 'must pass: '
runs 0 check --explore --executions 300 --pass-executions 300 --seeds 2 lost-dirty-poc --json
is_json "x['summary']['must_fail'] == x['summary']['found'] == 10 and x['summary']['most'] <= 300"
is_json "x['summary']['must_pass'] == 9 and len(x['runs']) == 19"
is_json "all(r['ok'] and r['executions'] <= 300 for r in x['runs'])"
is_json "len({(r['variant'], r['tlb'], r['seed']) for r in x['runs']}) == 19"
is_json "all((r['found'] == 'pass') == (r['expected'] == 'pass') for r in x['runs'])"

# What is not found is a mismatch, and not a pass.
runs 1 check --explore --executions 2 --pass-executions 2 --seeds 1 lost-dirty
says 'MISSED'
says 'mkclean-lockless, tlb ipi, portfolio: expected O3, found pass'
runs 1 check --explore --executions 2 --pass-executions 2 --seeds 1 lost-dirty --json
is_json "x['summary']['median'] is not None or x['summary']['found'] < x['summary']['must_fail']"
is_json "any(m['variant'] == 'mkclean-lockless' and m['found'] == 'pass' for m in x['mismatches'])"
exit $failed
