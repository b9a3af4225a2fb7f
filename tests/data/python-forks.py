# SPDX-License-Identifier: GPL-2.0-only
"""Eight children of one process, and the process itself, write to memory that they share since the
forks, parent and child at the same time. Every other child leaves at once, so that pages are left
to others; the others stay until the last one was made. Nobody writes while somebody leaves: when an
address space is gone is not recorded (docs/vmtrace.md)."""
import os
import socket

PAGES = 64
PAGE = 4096
memory = bytearray(PAGES * PAGE)


def write(first, step):
    for page in range(first, PAGES, step):
        memory[page * PAGE] = (memory[page * PAGE] + 1) % 256


def child(number, parent):
    write(number % 4, 2)
    parent.send(b"!")
    parent.recv(1)
    if number % 2:
        write(0, 3)
    os._exit(0)


def finish(pid, word):
    word.send(b"!")
    os.waitpid(pid, 0)


write(0, 1)
staying = []
for number in range(8):
    word, other = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        child(number, other)
    write(number, 3)
    word.recv(1)
    if number % 2:
        staying.append((pid, word))
    else:
        finish(pid, word)
    write(number, 4)
for pid, word in staying:
    finish(pid, word)
    write(0, 5)
write(0, 1)
