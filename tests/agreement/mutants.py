#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Errors put into the library: a test must notice each of them.

usage: mutants.py SOURCE BUILD PROGRAM FOLDER NOTICED ARGUMENT...

Each file FOLDER/*.mut is one error: a text of one source file and what takes its place, as in
tests/mutations, and the scenario in which it must show. The changed file is compiled and put
in front of the library; PROGRAM must then say NOTICED. Of its arguments, SCENARIO stands for that
of the error. Where it fails without saying so, for example because a strategy does not exhaust the
scenario any more, the error counts as one that was not noticed.
"""
import collections
import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "mutations"))
import mutations  # noqa: E402

FIELDS = ("file", "what", "scenario")
TIMEOUT = 60

Mutant = collections.namedtuple("Mutant", ("name", "old", "new") + FIELDS)


def parse(path):
    """A .mut file: "field: value" lines, then the old and the new text between marks."""
    name = os.path.basename(path)[:-len(".mut")]
    match = re.fullmatch(r"(.*?)^<<<<\n(.*?)^====\n(.*?)^>>>>\n", mutations.text_of(path),
                         re.S | re.M)
    if not match:
        mutations.fail(f"{path}: expected fields, then <<<<, ==== and >>>> on lines of their own")
    head, old, new = match.groups()
    fields = dict(line.split(": ", 1) for line in head.splitlines())
    if tuple(fields) != FIELDS:
        mutations.fail(f"{path}: expected the fields {', '.join(FIELDS)}")
    return Mutant(name=name, old=old, new=new, **fields)


def all_mutants(folder):
    return [parse(os.path.join(folder, name)) for name in sorted(os.listdir(folder))]


def problem_of(build, mutant, noticed, arguments):
    """Why the mutant does not count as noticed; None: it does. And what was said."""
    with tempfile.TemporaryDirectory(prefix="vmsim-mutant-") as folder:
        try:
            program = build.link(build.objects(mutant, folder), folder)
            arguments = [mutant.scenario if a == "SCENARIO" else a for a in arguments]
            run = subprocess.run([program] + arguments, capture_output=True, text=True,
                                 timeout=TIMEOUT)
        except RuntimeError as error:
            return str(error), ""
        except subprocess.TimeoutExpired:
            return f"no answer in {TIMEOUT} s", ""
    said = [line for line in run.stderr.splitlines() if noticed in line]
    if said:
        return None, said[0]
    return f"not noticed in {mutant.scenario}, status {run.returncode}: {run.stderr[-200:]}", ""


def main():
    if len(sys.argv) < 6:
        sys.exit(__doc__)
    build = mutations.Build(*sys.argv[1:4])
    mutants = all_mutants(sys.argv[4])
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for mutant, (problem, said) in zip(mutants, pool.map(
                lambda mutant: problem_of(build, mutant, sys.argv[5], sys.argv[6:]), mutants)):
            print(f"{mutant.name}: {problem or said}", flush=True)
            failed += problem is not None
    print(f"{len(mutants) - failed} of {len(mutants)} errors were noticed")
    return 1 if failed or not mutants else 0


if __name__ == "__main__":
    sys.exit(main())
