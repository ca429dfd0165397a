/* The mutex among three threads, explored: of several who wait none is left
 * asleep. */
#include "support/model.h"

#include <weft/weft.h>

#include <criterion/criterion.h>

static weft_mutex m = WEFT_MUTEX_INIT;
static int value; /* plain: guarded by m alone */

/* How often each of these happened, in all executions. */
static struct {
    uint32_t ok, late, first, second;
} seen;

__attribute__((noinline, no_sanitize("thread"))) static void count(uint32_t *n)
{
    ++*n;
}

static void increment(void *unused)
{
    (void)unused;
    weft_model_assert(weft_mutex_lock(&m) == WEFT_OK);
    value++;
    weft_mutex_unlock(&m);
}

/* Two threads come while a third holds the mutex, so that both may sleep: the
 * one that is woken first owes the other its wake-up. Of the kind of musl
 * 97c5b5a8: the word that it leaves is that of a mutex nobody waits for. */
static void two_wait(void *unused)
{
    (void)unused;
    weft_model_assert(weft_mutex_lock(&m) == WEFT_OK);
    weft_model_thread a = weft_model_spawn(increment, NULL);
    weft_model_thread b = weft_model_spawn(increment, NULL);
    value++;
    weft_mutex_unlock(&m);
    weft_model_join(a);
    weft_model_join(b);
    weft_model_assert(value == 3);
}

Test(mutex_crowd, wakes_all_who_wait)
{
    model_holds(two_wait, .name = "mutex, two wait");
}

/* A waiter that gives up takes no wake-up with it, even if it is woken when its
 * deadline is over. */
static void give_up(void *unused)
{
    (void)unused;
    weft_status s = weft_mutex_lock_until(&m, weft_deadline_after_ms(1));
    if (s == WEFT_OK) {
        value++;
        weft_mutex_unlock(&m);
    }
    weft_model_assert(s == WEFT_OK || s == WEFT_TIMEOUT);
    count(s == WEFT_OK ? &seen.ok : &seen.late);
}

static void one_of_two_gives_up(void *unused)
{
    (void)unused;
    weft_model_assert(weft_mutex_lock(&m) == WEFT_OK);
    weft_model_thread a = weft_model_spawn(give_up, NULL);
    weft_model_thread b = weft_model_spawn(increment, NULL);
    weft_thread_sleep_until(weft_deadline_after_ms(2));
    weft_mutex_unlock(&m);
    weft_model_join(a);
    weft_model_join(b);
    weft_model_assert(value >= 1);
}

Test(mutex_crowd, loses_no_wake_up_to_a_waiter_that_gives_up)
{
    model_holds(one_of_two_gives_up, .name = "mutex, one gives up");
    cr_assert(seen.ok > 0 && seen.late > 0);
}

/* -------------------------------------------------------------------- poison
 */

static void silence(const weft_panic_info *info, const char *thread)
{
    (void)info;
    (void)thread;
}

/* tensorflow#932: a wake-up swallowed by a waiter that is already leaving. All
 * who wait must learn of the poison. */
static weft_model_thread waiting[2];

static void be_refused(void *unused)
{
    (void)unused;
    weft_model_assert(weft_mutex_lock(&m) == WEFT_POISONED);
}

static void fall_before_two(void *unused)
{
    (void)unused;
    weft_model_assert(weft_mutex_lock(&m) == WEFT_OK);
    waiting[0] = weft_model_spawn(be_refused, NULL);
    waiting[1] = weft_model_spawn(be_refused, NULL);
    weft_panic("with two waiting");
}

static void two_are_refused(void *unused)
{
    (void)unused;
    (void)weft_panic_set_hook(silence);
    weft_model_assert(weft_catch_unwind(fall_before_two, NULL, NULL) ==
                      WEFT_PANICKED);
    weft_model_join(waiting[0]);
    weft_model_join(waiting[1]);
}

Test(mutex_crowd, tells_all_who_wait_of_the_poison)
{
    model_holds(two_are_refused, .name = "mutex, two are refused");
}

/* A barger falls between the wake-up of one waiter and that waiter's look. It
 * has seen no crowd and wakes nobody: the one who was woken, and leaves, must.
 */
static void lock_or_be_refused(void *unused)
{
    (void)unused;
    weft_status s = weft_mutex_lock(&m);
    if (s == WEFT_OK) {
        weft_mutex_unlock(&m);
    }
    count(s == WEFT_OK ? &seen.first : &seen.second);
}

static void fall_as_a_barger(void *unused)
{
    (void)unused;
    weft_model_assert(weft_mutex_lock(&m) == WEFT_OK);
    waiting[0] = weft_model_spawn(lock_or_be_refused, NULL);
    waiting[1] = weft_model_spawn(lock_or_be_refused, NULL);
    weft_mutex_unlock(&m);
    if (weft_mutex_lock_try(&m) == WEFT_OK) {
        weft_panic("with one waiting and one woken");
    }
}

static void a_barger_falls(void *unused)
{
    (void)unused;
    (void)weft_panic_set_hook(silence);
    bool fell =
        weft_catch_unwind(fall_as_a_barger, NULL, NULL) == WEFT_PANICKED;
    weft_model_join(waiting[0]);
    weft_model_join(waiting[1]);
    weft_model_assert(weft_mutex_is_poisoned(&m) == fell);
}

Test(mutex_crowd, passes_on_a_wake_up_that_meets_poison)
{
    model_holds(a_barger_falls, .name = "mutex, a barger panics",
                .search = WEFT_MODEL_BOUNDED, .preemptions = 2);
    cr_assert(seen.first > 0 && seen.second > 0);
}

/* One waiter repairs and the other finds it sound, or comes first and is
 * refused; none is left asleep. */
static void repair(void)
{
    weft_model_assert(weft_mutex_recover(&m) == WEFT_OK);
    value = 0;
    weft_mutex_clear_poison(&m);
    weft_mutex_unlock(&m);
}

static void repair_if_refused(void *unused)
{
    (void)unused;
    if (weft_mutex_lock(&m) == WEFT_OK) {
        count(&seen.second);
        weft_mutex_unlock(&m);
        return;
    }
    repair();
    count(&seen.first);
}

static void fall_before_repair(void *unused)
{
    (void)unused;
    weft_model_assert(weft_mutex_lock(&m) == WEFT_OK);
    waiting[0] = weft_model_spawn(repair_if_refused, NULL);
    waiting[1] = weft_model_spawn(repair_if_refused, NULL);
    value = -1;
    weft_panic("with two waiting");
}

static void two_repair(void *unused)
{
    (void)unused;
    (void)weft_panic_set_hook(silence);
    weft_model_assert(weft_catch_unwind(fall_before_repair, NULL, NULL) ==
                      WEFT_PANICKED);
    weft_model_join(waiting[0]);
    weft_model_join(waiting[1]);
    weft_model_assert(value == 0);
    weft_model_assert(weft_mutex_lock_try(&m) == WEFT_OK);
    weft_mutex_unlock(&m);
}

Test(mutex_crowd, is_repaired_among_waiters)
{
    model_holds(two_repair, .name = "mutex, two repair",
                .search = WEFT_MODEL_BOUNDED, .preemptions = 2);
    cr_assert(seen.first > 0 && seen.second > 0);
}
