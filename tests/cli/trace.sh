#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A recorded program agrees as far as it is known to; damaged traces are refused.
. "$2/lib.sh"

runs 1 trace replay "$trace"
says 'protection faults                 266 of      266 agree'
says 'steps of anonymous memory        7484 of     7484 agree'
says '6 disagreements'
says "$trace:222: file-rss: "
runs 1 trace replay --json --list 2 "$trace"
is_json "x['anon_rss'] == {'all': 7484, 'agreed': 7484} and len(x['list']) == 2 and x['disagreements'] == 6"
runs 0 trace replay "$here/../fuzz/corpus/fuzz-vmtrace/gcc"

refuses "vmsim: $work/none: No such file or directory" trace replay "$work/none"
refuses "vmsim: $work: Is a directory" trace replay "$work"
head -c 30000 "$trace" >"$work/cut"
refuses "vmsim: $work/cut:*: the gzip data are cut off" trace replay "$work/cut"
gzip -dc "$trace" >"$work/plain"
runs 1 trace replay "$work/plain"
head -n 100 "$work/plain" >"$work/cut"
refuses "vmsim: $work/cut:101: no counts at the end: the trace was cut off" trace replay "$work/cut"
sed '23s/fault/fualt/' "$work/plain" >"$work/garbled"
refuses "vmsim: $work/garbled:23: unknown event" trace replay "$work/garbled"
sed '50d' "$work/plain" >"$work/garbled"
refuses "vmsim: $work/garbled:*: * announced, * are there" trace replay "$work/garbled"
head -c 100000 /dev/zero >"$work/zeros"
refuses "vmsim: $work/zeros:1: line of more than 1024 bytes" trace replay "$work/zeros"
seq 1 900 | gzip >"$work/noise"
refuses "vmsim: $work/noise:1: *" trace replay "$work/noise"
printf '1 001 5 5 exec x\n1 001 5 5 sys mremap 0x0 0x0 0x0 0x0 0x0 = 0x0\n# 1 exec\n' >"$work/mremap"
refuses "vmsim: $work/mremap:2: mremap is not modelled" trace replay "$work/mremap"
exit $failed
