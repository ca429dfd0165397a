#!/usr/bin/env python3
"""Mistakes planted in the library, one at a time, that its model tests must
find.

mutants.py orders BUILD [PATTERN]   each memory order weaker by one step
mutants.py rows BUILD [PATTERN]     the historic mistakes under rows/
mutants.py list [PATTERN]           what there is, without running anything
mutants.py prove BUILD              that a change which is no mistake survives

BUILD is a build directory in which the model tests have been built. A mutant
is a copy of one or more sources with a few words changed; what depends on them
is compiled anew with the commands of the build, linked with a model test, and
run. PATTERN, a regular expression, selects mutants by name. One line for each
mutant: killed, with the test that did it and what it said, or survived. The
last line counts; the exit code tells whether all were killed.

WEFT_JOBS limits how many run at a time.
"""

import concurrent.futures
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SECONDS = int(os.environ.get("WEFT_MUTANT_SECONDS", "60"))

# ------------------------------------------------------------------ mutants

WEAKER = {
    "load": {"acquire": ["relaxed"], "seq_cst": ["acquire"]},
    "store": {"release": ["relaxed"], "seq_cst": ["release"]},
    "rmw": {
        "acquire": ["relaxed"],
        "release": ["relaxed"],
        "acq_rel": ["acquire", "release"],
        "seq_cst": ["acq_rel"],
    },
}

# What the atomics header lacks because the library has no use for it.
MISSING = """
#define wefti_cas_relaxed_or_acquire(a, expected, desired) \\
    WEFTI_CAS(a, expected, desired, __ATOMIC_RELAXED, __ATOMIC_ACQUIRE)
#define wefti_cas_acq_rel_or_seq_cst(a, expected, desired) \\
    WEFTI_CAS(a, expected, desired, __ATOMIC_ACQ_REL, __ATOMIC_SEQ_CST)
#define wefti_cas_seq_cst_or_acquire(a, expected, desired) \\
    WEFTI_CAS(a, expected, desired, __ATOMIC_SEQ_CST, __ATOMIC_ACQUIRE)
"""

# Which layers' tests can see a mistake in a layer, the nearest first.
SEEN_BY = {
    "base": ["base", "sync", "thread", "chan", "par", "mem", "queue"],
    "sync": ["sync", "thread", "par"],
    "mem": ["mem", "chan", "thread"],
    "queue": ["queue", "par"],
    "thread": ["thread", "par"],
    "chan": ["chan"],
    "par": ["par"],
}


@dataclass
class Mutant:
    name: str
    edits: dict  # file -> [(old, new, which occurrence or None)]
    tests: list = field(default_factory=list)  # first; empty: by layer
    expect: str = ""

    def layer(self):
        parts = next(iter(self.edits)).split("/")
        return parts[2] if parts[0] == "include" else parts[1]

    def concept(self):
        return Path(next(iter(self.edits))).stem


def sources():
    for top in ("include/weft", "src"):
        for path in sorted((ROOT / top).rglob("*.[ch]")):
            name = path.relative_to(ROOT).as_posix()
            if "/model/" in name or name.endswith("base/atomic.h") or \
                    name.endswith("_portable.c"):
                continue
            yield name, path.read_text(encoding="utf-8")


def order_mutants():
    """Each ordered operation, with each order that is one step weaker."""
    pattern = re.compile(
        r"wefti_(load|store|swap|cas|add|sub|and|or|xor)"
        r"_(acquire|release|acq_rel|seq_cst)(_or_acquire|_or_seq_cst)?\(")
    for name, text in sources():
        for m in pattern.finditer(text):
            verb, order, failing = m.group(1), m.group(2), m.group(3) or ""
            kind = verb if verb in ("load", "store") else "rmw"
            line = text.count("\n", 0, m.start()) + 1
            changes = [(f"wefti_{verb}_{w}{failing}(", f"{order}>{w}")
                       for w in WEAKER[kind][order]]
            if failing == "_or_acquire":
                changes.append((f"wefti_{verb}_{order}(", "failing>relaxed"))
            if failing == "_or_seq_cst":
                changes.append((f"wefti_{verb}_{order}_or_acquire(",
                                "failing>acquire"))
            for new, what in changes:
                yield Mutant(f"{name}:{line} {verb} {what}",
                             {name: [(m.group(), new, m.start())]})
        for m in re.finditer(r"\bwefti_fence_heavy\(\);", text):
            line = text.count("\n", 0, m.start()) + 1
            yield Mutant(f"{name}:{line} heavy fence>none",
                         {name: [(m.group(), ";", m.start())]})


