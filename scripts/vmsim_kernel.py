# SPDX-License-Identifier: GPL-2.0-only
"""What the scripts know about kernel trees and their files."""
import bisect
import collections
import os
import re
import subprocess

OURS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "include")
# Where a tree declares what is for more than one file.
HEADERS = ("include/linux", "include/asm-generic", "include/uapi/linux", "include/uapi/asm-generic",
           "include/trace", "include/vdso", "arch/x86/include", "mm")
# What ctags calls a kind, and we do; the first that a name has counts.
KINDS = {"t": "type", "s": "type", "u": "type", "g": "type", "f": "function", "p": "function",
         "d": "macro", "e": "constant", "v": "variable", "x": "variable", "m": "member"}

Place = collections.namedtuple("Place", ("kind", "tag", "file", "line", "end", "signature", "scope", "text"))


class Trouble(Exception):
    """Ends the program: a message, an exit status."""

    def __init__(self, text, status=2):
        super().__init__(text)
        self.status = status


def text_of(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as handle:
            return handle.read()
    except OSError as error:
        raise Trouble(f"{path}: {error.strerror}") from None


def run(command, **options):
    environment = dict(os.environ, LC_ALL="C")
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environment,
                              errors="replace", **options)
    except FileNotFoundError:
        raise Trouble(f"{command[0]}: not installed", 3) from None


def ctags(arguments, folder):
    done = run(["ctags", "--languages=C", "--langmap=C:.c.h.i", "--fields=+nSke", "-f", "-", *arguments],
               cwd=folder)
    if done.returncode:
        raise Trouble(f"ctags: {done.stderr.strip()}", 3)
    for line in done.stdout.splitlines():
        name, file, rest = line.split("\t", 2)
        text, _, fields = rest.partition(';"\t')
        kind = fields.split("\t", 1)[0]
        number = re.search(r"\bline:(\d+)", fields)
        end = re.search(r"\bend:(\d+)", fields)
        signature = re.search(r"\bsignature:(.*)", fields)
        scope = re.search(r"\b(?:struct|union):(?:\w+::)*(\w+)", fields)
        yield name, Place(KINDS[kind], kind, file, int(number[1]) if number else 0,
                          int(end[1]) if end else 0, signature[1].split("\t")[0] if signature else "",
                          scope[1] if scope else "", text)


def names_of_tree(tree):
    """{name: its places}: what the headers of a tree declare."""
    if not os.path.isdir(os.path.join(tree, "include/linux")):
        raise Trouble(f"{tree}: no kernel tree: it has no include/linux")
    folders = [folder for folder in HEADERS if os.path.isdir(os.path.join(tree, folder))]
    places = collections.defaultdict(list)
    for name, place in ctags(["-R", "--kinds-C=defgmpstuvx", "--exclude=*.c", *folders], tree):
        places[name].append(place)
    return places


def best_place(places, kinds=None):
    """Of several declarations the generic one: x86's own would not be ours."""
    fitting = [place for place in places if not kinds or place.kind in kinds]
    ranks = list(KINDS)
    return min(fitting, key=lambda place: (place.file.startswith("arch/"), ranks.index(place.tag)),
               default=None)


class Functions:
    """The functions that a C file defines, and where."""

    def __init__(self, path):
        found = sorted((place.line, place.end, name)
                       for name, place in ctags(["--kinds-C=f", os.path.abspath(path)], "/"))
        self.places = found
        self.starts = [line for line, _, _ in found]

    def around(self, line):
        """The function that a line belongs to, or None."""
        index = bisect.bisect_right(self.starts, line) - 1
        if index < 0 or self.places[index][1] < line:
            return None
        return self.places[index][2]


def tree_of(path):
    """The kernel tree that a file lies in, or None."""
    folder = os.path.dirname(os.path.abspath(path))
    while True:
        if os.path.isdir(os.path.join(folder, "include/linux")) and \
                os.path.exists(os.path.join(folder, "Makefile")):
            return folder
        if folder == os.path.dirname(folder):
            return None
        folder = os.path.dirname(folder)


def version_of(tree):
    """As in "6.12", by the tree's Makefile; "" where that does not tell."""
    path = os.path.join(tree, "Makefile")
    found = re.search(r"^VERSION = (\d+)\nPATCHLEVEL = (\d+)$", text_of(path), re.M) \
        if os.path.exists(path) else None
    return f"{found[1]}.{found[2]}" if found else ""


def first_include(version, headers):
    """What files of a version are compiled with (docs/overrides.md)."""
    compat = f"linux/vmsim-compat-{version}.h"
    return compat if os.path.exists(os.path.join(headers, compat)) else "linux/kconfig.h"


def compiler_arguments(version, headers, folders=(), flavour="X86_64"):
    """What makes a compiler compile a file of a kernel of a version against our headers."""
    includes = (headers, os.path.join(headers, "mm"), *folders)
    return ["-std=gnu11", "-D__KERNEL__", "-DVMSIM_KERNEL_FILE", f"-DVMSIM_ARCH_{flavour}",
            *(f"-I{folder}" for folder in includes), "-include", first_include(version, headers)]
