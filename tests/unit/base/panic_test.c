#include <weft/base/panic.h>
#include <weft/base/unwind.h>

#include <criterion/criterion.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static weft_panic_info seen;
static char seen_thread[32];
static int calls;

static void remember(const weft_panic_info *info, const char *thread)
{
    seen = *info;
    (void)snprintf(seen_thread, sizeof seen_thread, "%s", thread);
    calls++;
}

static void long_message(void *arg)
{
    (void)arg;
    char text[2 * WEFT_PANIC_MESSAGE_SIZE];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    weft_panic("%s", text);
}

static void short_message(void *arg)
{
    weft_panic("%s %d", (const char *)arg, 5);
}

static void requires(void *arg)
{
    weft_require(arg != NULL);
}

Test(panic, tells_the_hook_before_it_unwinds)
{
    cr_assert_null(weft_panic_set_hook(remember));
    (void)pthread_setname_np(pthread_self(), "some name");
    char text[] = "five is";
    weft_panic_info info;
    cr_assert_eq(weft_catch_unwind(short_message, text, &info), WEFT_PANICKED);
    cr_assert_eq(calls, 1);
    cr_assert_str_eq(seen.message, "five is 5");
    cr_assert_str_eq(seen_thread, "some name");
    cr_assert_eq(seen.line, info.line);
    cr_assert_eq(weft_panic_set_hook(NULL), remember);
}

Test(panic, cuts_a_message_that_is_too_long_and_says_so)
{
    weft_panic_set_hook(remember);
    weft_panic_info info;
    cr_assert_eq(weft_catch_unwind(long_message, NULL, &info), WEFT_PANICKED);
    cr_assert_eq(strlen(info.message), WEFT_PANIC_MESSAGE_SIZE - 1);
    cr_assert_str_eq(info.message + WEFT_PANIC_MESSAGE_SIZE - 4, "...");
}

Test(panic, of_a_requirement_quotes_it)
{
    weft_panic_set_hook(remember);
    weft_panic_info info;
    int something = 0;
    cr_assert_eq(weft_catch_unwind(requires, &something, &info), WEFT_OK);
    cr_assert_eq(weft_catch_unwind(requires, NULL, &info), WEFT_PANICKED);
    cr_assert_str_eq(info.message, "requirement failed: arg != NULL");
}

/* Run fn in a child and return what it wrote to standard error. */
static int child_says(void (*fn)(void), char *text, size_t size)
{
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        (void)dup2(ends[1], STDERR_FILENO);
        fn();
        _exit(0);
    }
    (void)close(ends[1]);
    size_t length = 0;
    ssize_t got;
    while (length + 1 < size &&
           (got = read(ends[0], text + length, size - 1 - length)) > 0) {
        length += (size_t)got;
    }
    text[length] = '\0';
    (void)close(ends[0]);
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    return status;
}

static void panic_caught(void)
{
    char text[] = "value";
    weft_panic_info info;
    if (weft_catch_unwind(short_message, text, &info) == WEFT_PANICKED) {
        _exit(7);
    }
}

static void panic_uncaught(void)
{
    char text[] = "value";
    short_message(text);
}

static void second(int *unused)
{
    (void)unused;
    weft_panic("the second");
}

static void first(void *arg)
{
    (void)arg;
    int unused WEFT_CLEANUP(second) WEFT_UNUSED = 0;
    weft_panic("the first");
}

static void panic_twice(void)
{
    (void)!weft_catch_unwind(first, NULL, NULL);
}

Test(panic, is_reported_on_standard_error_by_default)
{
    char text[2048];
    int status = child_says(panic_caught, text, sizeof text);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    cr_assert_not_null(strstr(text, "panicked at "));
    cr_assert_not_null(strstr(text, "panic_test.c:"));
    cr_assert_not_null(strstr(text, "value 5\n"));
}

Test(panic, without_a_catch_point_says_why_it_aborts)
{
    char text[2048];
    int status = child_says(panic_uncaught, text, sizeof text);
    cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    cr_assert_not_null(strstr(text, "value 5\n"));
    cr_assert_not_null(strstr(text, "outside of any weft thread"));
}

Test(panic, while_panicking_aborts_with_both_messages)
{
    char text[4096];
    int status = child_says(panic_twice, text, sizeof text);
    cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    cr_assert_not_null(strstr(text, "\"the second\" during \"the first\""));
}

static void panicking_hook(const weft_panic_info *info, const char *thread)
{
    weft_panic("cannot tell of %s: %s", thread, info->message);
}

static void panic_in_the_hook(void)
{
    weft_panic_set_hook(panicking_hook);
    panic_caught();
}

Test(panic, of_the_hook_aborts_with_its_message)
{
    char text[4096];
    int status = child_says(panic_in_the_hook, text, sizeof text);
    cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    cr_assert_not_null(strstr(text, "value 5\n"));
    cr_assert_not_null(strstr(text, "the panic hook panicked"));
}

static void panic_uncaught_while_cancelled(void)
{
    (void)pthread_cancel(pthread_self());
    panic_uncaught();
}

Test(panic, of_a_cancelled_thread_without_a_catch_point_aborts_all_the_same)
{
    char text[2048];
    int status = child_says(panic_uncaught_while_cancelled, text, sizeof text);
    cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    cr_assert_not_null(strstr(text, "value 5\n"));
    cr_assert_not_null(strstr(text, "outside of any weft thread"));
}

static void *panics_while_cancelled_and_catches(void *arg)
{
    (void)pthread_cancel(pthread_self());
    weft_status status = weft_catch_unwind(short_message, arg, NULL);
    return status == WEFT_PANICKED ? arg : NULL;
}

Test(panic, of_a_cancelled_thread_reaches_its_catch_point)
{
    char text[] = "value";
    pthread_t thread;
    void *result;
    cr_assert_eq(
        pthread_create(&thread, NULL, panics_while_cancelled_and_catches, text),
        0);
    cr_assert_eq(pthread_join(thread, &result), 0);
    cr_assert_eq(result, text);
}
