/* Who holds what, as locks of both kinds tell it. The orders are in
 * order_test.c. */
#include "sync/lockdep.h"

#include <weft/base/unwind.h>
#include <weft/sync/guarded.h>
#include <weft/sync/spinlock.h>

#include "support/alloc_fail.h"
#include "support/gang.h"

#include <criterion/criterion.h>

#include <string.h>

WEFT_MUTEX_DEFINE(bank, long);

#if WEFT_CHECKED

static weft_mutex m;
static weft_spinlock s;
static bank vault;
static weft_panic_info info;

static void check_panics(void (*fn)(void *arg), const char *part)
{
    cr_assert_eq(weft_catch_unwind(fn, NULL, &info), WEFT_PANICKED);
    cr_assert_not_null(strstr(info.message, part), "%s", info.message);
}

static void check_says(const char *part)
{
    cr_assert_not_null(strstr(info.message, part), "%s", info.message);
}

static void lock_bank_twice(void *unused)
{
    (void)unused;
    bank_guard outer, inner;
    weft_require(bank_lock(&vault, &outer) == WEFT_OK);
    weft_require(bank_lock(&vault, &inner) == WEFT_OK);
}

Test(lockdep, relock_names_the_lock_and_both_places)
{
    check_panics(lock_bank_twice, "holds the bank already");
    check_says("(locked at lockdep_test.c:");
    check_says(", and again at lockdep_test.c:");
}

WEFT_UNCHECKED static void lock_spinlock_twice(void *unused)
{
    (void)unused;
    weft_spinlock_lock(&s);
    weft_spinlock_lock(&s);
}

Test(lockdep, plain_spinlock_is_known_to_be_held_too)
{
    check_panics(lock_spinlock_twice, "holds the spinlock already");
}

static void lock_and_stay(gang_member *me)
{
    gang_check(me, weft_mutex_lock(&m) == WEFT_OK);
    weft_spinlock_lock(&s);
    gang_meet(me);
    gang_meet(me);
    weft_spinlock_unlock(&s);
    weft_mutex_unlock(&m);
}

static void unlock_mutex(void *unused)
{
    (void)unused;
    weft_mutex_unlock(&m);
}

static void unlock_spinlock(void *unused)
{
    (void)unused;
    weft_spinlock_unlock(&s);
}

static weft_panic_info of_mutex, of_spinlock;

static void lock_or_unlock(gang_member *me)
{
    if (me->index == 0) {
        lock_and_stay(me);
        return;
    }
    gang_meet(me);
    (void)pthread_setname_np(pthread_self(), "stranger");
    (void)!weft_catch_unwind(unlock_mutex, NULL, &of_mutex);
    (void)!weft_catch_unwind(unlock_spinlock, NULL, &of_spinlock);
    gang_meet(me);
}

Test(lockdep, stranger_is_told_who_holds_the_lock_since_where)
{
    gang_run(2, lock_or_unlock, NULL);
    info = of_mutex;
    check_says("holds the mutex since lockdep_test.c:");
    info = of_spinlock;
    check_says("holds the spinlock since lockdep_test.c:");
}

Test(lockdep, second_unlock_is_told_that_nobody_holds_the_lock)
{
    cr_assert_eq(weft_mutex_lock(&m), WEFT_OK);
    weft_mutex_unlock(&m);
    check_panics(unlock_mutex, "nobody holds the mutex");
    weft_spinlock_lock(&s);
    weft_spinlock_unlock(&s);
    check_panics(unlock_spinlock, "nobody holds the spinlock");
}

static void join(void *unused)
{
    (void)unused;
    wefti_lockdep_join("join");
}

