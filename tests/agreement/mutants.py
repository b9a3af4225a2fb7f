#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Errors put into dpor and states: strategies must not agree any more.

usage: mutants.py SOURCE BUILD AGREEMENT CELLS [MUTANT...]

Each file data/*.mut is one error: a text of one source file and what takes its place, as in
tests/mutations, and the scenario in which it must show. The changed file is compiled and put
in front of the library; "agreement check" must then find something that one strategy found and
another one, which thinks that it has seen everything, did not. A strategy that does not exhaust the
scenario any more proves nothing, and counts as an error that was not noticed.
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
NOTICED = "finds what"
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


def all_mutants(names):
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")
    mutants = [parse(os.path.join(folder, name)) for name in sorted(os.listdir(folder))]
    unknown = set(names) - {mutant.name for mutant in mutants}
    if unknown:
        mutations.fail(f"no mutant {sorted(unknown)[0]}")
    return [mutant for mutant in mutants if not names or mutant.name in names]


def problem_of(build, mutant, cells):
    """Why the mutant does not count as noticed; None: it does. And what was said."""
    with tempfile.TemporaryDirectory(prefix="vmsim-mutant-") as folder:
        try:
            program = build.link(build.objects(mutant, folder), folder)
            run = subprocess.run([program, "check", cells, mutant.scenario, "linux-6.12"],
                                 capture_output=True, text=True, timeout=TIMEOUT)
        except RuntimeError as error:
            return str(error), ""
        except subprocess.TimeoutExpired:
            return f"no answer in {TIMEOUT} s", ""
    said = [line for line in run.stderr.splitlines() if NOTICED in line]
    if said:
        return None, said[0]
    return f"not noticed in {mutant.scenario}, status {run.returncode}: {run.stderr[-200:]}", ""


def main():
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    build = mutations.Build(*sys.argv[1:4])
    cells = sys.argv[4]
    mutants = all_mutants(sys.argv[5:])
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for mutant, (problem, said) in zip(mutants, pool.map(
                lambda mutant: problem_of(build, mutant, cells), mutants)):
            print(f"{mutant.name}: {problem or said}", flush=True)
            failed += problem is not None
    print(f"{len(mutants) - failed} of {len(mutants)} errors were noticed")
    return 1 if failed or not mutants else 0


if __name__ == "__main__":
    sys.exit(main())
