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

VMSIM_SCENARIO_DIR=$work refuses "vmsim: $work/lost-dirty/linux-6.1.so: No such file or directory" \
	run lost-dirty --variant linux-6.1
exit $failed
