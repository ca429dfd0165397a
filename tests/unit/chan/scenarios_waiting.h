/* Scenarios of every kind of channel: sleeping, waking, deadlines. */
#ifndef WEFT_TESTS_CHAN_SCENARIOS_WAITING_H
#define WEFT_TESTS_CHAN_SCENARIOS_WAITING_H

#include "office.h"

static void one_each_way(gang_member *me)
{
    office *o = me->arg;
    parcel p = parcel_of(0, 0);
    if (me->index == 0) {
        say_tid(o, 0);
        gang_check(me, post_recv(&o->rx, &p) == WEFT_OK);
        gang_check(me, p.number == 42);
        return;
    }
    wait_asleep(o, 0);
    gang_check(me, post_send(&o->tx[0], parcel_of(0, 42)) == WEFT_OK);
}

static inline void scenario_send_wakes_a_sleeping_receiver(size_t capacity)
{
    office o = {0};
    office_open(&o, capacity);
    gang_run(2, one_each_way, &o);
    for (int i = 0; i < SENDERS; i++) {
        post_tx_drop(&o.tx[i]);
    }
    post_rx_drop(&o.rx);
}

/* All senders sleep, then the receiver takes everything and never sleeps: each
 * wake-up must be handed on. */
static void sleepers_send_one_each(gang_member *me)
{
    office *o = me->arg;
    if (me->index < SENDERS) {
        say_tid(o, me->index);
        gang_check(me,
                   post_send(&o->tx[me->index], parcel_of(1, 1)) == WEFT_OK);
        post_tx_drop(&o->tx[me->index]);
        return;
    }
    for (size_t i = 0; i < SENDERS; i++) {
        wait_asleep(o, i);
    }
    size_t got = 0;
    parcel p;
    while (got < o->capacity + SENDERS) {
        got += post_recv_try(&o->rx, &p) == WEFT_OK;
    }
    gang_check(me, post_recv(&o->rx, &p) == WEFT_CLOSED);
}

static inline void scenario_recv_wakes_every_sleeping_sender(size_t capacity)
{
    if (capacity == UNBOUNDED) {
        return; /* its senders never wait */
    }
    office o = {0};
    office_open(&o, capacity);
    fill(&o.tx[0], (uint32_t)capacity);
    gang_run(SENDERS + 1, sleepers_send_one_each, &o);
    post_rx_drop(&o.rx);
}

static inline void scenario_waits_end_at_the_deadline(size_t capacity)
{
    post_tx tx;
    post_rx rx;
    post_office(capacity, &tx, &rx);
    parcel p = parcel_of(0, 0);
    const weft_deadline past = weft_deadline_at_ns(0);
    cr_assert_eq(post_recv_until(&rx, &p, past), WEFT_TIMEOUT);
    weft_deadline soon = weft_deadline_after_ms(5);
    cr_assert_eq(post_recv_until(&rx, &p, soon), WEFT_TIMEOUT);
    cr_assert(weft_deadline_passed(soon), "not before");
    if (capacity == UNBOUNDED) {
        cr_assert_eq(post_send_until(&tx, p, past), WEFT_OK);
        cr_assert_eq(post_recv_until(&rx, &p, past), WEFT_OK);
    } else {
        fill(&tx, (uint32_t)capacity);
        cr_assert_eq(post_send_until(&tx, p, past), WEFT_TIMEOUT);
        soon = weft_deadline_after_ms(5);
        cr_assert_eq(post_send_until(&tx, p, soon), WEFT_TIMEOUT);
        cr_assert(weft_deadline_passed(soon), "not before");
        for (size_t i = 0; i < capacity; i++) {
            cr_assert_eq(post_recv_until(&rx, &p, past), WEFT_OK);
        }
    }
    cr_assert_eq(post_recv_try(&rx, &p), WEFT_EMPTY, "nothing stayed behind");
    cr_assert_eq(destroyed_so_far(), 0);
    post_tx_drop(&tx);
    /* Row 32 (tinycthread#4, crossbeam 0.5.3 and 0.5.7): no overflow. */
    weft_deadline huge = weft_deadline_at_ns(UINT64_MAX - 1);
    cr_assert_eq(post_recv_until(&rx, &p, huge), WEFT_CLOSED);
    post_rx_drop(&rx);
}

/* Row 5 (rust#39364, #48927, #94518): receives that time out while senders are
 * cloned and send; a send that timed out took its message back. */
static void hasty_senders_and_receiver(gang_member *me)
{
    office *o = me->arg;
    test_rng rng = test_rng_make(me->index);
    uint32_t n = 0;
    if (me->index == SENDERS) {
        weft_status s = WEFT_TIMEOUT;
        while (s != WEFT_CLOSED) {
            parcel p;
            uint64_t us = test_rng_below(&rng, 60);
            s = post_recv_until(&o->rx, &p, weft_deadline_after_us(us));
            gang_check(me, s != WEFT_OK || in_order(o, &p));
        }
        return;
    }
    for (int i = 0; i < 150; i++) {
        post_tx mine;
        post_tx_clone(&mine, &o->tx[me->index]);
        uint64_t us = test_rng_below(&rng, 60);
        weft_status s =
            post_send_until(&mine, parcel_of((uint32_t)me->index, n),
                            weft_deadline_after_us(us));
        n += s == WEFT_OK;
        gang_check(me, s == WEFT_OK || s == WEFT_TIMEOUT);
        post_tx_drop(&mine);
    }
    o->sent[me->index] = n;
    post_tx_drop(&o->tx[me->index]);
}

static inline void scenario_timeouts_lose_nothing(size_t capacity)
{
    office o = {0};
    office_open(&o, capacity);
    gang_run(SENDERS + 1, hasty_senders_and_receiver, &o);
    for (int i = 0; i < SENDERS; i++) {
        cr_assert_eq(o.got[i], o.sent[i]);
    }
    cr_assert_eq(destroyed_so_far(), 0);
    post_rx_drop(&o.rx);
}

#endif
