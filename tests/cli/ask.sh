#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Allocations that fail: a patch that forgets what to do without memory is found without a script,
# and only if that is asked for; its schedule runs again in other processes.
# $4: the C compiler
. "$2/lib.sh"
shift 3

echo 'void tlb_remove_table_sync_one(void) { }' >"$work/patch.c"
"$@" -shared -fPIC -w -o "$work/patch.so" "$work/patch.c" || fail 'cannot compile the patch'

# Without a question the patched function is never called.
runs 0 explore table-walk --override "$work/patch.so" --strategy dpor
says EXHAUSTED
runs 0 explore table-walk --override "$work/patch.so" --strategy dpor --ask alloc
says EXHAUSTED
runs 0 explore table-walk --strategy dpor --ask batch
says EXHAUSTED

for strategy in pct 'dfs --preemptions 2' dpor states portfolio; do
	options=$strategy
	strategy=${strategy%% *}
	runs 1 explore table-walk --override "$work/patch.so" --strategy $options --ask batch \
		--save "$work/$strategy"
	says 'violation: '
	grep '^violation: \|^after ' "$work/out" >"$work/expected"
	grep -qx 'ask batch' "$work/$strategy" || fail "$strategy: the schedule does not say what was asked"
	grep -q '^picks.* n1' "$work/$strategy" || fail "$strategy: no yes in the schedule"
	for backend in fiber pthread; do
		VMSIM_OVERRIDE= LD_PRELOAD=$work/patch.so \
			runs 1 replay "$work/$strategy" --backend $backend
		grep '^violation: \|^after ' "$work/out" | cmp -s - "$work/expected" ||
			fail "$strategy: another violation in the replay with $backend"
	done
	# With the library as it is, there is an interrupt to be taken.
	runs 2 replay "$work/$strategy"
done
runs 1 explore table-walk --override "$work/patch.so" --ask alloc,batch --minimise --timeline
says '-- no-batch --'
says '; ask alloc batch; '

# A schedule that asks nothing is asked nothing.
sed '/^ask /d' "$work/dpor" >"$work/unasked"
VMSIM_OVERRIDE= LD_PRELOAD=$work/patch.so runs 2 replay "$work/unasked"

# A program whose page cannot be had comes back; one that is told so may give up. In no world does
# that break a rule.
"$vmsim" list --json >"$work/list"
for scenario in $(python3 -c "
import json
print(*(s['name'] for s in json.load(open('$work/list'))['scenarios']))"); do
	# What is open in Linux fails with memory, too.
	"$vmsim" run "$scenario" >"$work/out" || continue
	runs 0 explore "$scenario" --ask alloc,batch --strategy random --executions 300
done
runs 0 explore cow-file --ask alloc --strategy dpor --executions 2000

refuses "vmsim: --ask: unknown question 'resched'" explore table-walk --ask alloc,resched
refuses "vmsim: --ask: unknown question ''" explore table-walk --ask ''
refuses "vmsim: table-walk: real threads are asked nothing" \
	explore table-walk --strategy native --ask alloc
refuses "vmsim run: unrecognized option '--ask'" run table-walk --ask alloc

# Parts of one search ask the same.
for i in 1 2; do
	runs 0 explore table-walk --strategy dfs --preemptions 1 --ask batch --shard $i/2 --json
	is_json "x['options']['ask'] == 4"
	cp "$work/out" "$work/part$i"
done
runs 0 explore --merge "$work/part1" "$work/part2"
says EXHAUSTED
runs 0 explore table-walk --strategy dfs --preemptions 1 --shard 2/2 --json
cp "$work/out" "$work/part2"
runs 2 explore --merge "$work/part1" "$work/part2"
exit $failed
