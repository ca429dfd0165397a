/* The bounded channel, explored. */
#define SUITE bounded
#define OFFICE .capacity = 1
#define KEEPS true
#define LARGE_SEARCH BOUNDED(2)
#define SAYS(what) "bounded: " what
#include "scenes.h"

#define FULL_OFFICE .capacity = 1, .waiting = 1

Test(bounded, a_sender_waits_for_a_slot)
{
    office_holds(SCENE(FULL_OFFICE, .senders = {sends}, .receiver = takes_two),
                 .name = "bounded: a sender waits", .spurious = 1);
    office_holds(SCENE(FULL_OFFICE, .fences = true, .senders = {sends},
                       .receiver = takes_one),
                 .name = "bounded: fences, a sender waits", .spurious = 1);
}

/* Row 5 from the other side: it gives up while its slot is freed. */
Test(bounded, a_sender_gives_up_while_its_slot_is_freed)
{
    office_holds(SCENE(FULL_OFFICE, .senders = {sends_in_time_and_leaves},
                       .receiver = takes_one),
                 .name = "bounded: a sender with a deadline");
    office_saw(SENT, SENT_LATE);
    office_holds(SCENE(FULL_OFFICE, .fences = true,
                       .senders = {sends_in_time_and_leaves},
                       .receiver = takes_one),
                 .name = "bounded: fences, a sender with a deadline");
}

/* Both slots are freed under one wake-up: the first hands it on. */
Test(bounded, two_senders_wait_for_two_slots)
{
    office_holds(SCENE(.capacity = 2, .waiting = 2, .senders = {sends, sends},
                       .receiver = takes_two),
                 .name = "bounded: 2 senders wait", BOUNDED(2));
}

/* Row 16 (tensorflow#932): one that leaves swallows no wake-up. */
Test(bounded, a_sender_gives_up_beside_one_that_waits)
{
    office_holds(SCENE(FULL_OFFICE, .senders = {sends_in_time, sends},
                       .receiver = takes_two),
                 .name = "bounded: 2 senders wait, one gives up", BOUNDED(2));
    office_saw(SENT, SENT_LATE);
}

Test(bounded, the_receivers_drop_wakes_the_senders)
{
    office_holds(SCENE(FULL_OFFICE, .senders = {sends_and_leaves},
                       .receiver = rx_leaves),
                 .name = "bounded: a sender waits, the receiver leaves");
    office_saw(REFUSED, DESTROYED);
    office_holds(SCENE(FULL_OFFICE, .senders = {sends_and_leaves, sends},
                       .receiver = rx_leaves),
                 .name = "bounded: 2 senders wait, the receiver leaves",
                 BOUNDED(3));
    office_holds(SCENE(FULL_OFFICE, .fences = true,
                       .senders = {sends_and_leaves}, .receiver = rx_leaves),
                 .name =
                     "bounded: fences, a sender waits, the receiver leaves");
}

/* Woken by the closing itself, and not by the room that draining makes: what
 * destroys a parcel may wait for a sender. */
Test(bounded, senders_are_refused_before_the_rest_is_destroyed)
{
    office_holds(SCENE(FULL_OFFICE, .signals_before_drop = 1,
                       .senders = {sends_and_signals}, .receiver = rx_leaves),
                 .name = "bounded: a drop function waits for a sender");
    office_holds(SCENE(FULL_OFFICE, .signals_before_drop = 2,
                       .senders = {sends_and_signals, sends_and_signals},
                       .receiver = rx_leaves),
                 .name = "bounded: a drop function waits for 2", BOUNDED(2));
    office_holds(SCENE(FULL_OFFICE, .fences = true, .signals_before_drop = 1,
                       .senders = {sends_and_signals}, .receiver = rx_leaves),
                 .name = "bounded: fences, a drop function waits");
}

Test(bounded, two_senders_with_room_for_both)
{
    office_holds(SCENE(.capacity = 2,
                       .senders = {sends_and_leaves, sends_and_leaves},
                       .receiver = takes_one_and_leaves),
                 .name = "bounded, 2: 2 senders, one taken", BOUNDED(3));
}

Test(bounded, recv_try_does_not_deny_what_was_sent)
{
    office_holds(SCENE(.capacity = 2, .senders = {sends, sends_and_signals},
                       .receiver = does_not_deny_what_was_sent),
                 .name = "bounded, 2: no denial");
}

Test(bounded, send_try_finds_the_slot_that_was_freed)
{
    office_holds(SCENE(FULL_OFFICE, .senders = {finds_room},
                       .receiver = takes_one_and_signals),
                 .name = "bounded: full is exact");
}

/* The two positions are read one after the other. */
Test(bounded, len_is_never_more_than_there_is_room)
{
    office_holds(SCENE(FULL_OFFICE, .senders = {sends, counts_the_waiting},
                       .receiver = takes_one),
                 .name = "bounded: a stranger counts");
}
