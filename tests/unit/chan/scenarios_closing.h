/* Scenarios of every kind of channel: a side goes away. */
#ifndef WEFT_TESTS_CHAN_SCENARIOS_CLOSING_H
#define WEFT_TESTS_CHAN_SCENARIOS_CLOSING_H

#include "office.h"
#include "stalled.h"

static inline void scenario_send_without_a_receiver_is_refused(size_t capacity)
{
    post_tx tx;
    post_rx rx;
    post_office(capacity, &tx, &rx);
    cr_assert_not(post_tx_is_closed(&tx));
    post_rx_drop(&rx);
    cr_assert(post_tx_is_closed(&tx));
    parcel p = parcel_of(0, 1);
    cr_assert_eq(post_send(&tx, p), WEFT_CLOSED);
    cr_assert_eq(post_send_try(&tx, p), WEFT_CLOSED);
    cr_assert_eq(post_send_until(&tx, p, weft_deadline_at_ns(0)), WEFT_CLOSED);
    cr_assert_eq(destroyed_so_far(), 0, "the message is still the caller's");
    post_tx_drop(&tx);
}

static inline void scenario_recv_drains_before_it_ends(size_t capacity)
{
    post_tx tx;
    post_rx rx;
    post_office(capacity, &tx, &rx);
    uint32_t n = room(capacity, 150);
    fill(&tx, n);
    cr_assert_not(post_rx_is_closed(&rx));
    post_tx_drop(&tx);
    cr_assert(post_rx_is_closed(&rx));
    uint32_t got = 0;
    WEFT_CHAN_EACH(post, p, &rx) {
        cr_assert_eq(p.number, got++);
    }
    cr_assert_eq(got, n);
    parcel p;
    cr_assert_eq(post_recv_try(&rx, &p), WEFT_CLOSED);
    cr_assert_eq(post_recv_until(&rx, &p, WEFT_FOREVER), WEFT_CLOSED);
    post_rx_drop(&rx);
    cr_assert_eq(destroyed_so_far(), 0);
}

static inline void scenario_messages_left_are_destroyed_once(size_t capacity)
{
    post_tx tx;
    post_rx rx;
    uint32_t n = room(capacity, 150);
    post_office(capacity, &tx, &rx);
    fill(&tx, n);
    post_rx_drop(&rx);
    cr_assert_eq(destroyed_so_far(), n, "before the drop returns");
    post_tx_drop(&tx);
    post_office(capacity, &tx, &rx);
    fill(&tx, n);
    post_tx_drop(&tx);
    post_rx_drop(&rx);
    cr_assert_eq(destroyed_so_far(), 2 * n, "also when the senders went first");
}

static void recv_until_closed(gang_member *me)
{
    office *o = me->arg;
    if (me->index == 0) {
        say_tid(o, 0);
        parcel p;
        gang_check(me, post_recv(&o->rx, &p) == WEFT_CLOSED);
        return;
    }
    wait_asleep(o, 0);
    for (int i = 0; i < SENDERS; i++) {
        post_tx_drop(&o->tx[i]);
    }
}

static inline void scenario_last_drop_wakes_the_receiver(size_t capacity)
{
    office o = {0};
    office_open(&o, capacity);
    gang_run(2, recv_until_closed, &o);
    post_rx_drop(&o.rx);
}

static void send_until_closed(gang_member *me)
{
    office *o = me->arg;
    if (me->index < SENDERS) {
        post_tx *tx = &o->tx[me->index];
        say_tid(o, me->index);
        weft_status s = post_send(tx, parcel_of(0, 9));
        gang_check(me, s == WEFT_CLOSED);
        post_tx_drop(tx);
        return;
    }
    for (size_t i = 0; i < SENDERS; i++) {
        wait_asleep(o, i);
    }
    post_rx_drop(&o->rx);
}

