#include "base/checked.h"

#include <weft/base/unwind.h>

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

Test(checked, allowance_is_a_block_that_runs_once)
{
    int runs = 0;
    WEFT_ALLOW(WEFT_HELD_JOIN) {
        runs++;
    }
    cr_assert_eq(runs, 1);
    WEFT_ALLOW(WEFT_HELD_JOIN) {
        runs++;
        break;
    }
    cr_assert_eq(runs, 2);
}

#if WEFT_CHECKED

static void panic_inside(void *unused)
{
    (void)unused;
    WEFT_ALLOW(WEFT_LOCK_INVERSION) {
        weft_panic("out");
    }
}

Test(checked, allowance_nests_and_ends_on_every_way_out)
{
    cr_assert_not(wefti_allowed(WEFT_HELD_JOIN));
    WEFT_ALLOW(WEFT_HELD_JOIN) {
        WEFT_ALLOW(WEFT_LOCK_INVERSION | WEFT_OPEN_AT_EXIT) {
            cr_assert(wefti_allowed(WEFT_HELD_JOIN));
            cr_assert(wefti_allowed(WEFT_OPEN_AT_EXIT));
        }
        cr_assert_not(wefti_allowed(WEFT_LOCK_INVERSION));
    }
    cr_assert_not(wefti_allowed(WEFT_HELD_JOIN));
    cr_assert_eq(weft_catch_unwind(panic_inside, NULL, NULL), WEFT_PANICKED);
    cr_assert_not(wefti_allowed(WEFT_LOCK_INVERSION));
}

Test(checked, name_is_that_of_the_lock_it_was_announced_for)
{
    const int lock = 0, other = 0;
    wefti_checked_name(&lock, "bank");
    cr_assert_str_eq(wefti_checked_name_of(&lock, "mutex"), "bank");
    cr_assert_str_eq(wefti_checked_name_of(&other, "mutex"), "mutex");
    wefti_checked_name(&lock, "weft_mutex");
    cr_assert_str_eq(wefti_checked_name_of(&lock, "?"), "mutex");
}

Test(checked, outer_place_is_handed_to_one_inner_call)
{
    const int outer = 0, inner = 0;
    wefti_checked_from(&outer);
    cr_assert_eq(wefti_checked_whence(&inner), &outer);
    cr_assert_eq(wefti_checked_whence(&inner), &inner);
}

Test(checked, emptied_handle_remembers_where)
{
    const int handle = 0, another = 0;
    wefti_emptied(&handle, "joined", NULL);
    cr_assert_str_eq(wefti_emptied_where(&handle).text,
                     "; it was joined at an unknown place");
    cr_assert_str_eq(wefti_emptied_where(&another).text, "");
    for (int i = 0; i < 1000; i++) {
        wefti_emptied(&another, "moved", NULL);
    }
    cr_assert_str_eq(wefti_emptied_where(&handle).text, "");
}

Test(checked, buried_memory_is_dead)
{
    uintptr_t words[2] = {0};
    cr_assert_not(wefti_is_dead(words[1]));
    weft_bury(words, sizeof words);
    cr_assert(wefti_is_dead(words[0]) && wefti_is_dead(words[1]));
}

static size_t released;

static void count_release(void *memory, size_t size, size_t align, void *user)
{
    (void)memory;
    (void)user;
    released += size == 1024 && align == 8 ? 1 : 1000000;
}

Test(checked, quarantine_is_bounded)
{
    static char memory[8][1024];
    for (int i = 0; i < 10000; i++) {
        wefti_quarantine(memory[i % 8], 1024, 8, count_release);
    }
    if (WEFT_ASAN || WEFT_TSAN) {
        cr_assert_eq(released, 10000);
    } else {
        cr_assert_gt(released, 9000);
        cr_assert_lt(released, 10000);
    }
}

static wefti_open first;

/* ---- the process's end, in a child; ThreadSanitizer sees to it itself ----
 */
#if !WEFT_TSAN

static wefti_open second;

