#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""scripts/kernel-names.py finds the names that are missing, all of them and no others.

usage: names.py SCRIPT HEADERS [TREE...]

In a tree made for this; and, where trees are given, for a file of them, of which one name more is
missing when it is taken from our headers.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

TREE = {
    "include/linux/have.h": "",
    "include/linux/box.h": """\
struct box { int width; struct { int depth; }; };
typedef struct box *box_t;
typedef unsigned long box_flags_t;
enum box_kind { BOX_SMALL, BOX_LARGE };
#define BOX_MASK 3
#define for_each_box(b, list) for (b = (list); b; b = b->next)
#define DEFINE_BOX(name) struct box name = { 0 }
#define __box
#define BOX_OPEN(name) int box_##name(void)
extern int boxes;
int box_open(struct box *box, int how);
#define box_empty(b) (!(b)->width)
int unused(void);
""",
    "include/linux/init.h": "#define box_initcall(fn)\n",
    "mm/box.c": """\
#include <linux/have.h>
#include <linux/box.h>
#include "internal.h"
#ifdef CONFIG_NO_SUCH_THING
#include <linux/never.h>
static int never(void) { return unused(); }
#endif
/* unused() in a comment, and "unused" */
static int mine(int how) { return how; }

static int __box open_all(struct box *boxed, box_flags_t flags, const struct have *have)
{
	struct box *box;
	DEFINE_BOX(local);
	int width = local.width + have->had + have->lacks;

	for_each_box(box, boxed) {
		if (box_empty(box) || flags & BOX_MASK)
			width += box_open(box, BOX_LARGE);
	}
	box_test_locked(boxed);
	return mine(width) + boxes;
}
box_initcall(open_all);
""",
}
HEADERS = {
    "linux/kconfig.h": "",
    "linux/have.h": "struct have { int had; };\n",
}
MISSING = {
    "linux/box.h": "header", "internal.h": "header", "box": "type", "box_flags_t": "type",
    "have.lacks": "member", "DEFINE_BOX": "macro", "for_each_box": "macro", "BOX_MASK": "macro",
    "__box": "macro", "box_empty": "macro", "box_initcall": "macro", "box_open": "function",
    "box_test_locked": "function", "BOX_LARGE": "constant", "boxes": "variable",
}
# What the later tree says instead, and what is said of it.
LATER = {
    "include/linux/box.h": TREE["include/linux/box.h"].replace("int how);", "long how);")
    .replace("extern int boxes;\n", "").replace("#define BOX_MASK 3", "#define BOX_BITS 3"),
    "mm/box.c": TREE["mm/box.c"].replace("BOX_MASK", "BOX_BITS").replace(" + boxes", ""),
}
DRIFT = {"BOX_MASK": "gone", "BOX_BITS": "new", "boxes": "gone", "box_open": "changed"}


def write(folder, files):
    for name, text in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
    return folder


def ask(script, *arguments):
    done = subprocess.run([script, *arguments, "--json"], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        sys.exit(f"names.py: {arguments}: status {done.returncode}: {done.stderr}")
    return json.loads(done.stdout), done.returncode


def compare(what, expected, found):
    if expected == found:
        return True
    print(f"{what}: expected and not found {sorted(expected.items() - found.items())}, "
          f"found and not expected {sorted(found.items() - expected.items())}")
    return False


def made_tree(script, folder):
    tree = write(os.path.join(folder, "tree"), TREE)
    later = write(os.path.join(folder, "later"), {**TREE, **LATER})
    headers = write(os.path.join(folder, "headers"), HEADERS)
    names, status = ask(script, "missing", "mm/box.c", "--tree", tree, "--headers", headers)
    right = compare("missing", MISSING, {name["name"]: name["kind"] for name in names}) and status == 1
    names, _ = ask(script, "drift", "mm/box.c", "--from", tree, "--to", later)
    right &= compare("drift", DRIFT, {name["name"]: name["change"] for name in names})
    names, status = ask(script, "drift", "mm/box.c", "--from", tree, "--to", tree)
    return right and not names and not status


def bad_input(script, folder):
    right = True
    tree = os.path.join(folder, "tree")
    for arguments, said in ((("missing", "mm/box.c", "--tree", folder), "no kernel tree"),
                            (("missing", "mm/none.c", "--tree", tree), "mm/none.c: No such")):
        done = subprocess.run([script, *arguments], capture_output=True, text=True, check=False)
        if done.returncode != 2 or said not in done.stderr:
            print(f"{arguments}: status {done.returncode}, {done.stderr}")
            right = False
    return right


def missing(script, file, tree, headers):
    names, _ = ask(script, "missing", file, "--tree", tree, "--headers", headers)
    return {name["name"]: name["kind"] for name in names}


def real_tree(script, ours, tree, folder):
    """A macro of ours that mm/mmu_gather.c uses is taken away: it is missing, and nothing else."""
    headers = os.path.join(folder, "ours")
    shutil.rmtree(headers, ignore_errors=True)
    shutil.copytree(ours, headers)
    before = missing(script, "mm/mmu_gather.c", tree, headers)
    path = os.path.join(headers, "linux/gfp.h")
    with open(path, encoding="utf-8") as handle:
        text = handle.read()
    write(headers, {"linux/gfp.h": text.replace("__GFP_NOWARN", "__GFP_TAKEN_AWAY")})
    after = missing(script, "mm/mmu_gather.c", tree, headers)
    return compare(f"{tree}, __GFP_NOWARN taken away", {**before, "__GFP_NOWARN": "macro"}, after)


def main():
    script, ours, *trees = sys.argv[1:]
    with tempfile.TemporaryDirectory(suffix=" with blanks") as folder:
        right = made_tree(script, folder) & bad_input(script, folder)
        for tree in trees:
            right &= real_tree(script, ours, tree, folder)
    sys.exit(not right)


if __name__ == "__main__":
    main()
