#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What one file of a kernel tree needs from outside itself.

kernel-names.py missing FILE --tree TREE [--json]      the names that our headers lack
kernel-names.py drift FILE --from TREE --to TREE [--json]
                                                       the names that two trees do not agree in

FILE lies in TREE (mm/mincore.c), or anywhere. TREE is an unpacked kernel tree; `drift` takes FILE
from each. Exit status: 0 no name, 1 names, 2 bad input, 3 a tool failed.

`missing` compiles the file against our headers, puts an empty stand-in for each name that the
compiler does not know, and compiles again, until it knows all. What kind of name it is, and where
the tree has it, comes from ctags. Names in branches that our configuration leaves out are not
looked at. "-" for a place: a macro of the tree makes the name, or it has none. "conflict": our headers
declare otherwise what the file defines.
"""
import argparse
import collections
import json
import os
import re
import sys
import tempfile

from vmsim_kernel import (OURS, UNKNOWN, Trouble, best_place, compiler_arguments, ctags, headers_not_found,
                          name_in, names_of_tree, run, text_of, told_by, version_of, without_comments)

ROUNDS = 40
STAND_INS = "vmsim-stand-ins.h"
ORDER = ("header", "type", "member", "macro", "function", "constant", "variable", "conflict")

Name = collections.namedtuple("Name", ("name", "kind", "place", "used"))


# --- What the compiler does not know -----------------------------------------------------------

class Compiler:
    """gcc, with what our headers and the stand-ins give a file of a tree."""

    def __init__(self, tree, headers, stand_ins):
        self.arguments = compiler_arguments(version_of(tree), headers, [stand_ins])

    def run(self, *arguments, **options):
        return run(["gcc", *self.arguments, *arguments], **options)

    def diagnostics(self, source):
        """[(message, line)] for the file itself."""
        done = self.run("-fsyntax-only", "-fmax-errors=0", "-fdiagnostics-format=json",
                        "-Wimplicit-function-declaration", "-include", STAND_INS, source)
        start = done.stderr.find("[")
        if start < 0:
            raise Trouble(f"gcc: {done.stderr.strip() or 'no diagnostics'}", 3)
        found = []
        for item in json.JSONDecoder().raw_decode(done.stderr[start:])[0]:
            caret = item["locations"][0]["caret"] if item.get("locations") else {}
            if caret.get("file") == source:
                found.append((item["message"], caret["line"]))
            elif item["kind"] in ("error", "fatal error"):
                raise Trouble(f"{caret.get('file', 'gcc')}:{caret.get('line', 0)}: {item['message']}", 3)
        return found

    def known_names(self, source):
        """What our headers declare to the file: macros, types, functions, constants."""
        only = "".join(line for line in text_of(source).splitlines(True) if re.match(r"\s*#", line))
        macros = self.run("-E", "-dM", "-x", "c", "-", input=only).stdout
        known = set(re.findall(r"^#define (\w+)", macros, re.M))
        with tempfile.NamedTemporaryFile("w", suffix=".i") as out:
            out.write(self.run("-E", "-x", "c", "-", input=only).stdout)
            out.flush()
            known.update(name for name, place in ctags(["--kinds-C=defgpstuvx", out.name], "/"))
        return known


MESSAGES = (*UNKNOWN, *((kind, re.compile(pattern)) for kind, pattern in (
    ("incomplete", r"storage size of '\w+' isn't known|has (?:an )?incomplete type"),
    ("conflict", r"^(?:static declaration of|conflicting types for|redefinition of) "
                 r"'(?:struct |union |enum )?(?P<name>\w+)'"),
    ("parse", r"^expected |data definition has no type|type defaults to 'int'|"
              r"parameter names \(without types\)|stray |old-style|before '"),
)))


class Search:
    """One file against our headers, and the stand-ins made so far."""

    def __init__(self, path, tree, headers, folder):
        self.places = names_of_tree(tree)
        self.source = os.path.join(folder, os.path.basename(path))
        self.stand_ins = os.path.join(folder, "stand-ins")
        self.compiler = Compiler(tree, headers, self.stand_ins)
        self.found = {}
        self.text = text_of(path)
        self.code = without_comments(self.text).splitlines()
        os.mkdir(self.stand_ins)
        with open(self.source, "w", encoding="utf-8") as out:
            out.write(self.text)
        self.of_macros = set()
        self.known = set()
        self.own = {name for name, _ in ctags(["--kinds-C=defgstuvx", self.source], "/")}

    def note(self, name, kind, place, used):
        if name in self.found:
            return False
        self.found[name] = Name(name, kind, place, used)
        return True

    def headers(self):
        """Headers that we have not become empty ones."""
        for name, line in headers_not_found(self.compiler.run, self.source, self.text):
            path = os.path.join(self.stand_ins, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8"):
                pass
            self.note(name, "header", None, line)

    def place_of(self, name, *kinds):
        return best_place(self.places.get(name, []), kinds or None)

    def member(self, owner, name):
        """Where the tree has a member, also one of a struct without a name within its owner."""
        places = [place for place in self.places.get(name, []) if place.kind == "member"]
        inside = [place for place in places if place.scope == owner]
        files = {place.file for place in self.places.get(owner, []) if place.kind == "type"}
        return next(iter(inside + [place for place in places if place.file in files]), None)

    def arguments_are_names(self, macro):
        """What a macro that we lack is given where it is a statement may be what it declares."""
        for match in re.finditer(rf"^\s*(?:static\s+)?{macro}\s*\(([^;{{]*)", "\n".join(self.code), re.M):
            self.of_macros.update(re.findall(r"\b[A-Za-z_]\w*\b(?!\s*\()", match[1]))

    def made_of(self, name):
        """Made by a macro that we lack, of a name that it is given."""
        return any(len(part) > 3 and name.startswith(part) for part in self.of_macros)

    def unknown(self, kind, match, line):
        """Notes what one message tells of; False where that is nothing new."""
        if kind == "header":
            raise Trouble(f"{self.source}:{line}: {match[0]}", 3)
        if kind == "member":
            return self.note(name_in(match), "member", self.member(match["owner"], match["name"]), line)
        if kind == "incomplete":
            tags = re.findall(r"\b(?:struct|union|enum) (\w+)", self.code[line - 1])
            return any([self.note(tag, "type", self.place_of(tag, "type"), line)
                        for tag in tags if tag not in self.known])
        name = match["name"]
        if kind == "conflict":
            return self.note(name, "conflict", None, line)
        if name in self.own:
            return False
        if kind == "type":
            place = self.place_of(name, "type", "macro")
        elif kind == "function":
            place = self.place_of(name, "function", "macro")
        else:
            place = self.place_of(name, "macro", "constant", "variable", "function")
            if name in self.of_macros or not place:
                return False
        if not place:
            return kind == "function" and not self.made_of(name) and self.note(name, kind, None, line)
        if place.kind == "macro":
            self.arguments_are_names(name)
        return self.note(name, place.kind, place, line)

    def suspects(self, line):
        """Where the text cannot be parsed, an unknown macro or type of the tree stands close by."""
        for number in (line, line - 1):
            for name in re.findall(r"[A-Za-z_]\w*", self.code[number - 1]) if number > 0 else ():
                place = self.place_of(name, "macro", "type")
                if place and place.tag in "dt" and name not in self.known and \
                        self.note(name, place.kind, place, number):
                    if place.kind == "macro":
                        self.arguments_are_names(name)
                    return True
        return False

    def stand_in(self, name):
        """C that makes a name known, however emptily."""
        place = name.place
        if name.kind == "type":
            if not place or place.tag == "t":
                return f"typedef long {name.name};" if place and "struct" not in place.text \
                    else f"typedef struct {{ long empty; }} {name.name};"
            if place.tag == "g":
                return f"enum {name.name} {{ empty_{name.name} }};"
            return f"struct {name.name} {{ long empty; }};"
        if name.kind != "macro":
            return ""
        if not place.signature:
            return f"#define {name.name}"
        if "for_each" in name.name:
            return f"#define {name.name}(...) for (;;)"
        if re.match(r"(COMPAT_)?SYSCALL_DEFINE", name.name):
            return f"#define {name.name}(name, ...) long stand_in_##name(void)"
        return f"#define {name.name}(...)"

    def write_stand_ins(self, parse_helpers):
        with open(os.path.join(self.stand_ins, STAND_INS), "w", encoding="utf-8") as out:
            for name in self.found.values():
                if name.kind == "type" or name.name in parse_helpers:
                    out.write(self.stand_in(name) + "\n")

    def round(self, helpers):
        """Compiles once; True where that told of a name that was not known to be missing."""
        news = False
        parse = []
        for message, line in self.compiler.diagnostics(self.source):
            kind, match = told_by(message, MESSAGES)
            if kind == "parse":
                parse.append(line)
            elif match:
                news |= self.unknown(kind, match, line)
        if news:
            return True
        for line in parse:
            before = set(self.found)
            if self.suspects(line):
                helpers.update(set(self.found) - before)
                return True
            for name in re.findall(r"[A-Za-z_]\w*", self.code[line - 1]):
                if name in self.found and self.found[name].kind == "macro" and name not in helpers:
                    helpers.add(name)
                    return True
        return False

    def run(self):
        helpers = set()
        self.headers()
        self.known = self.compiler.known_names(self.source)
        for _ in range(ROUNDS):
            self.write_stand_ins(helpers)
            if not self.round(helpers):
                break
        else:
            raise Trouble(f"{self.source}: still new names after {ROUNDS} rounds", 3)
        return sorted((name for name in self.found.values()
                       if name.kind != "function" or name.place or not self.made_of(name.name)
                       if name.kind not in ("constant", "variable") or name.name not in self.of_macros),
                      key=lambda name: (ORDER.index(name.kind), name.name))


def path_of(file, tree):
    inside = os.path.join(tree, file)
    return inside if os.path.exists(inside) else file


def missing(file, tree, headers=OURS):
    with tempfile.TemporaryDirectory() as folder:
        return Search(path_of(file, tree), tree, headers, folder).run()


# --- Between two trees --------------------------------------------------------------------------

def used_names(path, places):
    """Names of the tree that the file uses and does not itself define or declare."""
    own = {name for name, _ in ctags(["--kinds-C=defgpstuvxm", os.path.abspath(path)], "/")}
    done = run(["ctags", "--languages=C", "--kinds-C=lz", "-f", "-", path])
    own.update(line.split("\t", 1)[0] for line in done.stdout.splitlines())
    words = set(re.findall(r"[A-Za-z_]\w*", without_comments(text_of(path))))
    return {name: best_place(places[name]) for name in words - own
            if any(place.kind != "member" for place in places.get(name, ()))}


def drift(file, old, new):
    sides = [used_names(path_of(file, tree), names_of_tree(tree)) for tree in (old, new)]
    for name in sorted(set(sides[0]) | set(sides[1])):
        before, after = (side.get(name) for side in sides)
        if not after:
            yield name, "gone", before, None
        elif not before:
            yield name, "new", None, after
        elif (before.kind, before.signature) != (after.kind, after.signature):
            yield name, "changed", before, after


# --- The command ----------------------------------------------------------------------------------

def shown(place):
    return f"{place.file}:{place.line}" if place else "-"


def report_missing(options):
    names = missing(options.file, options.tree, options.headers)
    if options.json:
        print(json.dumps([{"name": name.name, "kind": name.kind, "used": name.used,
                           "place": shown(name.place)} for name in names], indent=2))
    else:
        for name in names:
            print(f"{name.kind:<9} {name.name:<40} line {name.used:<5} {shown(name.place)}")
        print(f"{options.file}: {len(names)} missing")
    return bool(names)


def report_drift(options):
    names = list(drift(options.file, options.old, options.new))
    if options.json:
        print(json.dumps([{"name": name, "change": change, "before": shown(before), "after": shown(after)}
                          for name, change, before, after in names], indent=2))
    else:
        for name, change, before, after in names:
            print(f"{change:<8} {name:<40} {shown(before)} -> {shown(after)}")
        count = collections.Counter(change for _, change, _, _ in names)
        print(f"{options.file}: {count['gone']} gone, {count['new']} new, {count['changed']} changed")
    return bool(names)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    tasks = parser.add_subparsers(dest="task", required=True)
    task = tasks.add_parser("missing")
    task.add_argument("--tree", required=True)
    task.add_argument("--headers", default=OURS, help="the folder of our headers")
    task.set_defaults(report=report_missing)
    task = tasks.add_parser("drift")
    task.add_argument("--from", dest="old", required=True)
    task.add_argument("--to", dest="new", required=True)
    task.set_defaults(report=report_drift)
    for task in tasks.choices.values():
        task.add_argument("file")
        task.add_argument("--json", action="store_true")
    options = parser.parse_args()
    try:
        sys.exit(int(options.report(options)))
    except Trouble as trouble:
        print(f"kernel-names.py: {trouble}", file=sys.stderr)
        sys.exit(trouble.status)


if __name__ == "__main__":
    main()