WEFT_UNCHECKED Test(lockdep, join_is_refused_while_any_lock_is_held)
{
    join(NULL);
    cr_assert_eq(weft_mutex_lock_try(&m), WEFT_OK);
    check_panics(join, "while it holds the mutex that it locked at "
                       "lockdep_test.c:");
    WEFT_ALLOW(WEFT_HELD_JOIN) {
        join(NULL);
    }
    weft_mutex_unlock(&m);
    join(NULL);
    cr_assert(weft_spinlock_lock_try(&s));
    check_panics(join, "while it holds the spinlock");
    weft_spinlock_unlock(&s);
    join(NULL);
}

static void panic_holding_both(void *unused)
{
    (void)unused;
    WEFT_LOCK(bank, g, &vault) {
        WEFT_SPIN(h, &s) {
            weft_panic("out");
        }
    }
}

Test(lockdep, panic_leaves_nothing_held)
{
    cr_assert_eq(weft_catch_unwind(panic_holding_both, NULL, NULL),
                 WEFT_PANICKED);
    join(NULL);
    weft_spinlock_lock(&s);
    weft_spinlock_unlock(&s);
}

static void lock_dead_mutex(void *arg)
{
    weft_mutex *dead = arg;
    (void)!weft_mutex_lock_try(dead);
}

static void lock_dead_spinlock(void *arg)
{
    weft_spinlock *dead = arg;
    (void)!weft_spinlock_lock_try(dead);
}

Test(lockdep, lock_in_buried_memory_panics)
{
    weft_mutex gone = WEFT_MUTEX_INIT;
    weft_spinlock gone_too = WEFT_SPINLOCK_INIT;
    weft_bury(&gone, sizeof gone);
    weft_bury(&gone_too, sizeof gone_too);
    cr_assert_eq(weft_catch_unwind(lock_dead_mutex, &gone, &info),
                 WEFT_PANICKED);
    check_says("weft_mutex_lock: the mutex at ");
    cr_assert_eq(weft_catch_unwind(lock_dead_spinlock, &gone_too, &info),
                 WEFT_PANICKED);
    check_says("lies in memory that was given back");
    weft_mutex_init(&gone);
    cr_assert_eq(weft_mutex_lock(&gone), WEFT_OK);
    weft_mutex_unlock(&gone);
}

/* More locks at once than are written down: unknown, but never wrong. */
WEFT_UNCHECKED Test(lockdep, more_locks_than_are_known_are_no_misuse)
{
    enum { MANY = 200 };
    static weft_spinlock many[MANY];
    for (int i = 0; i < MANY; i++) {
        weft_spinlock_lock(&many[i]);
    }
    for (int i = 0; i < MANY; i++) {
        weft_spinlock_unlock(&many[i]);
    }
    join(NULL);
    weft_spinlock_lock(&many[0]);
    check_panics(join, "while it holds the spinlock");
    weft_spinlock_unlock(&many[0]);
}

/* More threads at once than are written down: the same. */
WEFT_UNCHECKED static void hold_one(gang_member *me)
{
    weft_spinlock own = WEFT_SPINLOCK_INIT;
    weft_spinlock_lock(&own);
    gang_meet(me);
    weft_spinlock_unlock(&own);
    weft_spinlock_lock(&own);
    weft_spinlock_unlock(&own);
}

Test(lockdep, more_threads_than_are_known_are_no_misuse)
{
    gang_run(600, hold_one, NULL);
}

Test(lockdep, allocates_nothing)
{
    test_alloc_install();
    cr_assert_eq(weft_mutex_lock(&m), WEFT_OK); /* the thread's record */
    const size_t before = test_alloc_calls();
    test_alloc_fail_at(1);
    bank_guard g;
    cr_assert_eq(bank_lock(&vault, &g), WEFT_OK);
    weft_spinlock_lock(&s);
    weft_spinlock_unlock(&s);
    bank_unlock(&g);
    weft_mutex_unlock(&m);
    test_alloc_fail_at(0);
    cr_assert_eq(test_alloc_calls(), before);
}

#else

Test(lockdep, is_nothing_in_an_unchecked_build)
{
    cr_assert_eq(WEFTI_LOCKDEP_BITS, 0);
}

#endif
