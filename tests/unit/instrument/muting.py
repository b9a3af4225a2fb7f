#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Takes away each way of ordering two threads that the race detector knows, each kind of event
that it uses, and the detector itself: the program must turn red every time.

usage: muting.py SOURCE_DIR PROGRAM
"""
import os
import re
import subprocess
import sys


def names(source, path, pattern):
    with open(os.path.join(source, path), encoding="utf-8") as handle:
        return sorted(set(re.findall(pattern, handle.read())))


def is_red(program, **muted):
    """The first test that fails says it; the others are not waited for."""
    with subprocess.Popen([program], env={**os.environ, **muted}, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr:
            if line.startswith('[  FAILED  ]'):
                process.kill()
                return True
    return process.returncode != 0


def main():
    source, program = sys.argv[1:]
    if is_red(program):
        print("red without anything missing")
        return 1
    cases = [("VMSIM_MUTE_ORACLE", "O23")]
    cases += [("VMSIM_MUTE_EDGE", edge)
              for edge in names(source, "src/check/race.h", r"(?m)^\tX\((\w+)\)")]
    cases += [("VMSIM_MUTE_EVENT", kind)
              for kind in names(source, "src/check/o23_race.c", r"VMSIM_EV_BIT\((\w+)\)")]
    missed = 0
    for variable, name in cases:
        red = is_red(program, **{variable: name})
        print(f"{variable}={name}: {'red' if red else 'NOBODY NOTICES'}", flush=True)
        missed += not red
    return 1 if missed or len(cases) < 10 else 0


if __name__ == "__main__":
    sys.exit(main())
