#include "chan/waiter.h"
#include "chan/flavour.h"

#include "support/gang.h"
#include "support/seed.h"

#include <criterion/criterion.h>
#include <sched.h>

/* A side whose step is to find a counter above zero, and to lower it. */
typedef struct counter {
    struct weft_chan head;
    wefti_waiters waiters;
    weft_atomic_u32 permits;
} counter;

static bool positive(const void *arg)
{
    const counter *c = arg;
    return wefti_load_seq_cst(&c->permits) > 0;
}

static weft_status lower(struct weft_chan *head, wefti_buffer msg)
{
    (void)msg;
    counter *c = (counter *)(void *)head;
    uint32_t n = wefti_load_relaxed(&c->permits); /* relaxed: re-checked */
    while (n > 0) {
        if (wefti_cas_seq_cst(&c->permits, &n, n - 1)) {
            return WEFT_OK;
        }
    }
    return WEFT_EMPTY;
}

static const wefti_want a_permit = {lower, positive, WEFT_EMPTY};

static weft_status wait_until(counter *c, weft_deadline d)
{
    wefti_buffer none = {NULL};
    return wefti_waiters_wait(&c->waiters, &a_permit, &c->head, none, d);
}

Test(waiter, a_passed_deadline_tries_once_and_gives_up)
{
    counter c = {0};
    wefti_waiters_init(&c.waiters);
    cr_assert_eq(wait_until(&c, weft_deadline_at_ns(0)), WEFT_TIMEOUT);
    wefti_store_seq_cst(&c.permits, 1);
    cr_assert_eq(wait_until(&c, weft_deadline_at_ns(0)), WEFT_OK);
}

Test(waiter, nobody_is_counted_after_a_timeout)
{
    counter c = {0};
    wefti_waiters_init(&c.waiters);
    cr_assert_eq(wait_until(&c, weft_deadline_after_ms(2)), WEFT_TIMEOUT);
    cr_assert_eq(wefti_load_seq_cst(&c.waiters.sleepers), 0);
}

enum { SLEEPERS = 3 };

static void sleep_or_wake(gang_member *me)
{
    counter *c = me->arg;
    if (me->index < SLEEPERS) {
        gang_check(me, wait_until(c, WEFT_FOREVER) == WEFT_OK);
        return;
    }
    while (wefti_load_seq_cst(&c->waiters.sleepers) < SLEEPERS) {
    }
    wefti_store_seq_cst(&c->permits, SLEEPERS);
    wefti_waiters_notify(&c->waiters);
}

/* One notification for three permits: each sleeper must hand it on. */
Test(waiter, a_wake_up_is_handed_on)
{
    for (int round = 0; round < 200; round++) {
        counter c = {0};
        wefti_waiters_init(&c.waiters);
        gang_run(SLEEPERS + 1, sleep_or_wake, &c);
        cr_assert_eq(wefti_load_seq_cst(&c.permits), 0);
    }
}

/* A step that comes between the waiter's last look while awake and its entry
 * among the sleepers, when there is nobody to be woken yet: only the look
 * before the sleep can find it. */
typedef struct latecomer {
    counter c;
    uint32_t looks; /* after the entry */
} latecomer;

static bool comes_late(const void *arg)
{
    latecomer *l = (latecomer *)(uintptr_t)arg;
    if (wefti_load_seq_cst(&l->c.waiters.sleepers) == 0) {
        wefti_store_seq_cst(&l->c.permits, 1);
        wefti_waiters_notify(&l->c.waiters);
        return false; /* what was true when the look began */
    }
    l->looks++;
    return positive(arg);
}

static const wefti_want a_late_permit = {lower, comes_late, WEFT_EMPTY};

Test(waiter, looks_once_more_before_it_sleeps)
{
    latecomer l = {0};
    wefti_waiters_init(&l.c.waiters);
    wefti_buffer none = {NULL};
    /* Ends by itself if the look is forgotten, but late, and without it. */
    weft_deadline d = weft_deadline_after_ms(200);
    cr_assert_eq(
        wefti_waiters_wait(&l.c.waiters, &a_late_permit, &l.c.head, none, d),
        WEFT_OK);
    cr_assert_eq(l.looks, 1);
}

enum { STEPS = 3000 };

static void step_and_wait(gang_member *me)
{
    counter *c = me->arg;
    test_rng rng = test_rng_make(me->index);
    for (int i = 0; i < STEPS; i++) {
        if (me->index == 0) {
            gang_check(me, wait_until(c, WEFT_FOREVER) == WEFT_OK);
            continue;
        }
        for (uint64_t k = test_rng_below(&rng, 3000); k > 0; k--) {
            wefti_spin_hint();
        }
        (void)wefti_add_seq_cst(&c->permits, 1);
        wefti_waiters_notify(&c->waiters);
        while (wefti_load_seq_cst(&c->permits) > 0) {
            (void)sched_yield();
        }
    }
}

/* The duel: a step that comes while the waiter goes to sleep. */
Test(waiter, sees_a_step_that_comes_while_it_falls_asleep)
{
    counter c = {0};
    wefti_waiters_init(&c.waiters);
    gang_run(2, step_and_wait, &c);
    cr_assert_eq(wefti_load_seq_cst(&c.permits), 0);
}
