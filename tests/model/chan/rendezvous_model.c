/* The rendezvous, explored. */
#define SUITE rendezvous
#define OFFICE .capacity = 0
#define KEEPS false
#define LARGE_SEARCH .spurious = 0
#define SAYS(what) "rendezvous: " what
#include "scenes.h"

/* Row 5 (rust#39364, #48927, #94518): OK if and only if a receiver has it,
 * whatever the deadlines do. */
Test(rendezvous, a_sender_gives_up_while_it_is_met)
{
    office_holds(SCENE(OFFICE, .senders = {sends_in_time_and_leaves},
                       .receiver = tries_to_take_and_leaves),
                 .name = "rendezvous: a sender with a deadline, a try");
    office_saw(SENT, SENT_LATE, REFUSED, RECEIVED, NONE_YET);
    office_holds(SCENE(OFFICE, .senders = {tries_to_send_and_leaves},
                       .receiver = takes_in_time_and_leaves),
                 .name = "rendezvous: a receiver with a deadline, a try");
    office_saw(NO_ROOM, TOO_LATE);
}

Test(rendezvous, two_senders_give_up_while_they_are_met)
{
    office_holds(
        SCENE(OFFICE,
              .senders = {sends_in_time_and_leaves, sends_in_time_and_leaves},
              .receiver = takes_in_time_and_leaves),
        .name = "rendezvous: 2 senders, all with deadlines");
    office_saw(SENT, SENT_LATE, REFUSED, RECEIVED, TOO_LATE);
    office_holds(SCENE(OFFICE, .senders = {sends_in_time, sends_and_leaves},
                       .receiver = takes_one_and_leaves),
                 .name = "rendezvous: 2 senders, one with a deadline",
                 .spurious = 1);
}

/* On top of its own lock. */
Test(rendezvous, meets_under_its_own_lock)
{
    office_holds(
        SCENE(OFFICE, .locks = true, .senders = {sends}, .receiver = takes_one),
        .name = "rendezvous, own lock: 1x1");
    office_holds(
        SCENE(OFFICE, .locks = true, .senders = {sends_in_time_and_leaves},
              .receiver = takes_in_time_and_leaves),
        .name = "rendezvous, own lock: both with a deadline", BOUNDED(3));
    office_saw(SENT, SENT_LATE, REFUSED, RECEIVED, TOO_LATE);
    office_holds(SCENE(OFFICE, .locks = true, .senders = {sends, sends},
                       .receiver = takes_two),
                 .name = "rendezvous, own lock: 2 senders, two taken",
                 BOUNDED(2));
}
