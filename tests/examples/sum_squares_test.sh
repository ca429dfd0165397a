#!/bin/sh
# Usage: sum_squares_test.sh PROGRAM CASE...
#
# Runs sum_squares as a stranger would and compares exit status, sums and
# messages to the letter. Each case works in an empty directory of its own and
# ends at its first failure. Binary inputs are little-endian.
set -u
unset COLUMNS NO_COLOR ARGP_HELP_FMT POSIXLY_CORRECT
export LC_ALL=C
six_methods='serial loop|pthreads|mutex|channel|arc \+ atomic|WEFT_PAR_SUM'

# ------------------------------------------------------------------- checks

fail() {
    echo "$case: $*" >&2
    echo "--- standard output" >&2
    cat out >&2
    echo "--- standard error" >&2
    cat err >&2
    exit 1
}

# Run the program with the arguments; `status`, out and err say how it went.
run() {
    "$program" "$@" >out 2>err
    status=$?
}

ends_with() {
    [ "$status" -eq "$1" ] || fail "exit status $status, expected $1"
}

# rejects MESSAGE ARGUMENT...: exit status 2, and this one line.
rejects() {
    message=$1
    shift
    run "$@"
    ends_with 2
    [ "$(cat err)" = "sum_squares: $message" ] ||
        fail "expected the message 'sum_squares: $message'"
}

# sums SUM ARGUMENT...: all six methods agree on this text.
sums() {
    sum=$1
    shift
    run --rounds 1 "$@"
    ends_with 0
    says "sum $sum"
    says "all sums agree"
    [ -s err ] && fail "nothing was to be said on standard error"
    methods=$(grep -cE "^  ($six_methods) +[0-9]" out)
    [ "$methods" -eq 6 ] || fail "$methods rows in the table, expected 6"
}

says() {
    grep -qF -- "$1" out || fail "expected '$1' in the output"
}

does_not_say() {
    grep -qF -- "$1" out && fail "did not expect '$1' in the output"
    return 0
}

# ------------------------------------------------------- what is summed right

i8() { # case
    printf '\001\002\377\200' >f
    sums "16,390, exact" --input f --type i8
}

i16() { # case
    printf '\001\000\377\377\000\200' >f
    sums "1,073,741,826, exact" --input f --type i16
}

i32() { # case
    printf '\003\000\000\000\374\377\377\377\240\206\001\000' >f
    sums "10,000,000,025, exact" --input f --type i32
}

i32_is_the_default() { # case
    printf '\003\000\000\000' >f
    sums "9, exact" --input f
}

f32() { # case
    printf '\000\000\300\077\000\000\000\300' >f
    sums "6.25, with compensation" --input f --type f32
}

f64() { # case
    printf '\0\0\0\0\0\0\340\077\0\0\0\0\0\0\010\300' >f
    sums "9.25, with compensation" --input f --type f64
}

text() { # case
    printf '1 -2\n+3\t2147483647 -2147483648' >f
    sums "9,223,372,032,559,808,527, exact" --input f --type text
}

text_of_one_digit_without_a_newline() { # case
    printf 7 >f
    sums "49, exact" --input f --type text
}

text_with_all_kinds_of_space() { # case
    printf ' \t\r\n\v\f1\r\n2 \n\n' >f
    sums "5, exact" --input f --type text
}

zeros() { # case
    printf '\0\0\0\0\0\0\0\0' >f
    sums "0, exact" --input f --type i16
}

fewer_values_than_threads() { # case
    printf '1 2 3' >f
    sums "14, exact" --input f --type text --threads 8
}

one_thread() { # case
    printf '1 2 3' >f
    sums "14, exact" --input f --type text --threads 1
}

several_chunks_and_threads() { # case
    sums "5,730,554,254,734,978, exact" --count 1000003 --threads 3
}

generated_i8() { # case
    sums "5,465,078,761, exact" --count 1000003 --type i8
}

generated_i16() { # case
    sums "358,159,616,107,480, exact" --count 1000003 --type i16
}

generated_f32() { # case
    sums "333562.15890" --count 1000003 --type f32
}

generated_f64() { # case
    sums "333562.15890" --count 1000003 --type f64
}

