#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Exit status and complaints of bad usage; what is not built yet says so.
. "$2/lib.sh"

refuses 'vmsim: no command; see vmsim --help'
refuses "vmsim: unknown command 'frobnicate'; see vmsim --help" frobnicate
refuses "*unrecognized option '--frobnicate'" run lost-dirty --frobnicate
refuses "*option '--tlb' requires an argument" run lost-dirty --tlb
refuses 'vmsim: no scenario; see vmsim list' run
refuses "vmsim: unknown scenario 'nothing'; see vmsim list" run nothing
refuses "vmsim: unknown scenario 'nothing'; see vmsim list" check nothing
refuses "vmsim: unexpected argument 'more'" run lost-dirty more
refuses "vmsim: scenario 'lost-dirty' has no variant 'x'; see vmsim list" run lost-dirty --variant x
refuses "vmsim: --tlb: unknown flush back-end 'x'" run lost-dirty --tlb x
refuses "vmsim: --tlb: only 'faulty' takes a number" run lost-dirty --tlb ipi:3
refuses "vmsim: --tlb: '0' is no number from 1 to *" run lost-dirty --tlb faulty:0
refuses "vmsim: --oracles: unknown oracle 'O99'" run lost-dirty --oracles O3,O99
refuses "vmsim: --backend: unknown back-end 'x'" run lost-dirty --backend x
refuses "vmsim: --executions: '0' is no number from 1 to *" explore lost-dirty --executions 0
refuses "vmsim: --executions: '1x' is no number from 1 to *" explore lost-dirty --executions 1x
refuses "vmsim: --seed: '-1' is no number from 0 to *" explore lost-dirty --seed=-1
refuses "vmsim: --strategy: unknown strategy 'x'" explore lost-dirty --strategy x
refuses "vmsim: --memory-model: unknown model 'x'" explore lost-dirty --memory-model x
refuses "vmsim: list: unexpected argument 'x'" list x
refuses 'vmsim: no schedule to replay' replay
refuses 'vmsim: no trace to replay' trace replay

refuses "vmsim: --granularity: unknown granularity 'x'" explore lost-dirty --granularity x
refuses "vmsim: --strategy: a schedule is replayed by vmsim replay" explore lost-dirty --strategy replay
refuses 'vmsim: lost-dirty: strategy random knows no bound on preemptions' explore lost-dirty --strategy random --preemptions 2
refuses "vmsim: --preemptions: '-1' is no number from 0 to *" explore lost-dirty --preemptions=-1
refuses "vmsim: --shard: '3' is not of the form I/N" explore lost-dirty --shard 3
refuses "vmsim: --shard: '3' is no number from 1 to 2" explore lost-dirty --shard 3/2
refuses "vmsim: --shard: '0' is no number from 1 to 2" explore lost-dirty --shard 0/2
refuses "vmsim: --time-limit: '0' is no number from 1 to *" explore lost-dirty --time-limit 0
refuses 'vmsim: --strategy native: there is no schedule *' explore lost-dirty --strategy native --minimise


# What is not built is refused by the library, in one line, before anything runs.
refuses 'vmsim: lost-dirty: not built yet: shards of strategy script' \
	explore lost-dirty --strategy script --shard 1/2
refuses 'vmsim: lost-dirty: dpor: not built yet: store buffers' \
	explore lost-dirty --strategy dpor --memory-model tso
refuses 'vmsim: x: No such file or directory' replay --gdb x
refuses 'vmsim: not built yet: --order' trace replay --order 2 x
refuses 'vmsim: trace replay FILE and trace record -- COMMAND are the only forms' trace
refuses 'vmsim: a program to record, or --from FILE' trace record
refuses 'vmsim: a program to record, or --from FILE' trace record --from x -- true
refuses "vmsim: unexpected argument 'true': the program comes after --" trace record true

runs 0 --help
says 'Usage: vmsim COMMAND'
runs 0 --version
for command in list run explore replay check; do
	runs 0 $command --help
done
runs 0 list
says 'lost-dirty: '
says 'fails with 2 preemptions (broadcast)'
says 'fails with 1 preemption (tso, pso)'
runs 0 list --json
is_json "any(s['name'] == 'lost-dirty' for s in x['scenarios']) and len(x['tlb']) == 7"
is_json "[(v['tlb'], v['depth']) for s in x['scenarios'] if s['name'] == 'lost-dirty' for v in s['verdicts'] if v['variant'] == 'mkclean-lockless' and v['depth']] == [(['ipi', 'pv-defer'], 1), (['broadcast'], 2)]"
is_json "{m for s in x['scenarios'] if s['name'] == 'exclusive-flag' for v in s['verdicts'] if v['oracle'] for m in v['memory_models']} == {'tso', 'pso'}"
exit $failed
