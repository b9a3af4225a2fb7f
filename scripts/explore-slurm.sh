#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Explores in shards, as a Slurm array; an index is a shard:
#
#   export VMSIM_SHARDS=64 VMSIM_FOLDER=/shared/lost-dirty
#   sbatch --array=1-64 scripts/explore-slurm.sh lost-dirty --strategy pct --executions 100000000
#   vmsim explore --merge /shared/lost-dirty/shard-*.json
#
# A job that was killed leaves no file: --merge names its shard, and `sbatch --array=17 ...` does it
# anew. A shard that is done is not done again. VMSIM names the command.
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=1
set -eu
: "${VMSIM:=vmsim}"
: "${VMSIM_SHARDS:?number of shards}" "${VMSIM_FOLDER:?folder for the results}"
: "${SLURM_ARRAY_TASK_ID:?start this by sbatch --array=1-$VMSIM_SHARDS}"

result=$VMSIM_FOLDER/shard-$SLURM_ARRAY_TASK_ID.json
[ ! -e "$result" ] || exit 0
mkdir -p "$VMSIM_FOLDER"
unfinished=$(mktemp "$VMSIM_FOLDER/unfinished.XXXXXX")
trap 'rm -f "$unfinished"' EXIT

# 1 is a violation, and as good an end as 0. A result appears whole or not at all.
status=0
"$VMSIM" explore "$@" --json --shard "$SLURM_ARRAY_TASK_ID/$VMSIM_SHARDS" >"$unfinished" || status=$?
[ $status -le 1 ] || exit $status
mv "$unfinished" "$result"
