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

# What compilers say of a name that they do not know, gcc and clang: (kind, pattern). name; of a member its owner.
TAG = "(?:struct|union|enum)"
UNKNOWN = tuple((kind, re.compile(pattern)) for kind, pattern in (
    ("header", r"^'?(?P<name>[^':]+)'?(?:: No such file or directory| file not found)"),
    ("type", r"unknown type name '(?P<name>\w+)'"),
    ("type", rf"(?:undefined|incomplete) type '{TAG} (?P<name>\w+)'"),
    ("type", rf"incomplete definition of type '{TAG} (?P<name>\w+)'"),
    ("type", r"forward references to 'enum' type '(?:enum )?(?P<name>\w+)'"),
    ("type", rf"'{TAG} (?P<name>\w+)' declared inside parameter list"),
    ("type", rf"declaration of '{TAG} (?P<name>\w+)' will not be visible"),
    ("function", r"implicit declaration of function '(?P<name>\w+)'"),
    ("function", r"call to undeclared function '(?P<name>\w+)'"),
    ("value", r"^'(?P<name>\w+)' undeclared"),
    ("value", r"use of undeclared identifier '(?P<name>\w+)'"),
    ("member", r"'(?:const )?(?:volatile )?(?:struct |union )?(?P<owner>\w+)'(?: \{aka '[^']*'\})? "
               r"has no member named '(?P<name>\w+)'"),
    ("member", r"no member named '(?P<name>\w+)' in '(?:struct |union )?(?P<owner>\w+)'"),
))


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


def told_by(message, patterns=UNKNOWN):
    """What a compiler's message tells of: (kind, the match), or (None, None)."""
    for kind, pattern in patterns:
        match = pattern.search(message)
        if match:
            return kind, match
    return None, None


def name_in(match):
    """Of what UNKNOWN matches, as reports say it: a member with its owner."""
    owner = match.groupdict().get("owner")
    return f"{owner}.{match['name']}" if owner else match["name"]


def dependencies(text):
    """Those of the one rule for make that a compiler has written; names may have blanks in them."""
    _, _, names = text.replace("\\\n", " ").partition(": ")
    return [re.sub(r"\\([ \t#])", r"\1", name).replace("$$", "$")
            for name in re.findall(r"(?:\\[ \t#]|\S)+", names)]


def rule(target, names):
    """Such a rule."""
    return " ".join([quoted(target) + ":", *map(quoted, names)]) + "\n"


def quoted(name):
    return re.sub(r"([ \t#])", r"\\\1", name.replace("$", "$$"))


def headers_not_found(compiler, source, text, folder=""):
    """
    [(name, line of the #include, or 0)]: compilers stop at the first. compiler: runs one, with arguments, in
    the folder in which the source lies; text: that of the source.
    """
    lines = without_comments(text).splitlines()
    for name in dependencies(compiler("-M", "-MG", source).stdout):
        if os.path.exists(os.path.join(folder, name)):
            continue
        include = re.compile(rf"\s*#\s*include\s*[<\"]{re.escape(name)}[>\"]")
        yield name, next((number for number, line in enumerate(lines, 1) if include.match(line)), 0)


def without_comments(text):
    """Comments and strings blanked, but for names of headers; lines stay where they are."""
    def blank(match):
        return match[0] if match[1] else re.sub(r"[^\n]", " ", match[0])
    return re.sub(r"^([ \t]*#[ \t]*include[^\n]*)|/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"", blank, text,
                  flags=re.S | re.M)


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
