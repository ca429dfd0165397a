/* Scenes that are played on every kind of channel: SUITE is its name, OFFICE
 * the fields of a scene that choose it, KEEPS whether it keeps what nobody
 * waits for, SAYS(what) a name for reports; LARGE_SEARCH the options of a
 * search where too much can happen to try it all. */
#ifndef WEFT_TESTS_MODEL_CHAN_SCENES_H
#define WEFT_TESTS_MODEL_CHAN_SCENES_H

#include "office.h"

/* ---------------------------------------------------------------- sending */

Test(SUITE, hands_out_in_order_and_then_ends)
{
    office_holds(
        SCENE(OFFICE, .senders = {sends_two_and_leaves}, .receiver = takes_all),
        .name = SAYS("two parcels, taken to the end"));
    office_saw(SENT, RECEIVED);
    cr_assert_eq(tally[REFUSED] + tally[DESTROYED], 0);
}

Test(SUITE, bears_spurious_wake_ups)
{
    office_holds(
        SCENE(OFFICE, .senders = {sends_and_leaves}, .receiver = takes_all),
        .name = SAYS("a spurious wake-up"), .spurious = 1);
}

Test(SUITE, takes_from_two)
{
    office_holds(
        SCENE(OFFICE, .senders = {sends, sends}, .receiver = takes_two),
        .name = SAYS("2 senders, two taken"), LARGE_SEARCH);
}

Test(SUITE, tries_on_either_side)
{
    office_holds(SCENE(OFFICE, .senders = {tries_to_send_and_leaves},
                       .receiver = tries_to_take_and_leaves),
                 .name = SAYS("1x1, both try"));
    office_saw(REFUSED, NONE_YET);
    if (KEEPS) {
        office_saw(SENT, RECEIVED, DESTROYED);
    } else {
        office_saw(NO_ROOM);
    }
}

/* --------------------------------------------------------------- closing */

Test(SUITE, ends_when_the_last_sender_has_left)
{
    office_holds(
        SCENE(OFFICE, .senders = {tx_leaves, tx_leaves}, .receiver = takes_all),
        .name = SAYS("2 senders leave"));
    office_holds(SCENE(OFFICE, .senders = {sends_and_leaves, tx_leaves},
                       .receiver = takes_all),
                 .name = SAYS("2 senders leave, one sends"));
}

/* Of three handles that come and go at once, the last to go closes. */
Test(SUITE, lives_on_in_a_clone)
{
    office_holds(SCENE(OFFICE, .senders = {clones_leaves_and_sends, tx_leaves},
                       .receiver = takes_all),
                 .name = SAYS("a clone and a drop"));
    cr_assert_eq(tally[REFUSED], 0);
}

/* Rows 1, 2 and 3: senders race with the receiver's drop from the very first
 * parcel on. crossbeam#971, rust#110001: a sender moves the tail on and stalls
 * before it publishes the block. crossbeam#1084, rust#121582: a block installed
 * after the drain leaks. RUSTSEC-2025-0024: the drain reads the head twice. */
Test(SUITE, two_senders_race_with_the_receivers_drop)
{
    office_holds(SCENE(OFFICE, .senders = {sends_and_leaves, sends_and_leaves},
                       .receiver = rx_leaves),
                 .name = SAYS("2 senders, the receiver leaves"));
    office_saw(REFUSED);
    cr_assert_eq(tally[SENT] > 0, KEEPS);
    cr_assert_eq(tally[SENT] > 0, tally[DESTROYED] > 0);
}

Test(SUITE, two_senders_race_with_a_drop_after_one_parcel)
{
    office_holds(SCENE(OFFICE, .senders = {sends_and_leaves, sends_and_leaves},
                       .receiver = takes_one_and_leaves),
                 .name = SAYS("2 senders, one taken"));
    office_saw(SENT, REFUSED, RECEIVED);
    cr_assert_eq(tally[DESTROYED] > 0, KEEPS);
}

Test(SUITE, two_senders_are_taken_to_the_end)
{
    office_holds(SCENE(OFFICE, .senders = {sends_and_leaves, sends_and_leaves},
                       .receiver = takes_all),
                 .name = SAYS("2 senders, taken to the end"), LARGE_SEARCH);
    cr_assert_eq(tally[REFUSED] + tally[DESTROYED], 0);
}

/* -------------------------------------------------------------- deadlines */

Test(SUITE, a_deadline_on_either_side)
{
    office_holds(SCENE(OFFICE, .senders = {sends_in_time},
                       .receiver = takes_in_time_and_leaves),
                 .name = SAYS("1x1, both with a deadline"));
    office_saw(SENT, REFUSED, RECEIVED, TOO_LATE);
    cr_assert_eq(tally[DESTROYED] > 0, KEEPS);
    cr_assert_eq(tally[SENT_LATE] > 0, !KEEPS);
}

/* Row 5 (rust#39364, #48927, #94518): a receive gives up while a sender clones
 * and sends; what it leaves behind must not disturb the next receive. */
Test(SUITE, receives_after_a_deadline_that_has_passed)
{
    office_holds(SCENE(OFFICE, .senders = {clones_leaves_and_sends},
                       .receiver = takes_in_time_then_all),
                 .name = SAYS("a deadline, then to the end"));
    office_saw(RECEIVED, TOO_LATE);
    cr_assert_eq(tally[REFUSED] + tally[DESTROYED], 0);
}

/* ----------------------------------------------------------------- fences */

/* The duel as it is where the kernel has membarrier. */
Test(SUITE, sleeps_and_wakes_by_asymmetric_fences)
{
    office_holds(SCENE(OFFICE, .fences = true, .senders = {sends_and_leaves},
                       .receiver = takes_all),
                 .name = SAYS("fences, 1x1"));
    office_holds(SCENE(OFFICE, .fences = true, .senders = {sends_in_time},
                       .receiver = takes_in_time_and_leaves),
                 .name = SAYS("fences, 1x1, both with a deadline"));
}

Test(SUITE, closes_by_asymmetric_fences)
{
    office_holds(SCENE(OFFICE, .fences = true,
                       .senders = {tx_leaves, tx_leaves},
                       .receiver = takes_all),
                 .name = SAYS("fences, 2 senders leave"));
    office_holds(SCENE(OFFICE, .fences = true,
                       .senders = {sends_and_leaves, sends_and_leaves},
                       .receiver = rx_leaves),
                 .name = SAYS("fences, 2 senders, the receiver leaves"),
                 LARGE_SEARCH);
}

#endif
