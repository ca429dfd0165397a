#!/usr/bin/env python3
"""Programs that must be caught, and where they are.

compile_fail.py list                     the programs, one a line
compile_fail.py check PROGRAM COMPILER ROOT LIBRARY
                                         the mistake is caught as its header
                                         says, and the corrected twin is silent
compile_fail.py observe PROGRAM ROOT LIBRARY
                                         what each stage of each compiler says
compile_fail.py silent COMPILER ROOT BUILD
                                         its analysis finds nothing in weft's own
                                         sources, tests, examples and benchmarks
compile_fail.py complete                 every mistake is caught by everyone
compile_fail.py prove ROOT LIBRARY       check and complete see what planted.py
                                         has for them

A program is a mistake; with -DFIXED it is the corrected twin. It begins with

    /* 7. Use of a value that was given back
     *
     * gcc-12    optimised  weft: use of a moved-from or dropped handle
     * clang-14  safety     calling function 'number_get' requires holding mutex
     *                      'n'
     * ...
     * all       run        use of a moved-from or dropped number
     */

The first stage of a compiler is the earliest that sees the mistake: all those
before it say nothing. Each further line of that compiler is true as well. Of
the twin no stage says anything, and it runs to a good end.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

COMPILERS = ("gcc-12", "clang-14", "clang-19")
FLAGS = ["-std=c17", "-fexceptions", "-Wall", "-Wextra", "-Wpedantic",
         "-Wconversion", "-Wshadow"]

# The stages that compile, earliest first. After an error nothing is built; the
# others warn. Only clang has the last two: gcc's analyser is not asked, since
# that of version 12 finds leaks in what is correct.
COMPILING = {
    "error": [],
    "warning": [],
    "optimised": ["-O1"],
    "safety": ["-Wthread-safety", "-Wthread-safety-beta"],
    "analyser": ["--analyze"],
}
RUNNING = {
    "run": ["-O1"],
    "tsan": ["-O1", "-g", "-fsanitize=thread"],
}
# No stage yet; nothing runs, since the mistake might do so for ever.
UNSEEN = "unseen"
HERE = Path(__file__).resolve().parent
ENVIRONMENT = {**os.environ, "LC_ALL": "C", "TSAN_OPTIONS": "exitcode=66"}


def stages_of(compiler):
    """The compiling stages of a compiler, and their flags."""
    clang = compiler.startswith("clang")
    return {stage: flags for stage, flags in COMPILING.items()
            if clang or stage not in ("safety", "analyser")}


class Program:
    def __init__(self, path):
        self.path = Path(path)
        self.name = self.path.stem
        self.text = self.path.read_text(encoding="utf-8")
        head = re.match(r"/\* (\d+)\. (.*?)\n(.*?)\*/\n+", self.text, re.S)
        if head is None:
            raise SystemExit(f"{self.path}:1: has no header")
        self.chapter, self.title = int(head[1]), head[2].strip()
        self.code = self.text[head.end():]
        self.expected = {c: [] for c in COMPILERS}
        # A line that begins far to the right goes on with the one before.
        for line in re.sub(r"\n \* {6,}", " ", head[3]).splitlines():
            words = line.strip(" *").split(None, 2)
            if not words:
                continue
            if len(words) < 2 or words[0] not in (*COMPILERS, "all") or words[1] not in (
                    *COMPILING, *RUNNING, UNSEEN):
                raise SystemExit(f"{self.path}:1: what is {line.strip()!r}?")
            for c in COMPILERS if words[0] == "all" else [words[0]]:
                self.expected[c].append((words[1], " ".join(words[2:])))

    def variant(self, fixed):
        """The code as the preprocessor leaves it with or without FIXED."""
        kept, out = [True], []
        for line in self.code.splitlines(keepends=True):
            if line.startswith(("#ifdef FIXED", "#ifndef FIXED")):
                kept.append(line.startswith("#ifdef") == fixed)
            elif line.startswith("#else") and len(kept) > 1:
                kept[-1] = not kept[-1]
            elif line.startswith("#endif") and len(kept) > 1:
                kept.pop()
            elif all(kept):
                out.append(line)
        return re.sub(r"\n{3,}", "\n\n", "".join(out))


def programs(where=HERE):
    return [Program(p) for p in sorted(Path(where).glob("[0-9]*.c"))]


# ------------------------------------------------------------------ running


class Bench:
    """One program under one compiler, and a place to build it."""

    def __init__(self, program, compiler, root, library, place):
        self.program, self.compiler = program, compiler
        self.root, self.library, self.place = root, library, place

    def call(self, command):
        try:
            done = subprocess.run(
                command, cwd=self.place, env=ENVIRONMENT, text=True,
                check=False, timeout=60, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        except subprocess.TimeoutExpired:
            return None, "it does not end"
        return done.returncode, done.stdout

    def compile(self, flags, fixed):
        return self.call([
            self.compiler, *FLAGS, *flags, *(["-DFIXED"] if fixed else []),
            f"-I{self.root}/include", "-c", str(self.program.path), "-o",
            os.devnull])

    def run(self, stage, fixed):
        """How the program ends, and what is printed by it."""
        result, said = self.call([
            self.compiler, *FLAGS, "-w", *RUNNING[stage],
            *(["-DFIXED"] if fixed else []), f"-I{self.root}/include",
            str(self.program.path), str(self.library), "-pthread", "-o",
            "program"])
        if result != 0:
            return 0, f"it is not built: {said}"
        # Old ThreadSanitizers want addresses less random than some kernels'.
        steady = ["setarch", "-R"] if stage == "tsan" else []
        return self.call([*steady, "./program"])

    def mistake_is_caught(self):
        expected = dict(self.program.expected[self.compiler])
        stages = stages_of(self.compiler)
        if not expected:
            yield "nothing is expected of it"
        for stage in stages:
            if stage in expected:
                break
            if stage != "warning" and "warning" not in expected:
                _, said = self.compile(stages[stage], fixed=False)
                if said:
                    yield f"{stage}: sees it already: {said!r}"
        for stage, text in expected.items():
            if stage in stages:
                result, said = self.compile(stages[stage], fixed=False)
                as_told = (stage == "error") == (result != 0)
            elif stage in RUNNING:
                result, said = self.run(stage, fixed=False)
                as_told = result != 0
            elif stage == UNSEEN and len(expected) == 1:
                continue
            else:
                result, said, as_told = None, "", False
            if not as_told or text not in said:
                yield f"{stage}: ends with {result}, having said {said!r}"

    def twin_is_silent(self):
        expected = dict(self.program.expected[self.compiler])
        for stage, flags in stages_of(self.compiler).items():
            if stage == "warning":
                continue  # the same command as error's
            result, said = self.compile(flags, fixed=True)
            if result != 0 or said:
                yield f"corrected, {stage}: {said!r}"
        for stage in RUNNING:
            if stage == "run" or stage in expected:
                result, said = self.run(stage, fixed=True)
                if result != 0 or "Sanitizer" in said:
                    yield f"corrected, {stage}: {result}, {said!r}"

    def check(self):
        if shutil.which(self.compiler) is None:
            yield f"{self.compiler} is not installed"
            return
        yield from self.mistake_is_caught()
        yield from self.twin_is_silent()


def check(program, compiler, root, library):
    with tempfile.TemporaryDirectory() as place:
        bench = Bench(program, compiler, root, library, place)
        return [f"{program.name}: {compiler}: {f}" for f in bench.check()]


def observe(program, root, library):
    for compiler in COMPILERS:
        with tempfile.TemporaryDirectory() as place:
            bench = Bench(program, compiler, root, library, place)
            for stage, flags in stages_of(compiler).items():
                for line in bench.compile(flags, False)[1].splitlines():
                    if re.search(r"(error|warning): ", line):
                        print(f"{compiler:9} {stage:10} {line}")
            for stage in RUNNING:
                result, said = bench.run(stage, False)
                print(f"{compiler:9} {stage:10} {result} {said.strip()[:300]}")


def loud(compiler, root, build):
    """What the analysis says about correct code: nothing, that is."""
    def analyse(flags):
        done = subprocess.run(
            [compiler, *flags, *COMPILING["safety"], "-fsyntax-only"],
            cwd=build, env=ENVIRONMENT, text=True, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.stdout

    # All that is built, as it is built; and the benchmarks, which are not.
    database = json.loads((Path(build) / "compile_commands.json").read_text())
    flags = {c["file"]: [f for f in shlex.split(c["command"])[1:]
                         if f != "-Wno-tsan"] for c in database}  # is gcc's
    for file in sorted(Path(root).glob("bench/[!p]*/*.c")):
        flags[str(file)] = ["-std=c17", "-D_GNU_SOURCE", f"-I{root}/include",
                            f"-I{root}/bench", str(file)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from filter(None, pool.map(analyse, flags.values()))
    if len(flags) < 100:
        yield f"only {len(flags)} files were found"


def incomplete(everything):
    """Each of the eleven chapters has, for each compiler, a mistake caught."""
    caught = {(p.chapter, c) for p in everything for c in COMPILERS
              if p.expected[c] and p.expected[c][0][0] != UNSEEN}
    for chapter in range(1, 12):
        for compiler in COMPILERS:
            if (chapter, compiler) not in caught:
                yield f"chapter {chapter}: nothing is caught with {compiler}"


# --------------------------------------------------------------------- main


def prove(root, library):
    import planted  # beside this file; needed here only

    faults = []
    with tempfile.TemporaryDirectory() as place:
        for text, sound in planted.PROGRAMS:
            path = Path(place) / "1_planted.c"
            path.write_text(text, encoding="utf-8")
            found = check(Program(path), planted.COMPILER, root, library)
            if bool(found) == sound:
                faults.append(f"planted: in {text!r}: {found}")
        if not list(incomplete(programs(place))):
            faults.append("planted: one program is taken for all eleven")
    return faults


def main(arguments):
    sys.dont_write_bytecode = True
    verb, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if verb == "list":
        print("\n".join(p.name for p in programs()))
        return 0
    if verb == "check" and len(rest) == 4:
        found = check(Program(HERE / f"{rest[0]}.c"), *rest[1:])
    elif verb == "observe" and len(rest) == 3:
        return observe(Program(HERE / f"{rest[0]}.c"), *rest[1:])
    elif verb == "silent" and len(rest) == 3:
        found = list(loud(*rest))
    elif verb == "complete" and not rest:
        found = list(incomplete(programs()))
    elif verb == "prove" and len(rest) == 2:
        found = prove(*rest)
    else:
        print(__doc__, file=sys.stderr)
        return 2
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
