# SPDX-License-Identifier: GPL-2.0-only
"""Some functions of a C file, and what they need of it; every line stays where it is."""
import collections
import re

from vmsim_kernel import Trouble

# One thing at the top level. kind: function, declaration (of a function), variable, other; head: up to where
# a function's body begins; name: of a function or a variable.
Item = collections.namedtuple("Item", ("kind", "name", "start", "head", "end"))

WORD = re.compile(r"[A-Za-z_]\w*")
LINKAGE = re.compile(r"\b(?:static|extern|inline|__inline|__always_inline|noinline)\b")
# A use of a macro that needs no semicolon.
STATEMENT = re.compile(r"[A-Z][A-Z0-9_]+\([^;{}]*\)$")
ATTRIBUTES = ("__attribute__", "__printf", "__aligned", "__section", "__alloc_size", "typeof")


def spaces(text):
    return re.sub(r"[^\n]", " ", text)


def code_of(text):
    """(text without comments and literals, the same without directives, the directives' places)"""
    plain = re.sub(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'",
                   lambda match: spaces(match[0]), text, flags=re.S)
    directive = re.compile(r"^[ \t]*#(?:[^\n\\]|\\\n|\\.)*", re.M)
    return plain, directive.sub(lambda match: spaces(match[0]), plain), list(directive.finditer(plain))


def braces(code, directives):
    """[(place, character, depth after it)], where of #if, #else, #endif the first branch counts."""
    marks = [(match.start(), match[0]) for match in re.finditer(r"[(){};=]", code)]
    marks += [(match.start(), re.sub(r"\W+", "", match[0].split()[0] if match[0].split()[0] != "#"
                                     else match[0].split()[1])) for match in directives]
    depth, branches = 0, []
    for place, mark in sorted(marks):
        if mark.startswith("if"):
            branches.append([depth, None])
        elif mark in ("else", "elif") and branches:
            if branches[-1][1] is None:
                branches[-1][1] = depth
            depth = branches[-1][0]
        elif mark == "endif" and branches:
            first = branches.pop()[1]
            depth = depth if first is None else first
        elif len(mark) == 1:
            depth += (mark in "({") - (mark in ")}")
            yield place, mark, depth


def name_of(head):
    """Of a function, by what stands before its arguments; of a variable the last word before =, [ or ;."""
    for match in re.finditer(r"([A-Za-z_]\w*)\s*\(", head):
        if match[1] not in ATTRIBUTES:
            break
    else:
        return None
    if re.match(r"(?:COMPAT_)?SYSCALL_DEFINE\d$", match[1]):
        return "sys_" + WORD.search(head, match.end())[0]
    return match[1]


def classify(code, start, end, head, assigned):
    text = code[start:end]
    if head is not None:
        return Item("function", name_of(code[start:head]), start, head, end)
    if re.match(r"typedef\b|_Static_assert\b", text):
        return Item("other", None, start, end, end)
    before = text[:assigned - start] if assigned is not None else text
    macro = re.match(r"(?:static\s+)?([A-Z][A-Z0-9_]+|\w+_initcall|module_\w+|early_param|core_param|__setup)\s*\(\s*(\w+)?",
                     before)
    if macro:
        # EXPORT_SYMBOL(name), DEFINE_SPINLOCK(name), DEFINE_PER_CPU(type, name)
        names = WORD.findall(before[macro.end(1):])
        name = names[-1] if macro[1].startswith("DEFINE_PER_CPU") else macro[2]
        return Item("variable" if macro[1].startswith(("DEFINE", "DECLARE")) else "call", name, start, end, end)
    if "(" in before and "{" not in before and assigned is None:
        return Item("declaration", name_of(before), start, end, end)
    if assigned is None and re.match(r"(?:struct|union|enum)\b[^{;]*\{.*\}\s*;$", text, re.S) or \
            re.match(r"(?:struct|union|enum)\s+\w+\s*;$", text):
        return Item("other", None, start, end, end)
    names = WORD.findall(re.sub(r"\{.*\}|\[[^]]*\]|\b__\w+(?:\([^)]*\))?\s*;?\s*$", " ", before, flags=re.S))
    return Item("variable", names[-1] if names else None, start, end, end)


