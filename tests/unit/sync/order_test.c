/* The graph of lock orders: the circles it must see, and the patterns that it
 * must leave alone. */
#include "sync/order.h"

#include <weft/base/checked.h>
#include <weft/base/unwind.h>
#include <weft/sync/guarded.h>
#include <weft/sync/spinlock.h>

#include "support/gang.h"

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#if WEFT_CHECKED

static weft_mutex a, b, c, gate_lock;
static weft_panic_info info;

static void lock(weft_mutex *m)
{
    weft_require(weft_mutex_recover(m) == WEFT_OK);
    weft_mutex_clear_poison(m);
}

WEFT_UNCHECKED static void both(weft_mutex *first, weft_mutex *second)
{
    lock(first);
    lock(second);
    weft_mutex_unlock(second);
    weft_mutex_unlock(first);
}

typedef struct pair {
    weft_mutex *first;
    weft_mutex *second;
} pair;

static void lock_pair(void *arg)
{
    const pair *p = arg;
    both(p->first, p->second);
}

static weft_status attempt(weft_mutex *first, weft_mutex *second)
{
    pair p = {first, second};
    return weft_catch_unwind(lock_pair, &p, &info);
}

static void check_says(const char *part)
{
    cr_assert_not_null(strstr(info.message, part), "%s", info.message);
}

Test(order, contradiction_panics_with_all_four_places)
{
    both(&a, &b);
    cr_assert_eq(attempt(&b, &a), WEFT_PANICKED);
    check_says("lock order: mutex 0x");
    const char *at = info.message;
    for (int places = 0; places < 4; places++) {
        at = strstr(at, "order_test.c:");
        cr_assert_not_null(at, "%s", info.message);
        at++;
    }
}

Test(order, contradiction_is_told_each_time)
{
    both(&a, &b);
    cr_assert_eq(attempt(&b, &a), WEFT_PANICKED);
    cr_assert_eq(attempt(&b, &a), WEFT_PANICKED);
    both(&a, &b);
}

Test(order, circle_of_three_is_seen_before_anybody_blocks)
{
    both(&a, &b);
    both(&b, &c);
    both(&a, &c);
    cr_assert_eq(attempt(&c, &a), WEFT_PANICKED);
    cr_assert_eq(attempt(&c, &b), WEFT_PANICKED);
}

Test(order, circle_without_a_shortcut_counts_its_locks)
{
    both(&a, &b);
    both(&b, &c);
    cr_assert_eq(attempt(&c, &a), WEFT_PANICKED);
    check_says("in a circle of 3 locks");
}

Test(order, circle_longer_than_a_report_is_seen)
{
    enum { LONG = 40 };
    static weft_mutex ring[LONG];
    for (int i = 0; i + 1 < LONG; i++) {
        both(&ring[i], &ring[i + 1]);
    }
    cr_assert_eq(attempt(&ring[LONG - 1], &ring[0]), WEFT_PANICKED);
    check_says("in a circle of 40 locks");
}

static void one_way(gang_member *me)
{
    for (size_t turn = 0; turn < me->count; turn++) {
        if (turn == me->index) {
            both(&a, &b);
        }
        gang_meet(me);
    }
}

Test(order, contradiction_between_threads_is_seen_though_they_never_met)
{
    gang_run(2, one_way, NULL);
    cr_assert_eq(attempt(&b, &a), WEFT_PANICKED);
}

WEFT_UNCHECKED static void spin_then_mutex(void *unused)
{
    (void)unused;
    static weft_spinlock s;
    lock(&a);
    weft_spinlock_lock(&s);
    weft_spinlock_unlock(&s);
    weft_mutex_unlock(&a);
    WEFT_SPIN(g, &s) {
        both(&a, &b);
    }
}

Test(order, of_spinlocks_and_mutexes_is_one_order)
{
    cr_assert_eq(weft_catch_unwind(spin_then_mutex, NULL, &info),
                 WEFT_PANICKED);
    check_says("spinlock 0x");
}

/* ---- what is sound ---- */

Test(order, try_lock_contradicts_nothing)
{
    both(&a, &b);
    for (int i = 0; i < 3; i++) { /* the usual way of backing off */
        lock(&b);
        weft_status s = weft_mutex_lock_try(&a);
        cr_assert_eq(s, WEFT_OK);
        weft_mutex_unlock(&a);
        weft_mutex_unlock(&b);
    }
    lock(&b);
    cr_assert_eq(weft_mutex_lock_until(&a, weft_deadline_after_s(60)), WEFT_OK);
    weft_mutex_unlock(&a);
    weft_mutex_unlock(&b);
}

