#include <weft/thread/scope.h>

#include "scope_nofx.h"
#include "support/alloc_fail.h"
#include "support/gang.h"

#include <weft/base/unwind.h>
#include <weft/sync/mutex.h>

#include <criterion/criterion.h>

#include <pthread.h>
#include <string.h>

static void quiet(const weft_panic_info *info, const char *thread)
{
    (void)info;
    (void)thread;
}

static void setup(void)
{
    (void)weft_panic_set_hook(quiet);
}

TestSuite(scope, .init = setup);

static void spawn(weft_scope *s, void (*fn)(void *), void *arg)
{
    weft_require(weft_scope_spawn(s, fn, arg) == WEFT_OK);
}

/* Late enough that a scope which does not wait has ended long before. */
static void linger(void)
{
    weft_thread_sleep_until(weft_deadline_after_ms(3));
}

static void add_one_late(void *arg)
{
    linger();
    ++*(int *)arg;
}

static void do_nothing(void *arg)
{
    (void)arg;
}

static void panic_with(void *arg)
{
    weft_panic("no %s today", (const char *)arg);
}

static void panic_with_nothing(void *arg)
{
    (void)arg;
    weft_panic("nothing");
}

static void leave_by_exit(void *arg)
{
    (void)arg;
    pthread_exit(NULL);
}

/* ------------------------------------------------------------- ways out */

Test(scope, threads_end_before_the_scope_does)
{
    int done[3] = {0};
    WEFT_SCOPE(s) {
        for (int i = 0; i < 3; i++) {
            spawn(&s, add_one_late, &done[i]);
        }
    }
    cr_assert_eq(done[0] + done[1] + done[2], 3);
}

Test(scope, empty_scope_ends)
{
    int rounds = 0;
    WEFT_SCOPE(s) {
        rounds++;
    }
    cr_assert_eq(rounds, 1);
}

Test(scope, break_and_continue_join)
{
    int done = 0;
    WEFT_SCOPE(s) {
        spawn(&s, add_one_late, &done);
        break;
    }
    cr_assert_eq(done, 1);
    WEFT_SCOPE(s) {
        spawn(&s, add_one_late, &done);
        continue;
    }
    cr_assert_eq(done, 2);
}

static int return_out(int *done)
{
    WEFT_SCOPE(s) {
        spawn(&s, add_one_late, done);
        return 7;
    }
    return 8;
}

Test(scope, return_joins)
{
    int done = 0;
    cr_assert_eq(return_out(&done), 7);
    cr_assert_eq(done, 1);
}

static void panic_out(void *arg)
{
    WEFT_SCOPE(s) {
        spawn(&s, add_one_late, arg);
        spawn(&s, panic_with, "bread");
        weft_panic("the body's own");
    }
}

Test(scope, panic_of_the_body_joins_and_goes_on)
{
    int done = 0;
    weft_panic_info info;
    cr_assert_eq(weft_catch_unwind(panic_out, &done, &info), WEFT_PANICKED);
    cr_assert_eq(done, 1);
    cr_assert_str_eq(info.message, "the body's own");
}

static void *exit_out(void *arg)
{
    WEFT_SCOPE(s) {
        spawn(&s, add_one_late, arg);
        spawn(&s, panic_with, "bread");
        pthread_exit(NULL);
    }
    return NULL;
}

static weft_mutex wanted;
static weft_status got;

static void wants_the_lock(void *arg)
{
    (void)arg;
    got = weft_mutex_lock(&wanted);
}

static void falls_holding_what_its_thread_wants(void *fall)
{
    WEFT_SCOPE(s) {
        weft_require(weft_mutex_lock(&wanted) == WEFT_OK);
        spawn(&s, wants_the_lock, NULL);
        (*(void (**)(void *))fall)(NULL);
        weft_mutex_unlock(&wanted);
    }
}

Test(scope, panic_of_the_body_releases_its_lock_before_the_join)
{
    void (*fall)(void *) = panic_with_nothing;
    cr_assert_eq(
        weft_catch_unwind(falls_holding_what_its_thread_wants, &fall, NULL),
        WEFT_PANICKED);
    cr_assert_eq(got, WEFT_POISONED);
}

static void *falls_by_exit(void *arg)
{
    void (*fall)(void *) = leave_by_exit;
    falls_holding_what_its_thread_wants(&fall);
    return arg;
}

Test(scope, pthread_exit_of_the_body_releases_its_lock_before_the_join)
{
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, falls_by_exit, NULL), 0);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    cr_assert_eq(got, WEFT_POISONED);
}

Test(scope, pthread_exit_of_the_body_joins)
{
    int done = 0;
    weft_thread t;
    weft_status s = weft_thread_spawn(&t, exit_out, &done);
    if (s == WEFT_OK) {
        s = weft_thread_join(&t, NULL);
    }
    cr_assert_eq(s, WEFT_EXITED);
    cr_assert_eq(done, 1);
}

/* -------------------------------- frames whose cleanups do not run at all */

static int seen_clean;

