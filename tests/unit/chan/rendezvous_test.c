#include "scenarios.h"
#include "stalled.h"

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

/* One side waits with a deadline; it comes while its partner is copying. */
typedef struct late_party {
    office o;
    bool waiter_sends;
    weft_deadline d;
    weft_status waited;
    weft_status tried;
    weft_atomic_u32 left; /* the one who waited */
} late_party;

static weft_status wait_with_deadline(late_party *l)
{
    static parcel p;
    p = parcel_of(0, 7);
    return l->waiter_sends ? post_send_from_until(&l->o.tx[0], &p, l->d)
                           : post_recv_until(&l->o.rx, &p, l->d);
}

static weft_status try_while_it_waits(late_party *l)
{
    wait_asleep(&l->o, 0);
    return l->waiter_sends ? post_recv_try(&l->o.rx, stalled.message)
                           : post_send_from_try(&l->o.tx[1], stalled.message);
}

/* After the deadline, give a waiter that ignores its partner time to leave. */
static void end_stall_after(late_party *l)
{
    const struct timespec nap = {0, 1000000};
    weft_deadline enough = weft_deadline_at_ns(l->d.ns + 20000000);
    while (wefti_load_seq_cst(&l->left) == 0 && !weft_deadline_passed(enough)) {
        (void)nanosleep(&nap, NULL);
    }
    stall_end();
}

static void meet_late(gang_member *me)
{
    late_party *l = me->arg;
    if (me->index == 0) {
        l->d = weft_deadline_after_ms(50);
        say_tid(&l->o, 0);
        l->waited = wait_with_deadline(l);
        wefti_store_seq_cst(&l->left, 1);
        return;
    }
    if (me->index == 1) {
        l->tried = try_while_it_waits(l);
        wefti_store_seq_cst(&stalled.reached, 1); /* also if it met nobody */
        return;
    }
    stall_wait();
    end_stall_after(l);
}

/* rust#39364, #48927, #94518: a timeout fires while the other side is at it. */
static void deadline_in_a_copy(bool waiter_sends)
{
    bool met = false;
    for (int round = 0; round < 20 && !met; round++) {
        late_party l = {.waiter_sends = waiter_sends};
        office_open(&l.o, 0);
        stall_prepare(parcel_of(0, 7));
        gang_run(3, meet_late, &l);
        met = l.tried == WEFT_OK; /* else the machine was too slow */
        cr_assert_eq(l.waited, met ? WEFT_OK : WEFT_TIMEOUT);
        stall_finish();
        for (int i = 0; i < SENDERS; i++) {
            post_tx_drop(&l.o.tx[i]);
        }
        post_rx_drop(&l.o.rx);
    }
    cr_assert(met);
}

Test(rendezvous, a_receiver_whose_partner_copies_cannot_time_out)
{
    deadline_in_a_copy(false);
}

Test(rendezvous, a_sender_whose_partner_copies_cannot_time_out)
{
    deadline_in_a_copy(true);
}