def row_mutants():
    """rows/*.mutant: head lines, then pairs of old and new text."""
    for path in sorted((HERE / "rows").glob("*.mutant")):
        head, _, rest = path.read_text(encoding="utf-8").partition("--- old\n")
        fields = dict(re.findall(r"^(\w+): *(.*)$", head, re.M))
        edits = []
        for pair in ("--- old\n" + rest).split("--- old\n")[1:]:
            old, _, new = pair.partition("--- new\n")
            edits.append((old, new.partition("--- end")[0], None))
        yield Mutant(path.stem, {fields["file"]: edits},
                     fields["test"].split(), fields["expect"])


def edited(text, edits, name):
    for old, new, at in sorted(edits, key=lambda e: -(e[2] or 0)):
        if at is None:
            if text.count(old) != 1:
                raise ValueError(f"{name}: found {text.count(old)} times, "
                                 f"not once:\n{old}")
            at = text.index(old)
        text = text[:at] + new + text[at + len(old):]
    return text


# -------------------------------------------------------------------- build


class Build:
    """The commands of a build directory."""

    def __init__(self, directory):
        self.directory = Path(directory).resolve()
        self.compile = {}  # object's path -> (arguments, source)
        for entry in json.loads(
                (self.directory / "compile_commands.json").read_text()):
            arguments = shlex.split(entry["command"])
            output = arguments[arguments.index("-o") + 1]
            if "-DWEFT_MODEL=1" in arguments or "weft_model_objects" in output:
                self.compile[output] = (arguments, entry["file"])
        self.tests = sorted(
            p.name for p in (self.directory / "tests").glob("*model_*")
            if os.access(p, os.X_OK) and p.is_file())
        self.links = {t: self.link_of(t) for t in self.tests}
        self.depends = self.read_depends()

    def link_of(self, test):
        done = subprocess.run(
            ["ninja", "-C", str(self.directory), "-t", "commands", "-s",
             f"tests/{test}"], capture_output=True, text=True, check=True)
        line = done.stdout.strip().split("\n")[-1]
        line = line.replace(": && ", "").replace(" && :", "")
        return shlex.split(line)

    def read_depends(self):
        """object -> the files of the repository that it is made of."""
        done = subprocess.run(
            ["ninja", "-C", str(self.directory), "-t", "deps"],
            capture_output=True, text=True, check=True)
        depends, current = {}, None
        for line in done.stdout.split("\n"):
            if line and not line.startswith(" "):
                current = depends.setdefault(line.split(":")[0], set())
            elif line.strip():
                path = (self.directory / line.strip()).resolve()
                if path.is_relative_to(ROOT):
                    current.add(path.relative_to(ROOT).as_posix())
        return depends

    def compile_mutant(self, mutant, scratch):
        """Compile what depends on the edited files; {object: new object}."""
        overlay = []
        for name, edits in mutant.edits.items():
            text = (ROOT / name).read_text(encoding="utf-8")
            copy = scratch / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(edited(text, edits, mutant.name))
        (scratch / "missing.h").write_text(
            "#include <weft/base/atomic.h>\n" + MISSING)
        overlay = [f"-I{scratch}/include", f"-I{scratch}/src"]
        made = {}
        for output, (arguments, source) in self.compile.items():
            if not self.depends.get(output, set()) & set(mutant.edits):
                continue
            name = Path(source).relative_to(ROOT).as_posix()
            if name in mutant.edits:
                source = str(scratch / name)
            new = scratch / (output.replace("/", "_"))
            first = arguments[0]
            rest = [a for a in arguments[1:] if a not in ("-Werror",)]
            rest[rest.index("-o") + 1] = str(new)
            rest[-1] = source
            run_tool([first, *overlay, "-include", str(scratch / "missing.h"),
                      *rest], self.directory)
            made[output] = str(new)
        return made

    def link_mutant(self, test, made, scratch):
        arguments = list(self.links[test])
        output = scratch / test
        arguments[arguments.index("-o") + 1] = str(output)
        arguments = [made.get(a, a) for a in arguments]
        # Before the archive, which has the originals.
        archive = next(i for i, a in enumerate(arguments)
                       if a.endswith("libweft_model.a"))
        mutated = [new for old, new in made.items()
                   if "weft_explored_objects" in old
                   or "weft_model_objects" in old]
        run_tool(arguments[:archive] + mutated + arguments[archive:],
                 self.directory)
        return output


