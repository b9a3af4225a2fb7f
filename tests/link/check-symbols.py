#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""check-symbols.py INCLUDE LIBRARY -- CC [FLAG...]

Every function and object that a public header declares for export must be exported by the shared
library. Nothing else may be, but replaceable functions that are static in the kernel and so stand
in no header: those are weak.
"""
import os
import re
import subprocess
import sys

ATTRIBUTE = re.compile(r'__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)')
# `EXPORTED type name(arguments)`, after all other attributes have been taken out.
FUNCTION = re.compile(r'\bEXPORTED\b[^;{}()]*?\b(\w+)\s*\(')
# `extern type name EXPORTED;` or `extern EXPORTED type name;`
OBJECT = re.compile(r'\bextern\b(?=[^;{}()]*\bEXPORTED\b)[^;{}()]*?\b(\w+)(?:\s+EXPORTED)?\s*;')


def exported_or_nothing(attribute):
    return ' EXPORTED ' if 'visibility("default")' in attribute.group() else ' '


def declared(include, compiler):
    headers = sorted(os.path.relpath(os.path.join(folder, name), include)
                     for folder, _, names in os.walk(include)
                     for name in names if name.endswith('.h'))
    text = ''
    for header in headers:
        text += subprocess.run(
            compiler + ['-I' + include, '-E', '-P', '-x', 'c', '-include', header, '/dev/null'],
            check=True, stdout=subprocess.PIPE, universal_newlines=True).stdout
    text = ATTRIBUTE.sub(exported_or_nothing, text)
    return set(FUNCTION.findall(text)) | set(OBJECT.findall(text))


def exported(library):
    lines = subprocess.run(['nm', '-D', '--defined-only', library], check=True,
                           stdout=subprocess.PIPE, universal_newlines=True).stdout.splitlines()
    symbols = [line.split()[-2:] for line in lines]
    return {name.split('@')[0]: (kind, name) for kind, name in symbols if kind != 'A'}


def main():
    split = sys.argv.index('--')
    include, library = sys.argv[1:split]
    wanted = declared(include, sys.argv[split + 1:])
    found = exported(library)
    errors = ['declared in a public header, not exported: ' + name
              for name in sorted(wanted - set(found))]
    errors += ['exported, not declared in a public header: ' + name
                for name in sorted(set(found) - wanted) if found[name][0] != 'W']
    errors += ['exported without a version: ' + name
               for name in sorted(found) if '@@VMSIM_' not in found[name][1]]
    print('\n'.join(errors or ['%d symbols, %d of them in no public header'
                               % (len(found), len(set(found) - wanted))]))
    return 1 if errors or not wanted else 0


if __name__ == '__main__':
    sys.exit(main())
