#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Searches that are stopped and gone on with, each leg in a process of its own.

. "$2/lib.sh"
search=$work/search
# What legs have in common: addresses. So has the whole search.
saved="--save-search $search"

# legs NAME STATUS EXECUTIONS OPTION...: a search, and the same one stopped after each so many executions
legs() {
	name=$1 status=$2 leg=$3
	shift 3
	rm -f "$search"
	runs "$status" explore "$@" $saved --json
	cp "$work/out" "$work/whole"
	rm -f "$search"
	runs 0 explore "$@" --executions $leg $saved --json
	n=1
	while ! grep -q '"exhausted": true' "$work/out" && [ $n -lt 30 ]; do
		[ $failed = 0 ] || return
		"$vmsim" explore "$@" --executions $leg --resume "$search" $saved --json >"$work/out" 2>"$work/err"
		[ $? = 0 ] || break
		n=$((n + 1))
	done
	[ $n -gt 1 ] || fail "$name: only one leg"
}

same() {
	is_json "all(x$1[k] == json.load(open('$work/whole'))$1[k] for k in ($2))"
}

# They are one search.
legs_are_one() {
	legs "$@"
	same '' "'violated', 'violation', 'schedule', 'executions'"
	same "['coverage']" "'exhausted', 'states', 'transitions', 'within', 'preemptions'"
}

limit='--executions 1000000'
legs_are_one states 0 2000 anon-fault --strategy states $limit
legs_are_one within 0 20 mprotect-anon --strategy states --preemptions 3 $limit
legs_are_one bounds 0 20 mprotect-anon --strategy bounds --preemptions 2 $limit
legs_are_one shard 0 600 anon-fault --strategy states --shard 2/3 $limit

# A first leg learns less before it begins, if that makes more executions than it may. What is found is the same.
legs failing 1 20 lost-dirty --variant mkclean-lockless --strategy states $limit
same '' "'violated',"
same "['violation']" "'oracle', 'rule'"

# Nothing of what it is not for.
runs 0 explore mprotect-anon --strategy states --executions 10 $saved
is_not() {
	refuses "vmsim: $1" explore "$2" --resume "$search" ${3+"$3"} ${4+"$4"} ${5+"$5"} ${6+"$6"}
}
is_not "mprotect-anon: $search: of another search: strategy 'states', not 'bounds'" \
	mprotect-anon --strategy bounds
is_not "table-walk: $search: of another search: scenario 'mprotect-anon', not 'table-walk'" \
	table-walk --strategy states
is_not "mprotect-anon: $search: of another search: preemptions 'any number', not '1'" \
	mprotect-anon --strategy states --preemptions 1
is_not "mprotect-anon: $search: of another search: options 'tlb ipi*, not 'tlb broadcast*'" \
	mprotect-anon --strategy states --tlb broadcast
is_not 'mprotect-anon: not built yet: saving searches of strategy pct' mprotect-anon --strategy pct
is_not 'mprotect-anon: not built yet: saving searches of strategy states that keep going' \
	mprotect-anon --strategy states --keep-going
head -c 5000 "$search" >"$work/cut"
refuses "vmsim: mprotect-anon: $work/cut: cut off" \
	explore mprotect-anon --strategy states --resume "$work/cut"
refuses "vmsim: mprotect-anon: $work/none: No such file or directory" \
	explore mprotect-anon --strategy states --resume "$work/none"
runs 3 explore mprotect-anon --strategy states --executions 10 --save-search "$work/none/search"

# An interrupt is a way to stop; so is a time limit.
rm -f "$search"
"$vmsim" explore lost-dirty-poc2 --strategy states $limit $saved >"$work/out" 2>"$work/err" &
sleep 2
kill -INT $!
wait $!
[ $? = 0 ] || fail 'an interrupted search does not end well'
says 'nothing wrong'
says 'not exhausted, '
runs 0 explore lost-dirty-poc2 --strategy states $limit --time-limit 1 --resume "$search" --json
is_json "x['coverage']['states'] > 1000 and not x['coverage']['exhausted']"
exit $failed
