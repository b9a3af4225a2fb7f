#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Shards: together they are the whole search, whatever becomes of a worker in between.

. "$2/lib.sh"
scripts=$here/../../scripts

# whole DIR OPTION...: the search in one go, and the same in five shards
whole() {
	"$vmsim" explore "$@" --json >"$work/whole.json"
	for i in 1 2 3 4 5; do
		"$vmsim" explore "$@" --json --shard $i/5 >"$work/shard-$i.json"
	done
}

# The first failure of all, and the counts if nobody stops at it.
for strategy in random pct; do
	whole lost-dirty --variant mkclean-lockless --strategy $strategy --executions 8000
	runs "$(python3 -c "import json; print(int(json.load(open('$work/whole.json'))['violated']))")" \
		explore --merge "$work"/shard-*.json --json
	is_json "all(x[k] == json.load(open('$work/whole.json'))[k] for k in ('violation', 'schedule', 'violated'))"
	whole lost-dirty --variant linux-6.1 --strategy $strategy --executions 700 --keep-going
	runs 1 explore --merge "$work"/shard-*.json --json
	cmp -s "$work/out" "$work/whole.json" || fail "$strategy: five shards are not the whole"
	is_json "x['failures'] > 40 and x['executions'] == 700"
done

# Shards of states see much of the same: what they come to together is what the whole search does.
same_verdict() {
	runs "$(python3 -c "import json; print(int(json.load(open('$work/whole.json'))['violated']))")" \
		explore --merge "$work"/shard-*.json --json
	is_json "x['violated'] == json.load(open('$work/whole.json'))['violated']"
	is_json "(x['violation'] or {}).get('oracle') == (json.load(open('$work/whole.json'))['violation'] or {}).get('oracle')"
	is_json "all(x['coverage'][k] == json.load(open('$work/whole.json'))['coverage'][k] for k in ('exhausted', 'preemptions'))"
}
limit='--executions 1000000'
for strategy in 'states' 'states --preemptions 2' 'bounds --preemptions 2' 'portfolio' 'portfolio --preemptions 1'; do
	# shellcheck disable=SC2086
	whole mprotect-anon --strategy $strategy $limit
	same_verdict
	is_json "x['coverage']['exhausted'] and not x['violated']"
done
for strategy in states bounds; do
	# shellcheck disable=SC2086
	whole lost-dirty --variant mkclean-lockless --strategy $strategy $limit
	same_verdict
	is_json "x['violated']"
done

# How far strategies came that rise is how far all of them did.
whole mprotect-anon --strategy bounds --preemptions 2 $limit
"$vmsim" explore mprotect-anon --strategy bounds --preemptions 2 --executions 12 --json --shard 2/5 \
	>"$work/shard-2.json"
sed -i 's/"executions": 12,/"executions": 1000000,/' "$work/shard-2.json"
runs 0 explore --merge "$work"/shard-*.json --json
is_json "not x['coverage']['exhausted'] and x['coverage']['within'] == json.load(open('$work/shard-2.json'))['coverage']['within'] < 2"

# One of the portfolio has to exhaust all shards: parts of different divisions are no whole.
whole mprotect-anon $limit
python3 -c "
import json
for i in (1, 2):
    x = json.load(open('$work/shard-%d.json' % i))
    x['coverage']['by'] = {('dpor', 'states')[i - 1]: {'exhausted': True, 'within': 2}}
    json.dump(x, open('$work/shard-%d.json' % i, 'w'))"
runs 0 explore --merge "$work"/shard-*.json --json
is_json "not x['coverage']['exhausted'] and x['coverage']['within'] is None"

# What does not belong together, or is not all there.
whole lost-dirty --variant linux-6.1 --strategy pct --executions 700 --keep-going
s=$work/shard
refuses 'vmsim: shards are missing: 2, 4-5 of 5' explore --merge "$s-1.json" "$s-3.json"
refuses "vmsim: $s-2.json: shard 2 is in $s-2.json, too" \
	explore --merge "$s-1.json" "$s-2.json" "$s-3.json" "$s-4.json" "$s-5.json" "$s-2.json"
