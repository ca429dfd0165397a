/* What the model tests of channels share: an office with two senders and a
 * receiver, each of whom plays a role, and numbered parcels of which it is
 * known where each has ended.
 *
 * Static memory is put back before each execution, but for the tally. */
#ifndef WEFT_TESTS_MODEL_CHAN_OFFICE_H
#define WEFT_TESTS_MODEL_CHAN_OFFICE_H

#ifdef __clang__
/* Ends lie in arrays here: beyond the analysis. */
#pragma clang diagnostic ignored "-Wthread-safety-analysis"
#endif

#include "chan/lock.h"

#include <weft/base/asym.h>
#include <weft/base/atomic.h>
#include <weft/chan/chan.h>

#include "support/model.h"

#include <criterion/criterion.h>

enum { UNBOUNDED = -1, SENDERS = 2, PARCELS = 4, SMALL = 8, LARGE = 24 };

typedef struct parcel {
    uint32_t from;
    uint32_t number;
    uint64_t rest[2]; /* of a large one */
} parcel;

/* Which channel, and who does what with it. */
typedef struct scene {
    int capacity;
    size_t size;
    bool fences; /* asymmetric, as where the kernel has membarrier */
    bool locks;  /* the lock of a rendezvous is explored too */
    uint32_t signals_before_drop; /* that the drop function waits for */
    uint32_t waiting; /* parcels of sender 0 that are there from the start */
    void (*senders[SENDERS])(uint32_t me); /* NULL: that one is not there */
    void (*receiver)(void);                /* the body's own thread */
} scene;

static scene now;

static weft_chan_tx tx[SENDERS];
static weft_chan_rx rx;

/* What came before a send: read after the recv, without further order. */
static uint32_t prepared[SENDERS][PARCELS];

static uint32_t sent[SENDERS];      /* each its sender's, until it has left */
static uint32_t received[SENDERS];  /* the receiver's */
static uint32_t destroyed[SENDERS]; /* by who drops the receiver */

/* What came to pass in some execution: never put back. */
typedef enum event {
    SENT,
    REFUSED,   /* by a channel without a receiver */
    NO_ROOM,   /* send_try */
    SENT_LATE, /* send_until was too late */
    RECEIVED,
    NONE_YET, /* recv_try */
    TOO_LATE, /* recv_until was */
    DESTROYED,
    EVENTS,
} event;
static uint32_t tally[EVENTS];

__attribute__((noinline, no_sanitize("thread"))) static void
came_to_pass(event e)
{
    tally[e]++;
}

/* What one has done before this is done for who has waited for it. */
static weft_atomic_u32 signals;

static inline void signal_others(void)
{
    (void)wefti_add_release(&signals, 1); /* [test.signal] */
}

static inline void wait_for_signals(uint32_t n)
{
    while (wefti_load_acquire(&signals) < n) { /* [test.signal] */
        wefti_spin_hint();
    }
}

/* ---------------------------------------------------------------- parcels */

/* Each once and in order, those destroyed after those received. */
static void arrives(const parcel *p)
{
    weft_model_assert(p->from < SENDERS && p->number < PARCELS);
    weft_model_assert(prepared[p->from][p->number] == p->number + 1);
    weft_model_assert(received[p->from] + destroyed[p->from] == p->number);
}

static void parcel_destroy(void *msg)
{
    const parcel *p = msg;
    arrives(p);
    wait_for_signals(now.signals_before_drop);
    destroyed[p->from]++;
    came_to_pass(DESTROYED);
}

static parcel next_parcel(uint32_t from)
{
    parcel p = {.from = from, .number = sent[from]};
    prepared[from][p.number] = p.number + 1;
    return p;
}

static weft_status after_send(uint32_t from, weft_status s, event otherwise)
{
    sent[from] += s == WEFT_OK;
    came_to_pass(s == WEFT_OK ? SENT : s == WEFT_CLOSED ? REFUSED : otherwise);
    return s;
}

