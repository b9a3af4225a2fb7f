#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""vmsim-kcc makes overrides of kernel files, and says what stands in the way.

usage: kcc.py made|installed KCC BUILD VMSIM COMPILER [TREE...]

made: in a tree made for this. installed: as meson install leaves it, also with a file of each TREE.
Exit status 77: there is no such compiler.
"""
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

TREE = {
    "Makefile": "VERSION = 9\nPATCHLEVEL = 8\n",
    "include/linux/mm.h": "#error our headers, not the tree's\n",
    "mm/internal.h": "#error our internal.h, not the tree's\n",
    # Line numbers matter.
    "mm/good.c": """\
#include <linux/mm.h>
#include "internal.h"
static int calls;
void folio_mark_accessed(struct folio *folio) { calls++; }
""",
    "mm/header.c": """\
#include <linux/mm.h>
#include <linux/no_such.h>
#include <linux/none.h>
""",
    "mm/names.c": """\
#include <linux/mm.h>
static int first(struct folio *folio)
{
	return folio->no_member +
	       no_function(folio);
}
int second(struct folio *folio)
{
	return first(folio) + NO_CONSTANT;
}
int third(no_type_t *a);
""",
    "mm/link.c": """\
#include <linux/mm.h>
int elsewhere(int how);

static noinline int caller(int how)
{
	return elsewhere(how) + 1;
}
void folio_mark_accessed(struct folio *folio)
{
	caller(folio != NULL);
}
""",
    "mm/part.c": """\
#include <linux/mm.h>
#include <linux/no_such.h>
/* A comment with zap_pte_range( in it, { */
struct unknown_by_value;
#define TWICE(x) (helper(x) * 2)
static unsigned long limit __read_mostly = 3;
static int unused_limit = NO_CONSTANT;
static inline bool folio_mark_it(struct folio *folio);
static int helper(int a)
{
	return a + limit;
}
EXPORT_SYMBOL(not_chosen);

#ifdef CONFIG_NOT_SET
static int mm_counter_of(int a) {
#else
static int mm_counter_of(int b) {
#endif
	return no_such_name;
}

static inline int
vma_wants_writenotify(int a, int b)
{
	return no_such_name + a;
}

struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr)
{
	return no_such_name;
}

static __always_inline void folio_mark_accessed(struct folio *folio)
{ if (TWICE(1) != 8) BUG(); WARN_ON(!find_vma(NULL, 0)); }

SYSCALL_DEFINE2(munmap, unsigned long, addr, size_t, len)
{
	return no_such_name;
}
int not_chosen(struct unknown_by_value a)
{
	folio_mark_accessed(NULL);
	return a.b;
}
module_init(not_chosen);
""",
}


class Test:
    """What is common to all runs."""

    def __init__(self, kcc, build, vmsim, compiler, top):
        self.kcc = [kcc, "--vmsim", build]
        self.vmsim = vmsim
        self.compiler = compiler
        self.folder = os.path.join(top, "with blanks")
        self.tree = os.path.join(self.folder, "a tree")
        # The loader takes no blanks.
        self.out = os.path.join(top, "out.so")
        self.right = True
        for name, text in TREE.items():
            path = os.path.join(self.tree, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as handle:
                handle.write(text)

    def expect(self, what, fine):
        if not fine:
            print(f"FAILED: {what}")
            self.right = False

    def run(self, *command, **options):
        return subprocess.run(command, capture_output=True, text=True, check=False, **options)

    def compile(self, name, *arguments, status=0, said=(), only_said=True):
        """Compiles a file of the tree, and holds what is said against `said`, line by line."""
        path = os.path.join(self.tree, name)
        if os.path.exists(self.out):
            os.unlink(self.out)
        done = self.run(*self.kcc, "--cc", self.compiler, "-o", self.out, path, *arguments)
        lines = done.stderr.replace(path, os.path.basename(path)).splitlines()
        self.expect(f"{name} {arguments}: status {done.returncode}, {done.stderr}", done.returncode == status)
        self.expect(f"{name} {arguments}: said {lines} instead of {said}",
                    not only_said or sorted(lines) == sorted(said))
        self.expect(f"{name}: makes what it should not", os.path.exists(self.out) == (status == 0))

    def place(self, function, path, words):
        """Debug information names the user's file and the line in it: the one with these words."""
        with open(path, encoding="utf-8") as handle:
            line = 1 + [words in text for text in handle].index(True)
        symbols = self.run("nm", self.out).stdout
        address = re.search(rf"^(\w+) . {function}$", symbols, re.M)
        if not address:
            self.expect(f"{function}: no such symbol", False)
            return
        found = self.run("addr2line", "-e", self.out, address[1]).stdout.strip()
        found = re.sub(r" \(discriminator \d+\)$", "", found)
        self.expect(f"{function}: at {found}, not {path}:{line}", found == f"{path}:{line}")

    def loads(self, status, *said):
        done = self.run(self.vmsim, "run", "lost-dirty-poc", "--override", self.out)
        self.expect(f"vmsim: {done.returncode} {done.stdout} {done.stderr}", done.returncode == status and
                    all(words in done.stdout + done.stderr for words in said))


