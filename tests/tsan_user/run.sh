#!/bin/sh
# run.sh COMPILER static|shared INCLUDE LIBDIR PROGRAM.c: the program, built
# with -fsanitize=thread by COMPILER and linked against the uninstrumented
# library in LIBDIR, gives no report; and for each line "planted N: FUNCTION..."
# of it (or of the header it includes), built with -DPLANTED=N, a data race is
# reported in which these functions meet.
set -eu
compiler=$1 kind=$2 include=$3 libdir=$4 program=$5
here=$(dirname "$program")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Old runtimes cannot live with 32 random bits of addresses.
steady=
if [ "$(cat /proc/sys/vm/mmap_rnd_bits 2>/dev/null || echo 0)" -gt 28 ]; then
    steady='setarch -R'
fi

if [ "$kind" = static ]; then
    library=$libdir/libweft.a
else
    library="-L$libdir -lweft -Wl,-rpath,$libdir"
fi

# build N
build() {
    # shellcheck disable=SC2086  # $library and $steady are lists
    "$compiler" -std=c17 -D_GNU_SOURCE -g -O1 -fsanitize=thread -fexceptions \
        -Wall -Wextra -Werror "-DPLANTED=$1" "-I$include" "$program" \
        $library -pthread -o "$work/program"
}

# Its report is in $work/report.
run() {
    # shellcheck disable=SC2086
    TSAN_OPTIONS="exitcode=66" WEFT_NUM_WORKERS=4 \
        timeout 60 $steady "$work/program" >"$work/report" 2>&1
}

result=0
build 0
run || result=$?
if [ $result != 0 ] || grep -q ThreadSanitizer "$work/report"; then
    cat "$work/report"
    echo "the correct program ended with $result" >&2
    exit 1
fi

# What the first report says of the two accesses, without where the memory and
# the threads come from.
accesses() {
    awk '/WARNING: ThreadSanitizer: data race/ { on = 1; seen++ }
        /created by|Location is|SUMMARY/ { on = 0 }
        on && seen == 1' "$work/report"
}

# meet FUNCTION...: all of them are in it
meet() {
    for function in "$@"; do
        accesses | grep -qw "$function" || return 1
    done
}

# Which threads meet is chance, and so is a race's discovery: a few chances.
case $program in
*/chan_*) planted=$here/chan.h ;;
*) planted=$program ;;
esac
sed -n 's/^ \* planted \([0-9]*\): \(.*[^ */]\).*$/\1 \2/p' "$planted" \
    >"$work/planted"
while read -r number functions; do
    build "$number"
    chance=0
    while [ $((chance += 1)) -le 20 ]; do
        run || true
        # shellcheck disable=SC2086
        if meet $functions; then
            echo "planted $number: reported in $functions (chance $chance)"
            continue 2
        fi
    done
    cat "$work/report"
    echo "planted $number: no data race in $functions reported" >&2
    exit 1
done <"$work/planted"
