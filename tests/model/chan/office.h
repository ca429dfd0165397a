/* What the model tests of channels share: an office with two senders and a
 * receiver, each of whom plays a role, and numbered parcels of which it is
 * known where each has ended.
 *
 * Static memory is put back before each execution, but for the tally. */
#ifndef WEFT_TESTS_MODEL_CHAN_OFFICE_H
#define WEFT_TESTS_MODEL_CHAN_OFFICE_H

#include "roles.h"

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
