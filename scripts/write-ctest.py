#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Writes CTestTestfile.cmake into the build folder, from the tests that Meson knows.

Runs after each configuration (meson.add_postconf_script), so `ctest --test-dir BUILD` knows what
`meson test -C BUILD` knows. CTest does not build: a test named "build" does, and every other one
requires it.
"""
import json
import os
import sys

SKIP_STATUS = 77


def quote(text):
    """One CMake argument: a bracket argument takes any text without escapes."""
    level = 0
    while ']' + '=' * level + ']' in text:
        level += 1
    return '[{0}[{1}]{0}]'.format('=' * level, text)


def properties(test):
    pairs = [
        ('TIMEOUT', str(test['timeout'])),
        # Meson writes "project:suite".
        ('LABELS', ';'.join(suite.split(':', 1)[-1] for suite in test['suite'])),
        ('ENVIRONMENT', ';'.join('%s=%s' % item for item in sorted(test['env'].items()))),
        ('WORKING_DIRECTORY', test['workdir'] or os.getcwd()),
        ('SKIP_RETURN_CODE', str(SKIP_STATUS)),
        ('FIXTURES_REQUIRED', 'build'),
        ('RUN_SERIAL', '' if test['is_parallel'] else 'TRUE'),
    ]
    return ' '.join('%s %s' % (key, quote(value)) for key, value in pairs if value)


def commands(tests):
    for test in tests:
        name = quote(test['name'])
        yield 'add_test(%s %s)\n' % (name, ' '.join(quote(arg) for arg in test['cmd']))
        yield 'set_tests_properties(%s PROPERTIES %s)\n' % (name, properties(test))


def introspect(build, what):
    with open(os.path.join(build, 'meson-info', 'intro-%s.json' % what), encoding='utf-8') as file:
        return json.load(file)


def main():
    build = os.environ.get('MESON_BUILD_ROOT') or sys.argv[1]
    os.chdir(build)
    lines = ['# Written by scripts/write-ctest.py from meson-info; do not edit.\n',
             'add_test(build ninja -C %s)\n' % quote(build),
             'set_tests_properties(build PROPERTIES FIXTURES_SETUP build TIMEOUT 1800)\n']
    lines += commands(introspect(build, 'tests'))
    # ctest -C bench
    lines.append('if("${CTEST_CONFIGURATION_TYPE}" STREQUAL "bench")\n')
    lines += commands(introspect(build, 'benchmarks'))
    lines.append('endif()\n')
    path = os.path.join(build, 'CTestTestfile.cmake')
    with open(path + '.new', 'w', encoding='utf-8') as file:
        file.writelines(lines)
    os.replace(path + '.new', path)


if __name__ == '__main__':
    main()
