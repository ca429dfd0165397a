"""A clean tree in small, and for each rule the ways to spoil it.

A violation is a set of files laid over the clean tree (None: it is missing);
the rule must report one of them. Words that another rule looks for are put together from pieces.
"""

LONG = "int x;\n" * 601
FORMAT = "BasedOnStyle: LLVM\nIndentWidth: 4\nBreakBeforeBraces: Linux\n"

CLEAN = {
    ".clang-format": FORMAT,
    "README.md": "See [base](src/base/README.md#top) and [C](https://c.org).\n",
    "include/weft/weft.h":
        "#ifndef WEFT_WEFT_H\n#define WEFT_WEFT_H\n#include <weft/base/a.h>\n"
        "#include <weft/sync/b.h>\n#endif\n",
    "include/weft/base/a.h":
        "#ifndef WEFT_BASE_A_H\n#define WEFT_BASE_A_H\n#include <stdint.h>\n"
        "typedef struct weft_a {\n    int x;\n} weft_a;\n"
        "WEFT_API void weft_a_init(weft_a *a);\n#endif\n",
    "include/weft/sync/b.h":
        "#ifndef WEFT_SYNC_B_H\n#define WEFT_SYNC_B_H\n"
        "#include <weft/base/a.h>\n#endif\n",
    "src/base/README.md": "# base\n",
    "src/base/a.h":
        "#ifndef WEFT_SRC_BASE_A_H\n#define WEFT_SRC_BASE_A_H\n#endif\n",
    "src/base/a.c":
        "/* __atomic_load in a comment */\n#include \"base/a.h\"\n"
        "void weft_a_init(weft_a *a)\n{\n"
        "    /* release [a.init]: hands x over. */\n"
        "    wefti_store_release(&a->x, 1);\n"
        "    /* acquire [a.init]: receives x. */\n"
        "    (void)wefti_load_acquire(&a->x);\n"
        "    /* relaxed: statistic. */\n"
        "    wefti_add_relaxed(&a->x, 1);\n}\n",
    "src/sync/README.md": "# sync\n",
    "src/sync/b.c": "#include <weft/sync/b.h>\n",
    "tests/unit/base/a_test.c": "#include \"base/a.h\"\n",
    "tests/unit/sync/b_test.c": "#include <weft/sync/b.h>\n",
    "tests/stress/base/a_stress.c": "#include <weft/base/a.h>\n",
    "examples/patterns/p.c": "#include <weft/weft.h>\n",
}


def header(name, body):
    """A guarded header, so that only the rule in question objects."""
    guard = name.upper().replace("/", "_").replace(".", "_")
    return f"#ifndef {guard}\n#define {guard}\n{body}#endif\n"


B_H = "include/weft/sync/b.h"


def in_b(body):
    return {B_H: header("weft/sync/b.h", body)}


VIOLATIONS = {
    "layers": [
        {"src/base/a.c": "#include <weft/sync/b.h>\n"},
        {"include/weft/base/a.h": "#include <weft/sync/b.h>\n"},
        {"src/sync/b.c": "#include \"mem/x.h\"\n"},
        {"src/sync/b.c": "#include <weft/weft.h>\n"},
        {"src/novel/a.c": "int x;\n"},
    ],
    "public_headers_are_closed": [in_b("#include \"base/a.h\"\n")],
    "strangers_see_public_headers_only": [
        {"examples/patterns/p.c": "#include \"base/a.h\"\n"},
        {"bench/base/a_bench.c": "#include \"base/a.h\"\n"},
        {"tests/stress/base/a_stress.c": "#include \"base/a.h\"\n"},
    ],
    "unit_tests_see_their_own_layer": [
        {"tests/unit/sync/b_test.c": "#include \"base/a.h\"\n"},
    ],
    "umbrella_header_is_complete": [
        {"include/weft/sync/c.h": header("weft/sync/c.h", "")},
        {"include/weft/model/model.h": header("weft/model/model.h", ""),
         "include/weft/weft.h": header("weft/weft.h",
             "#include <weft/base/a.h>\n#include <weft/model/model.h>\n"
             "#include <weft/sync/b.h>\n")},
    ],
    "one_shape": [
        {"src/sync/c.c": "int x;\n"},
        {"src/sync/README.md": None},
        {B_H: "#pragma once\n"},
    ],
    "atomics_in_one_header": [
        {"src/sync/b.c": "int f(int *p)\n{\n    return __atomic_load_n(p, 0);\n}\n"},
        {"src/sync/b.c": "#include <stdatomic.h>\n"},
        in_b("extern _Atomic int x;\n"),
    ],
    "fences_in_one_file": [
        {"src/sync/b.c": "void f(void)\n{\n    atomic_thread_fence(5);\n}\n"},
    ],
    "futexes_in_one_file": [
        {"src/sync/b.c": "long f(void)\n{\n    return syscall(SYS_futex);\n}\n"},
        {"src/base/futex_portable.c": "int x = FUTEX_WAIT;\n"},
    ],
    "no_engine_in_public_headers": [in_b("#include <ck_ring.h>\n")],
    "public_names_are_ours": [
        in_b("#define MAX 3\n"),
        in_b("struct thing {\n    int x;\n};\n"),
        in_b("typedef int word;\n"),
        in_b("WEFT_API int thing_make(int x);\n"),
        in_b("typedef void thing_fn(int x);\n"),
    ],
    "posix_owns_t": [
        in_b("typedef int weft_word_t;\n"),
        {"src/sync/b.c": "typedef struct b {\n    int x;\n} b_t;\n"},
    ],
    "cxx_owns_double_underscores": [
        {"src/sync/b.c": "static int __x;\n"},
        in_b("#define __WEFT 1\n"),
    ],
    "ordering_tags_have_two_ends": [
        {"src/sync/b.c": "/* acquire [b.lonely]: from nobody. */\n"},
    ],
    "orderings_say_why": [
        {"src/sync/b.c": "int f(int *p)\n{\n    return wefti_load_acquire(p);\n}\n"},
        {"src/sync/b.c": "int f(int *p)\n{\n    return wefti_load_relaxed(p);\n}\n"},
    ],
    "files_are_short": [
        {"src/sync/b.c": LONG},
        {B_H: LONG[:251 * 7]},
    ],
    "functions_are_short": [
        {"src/sync/b.c": "void f(void)\n{\n" + "    g();\n" * 61 + "}\n"},
    ],
    "patterns_fit_a_screen": [{"examples/patterns/p.c": "int x;\n" * 61}],
    "formatted": [{"src/sync/b.c": "int  f( void );\n"}],
    "text_is_tidy": [
        {"src/sync/b.c": "int x; \n"},
        {"src/sync/b.c": "\tint x;\n"},
        {"src/sync/b.c": "int x;"},
    ],
    "nothing_unfinished": [
        {"src/sync/b.c": "/* TO" + "DO: more */\n"},
        {"README.md": "XX" + "X\n"},
    ],
    "no_machine_paths": [
        {"src/sync/b.c": "/* see /ho" + "me/me */\n"},
        {"README.md": "from deb.deb" + "ian.org\n"},
    ],
    "links_lead_somewhere": [{"README.md": "See [it](docs/gone.md).\n"}],
}
