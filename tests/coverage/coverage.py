#!/usr/bin/env python3
"""Line and branch coverage of src/, and a reason for each line without.

coverage.py report BUILD   a table, and the lines that no test has run
coverage.py check BUILD    the same; fails if such a line has no reason in
                           reasons.txt, or a reason is about nothing
coverage.py prove          that an uncovered line without a reason, and a
                           reason without a line, are noticed

BUILD is a build directory with -DWEFT_COVERAGE=ON whose tests have been run.

reasons.txt has, for each file, a fragment of the source, " | ", and the
reason. It speaks for the uncovered lines around the line that contains the
fragment, up to the next covered one.
"""

import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def measure(build):
    """{file: {line: (hits, branches taken, branches)}}"""
    done = subprocess.run(
        ["gcovr", "--root", str(ROOT), build, "--filter", "src/", "--json",
         "--exclude-throw-branches"], cwd=ROOT, capture_output=True, text=True,
        check=False)
    if done.returncode != 0:
        sys.exit(done.stderr)
    files = {}
    for entry in json.loads(done.stdout)["files"]:
        lines = files.setdefault(entry["file"], {})
        for line in entry["lines"]:
            if line.get("gcovr/noncode"):
                continue
            taken = sum(b["count"] > 0 for b in line["branches"])
            lines[line["line_number"]] = (line["count"], taken,
                                          len(line["branches"]))
    return files


def blocks(lines):
    """Runs of lines that were not covered, with no covered one between."""
    found, current = [], []
    for number in sorted(lines):
        if lines[number][0] == 0:
            current.append(number)
        elif current:
            found.append(current)
            current = []
    return found + ([current] if current else [])


def read_reasons(text):
    """[(file, fragment, reason)]"""
    reasons, file = [], None
    for line in text.split("\n"):
        if not line or line.startswith("#"):
            continue
        if not line.startswith(" "):
            file = line.strip()
            continue
        fragment, _, reason = line.strip().partition(" | ")
        reasons.append((file, fragment.strip(), reason.strip()))
    return reasons


def judge(files, texts, reasons):
    """What is wrong: uncovered lines without a reason, reasons without."""
    wrong = []
    for file, fragment, reason in reasons:
        if fragment not in texts.get(file, ""):
            wrong.append(f"reasons.txt: {file} has no '{fragment}'")
        if len(reason) < 10:
            wrong.append(f"reasons.txt: {file}: '{fragment}': no reason")
    for file, lines in sorted(files.items()):
        source = texts[file].split("\n")
        fragments = [f for name, f, _ in reasons if name == file]
        for block in blocks(lines):
            code = [source[number - 1] for number in block]
            if not any(f in line for f in fragments for line in code):
                wrong.append(f"{file}:{block[0]}: no test runs this, and no "
                             f"reason is given: {code[0].strip()}")
    return wrong


def table(files):
    rows, total = [], [0, 0, 0, 0]
    for file, lines in sorted(files.items()):
        numbers = [sum(h > 0 for h, _, _ in lines.values()), len(lines),
                   sum(t for _, t, _ in lines.values()),
                   sum(b for _, _, b in lines.values())]
        total = [a + b for a, b in zip(total, numbers)]
        rows.append((file, numbers))
    rows.append(("all of src/", total))
    print(f"{'file':32} {'lines':>15} {'branches':>15}")
    for file, (line_hits, lines, branch_hits, branches) in rows:
        percent = 100 * branch_hits // branches if branches else 100
        print(f"{file:32} {line_hits:5}/{lines:5} {100 * line_hits // lines:3}%"
              f" {branch_hits:5}/{branches:5} {percent:3}%")


def prove():
    files = {"src/a.c": {1: (1, 0, 0), 2: (0, 0, 0), 3: (0, 0, 0),
                         4: (1, 0, 0), 5: (0, 0, 0)}}
    texts = {"src/a.c": "int f(void)\ng();\nh();\nk();\nm();\n"}
    reason = ("src/a.c", "h();", "cannot happen in this process")
    assert len(judge(files, texts, [])) == 2
    assert len(judge(files, texts, [reason])) == 1
    assert len(judge(files, texts, [reason, ("src/a.c", "m();", "because")])) \
        == 1
    assert len(judge(files, texts, [("src/a.c", "gone();", reason[2])])) == 3
    assert judge(files, texts, [reason, ("src/a.c", "m();", reason[2])]) == []


def main(arguments):
    if arguments == ["prove"]:
        prove()
        return True
    if len(arguments) != 2 or arguments[0] not in ("report", "check"):
        sys.exit(__doc__)
    files = measure(arguments[1])
    if not files:
        sys.exit("no coverage data: build with WEFT_COVERAGE, run the tests")
    table(files)
    texts = {f: (ROOT / f).read_text(encoding="utf-8") for f in files}
    reasons = read_reasons((HERE / "reasons.txt").read_text(encoding="utf-8"))
    wrong = judge(files, texts, reasons)
    print("\n".join(wrong))
    return arguments[0] == "report" or not wrong


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)
