#include <weft/base/time.h>

#include <criterion/criterion.h>
#include <errno.h>
#include <time.h>

enum { COUNT = 7 };

/* Regression 32 (tinycthread#4, crossbeam 0.5.3 and 0.5.7): deadlines that are
 * huge or already past must not wrap around. */

typedef weft_deadline after_fn(uint64_t count);

/* Whether after(count) is `ns` from now, as far as can be told from outside. */
static bool is_after(after_fn *after, uint64_t count, uint64_t ns)
{
    uint64_t before = weft_now_ns();
    weft_deadline d = after(count);
    uint64_t now = weft_now_ns();
    return d.ns >= before + ns && d.ns <= now + ns;
}

Test(time, the_clock_is_the_monotonic_one)
{
    struct timespec t;
    uint64_t before = weft_now_ns();
    cr_assert_eq(clock_gettime(CLOCK_MONOTONIC, &t), 0);
    uint64_t now = weft_now_ns();
    uint64_t between = (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
    cr_assert(before <= between && between <= now);
}

Test(time, units_are_what_their_names_say)
{
    cr_assert(is_after(weft_deadline_after_ns, COUNT, COUNT));
    cr_assert(is_after(weft_deadline_after_us, COUNT, COUNT * UINT64_C(1000)));
    cr_assert(
        is_after(weft_deadline_after_ms, COUNT, COUNT * UINT64_C(1000000)));
    cr_assert(
        is_after(weft_deadline_after_s, COUNT, COUNT * UINT64_C(1000000000)));
}

Test(time, zero_from_now_has_come)
{
    cr_assert(weft_deadline_passed(weft_deadline_after_ns(0)));
    cr_assert(weft_deadline_passed(weft_deadline_after_us(0)));
    cr_assert(weft_deadline_passed(weft_deadline_after_ms(0)));
    cr_assert(weft_deadline_passed(weft_deadline_after_s(0)));
}

Test(time, huge_durations_saturate_to_forever)
{
    static after_fn *const units[] = {
        weft_deadline_after_ns,
        weft_deadline_after_us,
        weft_deadline_after_ms,
        weft_deadline_after_s,
    };
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        cr_assert(weft_deadline_is_forever(units[i](UINT64_MAX)), "%zu", i);
        cr_assert(weft_deadline_is_forever(units[i](UINT64_MAX - 1)), "%zu", i);
        cr_assert_not(weft_deadline_passed(units[i](UINT64_MAX)), "%zu", i);
    }
}

/* The product fits into 64 bits or just does not; only one of them wraps. */
Test(time, the_last_duration_that_fits_and_the_first_that_does_not)
{
    static const struct {
        after_fn *after;
        uint64_t unit;
    } units[] = {
        {weft_deadline_after_us, 1000},
        {weft_deadline_after_ms, 1000000},
        {weft_deadline_after_s, 1000000000},
    };
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        uint64_t most = UINT64_MAX / units[i].unit;
        cr_assert(weft_deadline_is_forever(units[i].after(most)));
        cr_assert(weft_deadline_is_forever(units[i].after(most + 1)));
        cr_assert(is_after(units[i].after, most / 2, most / 2 * units[i].unit));
    }
}

Test(time, the_sum_with_the_clock_saturates_too)
{
    uint64_t left = UINT64_MAX - weft_now_ns();
    cr_assert(weft_deadline_is_forever(weft_deadline_after_ns(left)));
    cr_assert_not(weft_deadline_is_forever(weft_deadline_after_ns(left / 2)));
}

Test(time, passed_tells_past_from_future)
{
    cr_assert(weft_deadline_passed(weft_deadline_at_ns(0)));
    cr_assert(weft_deadline_passed(weft_deadline_at_ns(1)));
    cr_assert(weft_deadline_passed(weft_deadline_at_ns(weft_now_ns())));
    cr_assert_not(weft_deadline_passed(weft_deadline_after_s(3600)));
    cr_assert_not(weft_deadline_passed(weft_deadline_at_ns(UINT64_MAX - 1)));
    cr_assert_not(weft_deadline_passed(WEFT_FOREVER));
}

Test(time, forever_is_only_the_end_of_the_clock)
{
    cr_assert(weft_deadline_is_forever(WEFT_FOREVER));
    cr_assert(weft_deadline_is_forever(weft_deadline_at_ns(UINT64_MAX)));
    cr_assert_not(weft_deadline_is_forever(weft_deadline_at_ns(0)));
    cr_assert_not(
        weft_deadline_is_forever(weft_deadline_at_ns(UINT64_MAX - 1)));
}

Test(time, errno_is_preserved)
{
    errno = EXDEV;
    cr_assert_not(weft_deadline_passed(weft_deadline_after_ns(UINT64_MAX)));
    cr_assert_eq(errno, EXDEV);
}
