# SPDX-License-Identifier: GPL-2.0-only
"""Commands for a replay under gdb; `vmsim replay --gdb FILE` loads this (docs/failures.md).

The replay is stopped by two breakpoints: before each decision, and where a rule breaks. Going back
is a replay from the start that stops earlier: decisions have numbers, and the same number is the
same moment every time.
"""
import re

import gdb

NEVER = float('inf')


def argument(index):
    """An argument of the function that was just entered; they do nothing, so registers keep it."""
    names = {'i386:x86-64': ('rdi', 'rsi', 'rdx', 'rcx'), 'aarch64': ('x0', 'x1', 'x2', 'x3')}
    name = names[gdb.selected_frame().architecture().name()][index]
    return int(gdb.parse_and_eval('(unsigned long)$' + name))


def string(address):
    return gdb.Value(address).cast(gdb.lookup_type('char').pointer()).string(errors='replace')


class Position:
    """Where the replay stands, and where it is to stop."""
    state = None        # of memory, in words
    words = None        # why it stopped
    decision = 0        # the decision that comes next, or the last one where a rule broke
    broken = False      # the rule broke here
    target = NEVER      # decision to stop before


class Decision(gdb.Breakpoint):
    def __init__(self):
        super().__init__('vmsim_debug_decision', internal=True)
        self.silent = True

    def stop(self):
        number = argument(0)
        if number < Position.target:
            return False
        Position.decision, Position.broken, Position.target = number, False, NEVER
        Position.state = string(argument(2))
        Position.words = 'decision %d: %s' % (number, string(argument(1)))
        return True


class Violation(gdb.Breakpoint):
    def __init__(self):
        super().__init__('vmsim_debug_violation', internal=True)
        self.silent = True

    def stop(self):
        Position.decision, Position.broken, Position.target = argument(0), True, NEVER
        Position.state = string(argument(3))
        Position.words = ('violation after decision %d: %s: %s'
                          % (Position.decision, string(argument(1)), string(argument(2))))
        return True


def running():
    return bool(gdb.selected_inferior().pid)


def need_replay():
    if not running() or Position.state is None:
        raise gdb.GdbError('no replay is stopped at a decision or a violation')


def count_of(text):
    if not text:
        return 1
    if not text.isdigit() or int(text) == 0:
        raise gdb.GdbError("'%s' is no number of decisions" % text)
    return int(text)


# Between a simulated thread's code and a stop stand the explorer, the events and the oracles.
OURS = ('/src/explore/', '/src/machine/event.c', '/src/machine/report.c', '/src/check/')


def is_ours(frame):
    table = frame.find_sal().symtab
    return table is not None and any(part in '/' + table.filename for part in OURS)


def show_where():
    frame = gdb.newest_frame()
    while frame is not None and is_ours(frame):
        frame = frame.older()
    (frame or gdb.newest_frame()).select()
    print(Position.words)
    gdb.execute('frame')


def go(command, target):
    Position.target = target
    Position.words = None
    said = gdb.execute(command, to_string=True)
    if running() and Position.words:
        show_where()
    else:
        print(said, end='')


class ToViolation(gdb.Command):
    """Replays from the start to the violation."""

    def __init__(self):
        super().__init__('vmsim-violation', gdb.COMMAND_RUNNING)

    def invoke(self, text, from_tty):
        go('run', NEVER)


class Next(gdb.Command):
    """Goes on to the next decision: vmsim-next-decision [COUNT]."""

    def __init__(self):
        super().__init__('vmsim-next-decision', gdb.COMMAND_RUNNING)

    def invoke(self, text, from_tty):
        count = count_of(text)
        need_replay()
        go('continue', Position.decision + count)


class Previous(gdb.Command):
    """Goes back to the previous decision, by a replay that stops there:
vmsim-previous-decision [COUNT]. From a violation: to the last decision before it."""

    def __init__(self):
        super().__init__('vmsim-previous-decision', gdb.COMMAND_RUNNING)

    def invoke(self, text, from_tty):
        count = count_of(text)
        need_replay()
        target = Position.decision - count + Position.broken
        if target < 1:
            raise gdb.GdbError('there is no decision before the first one')
        go('run', target)


class State(gdb.Command):
    """Prints the entry, each CPU's TLB entry and the frame of every page: vmsim-state [ADDRESS]."""

    def __init__(self):
        super().__init__('vmsim-state', gdb.COMMAND_DATA)

    def invoke(self, text, from_tty):
        need_replay()
        page = int(gdb.parse_and_eval('(unsigned long)(%s)' % text)) & ~0xfff if text else None
        blocks = re.split(r'(?m)^(?=process )', Position.state)
        for block in blocks:
            if page is None or re.match(r'process \d+, 0x%x\n' % page, block):
                print(block, end='')


for setting in ('confirm off', 'breakpoint pending on', 'print thread-events off',
                'debuginfod enabled off', 'disable-randomization on'):
    gdb.execute('set ' + setting)
# They become breakpoints when the library is loaded; until then gdb complains.
gdb.execute('python Decision(), Violation()', to_string=True)
ToViolation()
Next()
Previous()
State()
