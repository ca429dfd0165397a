#include "base/record.h"

#include <weft/base/panic.h>
#include <weft/base/unwind.h>

#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>

#include "support/alloc_fail.h"

typedef struct toy {
    uint32_t word; /* aligned as a lock: the record marks the low bits */
    bool released;
    bool doomed;
} toy;

static toy *order[64];
static size_t released;

static void abandon_toy(void *lock)
{
    toy *t = lock;
    t->doomed = (wefti_held_remove(t, "toy") & WEFTI_HELD_DOOMED) != 0;
    t->released = true;
    order[released++] = t;
}

static const wefti_lock_kind toy_kind = {"toy", abandon_toy};

WEFT_ALWAYS_INLINE bool hold(toy *t)
{
    char here;
    if (!wefti_held_has_room()) {
        return false;
    }
    wefti_held_push(t, 0, &toy_kind, WEFTI_DEPTH(here));
    return true;
}

Test(record, strikes_out_the_newest_lock_at_once)
{
    toy a = {0};
    toy b = {0};
    cr_assert(hold(&a));
    cr_assert(hold(&b));
    cr_assert_eq(wefti_held_count(), 2);
    cr_assert_not(wefti_held_pop(&a));
    cr_assert(wefti_held_pop(&b));
    cr_assert(wefti_held_pop(&a));
    cr_assert_eq(wefti_held_count(), 0);
}

Test(record, strikes_out_any_lock_and_keeps_the_order)
{
    toy t[5] = {0};
    for (int i = 0; i < 5; i++) {
        cr_assert(hold(&t[i]));
    }
    cr_assert_eq(wefti_held_remove(&t[1], "test"), 0);
    cr_assert_not(wefti_held_contains(&t[1]));
    cr_assert(wefti_held_contains(&t[0]));
    wefti_held_abandon_from(0);
    cr_assert_eq(released, 4);
    cr_assert_eq(order[0], &t[4]);
    cr_assert_eq(order[1], &t[3]);
    cr_assert_eq(order[2], &t[2]);
    cr_assert_eq(order[3], &t[0]);
}

static void remove_stranger(void *lock)
{
    (void)wefti_held_remove(lock, "toy_unlock");
}

Test(record, panics_for_a_lock_that_is_not_held)
{
    toy a = {0};
    weft_panic_info info;
    cr_assert_eq(weft_catch_unwind(remove_stranger, &a, &info), WEFT_PANICKED);
    cr_assert_not_null(
        strstr(info.message, "toy_unlock: this thread does not"));
    cr_assert(hold(&a));
    cr_assert(wefti_held_pop(&a));
    cr_assert_eq(weft_catch_unwind(remove_stranger, &a, NULL), WEFT_PANICKED);
}

Test(record, grows_beyond_its_inline_room)
{
    enum { MANY = 60 };
    static toy t[MANY];
    test_alloc_install();
    for (int i = 0; i < MANY; i++) {
        cr_assert(hold(&t[i]));
    }
    cr_assert_eq(wefti_held_count(), MANY);
    for (int i = 0; i < MANY; i++) {
        cr_assert(wefti_held_contains(&t[i]));
    }
    wefti_held_abandon_from(10);
    cr_assert_eq(released, MANY - 10);
    cr_assert_eq(order[0], &t[MANY - 1]);
    wefti_held_abandon_from(0);
    cr_assert_eq(wefti_held_count(), 0);
}

Test(record, dooms_what_was_taken_since_a_mark)
{
    toy t[3] = {0};
    for (int i = 0; i < 3; i++) {
        cr_assert(hold(&t[i]));
    }
    wefti_held_doom_from(1);
    cr_assert_not(wefti_held_pop(&t[2])); /* marked: the slow way */
    wefti_held_abandon_from(0);
    cr_assert(t[2].doomed && t[1].doomed);
    cr_assert_not(t[0].doomed);
}

Test(record, abandons_only_below_a_depth)
{
    toy outer = {0};
    toy inner = {0};
    cr_assert(wefti_held_has_room());
    wefti_held_push(&outer, 0, &toy_kind, (void *)0x2000);
    cr_assert(wefti_held_has_room());
    wefti_held_push(&inner, 0, &toy_kind, (void *)0x1000);
    wefti_held_abandon_below(0, 0x1000);
    cr_assert_eq(released, 0);
    wefti_held_abandon_below(0, 0x2000);
    cr_assert(inner.released && !outer.released);
    wefti_held_abandon_below(0, 0x2001);
    cr_assert(outer.released);
}

/* ---- the end of a thread ---- */

static int calls[4];
static size_t called;
static toy left_behind;
static bool abandoned_first;

static void at_exit(void *arg)
{
    abandoned_first = left_behind.released;
    calls[called++] = *(int *)arg;
}

static int one = 1;
static int two = 2;
static int three = 3;

static void *registers_and_ends(void *arg)
{
    (void)arg;
    bool done = wefti_record_at_exit(at_exit, &one) &&
                wefti_record_at_exit(at_exit, &two) && hold(&left_behind);
    return done ? &one : NULL;
}

Test(record, of_a_thread_that_ends_runs_its_calls_in_reverse)
{
    pthread_t thread;
    void *result;
    cr_assert_eq(pthread_create(&thread, NULL, registers_and_ends, NULL), 0);
    cr_assert_eq(pthread_join(thread, &result), 0);
    cr_assert_not_null(result);
    cr_assert_eq(called, 2);
    cr_assert_eq(calls[0], 2);
    cr_assert_eq(calls[1], 1);
    cr_assert(left_behind.released && left_behind.doomed);
    cr_assert(abandoned_first);
}

