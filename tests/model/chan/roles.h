/* Who does what in the explored office. */
#ifndef WEFT_TESTS_MODEL_CHAN_ROLES_H
#define WEFT_TESTS_MODEL_CHAN_ROLES_H

#include "parcels.h"

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

#endif
