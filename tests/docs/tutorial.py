#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The commands of a tutorial do what it says.

usage: tutorial.py PAGE LINUX KCC BUILD VMSIM

In each block ```console of PAGE lines with "$ " are commands; what follows is what they print ("..." stands for
anything, a line of its own for any lines), and the last line may be "exit status N", where it is not 0. LINUX: a
kernel tree, or as much of one as is needed. From an edit (sed) to the end of the next `vmsim check` it may take
ten seconds of processor time: how long that is depends on what else runs.
"""
import os
import re
import resource
import shlex
import subprocess
import sys
import tempfile
import time

BLOCK = re.compile(r"^```console\n(.*?)^```", re.M | re.S)


def commands_of(page):
    """[(command, lines expected, status expected)]"""
    with open(page, encoding="utf-8") as handle:
        for block in BLOCK.findall(handle.read()):
            for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
                command, *lines = part.splitlines()
                status = 0
                if lines and lines[-1].startswith("exit status "):
                    status = int(lines.pop().split()[-1])
                yield command, lines, status


def pattern_of(lines):
    parts = []
    for line in lines:
        if line == "...":
            parts.append(r"(?:.*\n)*?")
        else:
            # What wraps depends on the length of the path before it.
            words = re.escape(line.strip()).replace(r"\.\.\.", ".*?").replace(r"\ ", r"\s+")
            parts.append(rf"[ \t]*{words}\s*?\n")
    return "".join(parts)


def write_program(folder, name, *command):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as handle:
        handle.write(f"#!/bin/sh\nexec {shlex.join(command)} \"$@\"\n")
    os.chmod(path, 0o755)


def spent():
    """Processor time of all commands so far, and the time of day."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime, time.monotonic()


def main():
    page, linux, kcc, build, vmsim = (os.path.abspath(argument) for argument in sys.argv[1:])
    right, edited, count, timed = True, None, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        programs = os.path.join(folder, "bin")
        work = os.path.join(folder, "work")
        os.mkdir(programs)
        os.mkdir(work)
        write_program(programs, "vmsim", vmsim)
        write_program(programs, "vmsim-kcc", kcc, "--vmsim", build)
        environment = {**os.environ, "linux": linux, "PATH": f"{programs}:{os.environ['PATH']}"}
        for command, lines, status in commands_of(page):
            done = subprocess.run(command, shell=True, cwd=work, env=environment, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, check=False)
            count += 1
            if done.returncode != status or not re.fullmatch(pattern_of(lines), done.stdout):
                print(f"FAILED: {command}\nstatus {done.returncode}, expected {status}; printed:\n{done.stdout}"
                      "expected:\n" + "\n".join(lines))
                right = False
            if command.startswith("sed "):
                edited = spent()
            if command.startswith("vmsim check") and edited:
                seconds, passed = (now - then for now, then in zip(spent(), edited))
                print(f"from the edit to the verdict: {seconds:.1f} s of processor time, {passed:.1f} s")
                right &= seconds < 10
                edited, timed = None, timed + 1
    print(f"{count} commands")
    sys.exit(not (right and count and timed))


if __name__ == "__main__":
    main()
