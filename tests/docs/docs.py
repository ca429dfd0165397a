#!/usr/bin/env python3
"""What the documentation says is so: README.md and docs/*.md, checked.

docs.py list                     the checks, one a line
docs.py CHECK|all ROOT [LIBRARY] check the tree at ROOT; one line a falsehood;
                                 programs are linked with LIBRARY
docs.py prove CHECK              check that CHECK accepts a clean tree and
                                 reports each falsehood in planted.py

Before a block of a page may stand, as an HTML comment:
    prelude: CODE        hidden code in front of every later block of the page
    fragment in: F       the block is the body of the function F
    file: PATH           the block is that file, letter for letter
    wrong: PATH          the block is a mistake, which tests/compile_fail shows
    output               a text block: what the program above it prints
    report: PATH FLAG... a text block: what the program PATH, compiled with the
                         flags and linked with the explorer, prints

WEFT_MODEL_COMPILER, _CFLAGS and _LIBS say how to link with the explorer.
A program that includes it is compiled, but not run.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

COMPILERS = [c for c in ("gcc", "clang") if shutil.which(c)]
FLAGS = ["-std=c17", "-O1", "-fexceptions", "-Wall", "-Wextra", "-Wpedantic",
         "-Wconversion", "-Werror"]
SAME_WORDS = {**os.environ, "LC_ALL": "C"}
EXPLORER = "#include <weft/model/model.h>"
CHECKS = {}


def check(function):
    CHECKS[function.__name__] = function
    return function


class Block:
    def __init__(self, line, language, text, directive, prelude):
        self.line, self.language, self.text = line, language, text
        self.directive, self.prelude = directive, prelude
        # What is meant not to compile is no code here.
        self.is_code = language == "c" and not directive.startswith("wrong:")
        self.is_program = bool(re.search(r"^int main\(", text, re.M))

    def source(self):
        name, _, rest = self.directive.partition(":")
        body = self.text
        if name == "fragment in":
            body = rest.strip() + "\n{\n" + body + "}\n"
        return f'{self.prelude}\n#line 1 "program.c"\n{body}'


class Page:
    def __init__(self, root, path):
        self.path = path
        self.name = path.relative_to(root).as_posix()
        self.text = path.read_text(encoding="utf-8")
        self.prose = re.sub(r"^```.*?^```$", lambda m: "\n" * m[0].count("\n"),
                            self.text, flags=re.S | re.M)
        self.blocks = list(self.find_blocks())

    def find_blocks(self):
        directive = prelude = ""
        for m in re.finditer(r"^<!--\s*(.*?)\s*-->$|^```(\w*)\n(.*?)^```$",
                             self.text, re.S | re.M):
            comment, language, text = m.groups()
            if comment is None:
                line = self.text.count("\n", 0, m.start()) + 1
                yield Block(line, language, text, directive, prelude)
                directive = ""
            elif comment.startswith("prelude:"):
                prelude += comment.partition(":")[2] + "\n"
            else:
                directive = comment

    def at(self, line, what):
        return f"{self.name}:{line}: {what}"

    def search(self, pattern, text=None):
        text = self.prose if text is None else text
        for m in re.finditer(pattern, text):
            yield text.count("\n", 0, m.start()) + 1, m


class Docs:
    def __init__(self, root, library=None):
        self.root = Path(root).resolve()
        self.library = library
        paths = [self.root / "README.md", *self.root.glob("docs/**/*.md")]
        self.pages = [Page(self.root, p) for p in sorted(paths) if p.exists()]

    def text(self, pattern):
        return "\n".join(p.read_text(encoding="utf-8")
                         for p in sorted(self.root.glob(pattern)))

    def page(self, name):
        return next((p for p in self.pages if p.name == name), None)

    def headers(self):
        paths = self.root.glob("include/weft/*/*.h")
        return sorted(p.relative_to(self.root / "include").as_posix()
                      for p in paths)

    def compile(self, compiler, arguments, source=None, cwd=None):
        done = subprocess.run(
            [compiler, f"-I{self.root}/include", *arguments], input=source,
            cwd=cwd, env=SAME_WORDS, text=True, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.returncode, done.stdout


def in_parallel(work, items):
    """What work(item) yields, for all items, in their order."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for found in pool.map(lambda item: list(work(*item)), items):
            yield from found


