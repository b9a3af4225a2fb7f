#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Every oracle, and every hook that an oracle uses, can be missed: takes each away in turn and
demands that one of the programs turns red. Not O23, which needs instrumented programs: see
tests/unit/instrument/muting.py.

usage: muting.py SOURCE_DIR PROGRAM...
"""
import os
import re
import subprocess
import sys

ELSEWHERE = {"O23": "o23_race.c"}


def text_of(path):
    with open(path, encoding="utf-8") as handle:
        return handle.read()


def oracles(source):
    listed = re.findall(r"X\((O\d+),", text_of(os.path.join(source, "include/vmsim/check.h")))
    return [oracle for oracle in listed if oracle not in ELSEWHERE]


def hooks(source):
    """Kinds of events that src/check asks for."""
    folder = os.path.join(source, "src/check")
    kinds = set()
    for name in sorted(os.listdir(folder)):
        if name.endswith(".c") and name not in ELSEWHERE.values():
            kinds.update(re.findall(r"VMSIM_EV_BIT\((\w+)\)", text_of(os.path.join(folder, name))))
    return sorted(kinds)


def first_red(programs, **muted):
    for program in programs:
        done = subprocess.run([program], env={**os.environ, **muted}, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=False)
        if done.returncode:
            return os.path.basename(program)
    return None


def main():
    source, programs = sys.argv[1], sys.argv[2:]
    red = first_red(programs)
    if red:
        print(f"{red} is red without anything missing")
        return 1
    missed = []
    for variable, names in (("VMSIM_MUTE_ORACLE", oracles(source)),
                            ("VMSIM_MUTE_EVENT", hooks(source))):
        for name in names:
            red = first_red(programs, **{variable: name})
            print(f"{variable}={name}: {red or 'NOBODY NOTICES'}", flush=True)
            if not red:
                missed.append(name)
    if missed:
        print(f"not missed by any test: {' '.join(missed)}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
