#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Our functions against the kernel's, over random trees of processes.

usage: differ.py same SOURCE BUILD OURS TREES OBJECT... -- ARGUMENT...
       differ.py mutants SOURCE BUILD OURS TREES KCC FILE [OBJECT | NAME(PARAMETERS)=BODY]... -- ARGUMENT...

TREES (tests/trees) writes a line for each step: what calls said, a digest of the state behind it,
and what was counted. same: linked with OBJECTs, the kernel's files, in front of the library, it must
write what OURS does. mutants: it must not where, in the kernel's FILE, NAME means BODY. OURS is TREES
itself, or with functions that do as an older kernel did (tests/kernel/as-6.1).
Arguments behind -- go to both.
"""
import difflib
import itertools
import os
import re
import shlex
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "mutations"))
import mutations  # noqa: E402

TIMEOUT = 100
CONTEXT = 3


def log_of(program, arguments):
    """Its lines; what it says of a failure is one of them. Kernel code may have its say besides."""
    try:
        run = subprocess.run([program, "--log"] + arguments, capture_output=True, text=True,
                             timeout=TIMEOUT, check=False)
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"no answer in {TIMEOUT} s") from None
    return run.stdout.splitlines() + (run.stderr.splitlines() if run.returncode else [])


def first_other_line(log, program, arguments):
    """The program's first line that is not the log's, where it is ended, or how it fails; None: it is the same."""
    late = threading.Event()
    with tempfile.TemporaryFile("w+") as errors, \
            subprocess.Popen([program, "--log"] + arguments, stdout=subprocess.PIPE, stderr=errors,
                             text=True) as run:
        timer = threading.Timer(TIMEOUT, lambda: (late.set(), run.kill()))
        timer.start()
        lines = (line.rstrip("\n") for line in run.stdout)
        pairs = itertools.zip_longest(log, lines)
        other = next((theirs or "it ends" for ours, theirs in pairs if ours != theirs), None)
        timer.cancel()
        run.kill()
        run.wait()
        if late.is_set():
            raise RuntimeError(f"no answer in {TIMEOUT} s")
        errors.seek(0)
        failed = other == "it ends" or (other or "").endswith(" failures")
        return errors.read().strip()[-200:] or other if failed else other


def is_good(log):
    return len(log) > 1 and log[-1].endswith(" 0 failures")


def first_difference(ours, theirs):
    """None: they are the same."""
    if ours == theirs:
        return None
    for at, pair in enumerate(zip(ours, theirs)):
        if pair[0] != pair[1]:
            return at
    return min(len(ours), len(theirs))


def explain(programs, logs, at, arguments):
    """The first line that differs, and how the whole state does after that step."""
    for name, log in zip(("ours:  ", "theirs:"), logs):
        print(name, log[at] if at < len(log) else "(nothing)")
    step = re.match(r"(\d+):(\d+): ", logs[0][at] if at < len(logs[0]) else "")
    if not step:
        return
    # Of an option that is given twice the later one counts.
    arguments = arguments + ["--first", step[1], "--seeds", "1", "--steps", str(int(step[2]) + 1),
                             "--whole", step[2]]
    states = [log_of(program, arguments) for program in programs]
    states = [log[log.index("state:"):] if "state:" in log else log for log in states]
    for line in list(difflib.unified_diff(*states, "ours", "theirs", lineterm="", n=CONTEXT))[:60]:
        print(line)


def same(build, ours, objects, folder, arguments):
    theirs = build.link([os.path.abspath(path) for path in objects], folder)
    logs = [log_of(program, arguments) for program in (ours, theirs)]
    at = first_difference(*logs)
    if at is not None:
        explain((ours, theirs), logs, at, arguments)
        return 1
    print(f"the same: {len(logs[0])} lines; {logs[0][-1] if logs[0] else ''}")
    return 0 if is_good(logs[0]) else 1


def compiled(kcc, path, mutant, folder):
    """The kernel's file, with a macro for the named function."""
    name, body = mutant.split("=", 1)
    changed = os.path.join(folder, os.path.basename(path))
    with open(changed, "w", encoding="utf-8") as out:
        # It takes longer to compile than to run.
        out.write('#pragma GCC optimize ("O0")\n')
        for header in ("mm.h", "mm_inline.h", "pagemap.h", "rmap.h", "swap.h", "swapops.h"):
            out.write(f"#include <linux/{header}>\n")
        out.write(f"#define {name} {body}\n#line 1\n{mutations.text_of(path)}")
    tree = os.path.dirname(os.path.dirname(os.path.abspath(path)))
    run = subprocess.run([*shlex.split(kcc), "--tree", tree, "-c", "-o", changed + ".o", changed],
                         capture_output=True, text=True, check=False)
    if run.returncode:
        raise RuntimeError(f"does not compile:\n{run.stderr}")
    return changed + ".o"


def mutants(build, ours, operands, folder, arguments):
    kcc, path, *rest = operands
    changes = [operand for operand in rest if "=" in operand]
    objects = [os.path.abspath(operand) for operand in rest if "=" not in operand]
    log = log_of(ours, arguments)
    if not is_good(log):
        raise RuntimeError(f"ours fails: {log[-1:]}")
    missed = 0
    for change in changes:
        try:
            program = build.link([compiled(kcc, path, change, folder)] + objects, folder)
            other = first_other_line(log, program, arguments)
            said = "not noticed" if other is None else f"noticed: {other}"
        except RuntimeError as error:
            other, said = None, str(error)
        print(f"{change}: {said}", flush=True)
        missed += other is None
    print(f"{len(changes) - missed} of {len(changes)} changes were noticed")
    return 1 if missed or not changes else 0


def main():
    if "--" not in sys.argv or len(sys.argv) < 7 or sys.argv[1] not in ("same", "mutants"):
        sys.exit(__doc__)
    cut = sys.argv.index("--")
    _, what, source, folder, ours, trees, *operands = sys.argv[:cut]
    build = mutations.Build(source, folder, trees)
    with tempfile.TemporaryDirectory(prefix="vmsim-differ-") as scratch:
        return {"same": same, "mutants": mutants}[what](build, ours, operands, scratch, sys.argv[cut + 1:])


if __name__ == "__main__":
    try:
        sys.exit(main())
    except RuntimeError as error:
        sys.exit(f"differ: {error}")