refuses "vmsim: $work/whole.json: not the result of a shard" explore --merge "$work/whole.json"
refuses 'vmsim: --merge: no files' explore --merge
refuses "vmsim: $work/none: line -1: unable to open $work/none: *" explore --merge "$work/none"
head -c 700 "$s-3.json" >"$work/cut.json"
refuses "vmsim: $work/cut.json: line *" explore --merge "$s-1.json" "$work/cut.json"
"$vmsim" explore lost-dirty --variant linux-6.1 --strategy pct --executions 700 --keep-going \
	--seed 2 --json --shard 3/5 >"$work/other.json"
refuses "vmsim: $work/other.json: not of the same search as $s-1.json: seed differs" \
	explore --merge "$s-1.json" "$work/other.json"
"$vmsim" explore lost-dirty --variant linux-6.1 --strategy pct --executions 701 --keep-going \
	--json --shard 3/5 >"$work/other.json"
refuses "vmsim: $work/other.json: not of the same search as $s-1.json: options differs" \
	explore --merge "$s-1.json" "$work/other.json"
"$vmsim" explore lost-dirty --variant linux-6.1 --strategy pct --executions 700 --keep-going \
	--json --shard 3/6 >"$work/other.json"
refuses "vmsim: $work/other.json: shard of 6, but $s-1.json is one of 5" \
	explore --merge "$s-1.json" "$work/other.json"

# A worker that is killed in the middle of its shard: that shard is done again, and no other.
cat >"$work/vmsim" <<EOF
#!/bin/sh
echo "\$*" >>"$work/started"
case "\$*" in
*--shard\ 3/4*)
	if [ ! -e "$work/killed" ]; then
		"$vmsim" "\$@" &
		sleep 0.3
		kill -9 \$! && touch "$work/killed"
		wait \$!
		exit \$?
	fi
esac
exec "$vmsim" "\$@"
EOF
chmod +x "$work/vmsim"
# So many that a shard takes longer than that; with a sanitizer in it, fewer do.
executions=200000
[ -z "${ASAN_OPTIONS:-}" ] || executions=60000
search="lost-dirty --variant mkclean-lockless --strategy pct --executions $executions --keep-going"

# count WORDS: how often a run was started with them
count() {
	grep -c -- "$1" "$work/started"
}

# killed_and_done_again NAME FILES...: and the results are in FILES
killed_and_done_again() {
	name=$1
	[ -e "$work/killed" ] || fail "$1: nothing was killed"
	[ "$(count '--shard 3/4')" = 2 ] || fail "$1: the killed shard was not done again"
	for i in 1 2 4; do
		[ "$(count "--shard $i/4")" = 1 ] || fail "$1: shard $i was done again"
	done
	shift
	runs 1 explore --merge "$@" --json
	cmp -s "$work/out" "$work/whole.json" || fail "$name: not the result of an uninterrupted run"
	rm -f "$work/killed" "$work/started"
}

# shellcheck disable=SC2086
"$vmsim" explore $search --json >"$work/whole.json"
if command -v parallel >/dev/null; then
	export VMSIM="$work/vmsim" HOME="$work"
	# shellcheck disable=SC2086
	"$scripts/explore-parallel.sh" -n 4 -d "$work/parallel" -j 2 -- $search >"$work/out" 2>"$work/err"
	[ $? = 3 ] || fail 'explore-parallel.sh: a killed worker went unnoticed'
	# shellcheck disable=SC2086
	"$scripts/explore-parallel.sh" -n 4 -d "$work/parallel" -j 2 -- $search >"$work/out" 2>"$work/err"
	[ $? = 1 ] || fail 'explore-parallel.sh: not the end of vmsim explore'
	says 'violation: O3'
	killed_and_done_again parallel "$work"/parallel/out/1/*/stdout
	"$scripts/explore-parallel.sh" -n 4 -d "$work/parallel" -- lost-dirty 2>"$work/err"
	[ $? = 2 ] || fail 'explore-parallel.sh: the folder of another search was used'
else
	fail 'GNU parallel is missing: scripts/install-deps.sh --test'
fi

export VMSIM="$work/vmsim" VMSIM_SHARDS=4 VMSIM_FOLDER="$work/slurm"
for i in 1 2 3 4 1 2 3 4; do
	# shellcheck disable=SC2086
	SLURM_ARRAY_TASK_ID=$i "$scripts/explore-slurm.sh" $search 2>"$work/err"
done
[ -z "$(ls "$work/slurm" | grep unfinished)" ] || fail 'explore-slurm.sh: a killed job left something'
killed_and_done_again slurm "$work"/slurm/shard-*.json
exit $failed
