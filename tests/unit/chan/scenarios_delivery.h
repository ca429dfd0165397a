/* Scenarios of every kind of channel: what is sent arrives. */
#ifndef WEFT_TESTS_CHAN_SCENARIOS_DELIVERY_H
#define WEFT_TESTS_CHAN_SCENARIOS_DELIVERY_H

#include "office.h"

static void send_many_recv_all(gang_member *me)
{
    office *o = me->arg;
    if (me->index < SENDERS) {
        post_tx *tx = &o->tx[me->index];
        for (uint32_t i = 0; i < MANY; i++) {
            parcel p = parcel_of((uint32_t)me->index, i);
            gang_check(me, post_send(tx, p) == WEFT_OK);
        }
        post_tx_drop(tx);
        return;
    }
    WEFT_CHAN_EACH(post, p, &o->rx) {
        gang_check(me, in_order(o, &p));
    }
}

static inline void scenario_keeps_order_and_loses_nothing(size_t capacity)
{
    office o = {0};
    office_open(&o, capacity);
    gang_run(SENDERS + 1, send_many_recv_all, &o);
    for (int i = 0; i < SENDERS; i++) {
        cr_assert_eq(o.got[i], MANY);
    }
    parcel p;
    cr_assert_eq(post_recv(&o.rx, &p), WEFT_CLOSED);
    cr_assert_eq(destroyed_so_far(), 0);
    post_rx_drop(&o.rx);
}

static inline void scenario_try_tells_full_from_empty(size_t capacity)
{
    post_tx tx;
    post_rx rx;
    post_office(capacity, &tx, &rx);
    parcel p = parcel_of(7, 7);
    for (int lap = 0; lap < 5; lap++) {
        cr_assert_eq(post_recv_try(&rx, &p), WEFT_EMPTY);
        cr_assert_eq(p.number, 7, "left alone");
        fill(&tx, room(capacity, 200));
        if (capacity <= 200) {
            cr_assert_eq(post_send_try(&tx, p), WEFT_FULL);
        }
        cr_assert_eq(post_rx_len(&rx), room(capacity, 200));
        for (uint32_t i = 0; i < room(capacity, 200); i++) {
            cr_assert_eq(post_recv_try(&rx, &p), WEFT_OK);
            cr_assert_eq(p.number, i);
        }
        p = parcel_of(7, 7);
    }
    cr_assert_eq(post_tx_len(&tx), 0);
    cr_assert_eq(post_tx_capacity(&tx), capacity);
    post_tx_drop(&tx);
    post_rx_drop(&rx);
}

#endif
