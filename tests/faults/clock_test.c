/* Clocks that step: what the library reads of them comes through here first.
 *
 * The kernel's clock, by which sleeps end, stays the true one. So a test asks
 * for no more than that a wait ends, as it must, and when it must: a reading
 * that is wrong may cost time, but neither an overflow nor a wake-up. */
#include "faults/waits.h"

#include <weft/par/reduce.h>

#include <criterion/criterion.h>
#include <time.h>

enum { TRUE_CLOCK, BACKWARDS, STANDING, NEAR_ITS_END, TO_AND_FRO, MANNERS };
static const char *const names[MANNERS] = {"true", "backwards", "standing",
                                           "near its end", "to and fro"};

static weft_atomic_u32 manner;
static weft_atomic_u32 readings;
static weft_atomic_u32 foreign_readings;

int true_clock(clockid_t id,
               struct timespec *t) __asm__("__real_clock_gettime");
int our_clock(clockid_t id, struct timespec *t) __asm__("__wrap_clock_gettime");

static uint64_t altered(uint64_t now, uint64_t reading)
{
    const uint64_t hour = UINT64_C(3600000000000);
    switch (wefti_load_relaxed(&manner)) {
    case BACKWARDS: /* by a millisecond each time */
        return now - reading * 1000000;
    case STANDING:
        return 5000000;
    case NEAR_ITS_END:
        return UINT64_MAX - hour + reading;
    case TO_AND_FRO:
        return reading % 2 == 0 ? now : now + hour;
    default:
        return now;
    }
}

int our_clock(clockid_t id, struct timespec *t)
{
    const uint64_t second = 1000000000;
    const int result = true_clock(id, t);
    uint64_t ns = (uint64_t)t->tv_sec * second + (uint64_t)t->tv_nsec;
    ns = altered(ns, wefti_add_relaxed(&readings, 1) % 100000);
    t->tv_sec = (time_t)(ns / second);
    t->tv_nsec = (long)(ns % second);
    if (id != CLOCK_MONOTONIC) {
        (void)wefti_add_relaxed(&foreign_readings, 1);
    }
    return result;
}

static void set_manner(uint32_t m)
{
    wefti_store_relaxed(&manner, m);
}

static void nothing(void)
{
}

static void nothing_to(int tid)
{
    (void)tid;
}

static const wait_trouble lies = {nothing_to, nothing, 1000, true};

Test(clock, does_not_keep_a_wait_from_its_wake_up)
{
    for (uint32_t m = BACKWARDS; m < MANNERS; m++) {
        set_manner(m);
        for (size_t i = 0; i < wait_case_count; i++) {
            const wait_case *c = &wait_cases[i];
            cr_expect_eq(waits_fulfilled(c, WEFT_FOREVER, &lies), c->fulfilled,
                         "%s, clock %s", c->name, names[m]);
        }
    }
}

/* In these manners a deadline far away by the clock is far away for the kernel
 * too. */
Test(clock, does_not_bring_a_late_deadline_near)
{
    const uint32_t manners[] = {BACKWARDS, NEAR_ITS_END};
    for (size_t k = 0; k < 2; k++) {
        set_manner(manners[k]);
        for (size_t i = 0; i < wait_case_count; i++) {
            const wait_case *c = &wait_cases[i];
            const weft_deadline d = weft_deadline_after_s(7200);
            cr_expect_eq(waits_fulfilled(c, d, &lies), c->fulfilled,
                         "%s, clock %s", c->name, names[manners[k]]);
        }
    }
}

Test(clock, does_not_keep_a_deadline_from_coming)
{
    const uint32_t manners[] = {BACKWARDS, STANDING};
    for (size_t k = 0; k < 2; k++) {
        set_manner(manners[k]);
        for (size_t i = 0; i < wait_case_count; i++) {
            const wait_case *c = &wait_cases[i];
            const weft_deadline d = weft_deadline_after_ms(2);
            cr_expect_eq(waits_in_vain(c, d, &lies), WEFT_TIMEOUT,
                         "%s, clock %s", c->name, names[manners[k]]);
        }
        weft_thread_sleep_until(weft_deadline_after_ms(2));
    }
}

WEFT_TASK(uint64_t, fib, int, n)
{
    if (n < 2) {
        return (uint64_t)n;
    }
    weft_fork(fib, left, n - 1);
    uint64_t right = fib(n - 2);
    return weft_join(fib, left) + right;
}

WEFT_PAR_SUM(uint64_t, sum, const uint32_t *, v, i)
{
    return v[i];
}

static void work(void *wrong)
{
    static uint32_t v[100000];
    for (int i = 0; i < 5; i++) {
        *(int *)wrong += fib(18) != 2584 || sum(v, 100000) != 0;
    }
}

Test(clock, disturbs_no_pool)
{
    for (uint32_t m = TRUE_CLOCK; m < MANNERS; m++) {
        weft_pool *pool;
        weft_pool_config config = {.workers = 3};
        int wrong = 0;
        set_manner(m);
        cr_assert_eq(weft_pool_create(&pool, &config), WEFT_OK);
        cr_expect_eq(weft_pool_install(pool, work, &wrong), WEFT_OK);
        weft_pool_free(pool);
        cr_expect_eq(wrong, 0, "clock %s", names[m]);
    }
}

Test(clock, is_the_monotonic_one_and_no_other)
{
    int wrong = 0;
    for (size_t i = 0; i < wait_case_count; i++) {
        const weft_deadline d = weft_deadline_after_ms(1);
        cr_expect_eq(waits_in_vain(&wait_cases[i], d, NULL), WEFT_TIMEOUT);
    }
    work(&wrong);
    cr_expect_gt(wefti_load_relaxed(&readings), 0);
    cr_expect_eq(wefti_load_relaxed(&foreign_readings), 0);
}