/* Keeps an eye on the borrowed frame for a while. */
static void watch_local(void *arg)
{
    const volatile int *local = arg;
    int clean = 1;
    for (int i = 0; i < 20; i++) {
        weft_thread_sleep_until(weft_deadline_after_us(200));
        for (int j = 0; j < 64; j++) {
            clean &= local[j] == 0;
        }
    }
    seen_clean = clean;
}

static void leave_by_panic(void)
{
    weft_panic("through a bare frame");
}

static void trample_on_drop(int *unused)
{
    (void)unused;
    trample();
}

static void borrow_and_panic(void *arg)
{
    int protected WEFT_CLEANUP(trample_on_drop) = 0;
    (void)protected;
    (void)arg;
    borrow_and_leave(watch_local, leave_by_panic);
}

Test(scope, panic_through_a_frame_without_cleanups_joins_before_it_is_reused)
{
    cr_assert_eq(weft_catch_unwind(borrow_and_panic, NULL, NULL),
                 WEFT_PANICKED);
    cr_assert(seen_clean);
}

/* ------------------------------------------------------ panics of threads */

static void one_of_three_panics(void *arg)
{
    WEFT_SCOPE(s) {
        spawn(&s, add_one_late, arg);
        spawn(&s, panic_with, "fish");
        spawn(&s, add_one_late, (int *)arg + 1);
    }
}

Test(scope, panic_of_a_thread_is_reported_when_all_have_ended)
{
    int done[2] = {0};
    weft_panic_info info;
    cr_assert_eq(weft_catch_unwind(one_of_three_panics, done, &info),
                 WEFT_PANICKED);
    cr_assert_str_eq(info.message, "scoped thread 2 panicked: no fish today");
    cr_assert_str_eq(info.file, __FILE__);
    cr_assert_eq(done[0] + done[1], 2);
}

static void panic_late(void *arg)
{
    linger();
    panic_with(arg);
}

static void three_panic(weft_scope *s, void *arg)
{
    (void)arg;
    const weft_thread_options options = {.name = "reader"};
    weft_require(weft_scope_spawn_with(s, &options, panic_late, "first") ==
                 WEFT_OK);
    spawn(s, panic_with, "second");
    spawn(s, leave_by_exit, NULL);
}

Test(scope, first_in_order_of_spawning_is_named_and_others_counted)
{
    weft_panic_info info;
    cr_assert_eq(weft_scope_run(three_panic, NULL, &info), WEFT_PANICKED);
    cr_assert_str_eq(
        info.message,
        "scoped thread 1 'reader' (and 2 more) panicked: no first today");
}

static void panic_at_length(void *arg)
{
    (void)arg;
    weft_panic("%0300d", 7);
}

static void spawn_long(weft_scope *s, void *arg)
{
    (void)arg;
    spawn(s, panic_at_length, NULL);
}

Test(scope, long_message_is_cut_and_says_so)
{
    weft_panic_info info;
    cr_assert_eq(weft_scope_run(spawn_long, NULL, &info), WEFT_PANICKED);
    cr_assert_eq(strlen(info.message), sizeof info.message - 1);
    cr_assert_str_eq(info.message + sizeof info.message - 4, "...");
}

static void spawn_exit(weft_scope *s, void *arg)
{
    (void)arg;
    spawn(s, leave_by_exit, NULL);
}

Test(scope, thread_that_left_by_exit_is_reported)
{
    weft_panic_info info;
    cr_assert_eq(weft_scope_run(spawn_exit, NULL, &info), WEFT_EXITED);
    cr_assert_not_null(strstr(info.message, "left by pthread_exit"));
}

/* ------------------------------------------------------ the function form */

static void run_body(weft_scope *s, void *arg)
{
    spawn(s, add_one_late, arg);
}

static void run_body_and_panic(weft_scope *s, void *arg)
{
    spawn(s, add_one_late, arg);
    spawn(s, panic_with, "bread");
    weft_panic("the body's own");
}

Test(scope, run_joins_and_returns_the_status)
{
    int done = 0;
    cr_assert_eq(weft_scope_run(run_body, &done, NULL), WEFT_OK);
    cr_assert_eq(done, 1);
}

Test(scope, run_reports_the_body_before_its_threads)
{
    int done = 0;
    weft_panic_info info;
    cr_assert_eq(weft_scope_run(run_body_and_panic, &done, &info),
                 WEFT_PANICKED);
    cr_assert_eq(done, 1);
    cr_assert_str_eq(info.message, "the body's own");
}

/* ---------------------------------------------------------------- nesting */

typedef struct nest {
    weft_scope *scope;
    int done[3];
} nest;

static void spawn_grandchild(void *arg)
{
    nest *n = arg;
    linger();
    spawn(n->scope, add_one_late, &n->done[1]);
    spawn(n->scope, add_one_late, &n->done[2]);
    n->done[0]++;
}

Test(scope, thread_may_spawn_into_its_own_scope)
{
    nest n = {0};
    WEFT_SCOPE(s) {
        n.scope = &s;
        spawn(&s, spawn_grandchild, &n);
    }
    cr_assert_eq(n.done[0] + n.done[1] + n.done[2], 3);
}

