/* What is done around the body of every test.
 *
 * The linker's --wrap puts this file between a test and the runner's entry for
 * it, so that no test has to ask for it.
 *
 * A watchdog ends a test that runs for more than WEFT_TEST_SECONDS (60; 0: no
 * limit) and says which it was. Criterion's own --timeout is without effect in
 * version 2.4.1, and ctest's limit names only the program.
 *
 * A leak fails the test. Criterion does not look at how the process of a test
 * ends, so LeakSanitizer's report there changes nothing; the check is made
 * while the test can still fail, right after its body. What it misses, because
 * a stale pointer lies on the stack, the report at the end of the process has,
 * and ctest looks for that. */
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

int leak_check(void) __asm__("__lsan_do_recoverable_leak_check")
    __attribute__((weak));
void run_body(void (*body)(void)) __asm__(
    "__real_criterion_internal_test_main");
void run_watched(void (*body)(void)) __asm__(
    "__wrap_criterion_internal_test_main");

static void (*watched_body)(void);
static char too_long[256]; /* constant while the watchdog runs */

static void bark(int signal_number)
{
    (void)signal_number;
    const ssize_t written = write(STDERR_FILENO, too_long, strlen(too_long));
    (void)written;
    abort();
}

static void start_watchdog(const struct criterion_test *t)
{
    const char *setting = getenv("WEFT_TEST_SECONDS");
    const int seconds = setting ? atoi(setting) : 60;
    snprintf(too_long, sizeof too_long,
             "watchdog: %s::%s still runs after %d s\n", t->category, t->name,
             seconds);
    signal(SIGALRM, bark);
    alarm(seconds > 0 ? (unsigned)seconds : 0);
}

static void check_for_leaks(void)
{
    if (leak_check && leak_check() != 0) {
        cr_assert_fail("the test leaves memory behind: see the report");
    }
}

static void body_then_check(void)
{
    watched_body();
    check_for_leaks();
}

static bool has_parameter(const struct criterion_test *t)
{
    enum criterion_test_kind kind;
    /* Criterion hands its data over packed, so the field is not aligned. */
    const char *data = (const char *)t->data;
    memcpy(&kind, data + offsetof(struct criterion_test_extra_data, kind_),
           sizeof kind);
    return kind == CR_TEST_PARAMETERIZED;
}

void run_watched(void (*body)(void))
{
    start_watchdog(criterion_current_test);
    watched_body = body;
    /* The body of a parameterised test takes an argument: leave it alone. */
    run_body(has_parameter(criterion_current_test) ? body : body_then_check);
    alarm(0);
}
