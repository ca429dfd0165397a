/* What every kind of channel must do: one list, run for each capacity.
 *
 *     CHAN_SCENARIOS(bounded_2, 2)
 *
 * defines the tests of a suite; SIZE_MAX is the unbounded channel, 0 the
 * rendezvous. Scenarios that need room, or need it to end, ask the capacity.
 * Messages are parcels, numbered, and counted when one is destroyed. */
#ifndef WEFT_TESTS_CHAN_SCENARIOS_H
#define WEFT_TESTS_CHAN_SCENARIOS_H

#include "scenarios_closing.h"
#include "scenarios_delivery.h"
#include "scenarios_memory.h"
#include "scenarios_waiting.h"

#define CHAN_SCENARIO(suite, name, capacity) \
    Test(suite, name)                        \
    {                                        \
        scenario_##name(capacity);           \
    }

#define CHAN_SCENARIOS(suite, n)                                \
    CHAN_SCENARIO(suite, keeps_order_and_loses_nothing, n)      \
    CHAN_SCENARIO(suite, try_tells_full_from_empty, n)          \
    CHAN_SCENARIO(suite, send_without_a_receiver_is_refused, n) \
    CHAN_SCENARIO(suite, recv_drains_before_it_ends, n)         \
    CHAN_SCENARIO(suite, messages_left_are_destroyed_once, n)   \
    CHAN_SCENARIO(suite, last_drop_wakes_the_receiver, n)       \
    CHAN_SCENARIO(suite, receivers_drop_wakes_all_senders, n)   \
    CHAN_SCENARIO(suite, sends_racing_with_the_drop, n)         \
    CHAN_SCENARIO(suite, drop_waits_for_a_copy, n)              \
    CHAN_SCENARIO(suite, send_wakes_a_sleeping_receiver, n)     \
    CHAN_SCENARIO(suite, recv_wakes_every_sleeping_sender, n)   \
    CHAN_SCENARIO(suite, waits_end_at_the_deadline, n)          \
    CHAN_SCENARIO(suite, timeouts_lose_nothing, n)              \
    CHAN_SCENARIO(suite, large_messages_spare_the_stack, n)     \
    CHAN_SCENARIO(suite, open_survives_failed_allocations, n)   \
    CHAN_SCENARIO(suite, a_sender_inside_its_own_channel, n)

#endif
