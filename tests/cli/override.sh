#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Override files: one that fits takes effect, anything else is refused before it can do harm.
# $4: the C compiler
. "$2/lib.sh"
shift 3
object=$built/scenarios/lost-dirty/linux-6.1.so

runs 0 run lost-dirty --tlb ipi
runs 1 run lost-dirty --override "$object"
cp "$object" "$work/mine.so"
runs 1 run lost-dirty --override "$work/mine.so" --override "$object"
VMSIM_OVERRIDE=$object runs 3 run lost-dirty --override "$object"

refuses "vmsim: $work/none.so: No such file or directory" run lost-dirty --override "$work/none.so"
refuses "vmsim: $work: not a regular file" run lost-dirty --override "$work"
: >"$work/empty.so"
refuses "vmsim: $work/empty.so: not an ELF file" run lost-dirty --override "$work/empty.so"
seq 1 5000 | gzip -n | tail -c 4096 >"$work/noise.so"
refuses "vmsim: $work/noise.so: not an ELF file" run lost-dirty --override "$work/noise.so"
refuses "vmsim: $vmsim: *" run lost-dirty --override "$vmsim"
cp "$object" "$work/with blank.so"
refuses "vmsim: $work/with blank.so: the path must have no blanks*" \
	run lost-dirty --override "$work/with blank.so"

size=$(wc -c <"$object")
for part in 1 2 3 5 8 13; do
	head -c $((size * part / 14)) "$object" >"$work/cut.so"
	refuses "vmsim: $work/cut.so: *" run lost-dirty --override "$work/cut.so"
done

if [ $# -gt 0 ]; then
	echo 'int nobody_calls_this(void) { return 0; } int nobody_calls_this(void);' >"$work/other.c"
	"$@" -shared -fPIC -o "$work/other.so" "$work/other.c"
	refuses "vmsim: $work/other.so: defines no function that the library lets be replaced" \
		run lost-dirty --override "$work/other.so"
	echo 'void missing(void); int find_vma(void) { missing(); return 0; }' >"$work/undefined.c"
	"$@" -shared -fPIC -w -o "$work/undefined.so" "$work/undefined.c"
	refuses "vmsim: $work/undefined.so: undefined symbol: missing" \
		run lost-dirty --override "$work/undefined.so"
	echo 'int find_vma(void) { return 0; }
		__attribute__((constructor)) static void bang(void) { __builtin_trap(); }' >"$work/bang.c"
	"$@" -shared -fPIC -w -o "$work/bang.so" "$work/bang.c"
	refuses "vmsim: $work/bang.so: crashes when it is loaded" \
		run lost-dirty --override "$work/bang.so"
	"$@" -c -fPIC -w -o "$work/object.o" "$work/other.c"
	refuses "vmsim: $work/object.o: no shared object: link it with -shared" \
		run lost-dirty --override "$work/object.o"
fi

# Tables, with an override in all runs: one that changes nothing, with a static function that a variant
# replaces (a function of its own, or one of which only debug information is left); one that is wrong.
if [ $# -gt 0 ]; then
	plain='struct folio; void folio_mark_accessed(struct folio *folio) { (void)folio; }'
	echo "$plain" >"$work/plain.c"
	echo "$plain"' static __attribute__((noinline, used)) int zap_pte_range(int a) { return a + 1; }' \
		>"$work/static.c"
	echo "$plain"' static inline __attribute__((always_inline)) int zap_pte_range(int a)
		{ return a * 3; } int some(int a); int some(int a) { return zap_pte_range(a); }' \
		>"$work/inline.c"
	for name in plain static inline; do
		debug=-g
		[ $name != static ] || debug=-g0
		"$@" -shared -fPIC -O2 $debug -w -o "$work/$name.so" "$work/$name.c"
		left_out=1
		[ $name != plain ] || left_out=0
		runs 0 check lost-dirty-poc --executions 5 --override "$work/$name.so"
		says ' 0 mismatches'
		says "variants left out: $left_out"
		runs 0 check lost-dirty-poc --executions 5 --override "$work/$name.so" --json
		is_json "[v['variant'] for v in x['left_out']] == ['linux-6.1'][:$left_out]"
		is_json "({r['variant'] for r in x['runs']} == {'linux-6.12'}) == bool($left_out)"
	done
	says '"function": "zap_pte_range"'
	runs 0 check lost-dirty-poc --executions 5 --override "$work/plain.so" --override "$work/static.so"
	says "variants left out: 1"
	echo 'void vmsim_stub_reached(const char *name);' "struct folio; void folio_mark_accessed(struct folio *folio)
		{ vmsim_stub_reached(\"folio_mark_accessed\"); }" >"$work/stub.c"
	"$@" -shared -fPIC -w -o "$work/stub.so" "$work/stub.c"
	runs 1 check lost-dirty-poc --executions 5 --override "$work/stub.so"
	grep -qx 'stub reached: folio_mark_accessed()' "$work/out" || fail 'a stub that is reached is named'
	says ' 0 mismatches'
	runs 1 check lost-dirty-poc --executions 5 --override "$work/stub.so" --allow-stub folio_mark --json
	is_json "x['stubs'] == ['folio_mark_accessed'] and not x['mismatches']"
	runs 0 check lost-dirty-poc --executions 5 --override "$work/stub.so" --allow-stub folio_mark_accessed
	says 'stub reached: folio_mark_accessed(), as you said'
	"$vmsim" run lost-dirty-poc --override "$work/stub.so" 2>&1 | grep -c 'a stub' | grep -qx 1 ||
		fail 'a stub that is reached says so once'
fi
runs 1 check lost-dirty-poc --executions 5 --override "$object" --json
is_json "x['mismatches'] and all(m['found'] in ('O3', 'O6') for m in x['mismatches'])"
is_json "[v['variant'] for v in x['left_out']] == ['linux-6.1']"

runs 0 check lost-dirty-poc --executions 5 --leave-out lost-dirty-poc/linux-6.1
says 'left out: lost-dirty-poc linux-6.1, as you said'
says 'variants left out: 1'
runs 0 check lost-dirty-poc --executions 5 --leave-out lost-dirty-poc/linux-6.1 --json
is_json "x['left_out'] == [{'scenario': 'lost-dirty-poc', 'variant': 'linux-6.1', 'function': None}]"
is_json "{r['variant'] for r in x['runs']} == {'linux-6.12'}"
# Where nothing is left, nothing is known.
runs 2 check lost-dirty-poc --executions 5 --leave-out lost-dirty-poc/linux-6.1 \
	--leave-out lost-dirty-poc/linux-6.12
says '0 runs, 0 mismatches'
grep -qx 'vmsim: check: nothing was run: .*' "$work/err" || fail 'that nothing was run is not said'
refuses "vmsim: --leave-out: lost-dirty-poc: expected SCENARIO/VARIANT" check --leave-out lost-dirty-poc
refuses "vmsim: $work/none.so: No such file or directory" check --override "$work/none.so"

VMSIM_SCENARIO_DIR=$work refuses "vmsim: $work/lost-dirty/linux-6.1.so: No such file or directory" \
	run lost-dirty --variant linux-6.1
exit $failed