def first_error(output):
    lines = [x for x in output.splitlines() if "error:" in x or "undefined" in x]
    return (lines or output.splitlines() or ["no message"])[0]


# --------------------------------------------------------------------- code


@check
def code_compiles(docs):
    """Every block of C compiles, without a warning, with every compiler."""
    def compiles(page, block, compiler):
        unused = [] if block.is_program else ["-Wno-unused"]
        result, output = docs.compile(
            compiler, [*FLAGS, *unused, "-c", "-x", "c", "-", "-o", "/dev/null"],
            block.source())
        if result != 0:
            yield page.at(block.line, f"{compiler}: {first_error(output)}")

    yield from in_parallel(compiles, [
        (page, block, compiler) for page in docs.pages
        for block in page.blocks if block.is_code
        for compiler in COMPILERS])


@check
def programs_run(docs):
    """Every program ends well, and prints what the page says it prints."""
    def runs(page, block, output, compiler):
        libraries = [docs.library] if docs.library else []
        with tempfile.TemporaryDirectory() as place:
            result, said = docs.compile(
                compiler, [*FLAGS, "-x", "c", "-", "-x", "none", *libraries,
                           "-pthread", "-o", "program"], block.source(), place)
            if result != 0:
                yield page.at(block.line, f"{compiler}: {first_error(said)}")
                return
            try:
                # stdbuf: what is printed stays in order with standard error.
                done = subprocess.run(
                    ["stdbuf", "-o0", "./program"], cwd=place, text=True,
                    check=False, timeout=60, stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            except subprocess.TimeoutExpired:
                yield page.at(block.line, f"{compiler}: does not end")
                return
        if done.returncode != 0:
            yield page.at(block.line, f"{compiler}: ends with "
                          f"{done.returncode}, having printed {done.stdout!r}")
        if output is not None and done.stdout != output.text:
            yield page.at(output.line, f"{compiler}: prints {done.stdout!r}")

    programs = []
    for page in docs.pages:
        for block, after in zip(page.blocks, [*page.blocks[1:], None]):
            if block.is_code and block.is_program and \
                    EXPLORER not in block.text:
                told = after is not None and after.directive == "output"
                programs.append((page, block, after if told else None))
            elif block.directive == "output" and block.line not in [
                    p[2].line for p in programs if p[0] is page and p[2]]:
                yield page.at(block.line, "no program prints this")
    yield from in_parallel(runs, [(*p, c) for p in programs for c in COMPILERS])


@check
def reports_are_real(docs):
    """A block that claims to be an explorer's report is one, to the letter."""
    settings = [os.environ.get("WEFT_MODEL_" + x, y).split() for x, y in (
        ("COMPILER", "gcc"), ("CFLAGS", ""), ("LIBS", "-pthread"))]

    def reports(page, block):
        path, *flags = block.directive.partition(":")[2].split()
        if not (docs.root / path).exists():
            yield page.at(block.line, f"{path} does not exist")
            return
        (compiler, *_), cflags, libraries = settings
        with tempfile.TemporaryDirectory() as place:
            result, said = docs.compile(compiler, [
                "-std=c17", "-O1", *cflags, *flags, str(docs.root / path),
                "-o", f"{place}/program", *libraries])
            if result == 0:
                said = subprocess.run(
                    ["stdbuf", "-o0", f"{place}/program"], text=True,
                    check=False, timeout=60, stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout
        # Blanks at the end of lines are not worth their keep on a page.
        said = "\n".join(x.rstrip() for x in said.strip().split("\n")) + "\n"
        if said != block.text:
            yield page.at(block.line, f"the report is now:\n{said}")

    yield from in_parallel(reports, [
        (page, block) for page in docs.pages for block in page.blocks
        if block.directive.startswith("report:")])


@check
def quoted_files_are_verbatim(docs):
    """A block that claims to be a file is that file."""
    for page in docs.pages:
        for block in page.blocks:
            name, _, path = block.directive.partition(":")
            if name != "file":
                continue
            file = docs.root / path.strip()
            if not file.exists():
                yield page.at(block.line, f"{path.strip()} does not exist")
            elif file.read_text(encoding="utf-8") != block.text:
                yield page.at(block.line, f"is not {path.strip()} any more")


# -------------------------------------------------------------------- words


@check
def places_are_listed(docs):
    """README.md has every public header; docs/architecture.md every layer's
    proofs and every kind of test; docs/decisions/README.md every decision."""
    expected = [("README.md", f"<{h}>") for h in docs.headers()]
    for path in sorted(docs.root.glob("src/*/README.md")):
        expected.append(("docs/architecture.md", f"](../src/{path.parent.name}/"))
    for path in sorted(docs.root.glob("tests/*/")):
        if any(path.glob("**/*.*")) and path.name != "__pycache__":
            expected.append(("docs/architecture.md", f"`tests/{path.name}`"))
    for path in sorted(docs.root.glob("docs/decisions/[0-9]*.md")):
        expected.append(("docs/decisions/README.md", f"]({path.name})"))
    for name, what in expected:
        page = docs.page(name)
        if page is None or what not in page.text:
            yield f"{name}:1: does not mention {what}"


@check
def names_are_real(docs):
    """What stands in `code` exists: names of ours, paths, commands."""
    declared = docs.text("include/weft/**/*.h") + docs.text("**/CMakeLists.txt") \
        + docs.text("cmake/*") + docs.text("src/**/*.[ch]") + docs.text("tests/**/*.c")
    verbs = docs.text("run")
    tops = {p.name for p in docs.root.iterdir()} - {"build", "out"}
    for page in docs.pages:
        for line, m in page.search(r"`([^`\n]+)`"):
            for name in re.findall(r"\b(?:wefti?|WEFTI?)_\w+", m[1]):
                if not re.search(rf"\b{name}", declared):
                    yield page.at(line, f"nothing is called {name}")
            run = re.fullmatch(r"\./run (\w+).*", m[1])
            if run and f"./run {run[1]}" not in verbs:
                yield page.at(line, f"there is no {m[1]}")
            path = re.fullmatch(r"([\w.]+)/[\w./*-]*", m[1])
            # The style guide's concept x of layer l is any one.
            pattern = re.sub(r"/[lx](?=[/._])", "/*", m[1])
            if path and path[1] in tops and not any(docs.root.glob(pattern)):
                yield page.at(line, f"there is no {m[1]}")


@check
def anchors_exist(docs):
    """A link to a heading finds it. (That its file exists, lint checks.)"""
    def anchors(path):
        for heading in re.findall(r"(?m)^#+ (.*)$",
                                  path.read_text(encoding="utf-8")):
            words = re.sub(r"[^\w\- ]", "", heading.lower())
            yield words.replace(" ", "-")

    for page in docs.pages:
        for line, m in page.search(r"\]\(([^)#:\s]*)#([^)\s]+)\)"):
            file = page.path.parent / m[1] if m[1] else page.path
            if file.exists() and m[2] not in anchors(file):
                yield page.at(line, f"{m[1]} has no #{m[2]}")


@check
def readme_is_short(docs):
    """README.md ends by line 250."""
    lines = docs.text("README.md").count("\n")
    if not 0 < lines <= 250:
        yield f"README.md:1: has {lines} lines"


# --------------------------------------------------------------------- main


def prove(name):
    import planted  # beside this file; needed here only

    violations = planted.VIOLATIONS.get(name, [])
    faults = [] if violations else [f"{name}: nothing is planted for it"]
    for files in [{}, *violations]:
        with tempfile.TemporaryDirectory() as root:
            for path, text in {**planted.CLEAN, **files}.items():
                if text is not None:
                    (Path(root) / path).parent.mkdir(parents=True, exist_ok=True)
                    (Path(root) / path).write_text(text, encoding="utf-8")
            found = list(CHECKS[name](Docs(root)))
        if bool(found) != bool(files):
            faults.append(f"{name}: in {files or 'a clean tree'}: {found}")
    return faults


def main(arguments):
    if arguments == ["list"]:
        print("\n".join(CHECKS))
        return 0
    sys.dont_write_bytecode = True
    if len(arguments) == 2 and arguments[0] == "prove":
        found = prove(arguments[1])
    elif len(arguments) in (2, 3) and arguments[0] in [*CHECKS, "all"]:
        names = CHECKS if arguments[0] == "all" else [arguments[0]]
        docs = Docs(*arguments[1:])
        found = [f for name in names for f in CHECKS[name](docs)]
    else:
        print(__doc__, file=sys.stderr)
        return 2
    if not COMPILERS:
        found.append("neither gcc nor clang is installed")
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
