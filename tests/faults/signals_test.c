/* Signals by the thousand during every wait: none ends it, none stretches it,
 * and no wake-up is lost. */
#include "faults/waits.h"

#include <weft/base/config.h>

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { PERIOD_NS = 100000, STORM_US = 10000, SOON_MS = 10 };

static timer_t timer;
static bool has_timer;

static void ignore(int signal_number)
{
    (void)signal_number;
}

/* A signal every 0.1 ms at one thread, which interrupts what it is in. */
static void begin_storm(int tid)
{
    const struct sigaction action = {.sa_handler = ignore};
    cr_assert_eq(sigaction(SIGUSR1, &action, NULL), 0);
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID,
                             .sigev_signo = SIGUSR1};
    event._sigev_un._tid = tid;
    /* Refused if the thread has ended already. */
    has_timer = timer_create(CLOCK_MONOTONIC, &event, &timer) == 0;
    if (has_timer) {
        const struct itimerspec often = {{0, PERIOD_NS}, {0, PERIOD_NS}};
        cr_assert_eq(timer_settime(timer, 0, &often, NULL), 0);
    }
}

static void end_storm(void)
{
    if (has_timer) {
        cr_assert_eq(timer_delete(timer), 0);
    }
}

static const wait_trouble storm = {begin_storm, end_storm, STORM_US, false};

Test(signals, end_no_wait)
{
    for (size_t i = 0; i < wait_case_count; i++) {
        const wait_case *c = &wait_cases[i];
        cr_expect_eq(waits_fulfilled(c, WEFT_FOREVER, &storm), c->fulfilled,
                     "%s", c->name);
    }
}

Test(signals, end_no_wait_that_has_a_deadline)
{
    for (size_t i = 0; i < wait_case_count; i++) {
        const wait_case *c = &wait_cases[i];
        const weft_deadline late = weft_deadline_after_s(3600);
        cr_expect_eq(waits_fulfilled(c, late, &storm), c->fulfilled, "%s",
                     c->name);
    }
}

/* A wait that each signal began anew would never end here. */
Test(signals, do_not_stretch_a_deadline)
{
    for (size_t i = 0; i < wait_case_count; i++) {
        const wait_case *c = &wait_cases[i];
        const weft_deadline soon = weft_deadline_after_ms(SOON_MS);
        cr_expect_eq(waits_in_vain(c, soon, &storm), WEFT_TIMEOUT, "%s",
                     c->name);
    }
}

/* ---------------------------------------------------- interruptions without
 * a signal: the kernel may say so for reasons of its own */

static weft_atomic_u32 interruptions; /* still to come */
static weft_atomic_u32 by_the_wrong_clock;

long true_syscall(long number, ...) __asm__("__real_syscall");
long our_syscall(long number, ...) __asm__("__wrap_syscall");

static bool is_interrupted(void)
{
    uint32_t left = wefti_load_relaxed(&interruptions);
    while (left > 0) {
        if (wefti_cas_relaxed(&interruptions, &left, left - 1)) {
            return true;
        }
    }
    return false;
}

long our_syscall(long number, ...)
{
    long a[6];
    va_list list;
    va_start(list, number);
    for (size_t i = 0; i < 6; i++) {
        a[i] = va_arg(list, long);
    }
    va_end(list);
    if (number == SYS_futex && (a[1] & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET) {
        if ((a[1] & FUTEX_CLOCK_REALTIME) != 0) {
            (void)wefti_add_relaxed(&by_the_wrong_clock, 1);
        }
        if (is_interrupted()) {
            errno = EINTR;
            return -1;
        }
    }
    return true_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

Test(signals, interruptions_are_no_wake_up_and_no_timeout)
{
    for (size_t i = 0; i < wait_case_count; i++) {
        const wait_case *c = &wait_cases[i];
        const weft_deadline late = weft_deadline_after_s(3600);
        const weft_deadline soon = weft_deadline_after_ms(SOON_MS);
        wefti_store_relaxed(&interruptions, 100u);
        cr_expect_eq(waits_fulfilled(c, late, NULL), c->fulfilled, "%s",
                     c->name);
        wefti_store_relaxed(&interruptions, 20u);
        cr_expect_eq(waits_in_vain(c, soon, NULL), WEFT_TIMEOUT, "%s", c->name);
    }
    cr_expect_eq(wefti_load_relaxed(&by_the_wrong_clock), 0);
}

/* ------------------------------------------------- what has no deadline */

WEFT_TASK(uint64_t, fib, int, n)
{
    if (n < 2) {
        return (uint64_t)n;
    }
    weft_fork(fib, left, n - 1);
    uint64_t right = fib(n - 2);
    return weft_join(fib, left) + right;
}

static void ten_fibs(void *wrong)
{
    for (int i = 0; i < 10; i++) {
        *(int *)wrong += fib(20) != 6765;
    }
}

Test(signals, disturb_no_join_of_a_task)
{
    weft_pool *pool;
    weft_pool_config config = {.workers = 3};
    int wrong = 0;
    cr_assert_eq(weft_pool_create(&pool, &config), WEFT_OK);
    begin_storm(gettid());
    cr_expect_eq(weft_pool_install(pool, ten_fibs, &wrong), WEFT_OK);
    weft_pool_free(pool);
    end_storm();
    cr_expect_eq(wrong, 0);
}

static void sleep_a_little(void *unused)
{
    (void)unused;
    weft_thread_sleep_until(weft_deadline_after_ms(SOON_MS));
}

Test(signals, disturb_no_scope_and_no_sleep)
{
    const weft_deadline before = weft_deadline_after_ms(SOON_MS);
    begin_storm(gettid());
    WEFT_SCOPE(s) {
        weft_require(weft_scope_spawn(&s, sleep_a_little, NULL) == WEFT_OK);
    }
    cr_expect(weft_deadline_passed(before));
    const weft_deadline d = weft_deadline_after_ms(SOON_MS);
    weft_thread_sleep_until(d);
    cr_expect(weft_deadline_passed(d));
    end_storm();
}

static weft_spinlock spinlock;
static weft_atomic_u32 spins;

static void *spin_and_count(void *unused)
{
    for (int i = 0; i < 2000; i++) {
        WEFT_SPIN(g, &spinlock) {
            wefti_store_relaxed(&spins, wefti_load_relaxed(&spins) + 1);
        }
    }
    return unused;
}

Test(signals, disturb_no_spinlock)
{
    pthread_t other;
    cr_assert_eq(pthread_create(&other, NULL, spin_and_count, NULL), 0);
    begin_storm(gettid());
    (void)spin_and_count(NULL);
    end_storm();
    cr_assert_eq(pthread_join(other, NULL), 0);
    cr_expect_eq(wefti_load_relaxed(&spins), 4000);
}
