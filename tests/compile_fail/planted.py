"""Programs with headers that are true, and others with headers that are not."""

COMPILER = "gcc-12"

MISTAKE = """#ifdef FIXED
#include <stdio.h>
#endif

int main(void)
{
    return printf("\\n") == 1 ? 0 : 1;
}
"""
WARNING = "/* 1. Planted\n *\n * all  warning  implicit declaration of function\n */\n"
QUIET = "int main(void)\n{\n    return 0;\n}\n"
FALLS = """#include <stdlib.h>

int main(void)
{
#ifndef FIXED
    abort();
#endif
    return 0;
}
"""


def head(*lines):
    return "/* 1. Planted\n *\n" + "".join(f" * {x}\n" for x in lines) + " */\n"



# (program, whether it is as its header says)
PROGRAMS = [
    (WARNING + MISTAKE, True),
    (head("all  run") + FALLS, True),
    (head("all  unseen") + QUIET, True),
    # another text; another stage; no stage at all
    (WARNING.replace("implicit", "explicit") + MISTAKE, False),
    (WARNING.replace("warning", "error") + MISTAKE, False),
    (WARNING.replace("warning", "optimised") + MISTAKE, False),
    (head("all  unseen") + MISTAKE, False),
    (head("clang-14  warning  implicit declaration") + MISTAKE, False),
    # it is not caught any more
    (WARNING + QUIET, False),
    (head("all  run") + QUIET, False),
    (head("all  tsan  data race") + QUIET, False),
    (head("all  warning  implicit declaration", "all  run") + MISTAKE, False),
    # what gcc does not have
    (head("all  safety  requires holding") + QUIET, False),
    # the corrected twin warns; falls
    (WARNING + MISTAKE.replace("ifdef", "ifndef"), False),
    (WARNING + MISTAKE.replace("stdio.h", "string.h"), False),
    (head("all  run") + FALLS.replace("#ifndef FIXED\n", "#if 1\n"), False),
]
