#!/usr/bin/env python3
"""The house rules that a machine can check (docs/style.md).

lint.py list             the rules, one a line
lint.py RULE|all ROOT    check the tree at ROOT; one line for each violation
lint.py prove RULE       check that the rule accepts a clean tree and reports
                         each violation that planted.py has for it

A rule is a generator over a Tree that yields "file:line: what is wrong".
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

# What a file of a layer may include besides its own layer.
LAYERS = {
    "base": set(),
    "sync": {"base"},
    "mem": {"base"},
    "queue": {"base", "mem"},
    "thread": {"base", "sync", "mem"},
    "chan": {"base", "sync", "mem", "queue"},
    "par": {"base", "sync", "mem", "queue", "thread"},
    "async": {"base", "sync", "mem", "queue", "thread", "chan"},
    "model": {"base"},
}

# Not part of the library: programs link it instead.
SEPARATE = {"weft/model/model.h"}

# Programs to be explored, which may be anybody's.
EXPLORED = {"tests/unit/model/", "tests/model/model/", "tests/support/litmus.c",
            "tests/install/explored/", "examples/model/"}

SKIPPED = {".git", "build", "out", "__pycache__"}
RULES = {}


def rule(function):
    RULES[function.__name__.rstrip("_")] = function
    return function


class File:
    def __init__(self, root, path):
        self.path = path
        self.name = path.relative_to(root).as_posix()
        self.parts = self.name.split("/")
        self.text = path.read_text(encoding="utf-8", errors="replace")
        self.lines = self.text.split("\n")
        self.is_c = path.suffix in (".c", ".h")

    def at(self, number, what):
        return f"{self.name}:{number}: {what}"

    def search(self, pattern, lines=None):
        """(line number, match) of every match, line by line."""
        for number, line in enumerate(lines or self.lines, 1):
            for match in re.finditer(pattern, line):
                yield number, match

    def code(self):
        """The lines without comments and without the contents of strings."""
        pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\''

        def blank(match):
            text = match.group()
            mark = '""' if text[0] == '"' else " "
            return mark + "\n" * text.count("\n")

        return re.sub(pattern, blank, self.text, flags=re.S).split("\n")

    def includes(self):
        """(line number, path, whether in <>) of every #include."""
        for number, m in self.search(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]'):
            yield number, m.group(2), m.group(1) == "<"


class Tree:
    def __init__(self, root):
        self.root = Path(root)
        self.files = []
        for path in sorted(self.root.rglob("*")):
            relative = path.relative_to(self.root)
            if path.is_file() and not SKIPPED & set(relative.parts):
                self.files.append(File(self.root, path))

    def c(self, *tops):
        return [f for f in self.files if f.is_c and f.parts[0] in tops]

    def has(self, name):
        return (self.root / name).exists()


def layer_of(file):
    """The layer of a file under include/weft/ or src/, else None."""
    at = {"include": 2, "src": 1}.get(file.parts[0])
    if at is None or len(file.parts) < at + 2:
        return None
    return file.parts[at]


# ------------------------------------------------------------------- layers


@rule
def layers(tree):
    """Files include their own layer and those below it, as the table says."""
    for f in tree.c("include", "src"):
        layer = layer_of(f)
        if layer is None:
            continue
        if layer not in LAYERS:
            yield f.at(1, f"no layer is called {layer}")
            continue
        for number, path, angled in f.includes():
            parts = path.split("/")
            other = parts[1] if angled and parts[0] == "weft" else parts[0]
            if other in LAYERS and other not in LAYERS[layer] | {layer}:
                yield f.at(number, f"{layer} may not include {other}")
            elif angled and path == "weft/weft.h":
                yield f.at(number, "the umbrella header is for users")


@rule
def public_headers_are_closed(tree):
    """include/ includes only itself and the system's headers."""
    for f in tree.c("include"):
        for number, path, angled in f.includes():
            if not angled:
                yield f.at(number, f'"{path}" is not public')


@rule
def strangers_see_public_headers_only(tree):
    """examples, bench and tests from outside use weft as its users do."""
    files = tree.c("examples", "bench")
    strangers = ("stress", "install", "soak", "faults", "exit")
    files += [f for f in tree.c("tests") if f.parts[1] in strangers]
    for f in files:
        for number, path, angled in f.includes():
            if not angled and tree.has("src/" + path):
                yield f.at(number, f'"{path}" is private to weft')


