#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""usage: mutate.py SOURCE OLD NEW OUTPUT: SOURCE with its only OLD replaced by NEW."""
import sys

source, old, new, output = sys.argv[1:]
with open(source, encoding="utf-8") as handle:
    text = handle.read()
if text.count(old) != 1:
    sys.exit(f"mutate: {source} has '{old}' {text.count(old)} times, not once")
with open(output, "w", encoding="utf-8") as handle:
    handle.write(text.replace(old, new))