static inline void scenario_receivers_drop_wakes_all_senders(size_t capacity)
{
    if (capacity == UNBOUNDED) {
        return; /* its senders never wait */
    }
    office o = {0};
    office_open(&o, capacity);
    fill(&o.tx[0], (uint32_t)capacity);
    gang_run(SENDERS + 1, send_until_closed, &o);
    cr_assert_eq(destroyed_so_far(), capacity, "not those that were refused");
}

/* Rows 1, 2 and 3 of the regressions (crossbeam#971, rust#110001; #1084,
 * rust#121582; RUSTSEC-2025-0024): senders race with the drop of the receiver,
 * from the very first message on. Row 4 (crossbeam 9d423946): the senders must
 * end, so no step may lose the mark that says closed. */
static void race_with_drop(gang_member *me)
{
    office *o = me->arg;
    if (me->index < SENDERS) {
        post_tx *tx = &o->tx[me->index];
        uint32_t n = 0;
        while (post_send(tx, parcel_of((uint32_t)me->index, n)) == WEFT_OK) {
            n++;
        }
        o->sent[me->index] = n;
        post_tx_drop(tx);
        return;
    }
    test_rng rng = test_rng_make(o->capacity);
    parcel p;
    for (uint64_t i = test_rng_below(&rng, 80); i > 0; i--) {
        gang_check(me, post_recv(&o->rx, &p) == WEFT_OK);
        gang_check(me, in_order(o, &p));
    }
    post_rx_drop(&o->rx);
}

static inline void scenario_sends_racing_with_the_drop(size_t capacity)
{
    test_alloc_install();
    for (int round = 0; round < 60; round++) {
        uint32_t before = destroyed_so_far();
        office o = {0};
        office_open(&o, capacity);
        gang_run(SENDERS + 1, race_with_drop, &o);
        uint32_t sent = 0;
        uint32_t got = 0;
        for (int i = 0; i < SENDERS; i++) {
            sent += o.sent[i];
            got += o.got[i];
        }
        cr_assert_eq(sent, got + destroyed_so_far() - before);
        cr_assert_eq(test_alloc_live(), 0);
    }
}

/* A sender claims its slot and stalls in the copy, others send behind it, and
 * the receiver goes (crossbeam#971, #1084): the drop waits for the copy. */
typedef struct stalled_office {
    office o;
    uint32_t behind;
    weft_status first;
    weft_atomic_u32 sent;
    weft_atomic_u32 dropped;
    bool too_early;
} stalled_office;

static void drop_while_one_copies(gang_member *me)
{
    stalled_office *s = me->arg;
    if (me->index == 0) {
        s->first = post_send_from(&s->o.tx[0], stalled.message);
    } else if (me->index == 1) {
        while (wefti_load_seq_cst(&s->sent) == 0) {
            (void)sched_yield();
        }
        post_rx_drop(&s->o.rx);
        wefti_store_seq_cst(&s->dropped, 1);
    } else {
        stall_wait();
        for (uint32_t i = 0; i < s->behind; i++) {
            (void)!post_send_try(&s->o.tx[1], parcel_of(1, i));
        }
        wefti_store_seq_cst(&s->sent, 1);
        for (int i = 0; i < 100 || !post_tx_is_closed(&s->o.tx[1]); i++) {
            (void)sched_yield();
        }
        s->too_early = wefti_load_seq_cst(&s->dropped) != 0;
        stall_end();
    }
}

static inline void scenario_drop_waits_for_a_copy(size_t capacity)
{
    if (capacity == 0) {
        return; /* its messages are never the channel's */
    }
    test_alloc_install();
    stalled_office s = {.behind = room(capacity, 200) - 1};
    uint32_t before = destroyed_so_far();
    office_open(&s.o, capacity);
    stall_prepare(parcel_of(0, 0));
    gang_run(3, drop_while_one_copies, &s);
    stall_finish();
    cr_assert_eq(s.first, WEFT_OK);
    cr_assert_not(s.too_early);
    cr_assert_eq(destroyed_so_far() - before, 1 + s.behind);
    for (int i = 0; i < SENDERS; i++) {
        post_tx_drop(&s.o.tx[i]);
    }
    cr_assert_eq(test_alloc_live(), 0);
}

#endif