def items_of(code, directives):
    start = head = assigned = None
    last = 0
    for place, mark, depth in braces(code, directives):
        if start is None:
            found = re.compile(r"\S").search(code, last)
            start = found.start() if found else place
        if mark == "=" and depth == 0 and assigned is None:
            assigned = place
        if mark == "{" and depth == 1 and assigned is None and head is None and \
                code[start:place].rstrip().endswith(")"):
            head = place
        if (mark == "}" and depth == 0 and head is not None) or (mark == ";" and depth == 0) or \
                (mark == ")" and depth == 0 and STATEMENT.match(code[start:place + 1]) and
                 not re.match(r"\s*[;{=,]", code[place + 1:place + 200])):
            yield classify(code, start, place + 1, head, assigned)
            start = head = assigned = None
            last = place + 1


class Selection:
    """
    What of a file is needed for some of its functions. in_library: tells whether a name is; known: names
    that headers define.
    """

    def __init__(self, text, chosen, in_library, known, where):
        self.text = text
        self.plain, self.code, directives = code_of(text)
        self.items = list(items_of(self.code, directives))
        self.functions = collections.defaultdict(list)
        self.variables = collections.defaultdict(list)
        for item in self.items:
            if item.kind in ("function", "variable") and item.name:
                (self.functions if item.kind == "function" else self.variables)[item.name].append(item)
        self.macros = collections.defaultdict(set)
        for match in directives:
            macro = re.match(r"[ \t]*#[ \t]*define[ \t]+(\w+)", match[0])
            if macro:
                self.macros[macro[1]].update(WORD.findall(match[0][macro.end():]))
        for name in chosen:
            if name not in self.functions:
                raise Trouble(f"{where}: defines no function {name}()")
        self.chosen = set(chosen)
        self.known = set(known)
        self.declared = set()
        self.along = set()
        self.kept = set()
        self.follow(in_library)

    def words(self, name):
        if name in self.macros:
            return self.macros[name]
        found = set()
        for item in self.functions.get(name, []) + self.variables.get(name, []):
            found.update(WORD.findall(self.code[item.start:item.end]))
        return found

    def is_static(self, name):
        return any(re.search(r"\bstatic\b", self.code[item.start:item.head]) for item in self.functions[name])

    def follow(self, in_library):
        seen, left = set(), sorted(self.chosen)
        while left:
            name = left.pop()
            if name in seen or name in self.known - self.chosen:
                continue
            seen.add(name)
            if name in self.functions and name not in self.chosen:
                if in_library(name) or not self.is_static(name):
                    self.declared.add(name)
                    continue
                self.along.add(name)
            elif name in self.variables:
                self.kept.add(name)
            left += sorted(self.words(name) - seen)

    def piece(self, item):
        """What becomes of an item."""
        text = self.code[item.start:item.end]
        if item.kind == "function":
            head = self.text[item.start:item.head]
            if item.name in self.along:
                return None
            if item.name in self.chosen:
                return LINKAGE.sub(lambda match: spaces(match[0]), head) + self.text[item.head:item.end]
            if item.name in self.declared:
                head = LINKAGE.sub(lambda match: spaces(match[0]), head)
                return head + ";" + spaces(self.text[item.head + 1:item.end])
            return spaces(text)
        if item.kind == "declaration" and item.name in self.functions:
            if item.name in self.along:
                return None
            if item.name in self.chosen | self.declared:
                return LINKAGE.sub(lambda match: spaces(match[0]), self.text[item.start:item.end])
            return spaces(text)
        if item.kind == "variable":
            return None if item.name in self.kept else spaces(text)
        return spaces(text) if item.kind == "call" and item.name not in self.chosen else None

    def result(self):
        parts, last = [], 0
        directives = [match.span() for match in
                      re.finditer(r"^[ \t]*#(?:[^\n\\]|\\\n|\\.)*", self.plain, re.M)]
        for item in self.items:
            piece = self.piece(item)
            if piece is None:
                continue
            piece = list(piece)
            # Directives stay, also in what goes: #if and #endif belong together.
            for start, end in directives:
                if item.start <= start and end <= item.end:
                    piece[start - item.start:end - item.start] = self.text[start:end]
            parts += [self.text[last:item.start], "".join(piece)]
            last = item.end
        return "".join(parts) + self.text[last:]
