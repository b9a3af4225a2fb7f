#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# fuzz.sh [SECONDS]: runs each libFuzzer target for so long (60), all at the same time.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-60}

rm -rf build-fuzz
CC=clang meson setup build-fuzz -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false \
	>/dev/null
# The targets and their seeds; the rest of the project is not needed.
wanted=$(ninja -C build-fuzz -t targets all |
	sed -n 's/^\(tests\/fuzz\/fuzz-[a-z]*\|tests\/fuzz\/corpus\/[^ :]*\.so\): .*/\1/p')
# shellcheck disable=SC2086
ninja -C build-fuzz $wanted >build-fuzz/ninja.log || { tail -n 40 build-fuzz/ninja.log; exit 3; }

targets=$(find build-fuzz/tests/fuzz -maxdepth 1 -type f -perm -u+x -name 'fuzz-*' | sort)
if [ -z "$targets" ]; then
	echo "fuzz.sh: no target was built" >&2
	exit 3
fi

# Prints how many inputs were run, or the end of the log of a target that found something.
fuzz() {
	target=$1
	name=${target##*/}
	corpus=build-fuzz/corpus/$name
	mkdir -p "$corpus"
	seeds=
	for folder in tests/fuzz/corpus/"$name" build-fuzz/tests/fuzz/corpus/"$name"; do
		[ ! -d "$folder" ] || seeds="$seeds $folder"
	done
	# shellcheck disable=SC2086
	if "$target" -max_total_time="$seconds" -max_len=65536 -timeout=20 -print_final_stats=1 \
		-artifact_prefix="build-fuzz/$name-" "$corpus" $seeds >"build-fuzz/$name.log" 2>&1
	then
		echo "$name: $(sed -n 's/^stat::number_of_executed_units: *//p' \
			"build-fuzz/$name.log") inputs, nothing found"
	else
		echo "$name: FAILED"
		tail -n 60 "build-fuzz/$name.log"
		return 1
	fi
}

failed=0
running=
for target in $targets; do
	fuzz "$target" &
	running="$running $!"
done
for pid in $running; do
	wait "$pid" || failed=1
done
exit $failed
