#!/usr/bin/env python3
"""Every place of the library that can be refused something, refused it once.

sites.py ROOT STORIES        the table of sites and tests; fails if a site of
                             ROOT/src has not been failed by any test
sites.py --prove ROOT STORIES
                             check that a site which no test fails is noticed

A site is a call, in src/ or in an inlined function of include/, that asks for
memory, a thread or a key. The tests write down the stack of each fault that
they inject (tests/support/fault_site.h) into the directory STORIES.
"""

import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

ASKING = re.compile(
    r"\b(wefti_alloc|wefti_alloc_zeroed|WEFTI_NEW|pthread_create"
    r"|pthread_key_create|pthread_setspecific|pthread_attr_init)\s*\(")
# What must not be called but where the user's allocator is.
FOREIGN = re.compile(
    r"\b(malloc|calloc|realloc|posix_memalign|aligned_alloc|strn?dup|v?asprintf"
    r"|mmap|fopen|opendir|getline|alloca)\s*\(")
ALLOCATOR = {"src/base/alloc.c", "src/base/alloc.h"}


def blanked(text):
    """The code without comments and strings, line for line."""
    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"'
    return re.sub(pattern, lambda m: re.sub(r"[^\n]", " ", m.group()), text,
                  flags=re.S)


def statement(lines, number):
    """The first and last line of the statement around a line."""
    first = number
    while first > 1 and not re.search(r"[;{}]\s*$|^\s*$", lines[first - 2]):
        first -= 1
    last = number
    while last < len(lines) and not re.search(r"[;{]\s*$", lines[last - 1]):
        last += 1
    return first, last


def find_sites(root):
    """[(file, line, first, last, what)], and the faults of the tree itself."""
    sites, faults = [], []
    files = sorted([*root.glob("src/*/*.[ch]"), *root.glob("include/**/*.h")])
    # The explorer is no part of the library, and replaces its allocator.
    files = [f for f in files if f.parent.name != "model"]
    for path in files:
        name = str(path.relative_to(root))
        if name in ALLOCATOR:
            continue
        lines = blanked(path.read_text(encoding="utf-8")).split("\n")
        for number, line in enumerate(lines, 1):
            foreign = FOREIGN.search(line)
            if foreign:
                faults.append(f"{name}:{number}: {foreign.group(1)} is not "
                              "the user's allocator")
            # A declaration or definition has no space before the name.
            for m in ASKING.finditer(line):
                if line[:m.start()].strip() or line.startswith(" "):
                    sites.append((name, number, *statement(lines, number),
                                  m.group(1)))
    return sites, faults


def read_stories(directory):
    """program -> {stack: tests}; stories older than their program are void."""
    stacks = defaultdict(lambda: defaultdict(set))
    for story in sorted(Path(directory).iterdir()):
        head, *lines = story.read_text(encoding="utf-8").splitlines()
        test, program = head.split(" ", 1)
        built = Path(program).stat().st_mtime if Path(program).exists() else 1e99
        if story.stat().st_mtime >= built:
            for line in lines:
                stacks[program][tuple(line.split())].add(test)
    return stacks


def resolve(program, addresses, root):
    """address -> [(function, file, line)], inlined callees first."""
    # A return address may belong to the next line already.
    wanted = {a: hex(int(a, 16) - 1) for a in addresses if int(a, 16) > 0}
    done = subprocess.run(
        ["addr2line", "-a", "-i", "-f", "-e", program], check=True, text=True,
        input="\n".join(wanted.values()) + "\n", stdout=subprocess.PIPE)
    frames, current, function = {}, None, None
    for line in done.stdout.splitlines():
        if re.fullmatch(r"0x[0-9a-f]+", line):
            current = frames.setdefault(int(line, 16), [])
            function = None
        elif function is None:
            function = line
        else:
            place, _, number = line.split(" ")[0].rpartition(":")
            file = str(Path(place).resolve()) if place.startswith("/") else place
            file = file.removeprefix(str(root) + "/")
            current.append((function, file, int(number) if number.isdigit()
                            else 0))
            function = None
    return {a: frames.get(int(w, 16), []) for a, w in wanted.items()}


def ours(frame):
    return frame[1].startswith(("src/", "include/weft/"))


def failed_places(stacks, root):
    """(file, line) -> {(entry, test)}: what was refused, on behalf of whom."""
    places = defaultdict(set)
    for program, of_program in stacks.items():
        names = {a for stack in of_program for a in stack}
        frames = resolve(program, names, root)
        for stack, tests in of_program.items():
            trail = [f for a in stack for f in frames.get(a, [])]
            trail = [f for f in trail if f[1] not in ALLOCATOR]
            start = next((i for i, f in enumerate(trail) if ours(f)), None)
            if start is None:
                continue
            end = start
            while end + 1 < len(trail) and ours(trail[end + 1]):
                end += 1
            for test in tests:
                places[trail[start][1:]].add((trail[end][0], test))
    return places


def report(sites, places):
    faults = []
    for name, number, first, last, what in sites:
        seen = set()
        for line in range(first, last + 1):
            seen |= places.get((name, line), set())
        if not seen:
            faults.append(f"{name}:{number}: {what}: no test makes it fail")
            continue
        print(f"{name}:{number}: {what}")
        by_entry = defaultdict(set)
        for entry, test in seen:
            by_entry[entry].add(test)
        for entry in sorted(by_entry):
            tests = sorted(by_entry[entry])
            more = f" and {len(tests) - 2} more" if len(tests) > 2 else ""
            print(f"    {entry}: {', '.join(tests[:2])}{more}")
    return faults


def main(arguments):
    proving = arguments[:1] == ["--prove"]
    if len(arguments) != 2 + proving:
        print(__doc__, file=sys.stderr)
        return 2
    root, directory = (Path(a).resolve() for a in arguments[proving:])
    sites, faults = find_sites(root)
    if proving:
        sites.append(("src/base/alloc.c", 1, 1, 1, "planted"))
    faults += report(sites, failed_places(read_stories(directory), root))
    print("\n".join(faults))
    if proving:
        return 0 if faults[-1:] == ["src/base/alloc.c:1: planted: no test "
                                    "makes it fail"] else 1
    print(f"{len(sites)} sites, {len(faults)} faults")
    return 1 if faults or not sites else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
