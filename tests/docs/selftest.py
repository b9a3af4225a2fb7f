#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""rules.py notices what is wrong with a page, and accepts one that is right.

usage: selftest.py VMSIM
"""
import sys

import rules

RIGHT = """\
## Rules
### R1 Title
*Why.* Because.

*Watched by* O2.

*Broken by* `run munmap-reuse --tlb faulty` (O2); mutations one,
two.

## More
passes: `run munmap-reuse`.
"""

MUTATIONS = {"one": ["R1", "E30"], "two": ["R1", "F5"]}

# What is wrong, the text that is changed, what stands there instead, what is said of it.
WRONG = (
    ("another oracle", "(O2)", "(O3)", "expected O3, found O2"),
    ("nothing is broken", " --tlb faulty", "", "expected O2, found nothing"),
    ("no oracle named", " (O2)", "", "expected , found O2"),
    ("no such scenario", "run munmap-reuse --tlb", "run munmap --tlb", "found vmsim:"),
    ("nobody watches", "by* O2", "by* O3", "does not watch"),
    ("no such mutation", "one,\ntwo", "one,\nthree", "none of the name"),
    ("a rule that nothing names", "### R1", "### R2", "it is not here"),
    ("no reason", "*Why.* Because.\n", "", "each once"),
    ("nothing breaks it", "`run munmap-reuse --tlb faulty` (O2); mutations one,\ntwo.", "luck.",
     "nothing breaks it"),
    ("what passes does not", "passes: `run munmap-reuse`", "passes: `run munmap-reuse --tlb faulty`",
     "expected nothing wrong"),
)


def main():
    vmsim = sys.argv[1]
    failures = list(rules.problems(vmsim, RIGHT, MUTATIONS))
    for name, old, new, said in WRONG:
        assert RIGHT.count(old) == 1, name
        found = list(rules.problems(vmsim, RIGHT.replace(old, new), MUTATIONS))
        if not any(said in problem for problem in found):
            failures.append(f"{name}: {found}")
    print("\n".join(failures) or "all noticed")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