static inline weft_status send(uint32_t from)
{
    parcel p = next_parcel(from);
    weft_status s = weft_chan_send(&tx[from], &p);
    weft_model_assert(s == WEFT_OK || s == WEFT_CLOSED);
    return after_send(from, s, EVENTS);
}

static inline weft_status send_try(uint32_t from)
{
    parcel p = next_parcel(from);
    weft_status s = weft_chan_send_try(&tx[from], &p);
    weft_model_assert(s == WEFT_OK || s == WEFT_CLOSED || s == WEFT_FULL);
    return after_send(from, s, NO_ROOM);
}

static inline weft_status send_in_time(uint32_t from)
{
    parcel p = next_parcel(from);
    weft_status s =
        weft_chan_send_until(&tx[from], &p, weft_deadline_after_ms(1));
    weft_model_assert(s == WEFT_OK || s == WEFT_CLOSED || s == WEFT_TIMEOUT);
    return after_send(from, s, SENT_LATE);
}

static weft_status after_recv(const parcel *p, weft_status s, event otherwise)
{
    if (s == WEFT_OK) {
        arrives(p);
        received[p->from]++;
        came_to_pass(RECEIVED);
    } else if (s == WEFT_CLOSED) { /* what the senders did is visible */
        for (uint32_t i = 0; i < SENDERS; i++) {
            weft_model_assert(received[i] == sent[i]);
        }
    } else {
        came_to_pass(otherwise);
    }
    return s;
}

static inline weft_status recv(void)
{
    parcel p;
    weft_status s = weft_chan_recv(&rx, &p);
    weft_model_assert(s == WEFT_OK || s == WEFT_CLOSED);
    return after_recv(&p, s, EVENTS);
}

static inline weft_status recv_try(void)
{
    parcel p;
    weft_status s = weft_chan_recv_try(&rx, &p);
    weft_model_assert(s == WEFT_OK || s == WEFT_CLOSED || s == WEFT_EMPTY);
    return after_recv(&p, s, NONE_YET);
}

static inline weft_status recv_in_time(void)
{
    parcel p;
    weft_status s = weft_chan_recv_until(&rx, &p, weft_deadline_after_ms(1));
    weft_model_assert(s == WEFT_OK || s == WEFT_CLOSED || s == WEFT_TIMEOUT);
    return after_recv(&p, s, TOO_LATE);
}

/* ------------------------------------------------------------------ roles */

static inline void tx_leaves(uint32_t me)
{
    weft_chan_tx_drop(&tx[me]);
}

static inline void sends(uint32_t me)
{
    (void)send(me);
}

static inline void sends_and_leaves(uint32_t me)
{
    (void)send(me);
    weft_chan_tx_drop(&tx[me]);
}

static inline void sends_two_and_leaves(uint32_t me)
{
    (void)send(me);
    (void)send(me);
    weft_chan_tx_drop(&tx[me]);
}

static inline void tries_to_send_and_leaves(uint32_t me)
{
    (void)send_try(me);
    weft_chan_tx_drop(&tx[me]);
}

static inline void sends_in_time_and_leaves(uint32_t me)
{
    (void)send_in_time(me);
    weft_chan_tx_drop(&tx[me]);
}

static inline void sends_in_time(uint32_t me)
{
    (void)send_in_time(me);
}

/* Through a clone, made while the others come and go. */
static inline void clones_leaves_and_sends(uint32_t me)
{
    weft_chan_tx clone;
    weft_chan_tx_clone(&clone, &tx[me]);
    weft_chan_tx_drop(&tx[me]);
    tx[me] = clone;
    (void)send(me);
    weft_chan_tx_drop(&tx[me]);
}

/* ---- the receiver's */

static inline void rx_leaves(void)
{
    weft_chan_rx_drop(&rx);
}

static inline void takes_all(void)
{
    while (recv() == WEFT_OK) {
    }
}

static inline void takes_one(void)
{
    weft_model_assert(recv() == WEFT_OK);
}

static inline void takes_two(void)
{
    weft_model_assert(recv() == WEFT_OK);
    weft_model_assert(recv() == WEFT_OK);
}

static inline void takes_one_and_leaves(void)
{
    (void)recv();
    weft_chan_rx_drop(&rx);
}

