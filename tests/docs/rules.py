#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""docs/rules.md: what it says breaks a rule does, and without the error nothing is wrong.

usage: rules.py VMSIM RULES.md MUTATIONS-FOLDER

A rule is a section "### R1 Title" with *Why.*, *Watched by* and *Broken by*. The last names runs,
"`run SCENARIO ARGUMENTS` (ORACLE)", and mutations. The word "passes:" stands before a command
that finds nothing wrong; BUILD is the build folder.
"""
import collections
import json
import os
import re
import subprocess
import sys

Rule = collections.namedtuple("Rule", ("id", "watched", "runs", "mutations"))


def rules_of(text):
    for section in re.split(r"^### ", text, flags=re.M)[1:]:
        section = re.split(r"^## ", section, flags=re.M)[0]
        parts = dict(re.findall(r"^\*(Why\.|Watched by|Broken by)\*(.*?)(?=^\*|\Z)", section, re.M | re.S))
        name = section.split()[0]
        if set(parts) != {"Why.", "Watched by", "Broken by"}:
            yield name, None
            continue
        broken = " ".join(parts["Broken by"].split())
        names = re.search(r"mutations? ([a-z0-9, -]+)\.?$", broken)
        yield name, Rule(name, re.findall(r"\bO\d+\b", parts["Watched by"]),
                         re.findall(r"`(run [^`]+)`(?: \((\w+)\))?", broken),
                         names[1].split(", ") if names else [])


def run(vmsim, command):
    build = os.path.dirname(os.path.dirname(os.path.abspath(vmsim)))
    command = command.replace("BUILD", build)
    done = subprocess.run([vmsim, *command.split(), "--json"], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        return None, done.stderr.strip() or f"status {done.returncode}"
    violation = json.loads(done.stdout)["violation"]
    return (violation["oracle"] if violation else "nothing"), violation and violation["text"]


def without_error(command):
    """The same run of the library as it is, under a back-end that loses no flush."""
    return re.sub(r" --(variant \S+|tlb faulty)", "", command)


def problems_of_rule(vmsim, rule, mutations):
    if not rule.runs and not rule.mutations:
        yield "nothing breaks it"
    for command, oracle in rule.runs:
        found, text = run(vmsim, command)
        if found != oracle:
            yield f"{command}: expected {oracle}, found {found or text}"
        found, text = run(vmsim, without_error(command))
        if found != "nothing":
            yield f"{without_error(command)}: expected nothing wrong, found {found or text}"
        if oracle.startswith("O") and oracle not in rule.watched:
            yield f"{oracle} breaks off {command}, and does not watch"
    for name in rule.mutations:
        if rule.id not in mutations.get(name, []):
            yield f"mutation {name} breaks {mutations.get(name, 'nothing: there is none of the name')}"


def mutations_in(folder):
    rules = {}
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding="utf-8") as handle:
            line = re.search(r"^rule: (.*)$", handle.read(), re.M)
        rules[name.removesuffix(".mut")] = line[1].split() if line else []
    return rules


def problems(vmsim, text, mutations):
    rules = dict(rules_of(text))
    for name, rule in rules.items():
        if rule is None:
            yield f"{name}: not *Why.*, *Watched by* and *Broken by*, each once"
        else:
            for problem in problems_of_rule(vmsim, rule, mutations):
                yield f"{name}: {problem}"
    for mutation, ids in mutations.items():
        for name in ids:
            if re.fullmatch(r"R\d+", name) and name not in rules:
                yield f"{name}: mutation {mutation} breaks it, and it is not here"
    for command in re.findall(r"passes: `([^`]+)`", text):
        found, said = run(vmsim, command)
        if found != "nothing":
            yield f"{command}: expected nothing wrong, found {found or said}"


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    vmsim, path, folder = sys.argv[1:]
    with open(path, encoding="utf-8") as handle:
        text = handle.read()
    wrong = list(problems(vmsim, text, mutations_in(folder)))
    print("\n".join(wrong) or f"{len(dict(rules_of(text)))} rules")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
