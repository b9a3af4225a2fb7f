#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Prints how many tests passed, failed, were skipped: of a log of `meson test` (one JSON object a
line), or of the XML of `ctest --output-junit`."""
import json
import sys
import xml.etree.ElementTree

PASSED = {'OK', 'EXPECTEDFAIL'}
SKIPPED = {'SKIP'}


RESULT_OF_CTEST = {'run': 'OK', 'notrun': 'SKIP'}


def of_meson(path):
    with open(path, encoding='utf-8') as file:
        return [json.loads(line)['result'] for line in file]


def of_ctest(path):
    """A test that is skipped by its exit status counts as skipped there, too ("notrun")."""
    suite = xml.etree.ElementTree.parse(path).getroot()
    return [RESULT_OF_CTEST.get(case.get('status'), 'FAIL') for case in suite.iter('testcase')]


def main():
    results = (of_ctest if sys.argv[1].endswith('.xml') else of_meson)(sys.argv[1])
    passed = sum(result in PASSED for result in results)
    skipped = sum(result in SKIPPED for result in results)
    print(passed, len(results) - passed - skipped, skipped)


if __name__ == '__main__':
    main()
