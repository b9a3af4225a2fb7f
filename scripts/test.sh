#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Everything that must hold, on a fresh clone: gcc's build by meson test; clang's by ctest, but for
# what takes long and does not depend on the compiler; the kernel's own files; the suite under ASan
# and UBSan, but for what takes long and does nothing that other suites do not; native stress under
# both and under TSan; a minute of fuzzing per parser.
# Logs: build-logs/. The last line says how many checks passed, failed and were skipped.
set -u
cd "$(dirname "$0")/.." || exit 3
: "${VMSIM_TSAN_SECONDS:=20}" "${VMSIM_FAMILY_SECONDS:=60}" "${VMSIM_FUZZ_SECONDS:=60}"

kernels=/usr/src/linux-source-6.12.tar.xz,/usr/src/linux-source-6.1.tar.xz
# What says no more with another compiler.
once="headers mutations minimise corpus scenario cli agreement selftests replay trees instrument"
# What a sanitizer sees elsewhere, too.
unsanitized="headers minimise variants agreement replay instrument"
passed=0 failed=0 skipped=0

rm -rf build build-clang build-asan build-tsan build-logs
mkdir build-logs

# judge NAME STATUS BEGIN: counts a check that has ended; its output is shown only if it failed.
judge() {
	if [ "$2" = 0 ]; then
		passed=$((passed + 1))
		result=ok
	else
		failed=$((failed + 1))
		result=FAILED
		# What ctest prints of a failed test comes long before its end.
		grep -A 40 '[*][*][*]' "build-logs/$1.log" | head -n 200
		tail -n 60 "build-logs/$1.log"
	fi
	echo "$1: $result, $(($(date +%s) - $3)) s"
	[ $result = ok ]
}

# step NAME COMMAND...: one check.
step() {
	name=$1
	shift
	begin=$(date +%s)
	"$@" >"build-logs/$name.log" 2>&1
	judge "$name" $? "$begin"
}

# start NAME COMMAND...: a check that runs beside others, for it takes a given time; finish ends all.
started=
start() {
	name=$1
	shift
	"$@" >"build-logs/$name.log" 2>&1 &
	started="$started $name:$!:$(date +%s)"
}

finish() {
	for check in $started; do
		times=${check#*:}
		wait "${times%:*}"
		judge "${check%%:*}" $? "${times#*:}"
	done
}

# suite NAME BUILD [ARGUMENT...]: meson test; each of its tests counts.
suite() {
	name=$1 build=$2
	shift 2
	begin=$(date +%s)
	# The exit status says no more than the counts, except when Meson itself fails.
	meson test -C "$build" --print-errorlogs "$@" >"build-logs/$name.log" 2>&1
	status=$?
	counts=$(python3 scripts/count-tests.py "$build/meson-logs/$(log_name "$@").json") || counts="0 1 0"
	# shellcheck disable=SC2086
	set -- $counts
	if [ "$status" != 0 ] && [ "$2" = 0 ]; then
		set -- "$1" 1 "$3"
	fi
	passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
	[ "$2" = 0 ] || tail -n 200 "build-logs/$name.log"
	echo "$name: $1 passed, $2 failed, $3 skipped, $(($(date +%s) - begin)) s"
}

# build_without BUILD SUITE...: all but programs that only tests of these suites need.
build_without() {
	folder=$1
	shift
	scripts/test-targets.py "$folder" "$@" | xargs ninja -C "$folder"
}

# Meson names its log after the test setup.
log_name() {
	for argument in "$@"; do
		case $argument in
		--setup=*) echo "testlog-${argument#--setup=}"; return ;;
		esac
	done
	echo testlog
}

step install-deps scripts/install-deps.sh --test || exit 1

step setup meson setup build -Dwerror=true -Dkernel_src=$kernels &&
	step build ninja -C build &&
	suite test build

# shellcheck disable=SC2086
step setup-clang env CC=clang meson setup build-clang -Dwerror=true -Dkernel_src=$kernels &&
	step build-clang build_without build-clang $once &&
	step ctest-clang ctest --test-dir build-clang --output-on-failure -j 2 \
		-LE "$(echo "$once" | tr ' ' '|')"

# shellcheck disable=SC2046,SC2086
step setup-asan meson setup build-asan -Dkernel_src=${kernels%%,*} \
	-Db_sanitize=address,undefined &&
	step build-asan build_without build-asan $unsanitized &&
	suite test-asan build-asan --setup=asan_ubsan $(printf -- '--no-suite %s ' $unsanitized) &&
	start family-asan env VMSIM_STRESS_SECONDS="$VMSIM_FAMILY_SECONDS" \
		meson test -C build-asan --setup=asan_ubsan --no-rebuild stress/family

step setup-tsan meson setup build-tsan -Db_sanitize=thread &&
	step build-tsan ninja -C build-tsan tests/stress/stress tests/stress/family &&
	start one-mm-tsan env VMSIM_STRESS_SECONDS="$VMSIM_TSAN_SECONDS" \
		meson test -C build-tsan --setup=tsan --no-rebuild stress/one-mm-bytes &&
	start family-tsan env VMSIM_STRESS_SECONDS="$VMSIM_FAMILY_SECONDS" \
		meson test -C build-tsan --setup=tsan --no-rebuild --logbase family stress/family

start fuzz scripts/fuzz.sh "$VMSIM_FUZZ_SECONDS"
finish

echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
