#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# full.sh VMSIM HERE BUILD CC...: --granularity full, with code compiled as docs/full.md says
. "$2/lib.sh"
shift 3
include=$here/../../include

# compile FLAGS OUTPUT: an override whose fault handler counts its calls in the VMA
compile() {
	cat > "$work/count.c" <<-'C'
	#include <linux/mm.h>
	vm_fault_t do_anonymous_page(struct vm_fault *vmf);
	extern vm_fault_t __handle_mm_fault(struct vm_area_struct *vma, unsigned long address,
					    unsigned int flags);
	vm_fault_t handle_mm_fault(struct vm_area_struct *vma, unsigned long address,
				   unsigned int flags, struct pt_regs *regs)
	{
		vma->vm_private_data = (char *)vma->vm_private_data + 1;
		return __handle_mm_fault(vma, address, flags);
	}
	C
	# shellcheck disable=SC2086
	$cc $1 -O1 -g -shared -fPIC -DVMSIM_ARCH_X86_64 -I"$include" -o "$work/$2" "$work/count.c" ||
		fail "cannot compile the override"
}

cc=$*
if $cc --version | grep -q clang; then
	flags="-fsanitize=thread -mllvm -tsan-distinguish-volatile=1
		-mllvm -tsan-instrument-func-entry-exit=0 -mllvm -tsan-instrument-read-before-write=1"
else
	flags="-fsanitize=thread --param tsan-distinguish-volatile=1
		--param tsan-instrument-func-entry-exit=0 -Wno-tsan"
fi
compile_instrumented() {
	compile "" plain.so
	# shellcheck disable=SC2086
	$cc $flags -DVMSIM_FULL -fno-builtin-memcpy -fno-builtin-memmove -fno-builtin-memset \
		-O1 -g -fPIC -DVMSIM_ARCH_X86_64 -I"$include" -c -o "$work/count.o" "$work/count.c" ||
		fail "cannot compile the instrumented override"
	$cc -shared -o "$work/full.so" "$work/count.o" || fail "cannot link the instrumented override"
}
compile_instrumented

# The library alone: clean, and more decisions than at granularity sync.
runs 0 explore anon-fault --strategy random --executions 50 --json
sync=$(python3 -c "import json;print(json.load(open('$work/out'))['coverage']['deepest'])")
runs 0 explore anon-fault --strategy random --executions 50 --granularity full --json
is_json "x['coverage']['deepest'] > $sync"

# Both threads fault in the same VMA under the mmap lock for reading: the counter is racy.
runs 1 explore anon-fault --strategy random --executions 500 --granularity full \
	--override "$work/full.so" --save "$work/race"
says "O23"
says "count.c:8"
says "nothing orders them"
says "vma 10000000-"
grep -qx "granularity full" "$work/race" || fail "the schedule does not say its granularity"

# A variant's own object is instrumented, too; what fails replays by itself.
runs 1 explore lost-dirty --variant linux-6.1 --strategy random --executions 5000 \
	--granularity full --oracles O6 --save "$work/lost"
grep "^violation" "$work/out" > "$work/violation"
runs 1 replay "$work/lost"
says "$(cat "$work/violation")"

# Nobody sees plain accesses of what is not instrumented, or at granularity sync.
runs 0 explore anon-fault --strategy random --executions 500 --granularity full \
	--override "$work/plain.so"
runs 0 explore anon-fault --strategy random --executions 500 --override "$work/plain.so"

# What is instrumented needs the runtime.
refuses "vmsim: */full.so: *__tsan_*" explore anon-fault --strategy random \
	--override "$work/full.so"
refuses "vmsim: --granularity: unknown granularity 'all'" explore anon-fault --granularity all

exit $failed
