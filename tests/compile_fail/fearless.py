#!/usr/bin/env python3
"""README.md and docs/fearless show the programs of this directory, as they are.

fearless.py check ROOT    one line for each place that shows something else
fearless.py write ROOT    make all of them show what there is
fearless.py prove ROOT    check that a stale line is seen, wherever it stands

On a page, an HTML comment says what the block or table after it shows:
    wrong: PATH     the program of that path, as the compiler sees the mistake
    fixed: PATH     the same, corrected
    caught: PATH    who catches it, and what they say
    all mistakes    the table of all programs
    one of each     the table of the first program of each chapter
"""

import re
import sys
from pathlib import Path

sys.dont_write_bytecode = True
from compile_fail import COMPILERS, UNSEEN, Program, programs  # beside this file

STAGES = {
    "error": "error",
    "warning": "warning",
    "optimised": "warning at `-O1`",
    "safety": "`-Wthread-safety`",
    "analyser": "`--analyze`",
    "run": "panic",
    "tsan": "ThreadSanitizer",
    UNSEEN: "not seen",
}
SHOWN = re.compile(r"^<!-- (?:(wrong|fixed|caught): (\S+)|(all mistakes|one of each))"
                   r" -->\n(```\w*\n.*?^```\n|(?:\|[^\n]*\n)+)",
                   re.S | re.M)
ASKED = re.compile(r"^<!-- *(?:wrong|fixed|caught|all mist|one of)", re.M)
WIDTH = 84


def plain(stage):
    return STAGES[stage].replace("`", "")


def caught(program):
    """A line for each compiler and stage; the same words are said once."""
    lines, said = [], {}
    for compiler in COMPILERS:
        for stage, text in program.expected[compiler]:
            said.setdefault((stage, text), []).append(compiler)
    order = list(STAGES)
    for stage, text in sorted(said, key=lambda x: order.index(x[0])):
        who = said[stage, text]
        names = "every compiler" if len(who) == len(COMPILERS) else ", ".join(who)
        lines.append(f"{names}, {plain(stage)}:" if text
                     else f"{names}: {plain(stage)}")
        line = "   "
        for word in text.split():
            if len(line) + len(word) >= WIDTH:
                lines.append(line)
                line = "   "
            line += " " + word
        lines += [line] if text else []
    return "\n".join(lines) + "\n"


class Shown:
    """What the pages are to show: the programs of a tree."""

    def __init__(self, root):
        self.root = Path(root).resolve()
        self.programs = programs(self.root / "tests/compile_fail")
        self.used = set()

    def pages(self):
        return [self.root / "README.md", self.root / "docs/fearless.md",
                *sorted(self.root.glob("docs/fearless/*.md"))]

    def chapter(self, program, page):
        """The page on a mistake; the program itself where there is none."""
        found = sorted(self.root.glob(
            f"docs/fearless/{program.chapter:02}_*.md"))
        path = found[0] if found else program.path
        up = "../" * (len(page.relative_to(self.root).parts) - 1)
        here = path.relative_to(self.root).as_posix()
        return here.removeprefix("docs/") if up and found else up + here

    def table(self, page, one_of_each):
        yield "| Mistake | gcc 12 | clang 14, 19 | In the words of clang 19 |"
        yield "| --- | --- | --- | --- |"
        before = None
        for p in self.programs:
            gcc, old, new = (p.expected[c][0] for c in COMPILERS)
            seen = STAGES[old[0]] + ("" if old[0] == new[0]
                                     else ", " + STAGES[new[0]])
            if not one_of_each or p.chapter not in (before, 12):
                yield (f"| [{p.title.lower()}]({self.chapter(p, page)}) | "
                       f"{STAGES[gcc[0]]} | {seen} | `{new[1]}` |")
            before = p.chapter

    def now(self, match, page):
        kind, path, table, _ = match.groups()
        first = match[0].partition("\n")[0] + "\n"
        if table:
            rows = self.table(page, table == "one of each")
            return first + "\n".join(rows) + "\n"
        program = Program(self.root / path)
        self.used.add(program.name)
        if kind == "caught":
            return f"{first}```text\n{caught(program)}```\n"
        return f"{first}```c\n{program.variant(kind == 'fixed')}```\n"

    def written(self, page, text):
        return SHOWN.sub(lambda m: self.now(m, page), text)

    def stale(self, page, text):
        name = page.relative_to(self.root)
        for m in SHOWN.finditer(text):
            if self.now(m, page) != m[0]:
                line = text.count("\n", 0, m.start()) + 1
                yield f"{name}:{line}: is stale (fearless.py write)"
        if len(SHOWN.findall(text)) != len(ASKED.findall(text)):
            yield f"{name}:1: a comment has nothing to show after it"

    def check(self):
        for page in self.pages():
            yield from self.stale(page, page.read_text(encoding="utf-8"))
        for p in self.programs:
            if p.name not in self.used and p.chapter < 12:
                yield f"{p.path.relative_to(self.root)}:1: no page shows it"

    def prove(self):
        """Whatever line of whatever is shown is changed: it is seen."""
        planted = 0
        for page in self.pages():
            text = page.read_text(encoding="utf-8")
            for m in SHOWN.finditer(text):
                lines = [x for x in m[4].splitlines() if not x.startswith("`")]
                for line in filter(None, map(str.strip, lines)):
                    at = text.index(line, m.start())
                    other = text[:at] + line[:-1] + "~" + text[at + len(line):]
                    planted += 1
                    if not list(self.stale(page, other)):
                        yield f"{page}: with {line!r} changed, nothing is seen"
                undone = text[:m.start()] + text[m.start():].replace(":", " ", 1)
                if m[1] and not list(self.stale(page, undone)):
                    yield f"{page}: with {m[1]} misspelt, nothing is seen"
        if planted < 100:
            yield f"only {planted} lines are shown"


def main(arguments):
    if len(arguments) != 2 or arguments[0] not in ("check", "write", "prove"):
        print(__doc__, file=sys.stderr)
        return 2
    shown = Shown(arguments[1])
    if arguments[0] == "write":
        for page in shown.pages():
            text = page.read_text(encoding="utf-8")
            page.write_text(shown.written(page, text), encoding="utf-8")
    found = list(shown.prove() if arguments[0] == "prove" else shown.check())
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
