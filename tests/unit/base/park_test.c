#include "base/park.h"

#include "support/gang.h"
#include "support/seed.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

enum { PING_PONGS = 100000 };

static bool park(wefti_parker *p)
{
    return wefti_parker_park_until(p, WEFT_FOREVER);
}

static bool permission_waits(wefti_parker *p)
{
    return wefti_parker_park_until(p, weft_deadline_at_ns(0));
}

Test(park, a_permission_given_before_is_taken_without_sleep)
{
    wefti_parker p = {{0}};
    wefti_parker_unpark(&p);
    cr_assert(park(&p));
}

Test(park, a_past_deadline_takes_a_permission_that_waits)
{
    wefti_parker p = {{0}};
    wefti_parker_unpark(&p);
    cr_assert(wefti_parker_park_until(&p, weft_deadline_at_ns(0)));
}

Test(park, a_permission_is_taken_once)
{
    wefti_parker p = {{0}};
    wefti_parker_unpark(&p);
    cr_assert(permission_waits(&p));
    cr_assert_not(permission_waits(&p));
}

Test(park, permissions_do_not_add_up)
{
    wefti_parker p = {{0}};
    wefti_parker_unpark(&p);
    wefti_parker_unpark(&p);
    wefti_parker_unpark(&p);
    cr_assert(permission_waits(&p));
    cr_assert_not(permission_waits(&p));
}

Test(park, a_timeout_leaves_the_parker_idle)
{
    wefti_parker p = {{0}};
    for (int i = 0; i < 3; i++) {
        weft_deadline d = weft_deadline_after_ms(1);
        cr_assert_not(wefti_parker_park_until(&p, d));
        cr_assert(weft_deadline_passed(d));
    }
    wefti_parker_unpark(&p);
    cr_assert(park(&p));
    cr_assert_not(permission_waits(&p));
}

Test(park, errno_is_preserved)
{
    wefti_parker p = {{0}};
    errno = EXDEV;
    cr_assert_not(wefti_parker_park_until(&p, weft_deadline_after_ms(1)));
    cr_assert_eq(errno, EXDEV);
    wefti_parker_unpark(&p);
    cr_assert(park(&p));
    cr_assert_eq(errno, EXDEV);
}

/* ---- two threads ---- */

typedef struct table {
    wefti_parker sides[2];
    uint64_t ball; /* whoever was unparked last owns it */
} table;

static void hit_back(gang_member *me)
{
    table *t = me->arg;
    wefti_parker *mine = &t->sides[me->index];
    wefti_parker *theirs = &t->sides[1 - me->index];
    for (uint64_t i = 0; i < PING_PONGS; i++) {
        gang_check(me, park(mine));
        gang_check(me, t->ball == 2 * i + me->index);
        t->ball++;
        wefti_parker_unpark(theirs);
    }
}

Test(park, a_ball_goes_to_and_fro_and_its_data_with_it)
{
    table t = {0};
    wefti_parker_unpark(&t.sides[0]);
    gang_run(2, hit_back, &t);
    cr_assert_eq(t.ball, 2 * PING_PONGS);
    cr_assert(permission_waits(&t.sides[0]));
    cr_assert_not(permission_waits(&t.sides[1]));
}

/* The owner times out just when the permission comes, again and again: each
 * permission is taken by that park or by the next, never by none or both.
 * Regression 14 (tokio#459, #2134). */
enum { MEETINGS = 4000 };

typedef struct exchange {
    wefti_parker owner;
    wefti_parker giver;
} exchange;

static void take_impatiently(gang_member *me, exchange *x)
{
    test_rng rng = test_rng_make(me->index);
    for (int i = 0; i < MEETINGS; i++) {
        while (!wefti_parker_park_until(
            &x->owner, weft_deadline_after_us(test_rng_below(&rng, 40)))) {
        }
        wefti_parker_unpark(&x->giver);
    }
    gang_check(me, !permission_waits(&x->owner));
}

static void exchange_permissions(gang_member *me)
{
    exchange *x = me->arg;
    if (me->index == 0) {
        take_impatiently(me, x);
        return;
    }
    for (int i = 0; i < MEETINGS; i++) {
        wefti_parker_unpark(&x->owner);
        gang_check(me, park(&x->giver));
    }
}

Test(park, a_timeout_never_loses_the_permission)
{
    exchange x = {0};
    gang_run(2, exchange_permissions, &x);
}

enum { GIVERS = 4, GIFTS = 5000 };

typedef struct charity {
    wefti_parker owner;
    weft_atomic_u32 given[GIVERS];
} charity;

/* Several unpark at once. The last permission is seen by whoever has seen all
 * that came before, though others overwrote it. */
static void give_or_take(gang_member *me)
{
    charity *c = me->arg;
    if (me->index > 0) {
        for (uint32_t i = 0; i < GIFTS; i++) {
            /* relaxed: handed over by the permission. */
            wefti_store_relaxed(&c->given[me->index - 1], i + 1);
            wefti_parker_unpark(&c->owner);
        }
        return;
    }
    for (uint32_t all = 0; all != GIVERS * GIFTS;) {
        gang_check(me, park(&c->owner));
        all = 0;
        for (size_t i = 0; i < GIVERS; i++) {
            all += wefti_load_relaxed(&c->given[i]);
        }
    }
}

Test(park, who_is_unparked_by_many_misses_none)
{
    charity c = {0};
    gang_run(1 + GIVERS, give_or_take, &c);
}

/* ---- signals ---- */

static void ignore(int signal)
{
    (void)signal;
}

typedef struct parked {
    wefti_parker parker;
    weft_deadline until;
    weft_atomic_u32 tid;
    weft_atomic_u32 returned;
    bool taken;
} parked;

static void *park_once(void *arg)
{
    parked *p = arg;
    wefti_store_release(&p->tid, (uint32_t)gettid());
    p->taken = wefti_parker_park_until(&p->parker, p->until);
    wefti_store_release(&p->returned, 1u);
    return NULL;
}

/* Regression 20 (liburcu, June 2022): a spurious return of the futex, here by
 * signals, is not taken for a wake-up. */
static void storm(weft_deadline until)
{
    struct sigaction action = {.sa_handler = ignore};
    cr_assert_eq(sigaction(SIGUSR1, &action, NULL), 0);
    parked p = {.until = until};
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, park_once, &p), 0);
    while (wefti_load_acquire(&p.tid) == 0) {
        (void)sched_yield();
    }
    for (int i = 0; i < 500; i++) {
        cr_assert(test_wait_until_asleep((int)wefti_load_relaxed(&p.tid)));
        cr_assert_eq(pthread_kill(thread, SIGUSR1), 0);
    }
    cr_assert_eq(wefti_load_acquire(&p.returned), 0);
    wefti_parker_unpark(&p.parker);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    cr_assert(p.taken);
}

Test(park, signals_do_not_end_it)
{
    storm(WEFT_FOREVER);
    storm(weft_deadline_after_s(3600));
    storm(weft_deadline_at_ns(UINT64_MAX - 1));
}