@rule
def unit_tests_see_their_own_layer(tree):
    """A unit test includes private headers of its own layer only."""
    for f in tree.c("tests"):
        if f.parts[1] != "unit":
            continue
        for number, path, angled in f.includes():
            private = not angled and tree.has("src/" + path)
            if private and path.split("/")[0] != f.parts[2]:
                yield f.at(number, f'"{path}" is private to another layer')


@rule
def umbrella_header_is_complete(tree):
    """include/weft/weft.h includes every public header of the library."""
    text = "\n".join(f.text for f in tree.files
                     if f.name == "include/weft/weft.h")
    for f in tree.c("include"):
        path = "/".join(f.parts[1:])
        if path == "weft/weft.h":
            continue
        if (f"#include <{path}>" in text) == (path in SEPARATE):
            does = "includes" if path in SEPARATE else "does not include"
            yield f.at(1, f"include/weft/weft.h {does} it")


@rule
def one_shape(tree):
    """A concept has its test, a layer its README, a header its guard."""
    for f in tree.c("src"):
        layer, concept = f.parts[1], f.path.stem
        if f.path.suffix == ".c" and not concept.endswith("_portable"):
            test = f"tests/unit/{layer}/{concept}_test.c"
            if not tree.has(test):
                yield f.at(1, f"has no {test}")
    for layer in sorted({f.parts[1] for f in tree.c("src")}):
        if not tree.has(f"src/{layer}/README.md"):
            yield f"src/{layer}/README.md:1: is missing"
    for f in tree.c("include", "src"):
        name = "_".join(f.parts[1:])
        guard = re.sub(r"\W", "_", name).upper()
        if f.parts[0] == "src":
            guard = "WEFT_SRC_" + guard
        if f.path.suffix == ".h" and f"#ifndef {guard}\n" not in f.text:
            yield f.at(1, f"its include guard is not {guard}")


# --------------------------------------------------------------- one place


def only_in(tree, pattern, allowed, what):
    for f in tree.c("include", "src", "tests", "examples"):
        folders = {"/".join(f.parts[:n]) + "/" for n in range(1, len(f.parts))}
        if allowed & {f.name, *folders}:
            continue
        for number, match in f.search(pattern, f.code()):
            yield f.at(number, f"{match.group()}: {what}")


@rule
def atomics_in_one_header(tree):
    """Only base/atomic.h names the compiler's atomics."""
    pattern = (r"\b(__atomic_\w+|__sync_\w+|__ATOMIC_\w+|_Atomic|stdatomic"
               r"|atomic_thread_fence|ck_pr_\w+)\b")
    allowed = {"include/weft/base/atomic.h", *EXPLORED}
    yield from only_in(tree, pattern, allowed, "use <weft/base/atomic.h>")


@rule
def fences_in_one_file(tree):
    """Only base/asym.c fences; ThreadSanitizer does not see a fence."""
    yield from only_in(tree, r"\b(\w*membarrier\w*|\w*thread_fence\w*)\b",
                       {"src/base/asym.c", "src/base/asym.h",
                        "include/weft/base/atomic.h",
                        "tests/unit/base/asym_test.c",
                        "src/model/instrument.c", "src/model/wrap_system.c",
                        *EXPLORED}, "use base/asym.h")


@rule
def futexes_in_one_file(tree):
    """Only base/futex.c makes futex calls; one test interrupts them."""
    yield from only_in(tree, r"\b(SYS_futex\w*|__NR_futex\w*|FUTEX_\w+)\b",
                       {"src/base/futex.c", "src/model/wrap_system.c",
                        "tests/faults/signals_test.c", *EXPLORED},
                       "use base/futex.h")


@rule
def no_engine_in_public_headers(tree):
    """ConcurrencyKit is private."""
    for f in tree.c("include", "examples", "tests"):
        for number, path, _ in f.includes():
            if path.startswith("ck_"):
                yield f.at(number, f"<{path}> outside src/ and bench/")


# -------------------------------------------------------------------- names

