#!/bin/sh
# fuzz.sh [--must-fail] PROGRAM CORPUS SECONDS [KEPT]: run a libFuzzer program
# from a copy of the corpus. What it finds is printed in base64, and kept in the
# directory KEPT, if given. --must-fail: it passes the corpus, and then finds
# something within SECONDS. WEFT_SEED repeats a run.
set -eu
must_fail=no
if [ "$1" = --must-fail ]; then
    must_fail=yes
    shift
fi
program=$1 corpus=$2 seconds=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
kept=${4:-$work}/
mkdir "$work/corpus"

fuzz() {
    "$program" "-seed=${WEFT_SEED:-0}" -max_len=256 "-artifact_prefix=$kept" \
        "$@" "$work/corpus" "$corpus" >"$work/log" 2>&1
}

tell() {
    grep -vE '^#[0-9]+.*(NEW|REDUCE|RELOAD|pulse)' "$work/log" | tail -n 60
}

if ! fuzz -runs=0; then
    tell
    echo "the corpus itself fails" >&2
    exit 1
fi
found=no
fuzz "-max_total_time=$seconds" || found=yes
grep -E '^INFO: Seed|^Done |DONE|^artifact' "$work/log" || true
if [ $must_fail = yes ]; then
    [ $found = yes ] && exit 0
    echo "$seconds s of fuzzing did not find the planted mistake" >&2
    exit 1
fi
if [ $found = yes ]; then
    tell
    exit 1
fi
