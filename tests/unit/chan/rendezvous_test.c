#include "scenarios.h"

CHAN_SCENARIOS(rendezvous, 0)

typedef struct meeting {
    post_tx tx;
    post_rx rx;
    weft_atomic_u32 taken;
    bool too_early;
} meeting;

static void send_ends_when_taken(gang_member *me)
{
    meeting *m = me->arg;
    for (uint32_t i = 0; i < 500; i++) {
        parcel p = parcel_of(0, i);
        if (me->index == 0) {
            gang_check(me, post_send(&m->tx, p) == WEFT_OK);
            /* acquire [test.taken] */
            m->too_early |= wefti_load_acquire(&m->taken) < i;
        } else {
            /* release [test.taken] */
            wefti_store_release(&m->taken, i);
            gang_check(me, post_recv(&m->rx, &p) == WEFT_OK && p.number == i);
        }
    }
}

Test(rendezvous, send_ends_only_when_somebody_took_the_message)
{
    meeting m = {0};
    post_office(0, &m.tx, &m.rx);
    gang_run(2, send_ends_when_taken, &m);
    cr_assert_not(m.too_early);
    post_tx_drop(&m.tx);
    post_rx_drop(&m.rx);
}

static void try_finds_who_waits(gang_member *me)
{
    office *o = me->arg;
    parcel p = parcel_of(0, 5);
    if (me->index == 0) {
        say_tid(o, 0);
        gang_check(me, post_send(&o->tx[0], p) == WEFT_OK);
        say_tid(o, 1);
        gang_check(me, post_recv(&o->rx, &p) == WEFT_OK && p.number == 6);
        return;
    }
    wait_asleep(o, 0);
    gang_check(me, post_recv_try(&o->rx, &p) == WEFT_OK && p.number == 5);
    wait_asleep(o, 1);
    gang_check(me, post_send_try(&o->tx[1], parcel_of(0, 6)) == WEFT_OK);
}

Test(rendezvous, try_meets_a_partner_who_waits)
{
    office o = {0};
    office_open(&o, 0);
    gang_run(2, try_finds_who_waits, &o);
    for (int i = 0; i < SENDERS; i++) {
        post_tx_drop(&o.tx[i]);
    }
    post_rx_drop(&o.rx);
}
