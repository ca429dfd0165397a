/* What is sent in the explored office, and what comes of it. */
#ifndef WEFT_TESTS_MODEL_CHAN_PARCELS_H
#define WEFT_TESTS_MODEL_CHAN_PARCELS_H

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

#endif
