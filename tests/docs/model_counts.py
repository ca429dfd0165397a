#!/usr/bin/env python3
"""The table of explorations in docs/testing.md, from what the model tests did.

model_counts.py check COUNTS   the table says what COUNTS says
model_counts.py write COUNTS   make it so
model_counts.py prove          that a stale row, a missing one and one too many
                               are noticed

COUNTS is the directory of what the model tests write with WEFT_MODEL_COUNTS; of
several lines with one name the last counts. A search at random has no exact figures.
"""

import sys
from pathlib import Path

DOC = Path(__file__).resolve().parent.parent.parent / "docs" / "testing.md"
BEGIN = "<!-- explorations: written by tests/docs/model_counts.py -->\n"
END = "<!-- end of explorations -->\n"
HEAD = ("| Exploration | Search | Executions | Longest, in steps |\n"
        "| --- | --- | ---: | ---: |\n")


def rows(counts):
    """The table's lines, by name."""
    latest = {}
    for line in counts.split("\n"):
        if line:
            name, *rest = line.split("\t")
            latest[name] = rest
    table = ""
    for name, (search, runs, _pruned, longest, _seconds) in \
            sorted(latest.items()):
        if search in ("random", "PCT"):
            longest = "varies"
        table += f"| {name} | {search} | {int(runs):,} | {longest} |\n"
    return table


def split(text):
    before, begin, rest = text.partition(BEGIN)
    table, end, after = rest.partition(END)
    if not begin or not end:
        sys.exit(f"{DOC}: the marks of the table are gone")
    return before, table, after


def differences(table, counts):
    now, then = set((HEAD + rows(counts)).split("\n")), set(table.split("\n"))
    return [f"not in the document: {line}" for line in sorted(now - then)] + \
        [f"only in the document: {line}" for line in sorted(then - now)]


def prove():
    counts = "a\texhaustive\t5\t0\t9\t0.1\nb\trandom\t10\t0\t7\t0.1\n"
    table = HEAD + rows(counts)
    assert differences(table, counts) == []
    assert differences(table, counts.replace("\t7\t", "\t8\t")) == []
    assert len(differences(table, counts.replace("\t5\t", "\t6\t"))) == 2
    assert len(differences(table, counts + "c\tbounded\t1\t0\t2\t0\n")) == 1
    assert len(differences(table, counts.split("\n")[0])) == 1


def main(arguments):
    if arguments == ["prove"]:
        prove()
        return True
    if len(arguments) != 2 or arguments[0] not in ("check", "write"):
        sys.exit(__doc__)
    counts = "".join(p.read_text(encoding="utf-8")
                     for p in sorted(Path(arguments[1]).glob("*.tsv")))
    before, table, after = split(DOC.read_text(encoding="utf-8"))
    if arguments[0] == "write":
        DOC.write_text(before + BEGIN + HEAD + rows(counts) + END + after,
                       encoding="utf-8")
        return True
    wrong = differences(table, counts)
    print("\n".join(wrong))
    return not wrong


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)
