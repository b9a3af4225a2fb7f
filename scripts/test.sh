#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Everything that must hold, on a fresh clone: gcc's build, and the kernel's own files in it, by meson
# test; clang's under ASan and UBSan by ctest, but for what takes long and does nothing there that
# other tests do not; native stress under both and under TSan; 40 s of fuzzing per parser.
# Logs: build-logs/. The last line says how many checks passed, failed and were skipped.
set -u
cd "$(dirname "$0")/.." || exit 3
: "${VMSIM_TSAN_SECONDS:=20}" "${VMSIM_FAMILY_SECONDS:=60}" "${VMSIM_FUZZ_SECONDS:=40}"

kernels=/usr/src/linux-source-6.12.tar.xz,/usr/src/linux-source-6.1.tar.xz
# What a sanitizer and another compiler see elsewhere, too: suites, and tests.
suites_once="headers mutations minimise variants agreement replay instrument selftests"
tests_once="cli/check|cli/override|cli/shards|cli/gdb|cli/failure|corpus/tables|explore/test_estimate"
# A saved search needs stacks that come again with all that is stale in them: here they do not.
unfit="cli/resume|explore/test_resume"
passed=0 failed=0 skipped=0

rm -rf build build-asan build-tsan build-logs
mkdir build-logs

# judge NAME STATUS BEGIN: counts a check that has ended; its output is shown only if it failed.
judge() {
	if [ "$2" = 0 ]; then
		passed=$((passed + 1))
		result=ok
	else
		failed=$((failed + 1))
		result=FAILED
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

# count NAME STATUS BEGIN RESULTS: a run of many tests has ended; each of them counts.
count() {
	counts=$(python3 scripts/count-tests.py "$4") || counts="0 1 0"
	# The exit status says no more than the counts, except when the runner itself fails.
	[ "$2" = 0 ] || [ "$(echo "$counts" | cut -d ' ' -f 2)" != 0 ] || counts="0 1 0"
	read -r ok bad left <<-END
		$counts
	END
	passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + left))
	if [ "$bad" != 0 ]; then
		# What ctest prints of a failed test comes long before its end.
		grep -a -A 40 '[*][*][*]' "build-logs/$1.log" | head -n 200
		tail -n 200 "build-logs/$1.log"
	fi
	echo "$1: $ok passed, $bad failed, $left skipped, $(($(date +%s) - $3)) s"
}

# by_meson NAME BUILD: all tests of a build.
by_meson() {
	begin=$(date +%s)
	meson test -C "$2" --print-errorlogs >"build-logs/$1.log" 2>&1
	count "$1" $? "$begin" "$2/meson-logs/testlog.json"
}

# by_ctest NAME BUILD UNWANTED [ARGUMENT...]: what is built already, without the tests of a pattern.
by_ctest() {
	name=$1 build=$2 unwanted=$3
	shift 3
	begin=$(date +%s)
	ctest --test-dir "$build" -FS build -j 2 --output-on-failure --no-tests=error \
		-E "^build\$|$unwanted" --output-junit ctest.xml "$@" >"build-logs/$name.log" 2>&1
	count "$name" $? "$begin" "$build/ctest.xml"
}

# build_without BUILD SUITE...: all but programs that only tests of these suites need.
build_without() {
	folder=$1
	shift
	scripts/test-targets.py "$folder" "$@" | xargs ninja -C "$folder"
}

step install-deps scripts/install-deps.sh --test || exit 1

step setup meson setup build -Dwerror=true -Dkernel_src=$kernels &&
	step build ninja -C build &&
	by_meson test build

# What the setup asan_ubsan of meson test gives.
export ASAN_OPTIONS=abort_on_error=0:detect_stack_use_after_return=0:verify_asan_link_order=0
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
# shellcheck disable=SC2086
step setup-asan env CC=clang meson setup build-asan -Dwerror=true -Dkernel_src=${kernels%%,*} \
		-Db_sanitize=address,undefined -Db_lundef=false &&
	step build-asan build_without build-asan $suites_once &&
	by_ctest test-asan build-asan "$tests_once|$unfit" \
		-LE "$(echo "$suites_once" | tr ' ' '|')" &&
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
