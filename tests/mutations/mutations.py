#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Small errors in the library's own source, and whether exploration finds them.

usage: mutations.py {check,write,survey} SOURCE BUILD RUNNER [MUTATION...]

Each file data/*.mut is one mutation: a text of one source file, and what takes its place. For
each of them the harness compiles a changed copy of that file (of the files that include it, where
it is a header), puts the objects in front of the library, and explores the world that the mutation
names, without a script. The library as it is must be silent on the same runs.

check: every mutation is found, by an oracle that it names, and docs/mutations.md lists the same
       mutations.
write: the same, and writes docs/mutations.md.
survey: every mutation (or those named) in every world: which of them find it.
"""
import collections
import concurrent.futures
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile

STRATEGIES = ["pct", "random", "dpor"]
EXECUTIONS = 10000
SEED = 1
TIMEOUT = 120
FIELDS = ("file", "kind", "what", "rule", "world", "oracle")
OPTIONAL = {"executions": str(EXECUTIONS)}
KINDS = ("barrier", "flush", "recheck", "count", "lock", "order", "range", "grace", "dirty")

Mutation = collections.namedtuple("Mutation", ("name", "old", "new") + FIELDS + tuple(OPTIONAL))
Outcome = collections.namedtuple("Outcome", "strategy found executions exhausted oracle rule preemptions text")


def fail(text):
    sys.exit(f"mutations: {text}")


def text_of(path):
    with open(path, encoding="utf-8") as handle:
        return handle.read()


def parse(path):
    """A .mut file: "field: value" lines, then the old and the new text between marks."""
    name = os.path.basename(path)[:-len(".mut")]
    match = re.fullmatch(r"(.*?)^<<<<\n(.*?)^====\n(.*?)^>>>>\n", text_of(path), re.S | re.M)
    if not match:
        fail(f"{path}: expected fields, then <<<<, ==== and >>>> on lines of their own")
    head, old, new = match.groups()
    fields = {}
    for line in head.splitlines():
        field, colon, value = line.partition(": ")
        if not colon or field not in FIELDS + tuple(OPTIONAL) or field in fields:
            fail(f"{path}: what is \"{line}\"?")
        fields[field] = value
    missing = [field for field in FIELDS if field not in fields]
    if missing:
        fail(f"{path}: no {missing[0]}")
    if fields["kind"] not in KINDS:
        fail(f"{path}: kind {fields['kind']} is none of {' '.join(KINDS)}")
    return Mutation(name=name, old=old, new=new, **{**OPTIONAL, **fields})


def apply(source, mutation):
    """The changed text. The old text stands there once, or the mutation is out of date."""
    text = text_of(os.path.join(source, mutation.file))
    found = text.count(mutation.old)
    if found != 1:
        raise RuntimeError(f"its old text stands {found} times in {mutation.file}")
    return text.replace(mutation.old, mutation.new)


class Build:
    """What a build folder knows about how the library's files are compiled and linked."""

    def __init__(self, source, build, runner):
        self.source = os.path.realpath(source)
        self.build = os.path.realpath(build)
        self.runner = os.path.realpath(runner)
        self.library = os.path.join(self.build, "src", "libvmsim.a")
        self.commands = {}
        for entry in json.loads(text_of(os.path.join(build, "compile_commands.json"))):
            if "src/libvmsim.so" in entry["output"]:
                path = os.path.realpath(os.path.join(entry["directory"], entry["file"]))
                self.commands[os.path.relpath(path, self.source)] = entry

    def dependents(self, header):
        """The library's files that include the header, as the last build saw it."""
        out = subprocess.run(["ninja", "-C", self.build, "-t", "deps"], check=True,
                             capture_output=True, text=True).stdout
        users = set()
        for block in out.split("\n\n"):
            lines = block.strip().splitlines()
            if not lines or "src/libvmsim.so" not in lines[0]:
                continue
            paths = [os.path.relpath(os.path.realpath(os.path.join(self.build, line.strip())),
                                     self.source) for line in lines[1:]]
            if header in paths:
                users.update(path for path in paths if path in self.commands)
        return sorted(users)

    def compile(self, path, text, folder, before):
        """Compiles @text as if it stood in @path. @before: options that come first."""
        entry = self.commands[path]
        name = path.replace("/", "_")
        changed = os.path.join(folder, name)
        with open(changed, "w", encoding="utf-8") as out:
            out.write(text)
        args, skip = [], False
        for arg in shlex.split(entry["command"]):
            if skip or arg in ("-MD", "-c", entry["file"]):
                skip = False
            elif arg in ("-MQ", "-MF", "-o"):
                skip = True
            else:
                args.append(arg)
        cut = next(i for i, arg in enumerate(args) if arg.startswith("-I"))
        args[cut:cut] = before
        # What an error leaves unused is no reason not to try it.
        args += ["-Wno-error", "-c", changed, "-o", changed + ".o"]
        run = subprocess.run(args, cwd=entry["directory"], capture_output=True, text=True)
        if run.returncode:
            raise RuntimeError(f"{path} does not compile:\n{run.stderr}")
        return changed + ".o"

    def objects(self, mutation, folder):
        text = apply(self.source, mutation)
        if mutation.file in self.commands:
            return [self.compile(mutation.file, text, folder, [])]
        include, _, rest = mutation.file.partition("/")
        if include != "include":
            raise RuntimeError(f"{mutation.file} is neither compiled nor a public header")
        changed = os.path.join(folder, "include", rest)
        os.makedirs(os.path.dirname(changed))
        with open(changed, "w", encoding="utf-8") as out:
            out.write(text)
        before = ["-I" + os.path.join(folder, "include")]
        users = self.dependents(mutation.file)
        if not users:
            raise RuntimeError(f"nothing in the library includes {mutation.file}")
        return [self.compile(user, text_of(os.path.join(self.source, user)), folder, before)
                for user in users]

    def link(self, objects, folder):
        """The runner again, with @objects before the library: these are taken, not its own."""
        out = subprocess.run(["ninja", "-C", self.build, "-t", "commands",
                              os.path.relpath(self.runner, self.build)], check=True,
                             capture_output=True, text=True).stdout
        args = shlex.split(out.strip().splitlines()[-1])
        at = args.index("-o")
        program = os.path.join(folder, "runner")
        args[at + 1] = program
        args[at + 2:at + 2] = objects
        run = subprocess.run(args, cwd=self.build, capture_output=True, text=True)
        if run.returncode:
            raise RuntimeError(f"cannot link:\n{run.stderr}")
        return program


def outcome_of(line):
    words = line.split(" ", 6)
    if words[1] == "found":
        return Outcome(words[0], True, int(words[2]), False, words[3], words[4], int(words[5]), words[6])
    return Outcome(words[0], False, int(words[2]), words[1] == "exhausted", "", "", 0, "")


def crashed(strategy):
    """The simulated kernel itself broke down: found by nobody."""
    return Outcome(strategy, False, 0, False, "crash", "", 0, "")


def explore(program, world, executions):
    """One Outcome for each strategy. What is no answer (a hang, a misfit) is an error."""
    outcomes = []
    for strategy in STRATEGIES:
        args = [program, *world.split(), str(SEED), str(executions), strategy]
        try:
            run = subprocess.run(args, capture_output=True, text=True, timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"{world}: {strategy}: no answer in {TIMEOUT} s") from None
        if run.returncode == -signal.SIGSEGV:
            outcomes.append(crashed(strategy))
        elif run.returncode:
            raise RuntimeError(f"{world}: {strategy}: status {run.returncode}: "
                               f"{run.stderr.strip()[-300:]}")
        else:
            outcomes.append(outcome_of(run.stdout.splitlines()[-1]))
    return outcomes


def problem_of(mutation, outcomes):
    """Why the mutation does not count as found; None: it does."""
    found = [outcome for outcome in outcomes if outcome.found]
    if not found:
        return f"not found in {mutation.executions} executions of {mutation.world}"
    wrong = [outcome for outcome in found if outcome.oracle not in mutation.oracle.split("|")]
    if wrong:
        return (f"{wrong[0].strategy}: expected {mutation.oracle}, found {wrong[0].oracle}: "
                f"{wrong[0].text}")
    return None


def examine(build, mutation):
    """(mutation, outcomes, problem)"""
    with tempfile.TemporaryDirectory(prefix="vmsim-mutation-") as folder:
        try:
            program = build.link(build.objects(mutation, folder), folder)
            outcomes = explore(program, mutation.world, int(mutation.executions))
        except RuntimeError as error:
            return mutation, [], str(error)
    return mutation, outcomes, problem_of(mutation, outcomes)


def control(build, world, executions):
    """The library as it is says nothing in that world."""
    try:
        outcomes = explore(build.runner, world, executions)
    except RuntimeError as error:
        return str(error)
    for outcome in outcomes:
        if outcome.found:
            return f"{world}: {outcome.strategy} finds {outcome.oracle} without a mutation: {outcome.text}"
        if outcome.oracle == "crash":
            return f"{world}: {outcome.strategy} crashes without a mutation"
        if outcome.executions != executions and not (outcome.exhausted and outcome.executions):
            return f"{world}: {outcome.strategy} ended after {outcome.executions} executions"
    return None


def cell(text):
    return text.replace("|", "\\|")


def document(results):
    """docs/mutations.md"""
    lines = [
        "# Mutations",
        "",
        "Small errors in the library's own source (`tests/mutations/data/`), each found by exploration",
        "without a script. Generated by `meson compile -C BUILD mutations-doc`; the suite `mutations` makes",
        "and finds all of them again, and holds the library as it is to be silent on the same runs.",
        "",
        f"Numbers are executions until the first failure, from seed {SEED}, in the run that wrote this page;",
        f"`-`: not within {EXECUTIONS:,} (50,000 for a few); `crash`: the simulated kernel broke down before",
        "anything noticed. World: scenario and flush back-end, and which allocations may fail. Oracle: what may notice first. Preemptions: of the smallest failing schedule that cutting down found; that there",
        "is none with fewer was not proven.",
        "",
        "| mutation | file | kind | what is wrong | rule | world | oracle | preemptions | "
        + " | ".join(STRATEGIES) + " |",
        "| --- " * (8 + len(STRATEGIES)) + "|",
    ]
    for mutation, outcomes, _ in results:
        fewest = min(outcome.preemptions for outcome in outcomes if outcome.found)
        counts = [str(fewest)]
        counts += [f"{outcome.executions:,}" if outcome.found else outcome.oracle or "-"
                   for outcome in outcomes]
        row = [mutation.name, f"`{mutation.file}`", mutation.kind, mutation.what, mutation.rule,
               mutation.world, mutation.oracle] + counts
        lines.append("| " + " | ".join(cell(text) for text in row) + " |")
    lines += ["", summary(results), ""]
    return "\n".join(lines)


def summary(results):
    kinds = collections.Counter(mutation.kind for mutation, _, _ in results)
    first = sorted(min(outcome.executions for outcome in outcomes if outcome.found)
                   for _, outcomes, problem in results if not problem)
    parts = ", ".join(f"{kind} {kinds[kind]}" for kind in KINDS if kinds[kind])
    if not first:
        return "No mutation was found."
    return (f"{len(results)} mutations ({parts}). By the quicker strategy: median "
            f"{first[len(first) // 2]:,}, at most {first[-1]:,} executions.")


def without_counts(text):
    """What does not depend on the run: the rows without their last columns."""
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    return [re.split(r"(?<!\\)\|", row)[1:8] for row in rows]


def all_mutations(source, names):
    folder = os.path.join(source, "tests", "mutations", "data")
    files = sorted(name for name in os.listdir(folder) if name.endswith(".mut"))
    mutations = [parse(os.path.join(folder, name)) for name in files]
    unknown = set(names) - {mutation.name for mutation in mutations}
    if unknown:
        fail(f"no mutation {sorted(unknown)[0]}")
    return [mutation for mutation in mutations if not names or mutation.name in names]


def show(mutation, outcomes, problem):
    counts = ", ".join(f"{outcome.strategy} {outcome.executions} {outcome.oracle} {outcome.rule}"
                       if outcome.found else f"{outcome.strategy} {outcome.oracle or '-'}" for outcome in outcomes)
    print(f"{mutation.name}: {problem or counts}", flush=True)


def examine_all(build, mutations):
    """Results in the order of the mutations, and the problems of the control runs."""
    worlds = {}
    for mutation in mutations:
        worlds[mutation.world] = max(worlds.get(mutation.world, 0), int(mutation.executions))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        controls = [pool.submit(control, build, *item) for item in sorted(worlds.items())]
        results = []
        for result in pool.map(lambda mutation: examine(build, mutation), mutations):
            show(*result)
            results.append(result)
        return results, [task.result() for task in controls if task.result()]


def survey(build, mutations):
    worlds = sorted({mutation.world for mutation in all_mutations(build.source, [])})
    for mutation in mutations:
        with tempfile.TemporaryDirectory(prefix="vmsim-mutation-") as folder:
            program = build.link(build.objects(mutation, folder), folder)
            for world in worlds:
                try:
                    outcomes = explore(program, world, EXECUTIONS)
                    show(mutation._replace(name=f"{mutation.name} in {world}"), outcomes, None)
                except RuntimeError as error:
                    print(f"{mutation.name} in {error}", flush=True)
    return 0


def main():
    if len(sys.argv) < 5 or sys.argv[1] not in ("check", "write", "survey"):
        fail(__doc__.split("\n\n")[1])
    task, source, names = sys.argv[1], sys.argv[2], sys.argv[5:]
    build = Build(source, sys.argv[3], sys.argv[4])
    mutations = all_mutations(source, names)
    if task == "survey":
        return survey(build, mutations)
    results, problems = examine_all(build, mutations)
    problems += [f"{mutation.name}: {problem}" for mutation, _, problem in results if problem]
    page = os.path.join(source, "docs", "mutations.md")
    if task == "write" and not names and not problems:
        with open(page, "w", encoding="utf-8") as out:
            out.write(document(results))
    elif not names and not problems and without_counts(text_of(page)) != without_counts(document(results)):
        problems.append("docs/mutations.md lists other mutations: write it anew")
    print(summary(results))
    for problem in problems:
        print(f"PROBLEM {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
