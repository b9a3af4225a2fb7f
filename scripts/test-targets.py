#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""test-targets.py BUILD SUITE...: what to build if the tests of some suites are not run.

Prints, for ninja, the files of all targets of the build folder that are built by default or needed by
a test, but for programs that only tests of those suites need.
"""
import json
import os
import subprocess
import sys


def introspect(build, what):
    done = subprocess.run(["meson", "introspect", "--" + what, build], check=True, capture_output=True,
                          text=True)
    return json.loads(done.stdout)


def suites_of(test):
    return {suite.split(":")[-1] for suite in test["suite"]}


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    build, left_out = os.path.abspath(sys.argv[1]), set(sys.argv[2:])
    wanted, unwanted = set(), set()
    for test in introspect(build, "tests"):
        (unwanted if suites_of(test) & left_out else wanted).update(test["depends"])
    for target in introspect(build, "targets"):
        if target["id"] not in wanted and (
                not target["build_by_default"] or
                target["type"] == "executable" and target["id"] in unwanted):
            continue
        for name in target["filename"]:
            print(os.path.relpath(name, build))


if __name__ == "__main__":
    main()