static toy forgotten;

static void locks_and_forgets(void *arg)
{
    (void)arg;
    (void)hold(&forgotten);
}

static void sees_it_released(void *arg)
{
    abandoned_first = forgotten.released;
    forgotten.released = false;
    locks_and_forgets(arg);
}

static void *ends_with_forgetful_calls(void *arg)
{
    bool done = wefti_record_at_exit(sees_it_released, NULL) &&
                wefti_record_at_exit(locks_and_forgets, NULL);
    return done ? arg : NULL;
}

Test(record, abandons_what_the_calls_at_the_end_leave_behind)
{
    pthread_t thread;
    void *result;
    cr_assert_eq(pthread_create(&thread, NULL, ends_with_forgetful_calls, &one),
                 0);
    cr_assert_eq(pthread_join(thread, &result), 0);
    cr_assert_not_null(result);
    cr_assert(abandoned_first);
    cr_assert(forgotten.released && forgotten.doomed);
    cr_assert_eq(released, 2);
}

static pthread_key_t late_key;

static void locks_late(void *arg)
{
    (void)arg;
    (void)!wefti_record_at_exit(at_exit, &three);
    (void)hold(&left_behind);
}

static void *ends_with_a_late_destructor(void *arg)
{
    (void)arg;
    (void)!wefti_record_at_exit(at_exit, &one);
    (void)pthread_key_create(&late_key, locks_late);
    (void)pthread_setspecific(late_key, &three);
    return NULL;
}

Test(record, serves_destructors_that_run_after_it)
{
    pthread_t thread;
    cr_assert_eq(
        pthread_create(&thread, NULL, ends_with_a_late_destructor, NULL), 0);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    cr_assert_eq(called, 2);
    cr_assert_eq(calls[1], 3);
    cr_assert(left_behind.released);
}

static void *locks_many_and_ends(void *arg)
{
    toy *t = arg;
    for (int i = 0; i < 40; i++) {
        if (!hold(&t[i])) {
            return NULL;
        }
    }
    return wefti_record_at_exit(at_exit, &one) ? arg : NULL;
}

Test(record, gives_its_memory_back)
{
    static toy t[40];
    test_alloc_install();
    pthread_t thread;
    void *result;
    cr_assert_eq(pthread_create(&thread, NULL, locks_many_and_ends, t), 0);
    cr_assert_eq(pthread_join(thread, &result), 0);
    cr_assert_eq(result, t);
    cr_assert_eq(test_alloc_live(), 0);
    cr_assert_eq(released, 40);
}

/* Every allocation of the thread fails once; what was taken is released. */
static void *locks_as_many_as_it_can(void *arg)
{
    toy *t = arg;
    intptr_t held = 0;
    while (held < 40 && hold(&t[held])) {
        held++;
    }
    return (void *)held;
}

Test(record, survives_every_failed_allocation)
{
    static toy t[40];
    test_alloc_install();
    for (size_t k = 1;; k++) {
        released = 0;
        pthread_t thread;
        void *held;
        test_alloc_fail_at(k);
        cr_assert_eq(pthread_create(&thread, NULL, locks_as_many_as_it_can, t),
                     0);
        cr_assert_eq(pthread_join(thread, &held), 0);
        bool failed = test_alloc_has_failed();
        test_alloc_fail_at(0);
        cr_assert_eq(test_alloc_live(), 0);
        cr_assert_eq(released, (size_t)(intptr_t)held);
        if (!failed) {
            cr_assert_eq((intptr_t)held, 40);
            return;
        }
        cr_assert_lt((intptr_t)held, 40);
    }
}

static pthread_key_t cancelled_key;

static void is_cancelled(void *arg)
{
    (void)arg;
    (void)pthread_cancel(pthread_self());
    pthread_testcancel();
}

static void *is_cancelled_at_the_end(void *arg)
{
    bool done = hold(&left_behind) &&
                pthread_key_create(&cancelled_key, is_cancelled) == 0 &&
                pthread_setspecific(cancelled_key, &one) == 0;
    return done ? arg : NULL;
}

Test(record, is_out_of_the_way_of_a_cancellation_that_comes_after_it)
{
    pthread_t thread;
    void *result;
    cr_assert_eq(pthread_create(&thread, NULL, is_cancelled_at_the_end, &one),
                 0);
    cr_assert_eq(pthread_join(thread, &result), 0);
    cr_assert_eq(result, PTHREAD_CANCELED);
    cr_assert(left_behind.released && left_behind.doomed);
}

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void locks_once(void)
{
    if (hold(&forgotten)) {
        (void)wefti_held_remove(&forgotten, "test");
    }
}

static void unlock_toy(toy **t)
{
    abandon_toy(*t);
}

static void *locks_first_in_a_callback(void *arg)
{
    (void)pthread_once(&once, locks_once);
    toy *t WEFT_CLEANUP(unlock_toy) = &left_behind;
    if (hold(t)) {
        pthread_exit(arg);
    }
    return NULL;
}

Test(record, dooms_at_exit_though_the_first_lock_was_in_a_callback)
{
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, locks_first_in_a_callback, &one),
                 0);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    cr_assert(left_behind.released && left_behind.doomed);
}
