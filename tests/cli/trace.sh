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
runs 0 trace replay "$here/../data/python-forks.vmtrace.gz"
says 'protection faults                2768 of     2768 agree'
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

# What perf prints becomes a trace. Nothing is said of what came before the program.
script=$here/../data/perf-script.txt
runs 0 trace record --from "$script" --output "$work/made"
diff "$here/../data/perf-script.vmtrace" "$work/made" || fail 'the trace is another'
runs 0 trace replay "$work/made"
runs 0 trace record --from "$script" -o "$work/made.gz"
gzip -dc "$work/made.gz" | cmp - "$work/made" || fail 'packed, it is another'
sed 's/pages:1 reason/pages:x reason/' "$script" >"$work/garbled"
refuses "vmsim: $work/garbled:16: a flush of another form" trace record --from "$work/garbled" -o "$work/none"
[ ! -e "$work/none" ] || fail 'half a trace was left'
sed 's/exec: prog/prog/' "$script" >"$work/garbled"
refuses "vmsim: $work/garbled:*: no program was started" trace record --from "$work/garbled" -o "$work/none"
sed '9s/: .*/: PERF_RECORD_LOST lost 3/' "$script" >"$work/garbled"
refuses "vmsim: $work/garbled:9: events were lost while recording" \
	trace record --from "$work/garbled" -o "$work/none"
sed '9s/^/x/' "$script" >"$work/garbled"
refuses "vmsim: $work/garbled:9: not what perf script was told to print" \
	trace record --from "$work/garbled" -o "$work/none"
refuses "vmsim: $work/none: No such file or directory" trace record --from "$work/none"
refuses "vmsim: $work: Is a directory" trace record --from "$script" -o "$work"

# Who is not root is told so; without perf, there is no recording.
mkdir "$work/bin"
if [ "$(id -u)" = 0 ]; then
	PATH=$work/bin runs 3 trace record -o "$work/none" -- true
	grep -qx 'vmsim: perf cannot be started: No such file or directory' "$work/err" ||
		fail 'expected a complaint about perf'
	# A perf that records what the test knows, and prints it.
	cat >"$work/bin/perf" <<-END
		#!/bin/sh
		[ "\$1" = script ] && exec cat "$script"
		[ "\$*" = "\${*%-- prog 1 2}-- prog 1 2" ] || exit 1
		while [ "\$1" != -o ]; do shift; done
		echo recorded >"\$2"
	END
	chmod +x "$work/bin/perf"
	PATH=$work/bin:$PATH runs 0 trace record -o "$work/recorded" -- prog 1 2
	cmp "$work/recorded" "$work/made" || fail 'the recorded trace is another'
	PATH=$work/bin:$PATH runs 3 trace record -o "$work/none" -- other
	grep -qx 'vmsim: perf has recorded nothing' "$work/err" || fail 'expected a complaint'
else
	runs 3 trace record -o "$work/none" -- true
	grep -q 'needs root' "$work/err" || fail 'expected a complaint about root'
fi
exit $failed