Test(order, what_was_taken_by_try_counts_as_held)
{
    lock(&a);
    cr_assert_eq(weft_mutex_lock_try(&b), WEFT_OK);
    lock(&c);
    weft_mutex_unlock(&c);
    weft_mutex_unlock(&b);
    weft_mutex_unlock(&a);
    cr_assert_eq(attempt(&c, &b), WEFT_PANICKED);
}

Test(order, hand_over_hand_is_sound)
{
    enum { NODES = 20 };
    static weft_mutex list[NODES];
    for (int round = 0; round < 3; round++) {
        lock(&list[0]);
        for (int i = 1; i < NODES; i++) {
            lock(&list[i]);
            weft_mutex_unlock(&list[i - 1]);
        }
        weft_mutex_unlock(&list[NODES - 1]);
    }
    cr_assert_eq(attempt(&list[7], &list[3]), WEFT_PANICKED);
}

Test(order, lock_made_anew_has_no_past)
{
    for (int i = 0; i < 10; i++) {
        both(&a, &b);
        weft_mutex_init(&a);
        weft_mutex_init(&b);
        both(&b, &a);
        weft_mutex_init(&a);
        weft_mutex_init(&b);
    }
}

typedef struct account {
    weft_mutex mutex;
    long balance;
} account;

Test(order, memory_that_was_another_lock_has_no_past)
{
    for (int i = 0; i < 20000; i++) { /* more than the graph has nodes */
        account *x = calloc(1, sizeof *x);
        account *y = calloc(1, sizeof *y);
        both(i % 2 == 0 ? &x->mutex : &y->mutex,
             i % 2 == 0 ? &y->mutex : &x->mutex);
        free(x);
        free(y);
    }
}

Test(order, of_locals_ends_with_them)
{
    for (int i = 0; i < 20000; i++) {
        weft_mutex x = WEFT_MUTEX_INIT;
        weft_mutex y = WEFT_MUTEX_INIT;
        both(i % 2 == 0 ? &x : &y, i % 2 == 0 ? &y : &x);
    }
}

Test(order, moved_or_copied_lock_does_not_bring_the_past)
{
    account x = {WEFT_MUTEX_INIT, 0}, y = {WEFT_MUTEX_INIT, 0};
    both(&x.mutex, &y.mutex);
    account x2 = y, y2 = x; /* each where the other would be */
    both(&x2.mutex, &y2.mutex);
    both(&x.mutex, &y.mutex);
}

static void guarded(weft_mutex *first, weft_mutex *second)
{
    lock(&gate_lock);
    both(first, second);
    weft_mutex_unlock(&gate_lock);
}

Test(order, one_lock_around_both_orders_makes_them_sound)
{
    guarded(&a, &b);
    guarded(&b, &a);
    guarded(&a, &b);
}

Test(order, lock_around_one_order_only_does_not)
{
    guarded(&a, &b);
    cr_assert_eq(attempt(&b, &a), WEFT_PANICKED);
}

Test(order, that_was_guarded_once_and_then_not_is_told)
{
    guarded(&a, &b);
    guarded(&b, &a);
    cr_assert_eq(attempt(&a, &b), WEFT_PANICKED);
    guarded(&a, &b);
}

Test(order, may_be_allowed_to_contradict)
{
    both(&a, &b);
    WEFT_ALLOW(WEFT_LOCK_INVERSION) {
        both(&b, &a);
    }
    both(&a, &b);
}

/* What outgrows the graph is forgotten, and said once; nothing is invented. */
Test(order, graph_that_is_full_forgets)
{
    enum { MANY = 300 };
    static weft_mutex many[MANY];
    for (int i = 0; i < MANY; i++) {
        for (int k = i + 1; k < MANY; k++) {
            both(&many[i], &many[k]);
        }
    }
    cr_assert_eq(attempt(&many[1], &many[0]), WEFT_PANICKED);
}

#else

Test(order, is_nothing_in_an_unchecked_build)
{
    cr_assert_eq(WEFT_CHECKED, 0);
}

#endif