Test(scope, scopes_nest)
{
    int outer_done = 0;
    int inner_done = 0;
    WEFT_SCOPE(outer) {
        spawn(&outer, add_one_late, &outer_done);
        WEFT_SCOPE(inner) {
            spawn(&inner, add_one_late, &inner_done);
        }
        cr_assert_eq(inner_done, 1);
    }
    cr_assert_eq(outer_done, 1);
}

static void run_scope_while_panicking(int *unused)
{
    (void)unused;
    weft_panic_info info;
    cr_assert_eq(weft_catch_unwind(one_of_three_panics, (int[2]){0}, &info),
                 WEFT_PANICKED);
    cr_assert_not_null(strstr(info.message, "no fish today"));
}

static void panic_with_a_scope_in_a_cleanup(void *arg)
{
    int tidy WEFT_CLEANUP(run_scope_while_panicking) = 0;
    (void)tidy;
    (void)arg;
    weft_panic("outer");
}

Test(scope, scope_in_a_cleanup_during_a_panic_reports_its_own)
{
    weft_panic_info info;
    cr_assert_eq(
        weft_catch_unwind(panic_with_a_scope_in_a_cleanup, NULL, &info),
        WEFT_PANICKED);
    cr_assert_str_eq(info.message, "outer");
}

/* ---------------------------------------------------------------- failure */

Test(scope, spawn_without_memory_leaves_the_scope_usable)
{
    test_alloc_install();
    int done = 0;
    bool failed = true;
    for (size_t k = 1; failed; k++) {
        cr_assert_leq(k, 10);
        test_alloc_fail_at(k);
        WEFT_SCOPE(s) {
            const weft_status first = weft_scope_spawn(&s, add_one_late, &done);
            failed = test_alloc_has_failed();
            test_alloc_fail_at(0);
            cr_assert_eq(first, failed ? WEFT_NO_MEMORY : WEFT_OK);
        }
    }
    cr_assert_eq(done, 1);
    cr_assert_leq(test_alloc_live(), 1, "the record of this thread only");
}

Test(scope, refused_thread_is_told)
{
    const weft_thread_options options = {.stack_size = SIZE_MAX};
    WEFT_SCOPE(s) {
        cr_assert_eq(weft_scope_spawn_with(&s, &options, do_nothing, NULL),
                     WEFT_NO_RESOURCES);
    }
}

static weft_scope *stale;

static void spawn_into_stale(void *arg)
{
    spawn(stale, do_nothing, arg);
}

static void spawn_after_end(void *arg)
{
    weft_scope ended = wefti_scope_new();
    stale = &ended;
    spawn_into_stale(arg);
}

Test(scope, spawn_into_what_is_no_open_scope_panics)
{
    weft_panic_info info;
    cr_assert_eq(weft_catch_unwind(spawn_after_end, NULL, &info),
                 WEFT_PANICKED);
    cr_assert_not_null(strstr(info.message, "the scope has ended"));
}

/* rust-lang/rust#98498: the last thread brought the counter of the scope to
 * zero, the frame was freed, and the thread then unparked the parent through
 * it. Here the frame is overwritten as soon as the scope has ended, in many
 * rounds that make the end and the last thread meet. */
static __attribute__((noinline)) int one_round(int i)
{
    int done[2] = {0};
    WEFT_SCOPE(s) {
        spawn(&s, do_nothing, &done[0]);
        spawn(&s, do_nothing, &done[1]);
        for (volatile int spin = 0; spin < i * 10; spin++) {
        }
    }
    return done[0];
}

Test(scope, thread_does_not_touch_the_scope_on_its_way_out)
{
    for (int i = 0; i < 300; i++) {
        cr_assert_eq(one_round(i), 0);
        trample();
    }
}

/* ---- a scope under a lock, which the checked build refuses ---- */

static void spawn_one(weft_scope *scope, void *arg)
{
    if (arg != NULL) {
        spawn(scope, add_one_late, arg);
    }
}

static weft_status run_under_a_lock(void *arg)
{
    weft_mutex m = WEFT_MUTEX_INIT;
    WEFT_LOCK(weft_mutex, g, &m) {
        return weft_scope_run(spawn_one, arg, NULL);
    }
    return WEFT_OK;
}

static void require_run_under_a_lock(void *arg)
{
    weft_require(run_under_a_lock(arg) == WEFT_OK);
}

Test(scope, without_threads_may_end_under_a_lock)
{
    cr_assert_eq(run_under_a_lock(NULL), WEFT_OK);
}

Test(scope, with_threads_may_end_under_a_lock_unless_checked)
{
    int counter = 0;
    cr_assert_eq(weft_catch_unwind(require_run_under_a_lock, &counter, NULL),
                 WEFT_CHECKED ? WEFT_PANICKED : WEFT_OK);
    cr_assert_eq(counter, 1);
    WEFT_ALLOW(WEFT_HELD_JOIN) {
        cr_assert_eq(run_under_a_lock(&counter), WEFT_OK);
    }
    cr_assert_eq(counter, 2);
}
