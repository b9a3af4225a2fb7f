#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""sanitizers.py [FOLDER]: what sanitizers leave of the rate of exploring, on the litmus of two
readers. Builds the library plain and with each of them in FOLDER (build-rates unless given), runs
the builds in turns, and keeps the best of each: who else uses the machine only makes it slower.
"""
import json
import os
import subprocess
import sys

ROUNDS = 5
FIGURES = ('random-2', 'pct-2')
# Name, b_sanitize, and what is asked for: a part of the plain rate, or executions per second.
BUILDS = (('plain', 'none', None, None), ('ASan', 'address', 0.6, None),
          ('ASan, UBSan', 'address,undefined', None, None), ('TSan', 'thread', None, 300e3))


def quietly(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit('%s failed:\n%s%s' % (' '.join(command), done.stdout, done.stderr))
    return done.stdout


def build(source, folder, sanitizers):
    if not os.path.exists(os.path.join(folder, 'build.ninja')):
        quietly('meson', 'setup', folder, source, '-Db_sanitize=' + sanitizers)
    quietly('ninja', '-C', folder, 'bench/vmsim-bench')
    return os.path.join(folder, 'bench', 'vmsim-bench')


def rates(program):
    answer = json.loads(quietly(program, 'explore', *FIGURES, '--runs', '1', '--json'))
    return {figure['name']: figure['vmsim'] for figure in answer['figures']}


def line(name, rate, plain, part, least):
    text = '%-12s %-9s %7.3f M/s, %3.0f %% of plain' % (
        name, rate[0], rate[1] / 1e6, 100 * rate[1] / plain)
    if part:
        text += '; >= %.0f %%: %s' % (100 * part, 'holds' if rate[1] >= part * plain else 'MISSED')
    if least:
        text += '; >= %.1f M/s: %s' % (least / 1e6, 'holds' if rate[1] >= least else 'MISSED')
    return text


def main():
    source = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(source, 'build-rates')
    programs = [build(source, os.path.join(folder, sanitizers.replace(',', '-')), sanitizers)
                for _, sanitizers, _, _ in BUILDS]
    best = [dict.fromkeys(FIGURES, 0) for _ in BUILDS]
    for _ in range(ROUNDS):
        for program, so_far in zip(programs, best):
            for name, rate in rates(program).items():
                so_far[name] = max(so_far[name], rate)
    for figure in FIGURES:
        for (name, _, part, least), rate in zip(BUILDS, best):
            print(line(name, (figure, rate[figure]), best[0][figure], part, least))


if __name__ == '__main__':
    main()
