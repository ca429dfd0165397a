"""A clean tree in small, and for each check the ways to be wrong.

A violation is a set of files laid over the clean tree (None: it is missing).
"""


def code(text, before=""):
    return f"{before}\n```c\n{text}```\n"


HELLO = '#include <stdio.h>\nint main(void)\n{\n    puts("hello");\n    return 0;\n}\n'
HELLO_PAGE = code(HELLO) + "\n<!-- output -->\n```text\nhello\n```\n"
README = "# weft\n\n<weft/base/a.h>\n"

CLEAN = {
    "README.md": README,
    "run": "./run test    everything\n",
    "docs/tour.md": "# Tour\n\n## It's a *start*\n\n" + HELLO_PAGE
        + code("return g;\n", "<!-- prelude:\nextern int g;\n-->\n"
               "<!-- fragment in: static int f(void) -->")
        + code("return y;\n", "<!-- wrong: src/base/a.c -->")
        + "\n`weft_a_init`, `./run test`, `run`, `src/base/*`, `a/b`, `WEFT_X`\n",
    "docs/architecture.md": "[base](../src/base/README.md) `tests/docs`\n"
        "[tour](tour.md#its-a-start) [here](#top)\n\n# Top\n",
    "docs/decisions/README.md": "[1](0001-a.md)\n",
    "docs/decisions/0001-a.md": "# 1\n",
    "hello.c": HELLO,
    "docs/report.md": "<!-- report: hello.c -DX -->\n```text\nhello\n```\n",
    "docs/quoted.md": code("int x;\n", "<!-- file: src/base/a.c -->"),
    "include/weft/base/a.h": "#define WEFT_X 1\nvoid weft_a_init(void);\n",
    "src/base/README.md": "# base\n",
    "src/base/a.c": "int x;\n",
    "tests/docs/x.py": "\n",
}


def tour(text):
    return {"docs/tour.md": text}


VIOLATIONS = {
    "code_compiles": [
        tour(code("int f(void)\n{\n    return y;\n}\n")),
        tour(code("int f(long x);\nint f(long x)\n{\n    return x;\n}\n")),
        tour(code("return 0;\n")),
        tour(code("return 1L << 40;\n",
                  "<!-- fragment in: static int f(void) -->")),
    ],
    "programs_run": [
        tour(HELLO_PAGE.replace("```text\nhello", "```text\ngoodbye")),
        tour(code(HELLO.replace("return 0", "return 3"))),
        tour(code("#include <stdlib.h>\nint main(void)\n{\n    abort();\n}\n")),
        tour(code("int f(void);\nint main(void)\n{\n    return f();\n}\n")),
        tour("<!-- output -->\n```text\nhello\n```\n"),
    ],
    "reports_are_real": [
        tour("<!-- report: hello.c -->\n```text\ngoodbye\n```\n"),
        tour("<!-- report: nobody.c -->\n```text\nhello\n```\n"),
    ],
    "quoted_files_are_verbatim": [
        {"src/base/a.c": "int y;\n"},
        {"src/base/a.c": None},
    ],
    "places_are_listed": [
        {"include/weft/base/b.h": "\n"},
        {"src/sync/README.md": "# sync\n"},
        {"tests/unit/a_test.c": "\n"},
        {"docs/decisions/0002-b.md": "# 2\n"},
        {"README.md": None},
    ],
    "names_are_real": [
        tour("Call `weft_b_init(&b)`.\n"),
        tour("`WEFT_Y`\n"),
        tour("`./run tests`\n"),
        tour("See `src/sync/b.c`.\n"),
    ],
    "anchors_exist": [
        tour("# A tour\n"),
        {"docs/architecture.md": "[here](#bottom)\n\n# Top\n"},
    ],
    "readme_is_short": [
        {"README.md": "\n" * 251},
        {"README.md": None},
    ],
}