another_seed() { # case
    run --count 1000 --rounds 1 --seed 7
    ends_with 0
    mv out seven
    run --count 1000 --rounds 1 --seed 8
    [ "$(grep ^sum out)" != "$(grep ^sum seven)" ] || fail "the same sum"
}

# --------------------------------------------------------------- overflow

just_fits_64_bits() { # case
    printf '2147483647 2147483647' >f
    sums "9,223,372,028,264,841,218, exact" --input f --type text
    does_not_say overflows
}

just_overflows_64_bits() { # case
    printf -- '-2147483648 -2147483648' >f
    sums "9,223,372,036,854,775,808, exact; it overflows 64 bits" \
        --input f --type text
}

overflows_far() { # case
    printf '\000\000\000\200' >f
    for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18; do
        cat f f >g
        mv g f
    done
    sums "1,208,925,819,614,629,174,706,176, exact; it overflows" \
        --input f --threads 4
}

overflows_a_double() { # case
    # Twice 1e200, whose square a double cannot hold.
    printf '\132\142\327\327\030\347\164\151' >g
    cat g g >f
    run --rounds 1 --input f --type f64
    ends_with 0
    says "it overflows a double"
    says "all sums agree"
}

not_a_number() { # case
    printf '\0\0\300\177\0\0\200\077' >f
    sums "nan, since some of the values are not finite" --input f --type f32
}

infinite() { # case
    printf '\0\0\200\177\0\0\200\077' >f
    sums "inf, since some of the values are not finite" --input f --type f32
}

# --------------------------------------------------------- pipes and the like

standard_input_from_a_pipe() { # case
    printf '1 2 3' | sums "14, exact" --input - --type text
}

standard_input_from_a_file() { # case
    printf '1 2 3' >f
    sums "14, exact" --input - --type text <f
}

standard_input_begun_elsewhere() { # case
    printf '1\n2\n3\n' >f
    { head -c 2 >/dev/null && sums "13, exact" --input - --type text; } <f
}

fifo() { # case
    mkfifo f
    { printf '\001\002' && sleep 0.1 && printf '\003'; } >f &
    sums "14, exact" --input f --type i8
}

long_pipe() { # case
    # Three million bytes, each 1: more than any first guess of a buffer.
    head -c 3000000 /dev/zero | tr '\0' '\001' |
        sums "3,000,000, exact" --input - --type i8
}

empty_pipe() { # case
    : | rejects "standard input: is empty" --input - --type i8
}

cut_off_pipe() { # case
    printf '\001\002\003' | rejects \
        "standard input: cut off: 1 of the 2 bytes of an i16 at byte 2" \
        --input - --type i16
}

closed_standard_input() { # case
    rejects "standard input: Bad file descriptor" --input - <&-
}

# ------------------------------------------------------------- wrong inputs

missing_file() { # case
    rejects "no/such/file: No such file or directory" --input no/such/file
}

nameless_file() { # case
    rejects ": No such file or directory" --input ''
}

directory() { # case
    mkdir d
    rejects "d: Is a directory" --input d
}

empty_file() { # case
    : >f
    rejects "f: is empty" --input f
}

empty_text() { # case
    : >f
    rejects "f: is empty" --input f --type text
}

text_of_spaces() { # case
    printf ' \n\n ' >f
    rejects "f: holds no number" --input f --type text
}

cut_off_i32() { # case
    printf '\001\002\003\004\005\006' >f
    rejects "f: cut off: 2 of the 4 bytes of an i32 at byte 4" --input f
}

cut_off_f64() { # case
    printf '\001\002\003' >f
    rejects "f: cut off: 3 of the 8 bytes of an f64 at byte 0" \
        --input f --type f64
}

forbidden_file() { # case
    printf 1 >f
    chmod 000 f
    if [ -r f ]; then # the superuser may read everything; nobody may not
        mkdir bin
        cp "$program" bin/sum_squares
        chmod 755 .. . bin bin/sum_squares
        mkdir -m 777 gcov # where a build that measures coverage may write
        run() {
            GCOV_PREFIX=gcov setpriv --reuid=65534 --clear-groups bin/sum_squares "$@" \
                >out 2>err
            status=$?
        }
    fi
    rejects "f: Permission denied" --input f
}

