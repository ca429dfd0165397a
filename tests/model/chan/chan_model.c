/* Channels whose messages are senders of the same channel, explored: who drops
 * the last handle, and where, is decided by the schedule. */
#ifdef __clang__
/* Ends lie in messages here: beyond the analysis. */
#pragma clang diagnostic ignored "-Wthread-safety-analysis"
#endif

#include "chan/lock.h"

#include <weft/chan/chan.h>

#include "support/model.h"

#include <criterion/criterion.h>

enum { UNBOUNDED = -1 };

static weft_chan_tx tx;
static weft_chan_rx rx;
static weft_status answer; /* of the sender, until it is joined */
static uint32_t destroyed;

/* In some execution: never put back. */
typedef enum event { HANDED_OVER, DESTROYED, REFUSED, EVENTS } event;
static uint32_t tally[EVENTS];

__attribute__((noinline, no_sanitize("thread"))) static void
came_to_pass(event e)
{
    tally[e]++;
}

/* Closes the channel from within the receiver's drop, if it is the last. */
static void drop_sender(void *msg)
{
    weft_chan_tx *left = msg;
    weft_chan_tx more;
    weft_chan_tx_clone(&more, left);
    weft_chan_tx_drop(left);
    weft_chan_tx mine = {NULL};
    weft_chan_tx_clone(&mine, &more);
    weft_model_assert(weft_chan_send(&more, &mine) == WEFT_CLOSED);
    weft_chan_tx_drop(&mine);
    weft_chan_tx_drop(&more);
    destroyed++;
    came_to_pass(DESTROYED);
}

static void send_a_clone_and_leave(void *unused)
{
    (void)unused;
    weft_chan_tx clone;
    weft_chan_tx_clone(&clone, &tx);
    answer = weft_chan_send(&tx, &clone);
    if (answer != WEFT_OK) {
        came_to_pass(REFUSED);
        weft_chan_tx_drop(&clone);
    }
    weft_chan_tx_drop(&tx);
}

static void open_channel(const int *capacity)
{
    wefti_lock_is_plain = true;
    weft_chan_type type = {sizeof tx, WEFT_ALIGNOF(weft_chan_tx), drop_sender};
    weft_status s = *capacity == UNBOUNDED
                        ? weft_chan_open_unbounded(&type, &tx, &rx)
                        : weft_chan_open(&type, (size_t)*capacity, &tx, &rx);
    weft_model_assert(s == WEFT_OK);
}

static void the_receiver_leaves(void *capacity)
{
    open_channel(capacity);
    weft_model_thread t = weft_model_spawn(send_a_clone_and_leave, NULL);
    weft_chan_rx_drop(&rx);
    weft_model_join(t);
    weft_model_assert(destroyed == (answer == WEFT_OK));
}

/* The receiver gets the last sender, and uses it. */
static void the_receiver_takes_over(void *capacity)
{
    open_channel(capacity);
    weft_model_thread t = weft_model_spawn(send_a_clone_and_leave, NULL);
    weft_chan_tx mine;
    weft_model_assert(weft_chan_recv(&rx, &mine) == WEFT_OK);
    came_to_pass(HANDED_OVER);
    weft_chan_tx_drop(&mine);
    weft_model_assert(weft_chan_recv(&rx, &mine) == WEFT_CLOSED);
    weft_chan_rx_drop(&rx);
    weft_model_join(t);
    weft_model_assert(answer == WEFT_OK && destroyed == 0);
}

Test(chan, a_sender_left_in_its_own_channel_is_dropped_with_it)
{
    model_holds_with(the_receiver_leaves, &(int){UNBOUNDED},
                     .name = "a sender in its unbounded channel, left");
    model_holds_with(the_receiver_leaves, &(int){1},
                     .name = "a sender in its bounded channel, left");
    cr_assert(tally[DESTROYED] > 0 && tally[REFUSED] > 0);
    model_holds_with(the_receiver_leaves, &(int){0},
                     .name = "a sender offered to its rendezvous");
}

Test(chan, a_sender_handed_over_keeps_the_channel_open)
{
    model_holds_with(the_receiver_takes_over, &(int){UNBOUNDED},
                     .name = "a sender through its unbounded channel");
    model_holds_with(the_receiver_takes_over, &(int){1},
                     .name = "a sender through its bounded channel");
    model_holds_with(the_receiver_takes_over, &(int){0},
                     .name = "a sender through its rendezvous");
    cr_assert_gt(tally[HANDED_OVER], 0);
}