def what_is_missing(test, prefix=""):
    """@prefix: of the names of files."""
    test.compile(f"mm/{prefix}header.c", status=1, said=[
        f"{prefix}header.c:2: linux/no_such.h: not in libvmsim",
        f"{prefix}header.c:3: linux/none.h: not in libvmsim"])
    test.compile(f"mm/{prefix}names.c", status=1, said=[
        f"{prefix}names.c:4: folio.no_member: not in libvmsim (used by first)",
        f"{prefix}names.c:5: no_function: not in libvmsim (used by first)",
        f"{prefix}names.c:9: NO_CONSTANT: not in libvmsim (used by second)",
        f"{prefix}names.c:11: no_type_t: not in libvmsim"])
    test.compile(f"mm/{prefix}link.c", status=1, said=[
        f"{prefix}link.c:6: elsewhere: not in libvmsim (used by caller)"])


def whole_files(test):
    test.compile("mm/good.c")
    test.place("folio_mark_accessed", os.path.join(test.tree, "mm/good.c"), "calls++")
    test.loads(0)
    what_is_missing(test)
    # An edited copy elsewhere, and the tree by name.
    copy = os.path.join(test.folder, "edited.c")
    with open(copy, "w", encoding="utf-8") as handle:
        handle.write("\n" + TREE["mm/good.c"])
    test.compile("../edited.c", "--tree", test.tree)
    test.place("folio_mark_accessed", copy, "calls++")


def blanks(test):
    """In names of files, too."""
    for name in ("good", "header", "names", "link"):
        shutil.copyfile(os.path.join(test.tree, f"mm/{name}.c"), os.path.join(test.tree, f"mm/two {name}.c"))
    what_is_missing(test, "two ")
    out, test.out = test.out, os.path.join(test.folder, "what comes.so")
    read = os.path.join(test.folder, "what was read")
    test.compile("mm/two good.c", "--depfile", read)
    source = os.path.join(test.tree, "mm/two good.c")
    test.place("folio_mark_accessed", source, "calls++")
    with open(read, encoding="utf-8") as handle:
        rule = re.split(r"(?<!\\) ", handle.read().strip())
    names = [name.replace("\\ ", " ") for name in rule]
    test.expect(f"read: {names}", names[:2] == [test.out + ":", source] and len(names) > 20 and
                all(os.path.isfile(name) for name in names[1:]))
    test.out = out


def bad_input(test):
    test.compile("mm/absent.c", status=2, only_said=False)
    copy = os.path.join(test.folder, "nowhere.c")
    with open(copy, "w", encoding="utf-8") as handle:
        handle.write(TREE["mm/good.c"])
    test.compile("../nowhere.c", status=2, said=["vmsim-kcc: nowhere.c: lies in no kernel tree: name one with "
                                                 "--tree"])
    test.compile("mm/good.c", "--only", "nothing", status=2,
                 said=["vmsim-kcc: good.c: defines no function nothing()"])
    test.compile("mm/good.c", "--vmsim", test.folder, status=2, only_said=False)
    test.compile("mm/good.c", "--cc", "no-such-compiler", status=3, only_said=False)


def parts(test):
    """Of a file of which most cannot be compiled."""
    test.compile("mm/part.c", status=1, only_said=False)
    test.compile("mm/part.c", "--only", "folio_mark_accessed")
    test.place("folio_mark_accessed", os.path.join(test.tree, "mm/part.c"), "if (TWICE(1)")
    symbols = test.run("nm", test.out).stdout
    test.expect(f"not what was asked for: {symbols}",
                re.search(r" T folio_mark_accessed$", symbols, re.M) and
                re.search(r" U find_vma", symbols) and "munmap" not in symbols and "not_chosen" not in symbols)
    test.compile("mm/part.c", "--only", "helper,find_vma", status=1, said=[
        "part.c:31: no_such_name: not in libvmsim (used by find_vma)"])
    test.compile("mm/part.c", "--only", "sys_munmap", status=1, only_said=False)


def fits(test):
    """An object for another flavour does not get in."""
    shared, test.out = test.out, os.path.join(test.folder, "out.o")
    test.compile("mm/good.c", "-c", "--built-for", "x86_pae")
    test.run(*shlex.split(test.compiler), "-shared", "-o", shared, test.out)
    test.out = shared
    test.loads(2, "undefined symbol: vmsim_built_for_x86_pae")


def installed(test, build, trees):
    """From where it was installed, by itself."""
    root = os.path.join(test.folder, "root")
    done = test.run("meson", "install", "-C", build, "--no-rebuild", "--destdir", root)
    found = [os.path.join(folder, "vmsim-kcc") for folder, _, files in os.walk(root) if "vmsim-kcc" in files]
    test.expect(f"meson install: {done.stdout} {done.stderr}", not done.returncode and len(found) == 1)
    test.kcc = found
    test.compile("mm/good.c")
    test.loads(0)
    test.compile("mm/names.c", status=1, only_said=False)
    for tree in trees:
        test.compile(os.path.join(os.path.abspath(tree), "mm/interval_tree.c"))
        done = test.run(test.vmsim, "check", "lost-dirty-poc", "--executions", "0", "--override", test.out)
        test.expect(f"{tree}: vmsim check: {done.returncode} {done.stdout} {done.stderr}",
                    done.returncode == 0 and " 0 mismatches" in done.stdout)


def main():
    what, kcc, build, vmsim, compiler, *trees = sys.argv[1:]
    if not shutil.which(shlex.split(compiler)[0]):
        print(f"SKIP: {compiler}: not installed")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as top:
        test = Test(kcc, build, vmsim, compiler, os.path.realpath(top))
        # What the compiler needs for itself lies there, too.
        os.environ["TMPDIR"] = test.folder
        if what == "installed":
            installed(test, build, trees)
        else:
            whole_files(test)
            blanks(test)
            parts(test)
            bad_input(test)
            fits(test)
        sys.exit(not test.right)


if __name__ == "__main__":
    main()
