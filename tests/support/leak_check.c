/* Fails a test that leaves memory behind.
 *
 * Criterion runs a test in a process of its own and does not look at how that
 * process's end went, so LeakSanitizer's report there changes nothing. The
 * check is made here while the test can still fail, right after its body: the
 * linker's --wrap puts this between a test and the runner's entry for it. What
 * it misses, because a stale pointer lies on the stack, the report at the end
 * of the process has, and ctest looks for that. */
#include <stddef.h>
#include <string.h>

#include <criterion/criterion.h>

int leak_check(void) __asm__("__lsan_do_recoverable_leak_check")
    __attribute__((weak));
void run_body(void (*body)(void)) __asm__(
    "__real_criterion_internal_test_main");
void run_checked(void (*body)(void)) __asm__(
    "__wrap_criterion_internal_test_main");

static void (*checked_body)(void);

static void check_body(void)
{
    checked_body();
    if (leak_check && leak_check() != 0) {
        cr_assert_fail("the test leaves memory behind: see the report");
    }
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

void run_checked(void (*body)(void))
{
    if (has_parameter(criterion_current_test)) {
        run_body(body); /* its body takes an argument */
        return;
    }
    checked_body = body;
    run_body(check_body);
}
