/* What loads may return: litmus tests, by the names that the literature gives
 * them, with the answers of C11. */
#include "model/order.h"

#include "support/litmus.h"
#include "support/model.h"

#include <criterion/criterion.h>

typedef struct row {
    const char *program;
    const char *outcome; /* or how it begins */
    bool allowed;
} row;

static void check_rows(const row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        cr_expect(litmus_agrees(rows[i].program), "%s: the two models differ",
                  rows[i].program);
        cr_expect(litmus_shows(rows[i].outcome) == rows[i].allowed,
                  "%s: %s is%s seen", rows[i].program, rows[i].outcome,
                  rows[i].allowed ? " not" : "");
    }
}

#define CHECK_ROWS(...)                                 \
    do {                                                \
        static const row rows[] = {__VA_ARGS__};        \
        check_rows(rows, sizeof rows / sizeof rows[0]); \
    } while (0)

Test(litmus, store_buffering)
{
    CHECK_ROWS({"Wx1r Ryr | Wy1r Rxr", "00", true},
               {"Wx1l Rya | Wy1l Rxa", "00", true},
               {"Wx1s Rys | Wy1s Rxs", "00", false},
               {"Wx1s Rys | Wy1l Rxs", "00", true},
               {"Wx1s Rya | Wy1s Rxs", "00", true},
               {"Wx1s Rys | Wy1s Rxs", "11", true},
               {"Wx1r Fs Ryr | Wy1r Fs Rxr", "00", false},
               {"Wx1r Ft Ryr | Wy1r Ft Rxr", "00", true},
               {"Wx1r Fs Ryr | Wy1r Rxr", "00", true},
               {"Wx1r Fs Ryr | Wy1s Rxs", "00", false},
               {"Uxt Rya | Uyt Rxa", "0000", true},
               {"Uxs Rys | Uys Rxs", "0000", false},
               {"Uxt Uyt | Wy1l Uxt", "000", false});
}

Test(litmus, message_passing)
{
    CHECK_ROWS({"Wx1r Wy1r | Ryr Rxr", "10", true},
               {"Wx1r Wy1l | Ryr Rxr", "10", true},
               {"Wx1r Wy1r | Rya Rxr", "10", true},
               {"Wx1r Wy1l | Rya Rxr", "10", false},
               {"Wx1r Wy1s | Rys Rxr", "10", false},
               {"Wx1r Fl Wy1r | Ryr Fa Rxr", "10", false},
               {"Wx1r Fl Wy1r | Ryr Rxr", "10", true},
               {"Wx1r Fl Wy1r | Rya Rxr", "10", false},
               {"Wx1r Wy1l | Ryr Fa Rxr", "10", false},
               {"Wx1r Wy1l | Ryr Fl Rxr", "10", true},
               {"Wx1r Uyl | Uya Rxr", "010", false},
               {"Wx1r Uyl | Uyr Rxr", "010", true},
               {"Wx1r Wy1l | Cy12a Rxr", "10", false},
               /* a failing compare-and-swap acquires as its failure order */
               {"Wx1r Wy1l | Cy02a Rxr", "10", false},
               {"Wx1r Wy1l | Cy02l Rxr", "10", true});
}

Test(litmus, coherence)
{
    CHECK_ROWS({"Wx1r | Rxr Rxr", "10", false}, {"Wx1r | Rxr Rxr", "01", true},
               {"Wx1r Rxr | Wx2r", "0", false}, {"Wx1r Rxr | Wx2r", "2", true},
               {"Wx1r Wx2r | Rxr Rxr", "21", false},
               {"Wx1r | Wx2r | Rxr Rxr | Rxr Rxr", "1221", false},
               {"Wx1r | Wx2r | Rxr Rxr | Rxr Rxr", "1212", true},
               {"Rxr Wx1r | Rxr Wx2r", "21", false},
               {"Wx2r Wy1l | Rya Wx1r", "1/2", false},
               {"Wx2r Wy1r | Ryr Wx1r", "1/1", true});
}