OURS = re.compile(r"^(weft|wefti|WEFT|WEFTI)_")
RESERVED = re.compile(
    r"^__(attribute__|builtin_\w+|typeof__|asm__|extension__|thread|func__|FILE__"
    r"|LINE__|COUNTER__|VA_ARGS__|VA_OPT__|cplusplus|GNUC\w*|GLIBC\w*|clang\w*"
    r"|has_\w+|SANITIZE_\w+|STDC\w*|x86_64__|i386__|aarch64__|linux__|OPTIMIZE__"
    r"|SIZEOF_\w+|CHAR_BIT__|BYTE_ORDER__|ORDER_\w+|INCLUDE_LEVEL__|EXCEPTIONS"
    r"|atomic_\w+|ATOMIC_\w+|sync_\w+|NR_\w+|(asan|tsan|lsan|ubsan|sanitizer)_\w+"
    r"|restrict|inline|volatile__|label__|auto_type|int128|ELF__|AVX\w*|SSE\w*"
    r"|cxa_\w+|dso_handle|gnu_\w+|GXX\w*|real_\w*|wrap_\w*|errno_location|SYSCALL\w*)$")


@rule
def public_names_are_ours(tree):
    """What a public header defines at file scope begins with our prefix."""
    patterns = (
        r"^\s*#\s*define\s+(\w+)",
        r"^(?:typedef\s+)?(?:struct|enum|union)\s+(\w+)\s*\{",
        r"^\}\s*(\w+)\s*;",
        r"^typedef\s[^;{]*?\b(\w+)\s*(?:\([^()]*\))?;$",
        r"^(?:WEFT_\w+\s)+[^=;{]*?\b(\w+)\(",
    )
    for f in tree.c("include"):
        for pattern in patterns:
            for number, m in f.search(pattern, f.code()):
                if not OURS.match(m.group(1)):
                    yield f.at(number, f"{m.group(1)} is not a name of ours")


@rule
def posix_owns_t(tree):
    """No type of ours ends in _t."""
    for f in tree.c("include", "src", "tests", "examples", "bench"):
        for number, m in f.search(r"\b(weft\w*_t)\b|^\}\s*(\w+_t)\s*;"
                                  r"|^(?:struct|enum|union)\s+(\w+_t)\s*\{"
                                  r"|^typedef\s.*\b(\w+_t);$", f.code()):
            name = next(g for g in m.groups() if g)
            yield f.at(number, f"{name}: POSIX owns _t")


@rule
def cxx_owns_double_underscores(tree):
    """No name of ours begins with two underscores."""
    for f in tree.c("include", "src", "tests", "examples"):
        for number, m in f.search(r"(?<!\w)__[A-Za-z]\w*", f.code()):
            if not RESERVED.match(m.group()):
                yield f.at(number, f"{m.group()}: the language owns __")


# ---------------------------------------------------------------- orderings


@rule
def ordering_tags_have_two_ends(tree):
    """Each [concept.purpose] stands at both ends of its handshake."""
    places = {}
    for f in tree.c("include", "src"):
        for number, m in f.search(r"\[([a-z]\w*\.[a-z]\w*)\]"):
            places.setdefault(m.group(1), []).append(f.at(number, ""))
    for tag, where in places.items():
        if len(where) < 2:
            yield f"{where[0]}the tag [{tag}] has no other end"


@rule
def orderings_say_why(tree):
    """Each ordered operation has its tag, or "relaxed", not far above it."""
    pattern = r"\bwefti_\w+?_(relaxed|acquire|release|acq_rel|seq_cst)\w*\("
    for f in tree.c("src"):
        for number, m in f.search(pattern, f.code()):
            # A comment above the function speaks for all of it.
            near = "\n".join(f.lines[max(0, number - 25):number])
            reason = r"[Rr]elaxed" if m.group(1) == "relaxed" \
                else r"\[[a-z]\w*\.[a-z]\w*\]|seq_cst"
            if not re.search(reason + r"(?!\w*\()", near):
                yield f.at(number, f"{m.group()[:-1]} does not say why")


# ------------------------------------------------------------- size, format


@rule
def files_are_short(tree):
    """Sources stop at 600 lines, headers at 250."""
    for f in tree.files:
        if f.is_c or f.path.suffix in (".py", ".cmake", ".sh"):
            limit = 250 if f.path.suffix == ".h" else 600
            if len(f.lines) - 1 > limit:
                yield f.at(limit, f"{len(f.lines) - 1} lines, not {limit}")


