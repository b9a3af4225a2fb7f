#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The harness for mutations tells what is wrong with a mutation, and accepts one that is right.

usage: selftest.py SOURCE BUILD RUNNER
"""
import os
import sys
import tempfile

import mutations

RIGHT = """\
file: src/rmap/mkclean.c
kind: flush
what: writeback write-protects an entry and does not flush it
rule: R5
world: writeback ipi
oracle: O3|O6
<<<<
\tentry = ptep_clear_flush(vma, address, ptep);
====
\tentry = ptep_get_and_clear(vma->vm_mm, address, ptep);
>>>>
"""

WRONG = {
    "changes nothing": ("ptep_get_and_clear(vma->vm_mm, ", "ptep_clear_flush(vma, ", "not found in"),
    "is out of date": ("\tentry = ptep_clear_flush(vma, a", "\tentry = ptep_flush(vma, a",
                       "stands 0 times"),
    "does not compile": ("vma->vm_mm, address", "vma->vm_mm, addres", "does not compile"),
    "names no scenario": ("world: writeback", "world: nowhere", "status 2"),
    "names the wrong oracle": ("oracle: O3|O6", "oracle: O14", "expected O14, found"),
}

BAD_FILES = {
    "no mark": ("====\n", ""),
    "no such kind": ("kind: flush", "kind: luck"),
    "no such field": ("rule: R5", "rules: R5"),
    "a field less": ("rule: R5\n", ""),
}


def parsed(text):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "it.mut")
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        return mutations.parse(path)


def refused(text):
    try:
        parsed(text)
    except SystemExit:
        return True
    return False


def main():
    build = mutations.Build(*sys.argv[1:4])
    failures = []
    _, outcomes, problem = mutations.examine(build, parsed(RIGHT))
    if problem:
        failures.append(f"a mutation that is right: {problem}")
    for name, (old, new, expected) in WRONG.items():
        assert old in RIGHT, name
        problem = mutations.examine(build, parsed(RIGHT.replace(old, new)))[2]
        if not problem or expected not in problem:
            failures.append(f"a mutation that {name}: expected \"{expected}\", found {problem}")
    failures += [f"a file with {name} is accepted" for name, (old, new) in BAD_FILES.items()
                 if not refused(RIGHT.replace(old, new))]
    page = mutations.document([(parsed(RIGHT), outcomes, None)])
    other = mutations.document([(parsed(RIGHT)._replace(name="other"), outcomes, None)])
    if mutations.without_counts(page) == mutations.without_counts(other):
        failures.append("a page that lists another mutation is taken for the same")
    for failure in failures:
        print(failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
