/* What the scenarios share: numbered parcels, counted when one is destroyed,
 * and an office of some senders and one receiver. */
#ifndef WEFT_TESTS_CHAN_OFFICE_H
#define WEFT_TESTS_CHAN_OFFICE_H

#ifdef __clang__
/* Ends lie in arrays here, and an assertion of Criterion hides the status it
 * looks at: both are beyond the analysis. */
#pragma clang diagnostic ignored "-Wthread-safety-analysis"
#endif

#include <weft/base/atomic.h>
#include <weft/base/panic.h>
#include <weft/base/unwind.h>
#include <weft/chan/chan.h>

#include "support/alloc_fail.h"
#include "support/gang.h"
#include "support/seed.h"

#include <criterion/criterion.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define UNBOUNDED SIZE_MAX

typedef struct parcel {
    uint32_t from;
    uint32_t number;
} parcel;
WEFT_SEND(parcel);

static weft_atomic_u32 destroyed; /* parcels */

static inline void parcel_destroy(parcel *p)
{
    (void)p;
    (void)wefti_add_relaxed(&destroyed, 1); /* statistic */
}

WEFT_CHAN_DEFINE_DROP(post, parcel, parcel_destroy);

static inline uint32_t destroyed_so_far(void)
{
    return wefti_load_relaxed(&destroyed); /* read after a join */
}

static inline void post_office(size_t capacity, post_tx *tx, post_rx *rx)
{
    weft_status s = capacity == UNBOUNDED ? post_open_unbounded(tx, rx)
                                          : post_open(capacity, tx, rx);
    cr_assert_eq(s, WEFT_OK, "%s", weft_status_str(s));
}

static inline parcel parcel_of(uint32_t from, uint32_t number)
{
    parcel p = {from, number};
    return p;
}

/* How many messages fit, when asked to put in `wanted`. */
static inline uint32_t room(size_t capacity, uint32_t wanted)
{
    return capacity < wanted ? (uint32_t)capacity : wanted;
}

static inline void fill(post_tx *tx, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        cr_assert_eq(post_send_try(tx, parcel_of(0, i)), WEFT_OK);
    }
}

/* A few senders, one receiver, and what they tell the test. */
enum { SENDERS = 4, MANY = 700 };

typedef struct office {
    size_t capacity;
    post_tx tx[SENDERS];
    post_rx rx;
    uint32_t sent[SENDERS]; /* each its sender's, until the join */
    uint32_t got[SENDERS];  /* the receiver's, until the join */
    weft_atomic_u32 tid[SENDERS + 1];
} office;

static inline void office_open(office *o, size_t capacity)
{
    o->capacity = capacity;
    post_tx tx;
    post_office(capacity, &tx, &o->rx);
    for (int i = 0; i < SENDERS; i++) {
        post_tx_clone(&o->tx[i], &tx);
    }
    post_tx_drop(&tx);
}

static inline void say_tid(office *o, size_t who)
{
    /* release [test.tid] */
    wefti_store_release(&o->tid[who], (uint32_t)gettid());
}

static inline void wait_asleep(office *o, size_t who)
{
    uint32_t tid;
    /* acquire [test.tid] */
    while ((tid = wefti_load_acquire(&o->tid[who])) == 0) {
        (void)sched_yield();
    }
    (void)test_wait_until_asleep((int)tid);
}

static inline bool in_order(office *o, const parcel *p)
{
    return p->from < SENDERS && p->number == o->got[p->from]++;
}

#endif