static inline void takes_in_time_and_leaves(void)
{
    (void)recv_in_time();
    weft_chan_rx_drop(&rx);
}

static inline void takes_in_time_then_all(void)
{
    (void)recv_in_time();
    takes_all();
}

static inline void tries_to_take_then_takes_all(void)
{
    (void)recv_try();
    takes_all();
}

static inline void tries_to_take_and_leaves(void)
{
    (void)recv_try();
    weft_chan_rx_drop(&rx);
}

static inline void sends_and_signals(uint32_t me)
{
    (void)send(me);
    signal_others();
}

/* One of two parcels is in before the other one's copy has ended. */
static inline void does_not_deny_what_was_sent(void)
{
    wait_for_signals(1);
    weft_model_assert(recv_try() == WEFT_OK);
}

static inline void takes_one_and_signals(void)
{
    weft_model_assert(recv() == WEFT_OK);
    signal_others();
}

static inline void finds_room(uint32_t me)
{
    wait_for_signals(1);
    weft_model_assert(send_try(me) == WEFT_OK);
}

/* A stranger to the two who are at it. */
static inline void counts_the_waiting(uint32_t me)
{
    weft_model_assert(weft_chan_tx_len(&tx[me]) <= (size_t)now.capacity);
}

/* ----------------------------------------------------------------- office */

static void office_open(void)
{
    wefti_lock_is_plain = !now.locks;
    weft_chan_type type = {now.size != 0 ? now.size : SMALL,
                           WEFT_ALIGNOF(parcel), parcel_destroy};
    weft_status s =
        now.capacity == UNBOUNDED
            ? weft_chan_open_unbounded(&type, &tx[0], &rx)
            : weft_chan_open(&type, (size_t)now.capacity, &tx[0], &rx);
    weft_model_assert(s == WEFT_OK && wefti_asym);
    wefti_asym = now.fences;
    for (uint32_t i = 0; i < now.waiting; i++) {
        weft_model_assert(send_try(0) == WEFT_OK);
    }
    if (now.senders[1] != NULL) {
        weft_chan_tx_clone(&tx[1], &tx[0]);
    }
}

/* All have left or are made to; no parcel is lost, none was made up. */
static void office_close(void)
{
    for (uint32_t i = 0; i < SENDERS; i++) {
        if (tx[i].chan != NULL) {
            weft_chan_tx_drop(&tx[i]);
        }
    }
    if (rx.chan != NULL) {
        weft_chan_rx_drop(&rx);
    }
    for (uint32_t i = 0; i < SENDERS; i++) {
        weft_model_assert(received[i] + destroyed[i] == sent[i]);
    }
}

static void play_sender(void *number)
{
    uint32_t me = (uint32_t)(uintptr_t)number;
    now.senders[me](me);
}

static void office(void *arg)
{
    now = *(const scene *)arg;
    office_open();
    weft_model_thread threads[SENDERS];
    for (uintptr_t i = 0; i < SENDERS; i++) {
        if (now.senders[i] != NULL) {
            threads[i] = weft_model_spawn(play_sender, (void *)i);
        }
    }
    now.receiver();
    for (uint32_t i = 0; i < SENDERS; i++) {
        if (now.senders[i] != NULL) {
            weft_model_join(threads[i]);
        }
    }
    office_close();
}

/* Explore a scene; `plot` is a scene in parentheses. */
#define SCENE(...) (&(scene){__VA_ARGS__})
#define BOUNDED(n) .search = WEFT_MODEL_BOUNDED, .preemptions = (n)
#define office_holds(plot, ...) model_holds_with(office, plot, __VA_ARGS__)

/* Each of these happened in some execution. */
#define office_saw(...)                                                  \
    do {                                                                 \
        const event events_[] = {__VA_ARGS__};                           \
        for (size_t i_ = 0; i_ < sizeof events_ / sizeof(event); i_++) { \
            cr_assert(tally[events_[i_]] > 0, "event %d never",          \
                      (int)events_[i_]);                                 \
        }                                                                \
    } while (0)

#endif
