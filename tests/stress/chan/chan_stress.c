/* Channels under threads that do everything at once, from a printed seed. */
#ifdef __clang__
/* Ends lie in arrays here, and an assertion of Criterion hides the status it
 * looks at: both are beyond the analysis. */
#pragma clang diagnostic ignored "-Wthread-safety-analysis"
#endif

#include <weft/base/atomic.h>
#include <weft/chan/chan.h>

#include "support/gang.h"
#include "support/seed.h"

#include <criterion/criterion.h>
#include <string.h>

typedef struct ticket {
    uint32_t from;
    uint32_t number;
    weft_atomic_u32 *fate; /* how often this message met its end */
} ticket;
WEFT_SEND(ticket);

static void meet_end(ticket *t)
{
    (void)wefti_add_relaxed(t->fate, 1); /* read after the join */
}

WEFT_CHAN_DEFINE_DROP(tickets, ticket, meet_end);

enum { SENDERS = 3, EACH = 400 };

typedef struct fair {
    tickets_tx tx[SENDERS];
    tickets_rx rx;
    size_t capacity;
    uint32_t round;
    weft_atomic_u32 fate[SENDERS][EACH];
} fair;

/* Send in any of the three ways, through clones that come and go. */
static weft_status send_somehow(tickets_tx *tx, ticket t, test_rng *rng)
{
    switch (test_rng_below(rng, 3)) {
    case 0:
        return tickets_send_try(tx, t);
    case 1:
        return tickets_send_until(
            tx, t, weft_deadline_after_us(test_rng_below(rng, 30)));
    default:
        return tickets_send(tx, t);
    }
}

static weft_status recv_somehow(tickets_rx *rx, ticket *t, test_rng *rng)
{
    switch (test_rng_below(rng, 3)) {
    case 0:
        return tickets_recv_try(rx, t);
    case 1:
        return tickets_recv_until(
            rx, t, weft_deadline_after_us(test_rng_below(rng, 30)));
    default:
        return tickets_recv(rx, t);
    }
}

static void sell(gang_member *me, fair *f, test_rng *rng)
{
    tickets_tx tx = tickets_tx_move(&f->tx[me->index]);
    for (uint32_t i = 0; i < EACH; i++) {
        ticket t = {(uint32_t)me->index, i, &f->fate[me->index][i]};
        if (test_rng_below(rng, 16) == 0) {
            tickets_tx clone;
            tickets_tx_clone(&clone, &tx);
            tickets_tx_drop(&tx);
            tx = tickets_tx_move(&clone);
        }
        if (send_somehow(&tx, t, rng) != WEFT_OK) {
            meet_end(&t); /* it is still ours */
        }
    }
    tickets_tx_drop(&tx);
}

static void buy(gang_member *me, fair *f, test_rng *rng)
{
    uint32_t next[SENDERS] = {0};
    uint64_t patience = test_rng_below(rng, 2 * SENDERS * EACH);
    weft_status s = WEFT_OK;
    while (s != WEFT_CLOSED && patience > 0) {
        ticket t;
        patience--;
        s = recv_somehow(&f->rx, &t, rng);
        if (s == WEFT_OK) {
            gang_check(me, t.number >= next[t.from]);
            next[t.from] = t.number + 1;
            meet_end(&t);
        }
    }
    tickets_rx_drop(&f->rx);
}

static void trade(gang_member *me)
{
    fair *f = me->arg;
    test_rng rng = test_rng_make(f->round * 64u + me->index);
    if (me->index < SENDERS) {
        sell(me, f, &rng);
    } else {
        buy(me, f, &rng);
    }
}

/* Whatever happened, each message met exactly one end: received, refused, or
 * destroyed by the channel. */
static void hold_fair(size_t capacity, uint32_t round)
{
    static fair f;
    memset(&f, 0, sizeof f);
    f.round = round;
    f.capacity = capacity;
    weft_status s = capacity == SIZE_MAX
                        ? tickets_open_unbounded(&f.tx[0], &f.rx)
                        : tickets_open(capacity, &f.tx[0], &f.rx);
    cr_assert_eq(s, WEFT_OK);
    for (int i = 1; i < SENDERS; i++) {
        tickets_tx_clone(&f.tx[i], &f.tx[0]);
    }
    gang_run(SENDERS + 1, trade, &f);
    for (uint32_t i = 0; i < SENDERS * EACH; i++) {
        weft_atomic_u32 *fate = &f.fate[i / EACH][i % EACH];
        cr_assert_eq(wefti_load_relaxed(fate), 1); /* joined */
    }
}

static void hold_fairs(size_t capacity)
{
    for (uint32_t round = 0; round < 12; round++) {
        hold_fair(capacity, round);
    }
}

Test(chan_stress, every_message_meets_one_end_unbounded)
{
    hold_fairs(SIZE_MAX);
}

Test(chan_stress, every_message_meets_one_end_bounded)
{
    hold_fairs(1);
    hold_fairs(2);
    hold_fairs(64);
}

Test(chan_stress, every_message_meets_one_end_rendezvous)
{
    hold_fairs(0);
}