unreadable_file() { # case
    rejects "/proc/self/mem: reading at byte 0: Input/output error" \
        --input /proc/self/mem
}

file_cut_short_while_in_use() { # case
    head -c 4000000 /dev/zero >f
    "$program" --input f --rounds 1000 >out 2>err &
    while kill -0 $! 2>/dev/null && ! grep -q threads: out; do
        sleep 0.01
    done
    : >f
    wait $!
    status=$?
    ends_with 2
    [ "$(cat err)" = "sum_squares: the input was cut short, or failed, while\
 in use" ] || fail "the message"
}

word_in_text() { # case
    printf '12 13\n\n  14 abc 15\n' >f
    rejects "f: line 3, column 6 (byte 12): 'abc' is not a decimal integer" \
        --input f --type text
}

word_that_starts_with_digits() { # case
    printf '12x\n' >f
    rejects "f: line 1, column 1 (byte 0): '12x' is not a decimal integer" \
        --input f --type text
}

sign_without_digits() { # case
    printf '1\n-' >f
    rejects "f: line 2, column 1 (byte 2): '-' is not a decimal integer" \
        --input f --type text
}

fraction_in_text() { # case
    printf '1.5' >f
    rejects "f: line 1, column 1 (byte 0): '1.5' is not a decimal integer" \
        --input f --type text
}

long_binary_word() { # case
    printf '\0\033[2Jxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' >f
    rejects "f: line 1, column 1 (byte 0): '??[2Jxxxxxxxxxxxxxxx...'\
 is not a decimal integer" --input f --type text
}

number_above_32_bits() { # case
    printf '1\n2147483648\n' >f
    rejects "f: line 2, column 1 (byte 2): '2147483648' does not fit 32 bits" \
        --input f --type text
}

number_below_32_bits() { # case
    printf -- '-2147483649' >f
    rejects "f: line 1, column 1 (byte 0): '-2147483649' does not fit 32 bits" \
        --input f --type text
}

number_above_64_bits() { # case
    printf '340282366920938463463374607431768211457' >f
    rejects "f: line 1, column 1 (byte 0): '34028236692093846346...'\
 does not fit 32 bits" --input f --type text
}

error_deep_in_a_long_text() { # case
    yes 123456789 | head -n 200000 >f
    printf '  oops\n' >>f
    rejects "f: line 200001, column 3 (byte 2000002): 'oops' is not a decimal\
 integer" --input f --type text
}

# ------------------------------------------------------------ wrong options

count_with_a_letter() { # case
    rejects "--count: '12k' is not a whole number (character 3)" --count 12k
}

count_empty() { # case
    rejects "--count: '' is not a whole number (character 1)" --count ''
}

count_negative() { # case
    rejects "--count: '-5' is not a whole number (character 1)" --count=-5
}

count_zero() { # case
    rejects "--count: 0 is not between 1 and 1152921504606846975" --count 0
}

count_too_large() { # case
    rejects "--count: 99999999999999999999 is not between 1 and\
 1152921504606846975" --count 99999999999999999999
}

threads_zero() { # case
    rejects "--threads: 0 is not between 1 and 1024" --threads 0
}

threads_too_many() { # case
    rejects "--threads: 1025 is not between 1 and 1024" -j 1025
}

rounds_zero() { # case
    rejects "--rounds: 0 is not between 1 and 1000" --rounds 0
}

seed_with_a_letter() { # case
    rejects "--seed: '1e9' is not a whole number (character 2)" --seed 1e9
}

unknown_type() { # case
    rejects "--type: 'i64' is none of i8, i16, i32, f32, f64, text" --type i64
}

text_without_a_file() { # case
    rejects "--type text needs --input" --type text
}

file_and_count() { # case
    rejects "--input and --count exclude each other" --input f --count 3
}

demo_with_a_type() { # case
    rejects "--demo chooses its own types" --demo --type i8
}

stray_argument() { # case
    rejects "'f' is no option; a file is given by --input" f
}

unknown_option() { # case
    run --frobnicate
    ends_with 2
    grep -qF -- "unrecognized option '--frobnicate'" err || fail "the message"
}

option_without_its_argument() { # case
    run --count
    ends_with 2
    grep -qF -- "option '--count' requires an argument" err ||
        fail "the message"
}

