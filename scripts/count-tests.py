#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Prints how many tests of a `meson test` log (one JSON object a line) passed, failed, skipped."""
import json
import sys

PASSED = {'OK', 'EXPECTEDFAIL'}
SKIPPED = {'SKIP'}


def main():
    with open(sys.argv[1], encoding='utf-8') as file:
        results = [json.loads(line)['result'] for line in file]
    passed = sum(result in PASSED for result in results)
    skipped = sum(result in SKIPPED for result in results)
    print(passed, len(results) - passed - skipped, skipped)


if __name__ == '__main__':
    main()
