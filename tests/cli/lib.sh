# SPDX-License-Identifier: GPL-2.0-only
# Sourced by the tests of the command. $1: the command; $2: this folder; $3: the build folder.
set -u
vmsim=$1
here=$2
built=$3
trace=$here/../data/gcc-compile.vmtrace.gz
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
# Found once: what PATH has may be a script that looks for it.
python=$(python3 -c 'import sys; print(sys.executable)')

python3() {
	"$python" "$@"
}

fail() {
	echo "FAILED: $*"
	[ ! -s "$work/out" ] || sed 's/^/  out: /' "$work/out" | head -n 20
	[ ! -s "$work/err" ] || sed 's/^/  err: /' "$work/err" | head -n 20
	failed=1
}

# runs STATUS ARGUMENT...: the command ends with STATUS
runs() {
	expected=$1
	shift
	"$vmsim" "$@" >"$work/out" 2>"$work/err"
	status=$?
	[ "$status" = "$expected" ] || fail "vmsim $*: exit status $status, expected $expected"
}

# refuses LINE ARGUMENT...: exit status 2, and LINE (a shell pattern) is all that it says
refuses() {
	pattern=$1
	shift
	runs 2 "$@"
	[ "$(wc -l <"$work/err")" = 1 ] || fail "vmsim $*: more or less than one line of complaint"
	# shellcheck disable=SC2254
	case $(cat "$work/err") in
	$pattern) ;;
	*) fail "vmsim $*: expected the complaint '$pattern'" ;;
	esac
	[ ! -s "$work/out" ] || fail "vmsim $*: it printed something"
}

# says WORDS: the last run printed them
says() {
	grep -qF -- "$1" "$work/out" || fail "expected '$1' in the output"
}

# is_json EXPRESSION: a Python expression over the output, as x, is true
is_json() {
	python3 -c "
import json, sys
x = json.load(open('$work/out'))
sys.exit(0 if ($1) else 1)" || fail "in JSON: $1"
}