# -------------------------------------------------------- help and the machine

help() { # case
    run --help
    ends_with 0
    for option in input type count seed threads rounds demo help version; do
        says "--$option"
    done
    says "The exit status is 0 if all sums agree"
}

version() { # case
    run --version
    ends_with 0
    grep -qx 'sum_squares, an example of weft [0-9]*\.[0-9]*\.[0-9]*' out ||
        fail "the version"
}

names_the_machine() { # case
    run --count 1000 --rounds 1
    ends_with 0
    says " cores allowed, "
    says "$(uname -s) $(uname -r)"
    grep -q 'gcc [0-9]\|clang [0-9]' out || fail "no compiler"
}

out_of_memory() { # case
    ASAN_OPTIONS=${ASAN_OPTIONS:-}:allocator_may_return_null=1
    TSAN_OPTIONS=${TSAN_OPTIONS:-}:allocator_may_return_null=1
    export ASAN_OPTIONS TSAN_OPTIONS
    run --count 1152921504606846975
    ends_with 1
    grep -qx "sum_squares: out of memory: 1152921504606846975 values of 4\
 bytes" err || fail "the message"
}

full_disk() { # case
    "$program" --count 1000 --rounds 1 >/dev/full 2>err
    status=$?
    : >out
    ends_with 1
    grep -qx "sum_squares: standard output: No space left on device" err ||
        fail "the message"
}

# ------------------------------------------------------------------ the table

plain_when_not_a_terminal() { # case
    LC_ALL=C.UTF-8 COLUMNS=200 run --count 1000 --rounds 1
    ends_with 0
    says '#'
    does_not_say "$(printf '\033')"
    awk '/^  / && length > 80 { exit 1 }' out || fail "wider than 80"
}

# on_terminal COLUMNS: run in a terminal of that width.
on_terminal() {
    script -qec "stty cols $1; '$program' --count 1000 --rounds 1" /dev/null \
        </dev/null >out 2>err
    status=$?
    ends_with 0
}

blocks_on_a_terminal_with_utf8() { # case
    LC_ALL=C.UTF-8 TERM=xterm on_terminal 100
    says '█'
    says "$(printf '\033[36m')"
}

ascii_on_a_terminal_without() { # case
    TERM=xterm on_terminal 100
    does_not_say '█'
    says '#'
}

no_colour_if_asked() { # case
    TERM=xterm NO_COLOR=1 on_terminal 100
    does_not_say "$(printf '\033[')"
}

no_colour_on_a_dumb_terminal() { # case
    TERM=dumb on_terminal 100
    does_not_say "$(printf '\033[')"
}

no_bars_on_a_narrow_terminal() { # case
    TERM=dumb on_terminal 48
    does_not_say '#'
}

bars_fill_a_wide_terminal() { # case
    TERM=dumb on_terminal 100
    grep -q '#\{55\}' out || fail "the longest bar is too short"
    awk '/^  / && length > 101 { exit 1 }' out || fail "wider than 100"
}

# ------------------------------------------------------------------- the demo

demo() { # case
    printf '\001\002\003' >f
    run --demo --count 100000 --rounds 2 --input f
    ends_with 0
    says "generated: 100,000 values of i32"
    says "f: 3 values of i8"
    says "sum 14, exact"
    [ "$(grep -c 'all sums agree' out)" -eq 2 ] || fail "agreement"
}

demo_without_its_file() { # case
    run --demo --count 1000 --rounds 1 --input f
    ends_with 2
    [ "$(cat err)" = "sum_squares: f: No such file or directory" ] ||
        fail "the message"
}

demo_finds_a_file() { # case
    run --demo --count 1000 --rounds 1
    ends_with 0
    grep -q '^/usr/.*: [0-9,]* values of i8, ' out || fail "no file"
    [ "$(grep -c 'all sums agree' out)" -eq 2 ] || fail "agreement"
}

# ---------------------------------------------------------------------- main

program=$1
shift
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
for case in "$@"; do
    (mkdir "$work/$case" && cd "$work/$case" && : >out && : >err && "$case")
    status=$?
    [ "$status" -eq 0 ] || exit "$status"
done