@rule
def functions_are_short(tree):
    """Functions stop at 60 lines."""
    for f in tree.c("include", "src", "tests", "examples", "bench"):
        start = None
        for number, line in enumerate(f.lines, 1):
            if line == "{":
                start = number
            elif line == "}" and start is not None:
                if number - start - 1 > 60:
                    yield f.at(start, f"{number - start - 1} lines, not 60")
                start = None


@rule
def patterns_fit_a_screen(tree):
    """One idea a file, at most 60 lines."""
    for f in tree.c("examples"):
        if f.parts[1] == "patterns" and len(f.lines) - 1 > 60:
            yield f.at(60, f"{len(f.lines) - 1} lines, not 60")


@rule
def formatted(tree):
    """clang-format has nothing to change."""
    names = [f.name for f in tree.files if f.is_c]
    done = subprocess.run(
        ["clang-format", "--dry-run", "-Werror", *names], cwd=tree.root,
        stderr=subprocess.PIPE, text=True, check=False)
    for line in done.stderr.splitlines():
        if "error:" in line:
            yield line


@rule
def text_is_tidy(tree):
    """No tabs, no blanks at the end of lines, one newline at the end."""
    for f in tree.files:
        if f.path.suffix in (".c", ".h", ".md", ".py", ".cmake", ".json"):
            for number, _ in f.search(r"\t|\s+$"):
                yield f.at(number, "a tab, or blanks at the end")
            if f.text and (f.text[-1] != "\n" or f.text.endswith("\n\n")):
                yield f.at(len(f.lines), "does not end in one newline")


# ----------------------------------------------------------------- contents


@rule
def nothing_unfinished(tree):
    """No note of work to be done: an issue is the place for it."""
    words = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK",
             "not " + "implemented", "un" + "implemented"]
    for f in tree.files:
        for number, m in f.search(r"\b(" + "|".join(words) + r")\b"):
            yield f.at(number, m.group())


@rule
def no_machine_paths(tree):
    """No file names a place on one machine, or a registry's host."""
    places = ["/wo" + r"rk/\w", "/fa" + "rm/", "/ho" + r"me/\w", "/ro" + "ot/",
              "/tm" + "p/[a-z]+-", "deb.deb" + "ian.org", "registry.npm" + "js"]
    for f in tree.files:
        for number, m in f.search("|".join(places)):
            yield f.at(number, f"{m.group()} names one machine")


@rule
def links_lead_somewhere(tree):
    """A relative link of a Markdown file names a file of the tree."""
    for f in tree.files:
        if f.path.suffix != ".md":
            continue
        for number, m in f.search(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)"):
            if not (f.path.parent / m.group(1)).exists():
                yield f.at(number, f"{m.group(1)} does not exist")


# --------------------------------------------------------------------- main


def check(name, root):
    return list(RULES[name](Tree(root)))


def write(root, files):
    for name, text in files.items():
        if text is None:
            continue
        path = Path(root) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def prove(name):
    import planted  # beside this file; needed here only

    violations = planted.VIOLATIONS.get(name, [])
    if not violations:
        return [f"{name}: nothing is planted for it"]
    faults = []
    with tempfile.TemporaryDirectory() as root:
        write(root, planted.CLEAN)
        faults += [f"{name}: clean tree: {v}" for v in check(name, root)]
    for files in violations:
        with tempfile.TemporaryDirectory() as root:
            write(root, {**planted.CLEAN, **files})
            found = check(name, root)
            if not any(v.split(":")[0] in files for v in found):
                faults.append(f"{name}: does not see {files}")
    return faults


def main(arguments):
    if arguments == ["list"]:
        print("\n".join(RULES))
        return 0
    sys.dont_write_bytecode = True
    if len(arguments) == 2 and arguments[0] == "prove":
        found = prove(arguments[1])
    elif len(arguments) == 2 and arguments[0] in [*RULES, "all"]:
        names = RULES if arguments[0] == "all" else [arguments[0]]
        found = [v for name in names for v in check(name, arguments[1])]
    else:
        print(__doc__, file=sys.stderr)
        return 2
    if "formatted" in arguments and not shutil.which("clang-format"):
        found.append("clang-format is not installed")
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
