/* Deadlines in the past, at the end of time, and in between, for every wait.
 * Row 32 of the list of known bugs (tinycthread#4, crossbeam 0.5.3 and 0.5.7):
 * deadlines that are huge, or past, overflowed. */
#include "faults/waits.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <limits.h>

#ifdef __clang__
/* An assertion of Criterion hides the status it looks at from the analysis. */
#pragma clang diagnostic ignored "-Wthread-safety-analysis"
#endif

enum { SOON_MS = 3 };

static void expect_timeout(weft_deadline d)
{
    for (size_t i = 0; i < wait_case_count; i++) {
        const wait_case *c = &wait_cases[i];
        const weft_status s = waits_in_vain(c, d, NULL);
        cr_expect_eq(s, WEFT_TIMEOUT, "%s until %" PRIu64 ": %s", c->name, d.ns,
                     weft_status_str(s));
    }
}

static void expect_patience(weft_deadline d)
{
    for (size_t i = 0; i < wait_case_count; i++) {
        const wait_case *c = &wait_cases[i];
        const weft_status s = waits_fulfilled(c, d, NULL);
        cr_expect_eq(s, c->fulfilled, "%s until %" PRIu64 ": %s", c->name, d.ns,
                     weft_status_str(s));
    }
}

Test(deadlines, that_are_past_end_every_wait)
{
    const uint64_t now = weft_now_ns();
    const uint64_t past[] = {0,       1,       999999999, 1000000000,
                             now / 2, now - 1, now};
    for (size_t i = 0; i < sizeof past / sizeof *past; i++) {
        expect_timeout(weft_deadline_at_ns(past[i]));
    }
    expect_timeout(weft_deadline_after_s(0));
}

/* That they do not end before is checked in waits.c. */
Test(deadlines, that_are_near_end_every_wait)
{
    for (size_t i = 0; i < wait_case_count; i++) {
        const wait_case *c = &wait_cases[i];
        cr_expect_eq(waits_in_vain(c, weft_deadline_after_ms(SOON_MS), NULL),
                     WEFT_TIMEOUT, "%s", c->name);
    }
}

Test(deadlines, that_are_far_end_no_wait)
{
    const uint64_t far[] = {
        INT64_MAX - 1,     INT64_MAX,
        (uint64_t)1 << 63, UINT64_MAX - 1,
        UINT64_MAX,        (uint64_t)INT_MAX * 1000000000 + 999999999,
        UINT64_MAX / 1000, weft_now_ns() + 3600000000000u,
    };
    for (size_t i = 0; i < sizeof far / sizeof *far; i++) {
        expect_patience(weft_deadline_at_ns(far[i]));
    }
    expect_patience(weft_deadline_after_s(UINT64_MAX));
    expect_patience(weft_deadline_after_ns(UINT64_MAX));
}

Test(deadlines, that_are_past_end_a_sleep)
{
    const uint64_t past[] = {0, 1, weft_now_ns()};
    for (size_t i = 0; i < sizeof past / sizeof *past; i++) {
        weft_thread_sleep_until(weft_deadline_at_ns(past[i]));
    }
    const weft_deadline soon = weft_deadline_after_ms(SOON_MS);
    weft_thread_sleep_until(soon);
    cr_expect(weft_deadline_passed(soon));
}

/* What needs no waiting is done, whatever the deadline says. */
Test(deadlines, that_are_past_do_not_keep_from_what_can_be_done)
{
    const weft_deadline past = weft_deadline_at_ns(0);
    const weft_chan_type type = {.size = 8, .align = 8};
    weft_mutex m = WEFT_MUTEX_INIT;
    uint64_t x = 7;
    for (size_t capacity = 1; capacity <= 2; capacity++) {
        weft_chan_tx tx;
        weft_chan_rx rx;
        weft_status s = capacity == 2
                            ? weft_chan_open_unbounded(&type, &tx, &rx)
                            : weft_chan_open(&type, capacity, &tx, &rx);
        cr_assert(s == WEFT_OK);
        cr_expect_eq(weft_chan_send_until(&tx, &x, past), WEFT_OK);
        cr_expect_eq(weft_chan_recv_until(&rx, &x, past), WEFT_OK);
        weft_chan_tx_drop(&tx);
        weft_chan_rx_drop(&rx);
    }
    if (weft_mutex_lock_until(&m, past) != WEFT_OK) {
        cr_assert_fail("a free mutex was not locked");
    }
    weft_mutex_unlock(&m);
}
