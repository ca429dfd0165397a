#!/bin/sh
# par_sum.sh COMPILER INCLUDE: the loop that WEFT_PAR_SUM generates works on
# packed values at plain -O2, where the processor can; and this test can tell
# when it does not. The oldest x86-64 cannot multiply what it has widened, and no
# compiler squares int32_t into int64_t with it; the variant for AVX2 does, and
# is there without any flag of the user's.
set -eu
compiler=$1
include=$2
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# is_vectorised OBJECT PATTERN...: in a function whose name contains vector_sum
# there is a loop, from the target of a backward jump to that jump, in which
# each pattern matches an instruction.
is_vectorised() {
    objdump -d --no-show-raw-insn "$1" | awk -v first="$2" -v second="$3" '
        /^[0-9a-f]+ <.*>:$/ { inside = ($0 ~ /vector_sum/); n = 0; next }
        inside && /^ +[0-9a-f]+:/ {
            n++; at[n] = substr($1, 1, length($1) - 1); text[n] = $0
            if ($2 !~ /^j/) next
            for (k = n; k > 0 && at[k] != $3; k--) { }
            a = b = 0
            for (; k > 0 && k <= n; k++) {
                if (text[k] ~ first) a = 1
                if (text[k] ~ second) b = 1
            }
            if (a && b) found = 1
        }
        END { exit !found }'
}

compile() {
    "$compiler" -std=c17 -O2 -fexceptions -Wall -Wextra -Wpedantic \
        -Wconversion -Werror "-I$include" "$@" -c "$here/par_sum.c"
}

# check WHAT PATTERN PATTERN FLAG...
check() {
    what=$1 first=$2 second=$3
    shift 3
    compile "$@" -o "$work/good.o"
    compile "$@" -DPLANTED -o "$work/planted.o"
    if ! is_vectorised "$work/good.o" "$first" "$second"; then
        echo "$compiler does not vectorise a WEFT_PAR_SUM of $what" >&2
        exit 1
    fi
    if is_vectorised "$work/planted.o" "$first" "$second"; then
        echo "this test does not notice a loop that is not vectorised" >&2
        exit 1
    fi
    echo "vectorised: $what"
}

check "uint32_t at -O2" paddd paddd \
    -DR=uint32_t -DVALUE=uint32_t '-DEXPRESSION(x)=(x)'
check "squares of int32_t at -O2, for processors with AVX2" pmuldq paddq \
    -DR=int64_t -DVALUE=int32_t '-DEXPRESSION(x)=((int64_t)(x)*(x))'
check "squares of int32_t at -O2 -mavx2" pmuldq paddq -mavx2 \
    -DR=int64_t -DVALUE=int32_t '-DEXPRESSION(x)=((int64_t)(x)*(x))'
