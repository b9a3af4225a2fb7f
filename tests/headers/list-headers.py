#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Prints the public headers below a folder; with --expect, checks that they are those named."""
import os
import sys


def headers(top):
    for folder, _, files in os.walk(top):
        for name in files:
            if name.endswith('.h'):
                yield os.path.relpath(os.path.join(folder, name), top)


def main():
    found = sorted(headers(sys.argv[1]))
    if sys.argv[2:3] != ['--expect']:
        print('\n'.join(found))
        return 0
    differ = sorted(set(found) ^ set(sys.argv[3:]))
    for header in differ:
        print('%s: added or removed since the build was configured; run meson setup --reconfigure'
              % header)
    return 1 if differ else 0


if __name__ == '__main__':
    sys.exit(main())
