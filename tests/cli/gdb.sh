#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# replay --gdb: stops where the rule breaks, all simulated threads are threads, decisions are steps.
. "$2/lib.sh"

# No settings of whoever runs this.
HOME=$work
# Leaks are not looked for in a process that is being traced.
ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
export HOME ASAN_OPTIONS
debug() {
	printf '%s\n' 'set width 0' "$@" |
		"$vmsim" replay --gdb "$work/s" >"$work/out" 2>"$work/err"
}

runs 1 run lost-dirty --variant linux-6.1 --save "$work/s"
runs 1 replay "$work/s" --json
python3 - "$work/out" >"$work/expected" <<'END' || fail 'no violation to debug'
import json, sys
v = json.load(open(sys.argv[1]))['violation']
print('violation after decision %d: %s %s: %s' % (v['step'], v['oracle'], v['rule'], v['text']))
END
last=$(sed 's/.*decision \([0-9]*\):.*/\1/' "$work/expected")

# The stop is the violation.
debug 'echo MARK\n' 'thread apply all bt' 'echo MARK\n' vmsim-state
grep -qxF -- "$(cat "$work/expected")" "$work/out" || fail 'the stop is not the violation'

# Every simulated thread is a thread of that name, inside its own program.
python3 - "$work/out" <<'END' || fail 'backtraces'
import re, sys
text = open(sys.argv[1]).read()
threads = {}
for part in re.split(r'(?m)^(?=Thread \d+ \()', text.split('MARK\n')[1]):
    name = re.match(r'Thread \d+ .*"([^"]*)"\)?:', part)
    if name:
        threads[name.group(1)] = part
def frames(name):
    return re.findall(r'(?m)^#\d+ +(?:0x\w+ in )?(\w+) \(', threads[name])
for name in 'Writer', 'Zapper', 'Cleaner', 'Rcu':
    assert 'pthread_main' in frames(name), name
assert 'writer' in frames('Writer') and 'zap_pte_range' not in frames('Writer')
zapper = frames('Zapper')
order = ['vmsim_debug_violation', 'zap_one', 'zap_pte_range', 'vmsim_munmap', 'actor_entry']
assert [f for f in zapper if f in order] == order, zapper
assert 'writer' not in zapper
assert 'main' in [f for t in threads for f in frames(t)]
END

# The state has what the violation tells of.
frame=$(sed 's/.*; \(page:.*\)/\1/' "$work/expected")
says "  $frame"
says '  pte:none'
says '  tlb:cpu=0 va=10000000'

# decisions_are NUMBER...: the stops of the last run, the violation as "v"
decisions_are() {
	sed -n 's/^\((gdb) \)*decision \([0-9]*\):.*/\2/p; s/^\((gdb) \)*violation after.*/v/p' \
		"$work/out" | tr '\n' ' ' >"$work/stops"
	[ "$(cat "$work/stops")" = "${*:+$* }" ] ||
		fail "expected stops at $*, stopped at $(cat "$work/stops")"
}
p=vmsim-previous-decision
n=vmsim-next-decision
debug $p $p $n $n
decisions_are v "$last" $((last - 1)) "$last" v
debug "$p 10" "$n 3" "$p" vmsim-violation "$p" "$p $((last - 1))" "$n"
decisions_are v $((last - 9)) $((last - 6)) $((last - 7)) v "$last" 1 2
debug "$p $((last - 1))" "$n $last"
decisions_are v 2 v

# What cannot be done is said, and nothing moves.
debug "$p $((last + 1))" "$n x" "$p 0" "$n" "$n" "$p"
decisions_are v
grep -q 'there is no decision before the first one' "$work/err" || fail 'before the first'
grep -q "'x' is no number of decisions" "$work/err" || fail 'no number'
[ "$(grep -c 'no replay is stopped' "$work/err")" = 2 ] || fail 'commands after the end'

# The same moment has the same state, however it was reached.
debug "$p 5" 'echo STATE\n' 'vmsim-state 0x10000abc' 'echo STATE\n' \
	"$p 5" "$n 5" 'echo STATE\n' 'vmsim-state 0x10000abc' 'echo STATE\n' vmsim-state
python3 - "$work/out" <<'END' || fail 'the state differs'
import sys
part = open(sys.argv[1]).read().replace('(gdb) ', '').split('STATE\n')
assert part[1] == part[3] and 'pte:' in part[1] and 'process 1, 0x10000000' in part[1], part
assert part[1] == part[4], part
END

# Without a violation it runs to its end; damaged input is refused before gdb starts.
runs 0 run lost-dirty --save "$work/s"
debug 'echo END\n'
says 'exited normally'
decisions_are
echo nonsense >"$work/bad"
refuses "vmsim: $work/bad: line 1: *" replay --gdb "$work/bad"
exit $failed