Test(litmus, atomicity)
{
    CHECK_ROWS({"Uxr | Uxr", "00", false}, {"Uxr | Uxr", "01/2", true},
               {"Cx01r | Cx02r", "00", false}, {"Cx01r | Cx02r", "01", true},
               {"Uxr | Wx5r", "0/1", false}, {"Uxr | Wx5r", "0/5", true},
               {"Uxr | Wx5r", "5/6", true}, {"Uxr | Uxr | Uxr", "022", false},
               /* a failing one may read a stale value, a succeeding one not */
               {"Wx1r Wy1r | Ryr Cx12r", "10", true},
               {"Wx1r Wx2r Wy1l | Rya Cx13r", "11", false});
}

Test(litmus, causality)
{
    CHECK_ROWS({"Wx1r | Rxr Wy1r | Ryr Rxr", "110", true},
               {"Wx1l | Rxa Wy1l | Rya Rxr", "110", false},
               {"Wx1l | Rxr Wy1l | Rya Rxr", "110", false},
               {"Wx1s | Rxs Wy1s | Rys Rxs", "110", false},
               {"Wx1r | Rxr Fs Wy1r | Ryr Fs Rxr", "110", false},
               {"Wx1l | Rxa Rya | Wy1l Rxa", "100", true},
               {"Wx1s | Rxs Rys | Wy1s Rxs", "100", false},
               {"Wx1r | Rxr Fs Ryr | Wy1r Fs Rxr", "100", false},
               {"Wx1r | Rxr Fs Ryr | Wy1r Rxr", "100", true});
}

Test(litmus, independent_reads_of_independent_writes)
{
    CHECK_ROWS({"Wx1r | Wy1r | Rxr Ryr | Ryr Rxr", "1010", true},
               {"Wx1l | Wy1l | Rxa Rya | Rya Rxa", "1010", true},
               {"Wx1s | Wy1s | Rxs Rys | Rys Rxs", "1010", false},
               {"Wx1r | Wy1r | Rxr Fs Ryr | Ryr Fs Rxr", "1010", false},
               {"Wx1l | Wy1l | Rxa Fs Rya | Rya Fs Rxa", "1010", false},
               {"Wx1s | Wy1s | Rxa Rys | Rya Rxs", "1010", false});
}

Test(litmus, release_sequences)
{
    CHECK_ROWS({"Wx1r Wy1l | Uyr | Rya Rxr", "120", false},
               {"Wx1r Wy1r | Uyr | Rya Rxr", "120", true},
               {"Wx1r Fl Wy1r | Uyr | Rya Rxr", "120", false},
               {"Wx1r Wy1l | Ryr Wy2r | Rya Rxr", "120", true},
               {"Wx1r Wy1l | Uyr | Uyr | Rya Rxr", "1230", false},
               /* C++20 took a thread's own later stores out of it */
               {"Wx1r Wy1l Wy2r | Rya Rxr", "20", true},
               {"Wx1r Uyl Uyr | Rya Rxr", "0120", false});
}

/* What the standard allows and the explorer does not try, as model.h says. */
Test(litmus, what_is_not_explored)
{
    CHECK_ROWS({"Rxr Wy1r | Ryr Wx1r", "11", false},
               {"Wx1r Wy2r | Wy1r Wx2r", "/11", false},
               {"Wx1s Wy1r | Ryr Rxs", "10", false});
}

/* And the one thing that C11 allowed and C++20 does not: seq_cst loads that
 * disagree on the order of weaker stores. */
Test(litmus, seq_cst_loads_are_those_of_c11)
{
    CHECK_ROWS({"Wx1r | Wy1r | Rxs Rys | Rys Rxs", "1010", true});
    cr_assert(litmus_is_stricter_in_cxx20());
}
