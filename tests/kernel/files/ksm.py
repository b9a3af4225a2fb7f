#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""A kernel's own write_protect_page() and replace_page() under the scenarios of KSM, whole and edited.

usage: ksm.py VMSIM TREE KCC [ARGUMENT...]

As they are they pass. With one of their tests taken out, or made too early, the scenario fails under its
script, and the oracle that is named tells why; or it passes, where another test makes up for it.
"""
import os
import subprocess
import sys
import tempfile

FUNCTIONS = "write_protect_page,replace_page"
CLEAR = "entry = ptep_clear_flush(vma, pvmw.address, pvmw.pte);"

# (what is done to the file, scenario, oracle or None, edits: alternatives for each, as trees differ)
CASES = [
    ("nothing", "ksm-merge", None, []),
    ("nothing", "ksm-share", None, []),
    # An exclusive page is flushed in any case.
    ("pending flushes do not count", "ksm-merge", None, [([" || mm_tlb_flush_pending(mm)"], "")]),
    ("nor do exclusive pages", "ksm-merge", "O6", [(["anon_exclusive || mm_tlb_flush_pending(mm)"], "false")]),
    ("the entry is not looked at again", "ksm-merge", "O7",
     [(["!pte_same(ptep_get(ptep), orig_pte)", "!pte_same(*ptep, orig_pte)"], "false")]),
    ("looks for others, then clears the entry", "ksm-share", "O11",
     [([CLEAR], "entry = ptep_get(pvmw.pte);"),
      (["if (pte_dirty(entry))"], CLEAR + " if (pte_dirty(entry))")]),
    # Pins are asked for besides.
    ("references are not counted", "ksm-share", None,
     [(["folio_mapcount(folio) + 1 + swapped != folio_ref_count(folio)",
        "page_mapcount(page) + 1 + swapped != page_count(page)"], "(void)swapped, false")]),
]


def edited(text, edits):
    for alternatives, new in edits:
        found = [old for old in alternatives if old in text]
        if len(found) != 1 or text.count(found[0]) != 1:
            sys.exit(f"{alternatives[0]!r}: expected once in mm/ksm.c")
        text = text.replace(found[0], new)
    return text


def override(kcc, tree, folder, edits):
    with open(os.path.join(tree, "mm/ksm.c"), encoding="utf-8") as handle:
        text = edited(handle.read(), edits)
    source = os.path.join(folder, "ksm.c")
    with open(source, "w", encoding="utf-8") as handle:
        handle.write(text)
    out = os.path.join(folder, "ksm.so")
    subprocess.run([*kcc, "--tree", tree, "--only", FUNCTIONS, "-o", out, source], check=True)
    return out


def trial(vmsim, scenario, oracle, so):
    """What vmsim says, and whether that is as it should be."""
    if oracle:
        command = [vmsim, "run", scenario, "--oracles", oracle, "--override", so]
    else:
        command = [vmsim, "check", scenario, "--executions", "100", "--override", so]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    right = done.returncode == 1 and f"\nviolation: {oracle}" in f"\n{done.stdout}" if oracle else not done.returncode
    return right, done.stdout


def main():
    vmsim, tree, *kcc = sys.argv[1:]
    wrong = 0
    made = {}
    with tempfile.TemporaryDirectory() as folder:
        for what, scenario, oracle, edits in CASES:
            if what not in made:
                made[what] = override(kcc, tree, tempfile.mkdtemp(dir=folder), edits)
            right, said = trial(vmsim, scenario, oracle, made[what])
            print(f"{what}: {scenario}: {oracle or 'pass'}{'' if right else ': NOT SO'}")
            if not right:
                print(said)
                wrong += 1
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
