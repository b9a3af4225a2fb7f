#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Tables against reality, with scripts and without; a table that is wrong is told.
. "$2/lib.sh"

runs 0 check lost-dirty-poc
says ' 0 mismatches'
runs 0 check lost-dirty-poc --json
is_json "len(x['runs']) > 20 and not x['mismatches'] and 'summary' not in x"

runs 0 check --explore --executions 300 --pass-executions 20 --seeds 1 lost-dirty-poc
says 'must fail: 5 of 5 runs found it, 5 within 10000 executions; median '
says 'must pass: '
runs 0 check --explore --executions 300 --pass-executions 50 --seeds 2 lost-dirty-poc --json
is_json "x['summary']['must_fail'] == x['summary']['found'] == 10 and x['summary']['most'] <= 300"
is_json "x['summary']['must_pass'] == 9 and len(x['runs']) == 19"
is_json "all(r['ok'] and r['executions'] <= (50 if r['expected'] == 'pass' else 300) for r in x['runs'])"
is_json "len({(r['variant'], r['tlb'], r['seed']) for r in x['runs']}) == 19"
is_json "all((r['found'] == 'pass') == (r['expected'] == 'pass') for r in x['runs'])"

# Scenarios with few states are exhausted under each memory model that their tables name.
runs 0 check exclusive-flag flush-pending
says 'exclusive-flag       sc            tso           pso'
says '27 runs, 0 mismatches'
runs 0 check exclusive-flag --json
is_json "len({(r['variant'], r['memory_model']) for r in x['runs']}) == 15"
is_json "all(r['tlb'] == 'ipi' for r in x['runs'])"
is_json "{(r['variant'], r['expected']) for r in x['runs'] if r['way'] == 'script'} == {('clear-no-mb', 'CHECK'), ('restore-no-mb', 'CHECK')}"
is_json "all(r['way'] in ('script', 'states') for r in x['runs'])"
is_json "{r['memory_model'] for r in x['runs'] if r['expected'] == 'CHECK'} == {'tso', 'pso'}"
runs 0 check --explore --seeds 2 dirty-unmap
says 'must fail: 2 of 2 runs found it'
says 'must pass: 8 of 8 cells exhausted'
runs 0 check --explore --seeds 1 dirty-unmap --json
is_json "sorted({r['memory_model'] for r in x['runs']}) == ['pso', 'sc', 'tso']"
runs 0 list
says '  zap-no-mb            no smp_mb__after_atomic() between the dirty flag and the map count (built in)'
runs 1 explore dirty-unmap --variant zap-no-mb --memory-model pso --save "$work/zap"
grep -qx 'memory pso' "$work/zap" || fail 'the schedule names no memory model'
runs 1 replay "$work/zap"
says 'the buffers of a dirty page are dropped'
runs 0 explore dirty-unmap --variant zap-no-mb --memory-model tso
says EXHAUSTED
runs 0 explore dirty-unmap --memory-model pso
says EXHAUSTED
runs 0 check --depth lost-dirty-poc
says 'lost-dirty-poc linux-6.1: 0 (ipi, pv-defer, broadcast, faulty)'
says '5 runs, 0 mismatches'
runs 0 check --depth lost-dirty --json
is_json "{(r['tlb'], r['depth']) for r in x['runs'] if r['variant'] == 'mkclean-lockless'} == {('ipi', 1), ('pv-defer', 1), ('broadcast', 2), ('faulty', 0)}"
is_json "all(r['way'] == 'bounds' and r['expected'] != 'pass' for r in x['runs'])"
runs 2 check --depth --explore

# Some columns only.
runs 0 check lost-dirty-poc --tlb ipi,up --json
is_json "{r['tlb'] for r in x['runs']} == {'ipi', 'up'} and len(x['runs']) > 4"
runs 0 check lost-dirty-poc --tlb ipi
says 'lost-dirty-poc       ipi          '
runs 0 check --explore --tlb coherent --pass-executions 20 lost-dirty-poc --json
is_json "x['summary']['must_pass'] == 2 and x['summary']['must_fail'] == 0"
refuses "vmsim: --tlb: unknown flush back-end 'ipo'" check lost-dirty-poc --tlb ipi,ipo
# Where none of them is left, nothing is known.
runs 2 check exclusive-flag --tlb up
says '0 runs, 0 mismatches'

# What reaches memory when is in the picture.
runs 1 run exclusive-flag --variant restore-no-mb --memory-model pso --timeline
says 'exclusive-flag restore-no-mb, tlb ipi, memory model pso, script: execution 1 fails'
says 'set_pte(0x0, pfn 1 r)'
grep -q '^drain 0x0 0x.* 0x1001' "$work/out" || fail 'no store that reaches memory in the picture'
runs 0 run exclusive-flag --variant restore-no-mb --memory-model tso

# What is not found is a mismatch, and not a pass.
runs 1 check --explore --executions 2 --pass-executions 2 --seeds 1 lost-dirty
says 'MISSED'
says 'mkclean-lockless, tlb ipi, portfolio: expected O3, found pass'
runs 1 check --explore --executions 2 --pass-executions 2 --seeds 1 lost-dirty --json
is_json "x['summary']['median'] is not None or x['summary']['found'] < x['summary']['must_fail']"
is_json "any(m['variant'] == 'mkclean-lockless' and m['found'] == 'pass' for m in x['mismatches'])"
exit $failed