static int child_says(void (*fn)(void), int status, char *text, size_t size)
{
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        (void)dup2(ends[1], STDERR_FILENO);
        fn();
        exit(status);
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
    int result;
    cr_assert_eq(waitpid(child, &result, 0), child);
    return result;
}

static void leave_two_open(void)
{
    wefti_open_add(&first, "thread", "one", NULL);
    wefti_open_add(&second, "pool", "two", NULL);
}

Test(checked, exit_names_all_that_is_open)
{
    char text[2048];
    int status = child_says(leave_two_open, 0, text, sizeof text);
    cr_assert(WIFSIGNALED(status));
    cr_assert_not_null(strstr(text, "at exit: the thread 'one' spawned at an "
                                    "unknown place was neither joined nor "
                                    "detached"));
    cr_assert_not_null(strstr(text, "at exit: the pool 'two' created at an "
                                    "unknown place was never freed"));
}

Test(checked, exit_by_a_failure_leaves_things_as_they_are)
{
    char text[2048];
    int status = child_says(leave_two_open, 3, text, sizeof text);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 3, "%s", text);
}

static void close_all_in_its_way(void)
{
    leave_two_open();
    wefti_open_await(&second, true); /* as while somebody joins it */
    wefti_open_leave(&first);
    wefti_open_end(&first);
    wefti_open_remove(&first); /* is out already */
}

Test(checked, exit_is_silent_about_what_is_closed_or_awaited)
{
    char text[2048];
    int status = child_says(close_all_in_its_way, 0, text, sizeof text);
    cr_assert(WIFEXITED(status), "%s", text);
    cr_assert_null(strstr(text, "weft:"), "%s", text);
}

static void nothing(void)
{
}

Test(checked, forked_child_does_not_answer_for_its_parent)
{
    char text[2048];
    leave_two_open();
    int status = child_says(nothing, 0, text, sizeof text);
    wefti_open_remove(&first);
    wefti_open_remove(&second);
    cr_assert(WIFEXITED(status), "%s", text);
}

static void allow_and_exit(void)
{
    leave_two_open();
    WEFT_ALLOW(WEFT_OPEN_AT_EXIT) {
        exit(0);
    }
}

Test(checked, exit_may_be_allowed_to_leave_things_open)
{
    char text[2048];
    int status = child_says(allow_and_exit, 0, text, sizeof text);
    cr_assert(WIFEXITED(status), "%s", text);
}

#endif

/* ---- locals lent to threads ---- */

#if !WEFT_ASAN /* whose locals may lie elsewhere than on the stack */

static void check_from(void *frame)
{
    wefti_check_borrows("call", *(const uintptr_t *)frame);
}

static weft_status check_at(uintptr_t frame)
{
    return weft_catch_unwind(check_from, &frame, NULL);
}

Test(checked, local_is_missed_once_its_frame_is_gone)
{
    const int local = 0;
    wefti_open_lend(&first, &local);
    wefti_open_add(&first, "thread", "", NULL);
    cr_assert_eq(check_at((uintptr_t)&local), WEFT_OK);
    cr_assert_eq(check_at((uintptr_t)&local + 64), WEFT_PANICKED);
    wefti_open_leave(&first); /* a detached thread may run on */
    cr_assert_eq(check_at((uintptr_t)&local + 64), WEFT_PANICKED);
    wefti_open_end(&first);
    cr_assert_eq(check_at((uintptr_t)&local + 64), WEFT_OK);
}

#endif

Test(checked, only_locals_are_lent)
{
    static int global;
    const int local = 0;
    wefti_open_lend(&first, &global);
    cr_assert_null(first.borrowed);
    wefti_open_lend(&first, NULL);
    cr_assert_null(first.borrowed);
    WEFT_ALLOW(WEFT_LOCAL_ARGUMENT) {
        wefti_open_lend(&first, &local);
    }
    cr_assert_null(first.borrowed);
    wefti_open_lend(NULL, &local);
    wefti_open_lend(&first, &local);
    cr_assert_eq(WEFT_ASAN ? &local : first.borrowed, &local);
}

#endif