def run_tool(arguments, directory):
    done = subprocess.run(arguments, cwd=directory, capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        raise ValueError(" ".join(arguments[:1]) + ": " + done.stderr[:2000])


# ---------------------------------------------------------------------- run


def tests_for(mutant, build):
    if mutant.tests:
        return [t.replace(".", "_") for t in mutant.tests]
    order = []
    for layer in SEEN_BY[mutant.layer()]:
        mine = [t for t in build.tests if t.startswith(f"model_{layer}_")]
        order += sorted(mine, key=lambda t: mutant.concept() not in t)
    return order


FAILED = re.compile(r"\[(?:FAIL|CRASH|\!+)\].*?(\w+::\w+)")


def verdict(output):
    """(test, message) of the first failure, or None."""
    m = FAILED.search(output)
    if m is None:
        return None
    said = re.search(r"^[^\n:]+\.c:\d+: (.*)$", output, re.M)
    reason = re.search(r"^[^\n]*_model\.c:\d+: (.*)$", output, re.M) or said
    return m.group(1), reason.group(1) if reason else "it crashed"


def try_mutant(mutant, build):
    """(killed, text)."""
    with tempfile.TemporaryDirectory(prefix="weft-mutant-") as directory:
        scratch = Path(directory)
        made = build.compile_mutant(mutant, scratch)
        slow = []
        for test in tests_for(mutant, build):
            program = build.link_mutant(test, made, scratch)
            environment = dict(os.environ, WEFT_TEST_SECONDS=str(SECONDS))
            environment.pop("WEFT_MODEL_COUNTS", None)
            try:
                done = subprocess.run(
                    [str(program), "--jobs", "1", "--fail-fast", "--verbose"],
                    capture_output=True, text=True, errors="replace",
                    check=False, timeout=SECONDS * 4, env=environment)
            except subprocess.TimeoutExpired:
                slow.append(test)
                continue
            output = done.stdout + done.stderr
            found = verdict(output)
            if done.returncode == 0 or found is None:
                continue
            if "watchdog:" in output:
                slow.append(test)
                continue
            if mutant.expect and not re.search(mutant.expect, output):
                return False, f"{found[0]} failed, but not with " \
                              f"/{mutant.expect}/: {found[1]}"
            return True, f"{found[0]}: {found[1]}"
        return False, "no test failed" + \
            (f"; no end: {' '.join(slow)}" if slow else "")


def run(mutants, build):
    jobs = int(os.environ.get("WEFT_JOBS", str(os.cpu_count() or 1)))
    killed = survived = 0

    def attempt(mutant):
        try:
            return try_mutant(mutant, build)
        except ValueError as error:
            return False, str(error)

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for mutant, (dead, text) in zip(mutants, pool.map(attempt, mutants)):
            killed += dead
            survived += not dead
            print(f"{'killed' if dead else 'SURVIVED':8} {mutant.name}: "
                  f"{text}", flush=True)
    # In the words of the tests' runner, for whoever counts tests.
    print(f"Synthesis: Tested: {killed + survived} | Passing: {killed} | "
          f"Failing: {survived} | Crashing: 0")
    return survived == 0 and killed > 0


def harmless():
    """A change that changes nothing."""
    name = "src/sync/mutex.c"
    text = (ROOT / name).read_text(encoding="utf-8")
    return Mutant("harmless", {name: [(text, text + "/* nothing */\n", None)]},
                  ["model_sync_mutex"])


def main(arguments):
    if not arguments or arguments[0] not in ("orders", "rows", "list", "prove"):
        sys.exit(__doc__)
    if arguments[0] == "prove":
        dead, text = try_mutant(harmless(), Build(arguments[1]))
        print(text)
        return not dead and text == "no test failed"
    what = arguments[0]
    pattern = re.compile(arguments[-1] if len(arguments) > 1 + (what != "list")
                         else "")
    every = {"orders": order_mutants, "rows": row_mutants,
             "list": lambda: [*order_mutants(), *row_mutants()]}[what]()
    chosen = [m for m in every if pattern.search(m.name)]
    if what == "list":
        for mutant in chosen:
            print(mutant.name)
        return True
    return run(chosen, Build(arguments[1]))


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)
