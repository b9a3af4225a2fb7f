#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# explore-parallel.sh -n SHARDS -d FOLDER [-s SSHLOGINS] [-j JOBS] -- SCENARIO [OPTION...]
# Explores in shards, by GNU parallel: on this machine, or on those of -s (as in parallel --sshlogin),
# where the command must be installed. FOLDER gets the results, out/1/I/stdout, and the log of jobs. Started again
# with the same arguments it does what is missing or went wrong, and nothing else. Prints the merged
# result, and ends as `vmsim explore`. VMSIM names the command.
set -eu
: "${VMSIM:=vmsim}"
shards='' folder='' logins='' jobs=''

usage() {
	echo "usage: explore-parallel.sh -n SHARDS -d FOLDER [-s SSHLOGINS] [-j JOBS] -- SCENARIO [OPTION...]" >&2
	exit 2
}

while getopts n:d:s:j: option; do
	case $option in
	n) shards=$OPTARG ;;
	d) folder=$OPTARG ;;
	s) logins=$OPTARG ;;
	j) jobs=$OPTARG ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
[ -n "$shards" ] && [ -n "$folder" ] && [ $# -gt 0 ] || usage
mkdir -p "$folder"

# A log that was made by other arguments would skip shards that were never done.
printf '%s\n' "$shards" "$@" >"$folder/arguments.new"
if [ -e "$folder/arguments" ] && ! cmp -s "$folder/arguments" "$folder/arguments.new"; then
	echo "explore-parallel.sh: $folder: of another search" >&2
	exit 2
fi
mv "$folder/arguments.new" "$folder/arguments"

# 1 is a violation, and as good an end as 0.
set -- parallel --joblog "$folder/jobs" --resume-failed --quote --results "$folder/out/" \
	${jobs:+--jobs "$jobs"} ${logins:+--sshlogin "$logins"} \
	sh -c '"$@"; status=$?; [ $status -le 1 ]' explore \
	"$VMSIM" explore "$@" --json --shard "{1}/$shards" ::: $(seq "$shards")
if ! "$@" >/dev/null; then
	echo "explore-parallel.sh: not all shards ended well; start it again to do those anew" >&2
	exit 3
fi
set --
for i in $(seq "$shards"); do
	set -- "$@" "$folder/out/1/$i/stdout"
done
exec "$VMSIM" explore --merge "$@"
