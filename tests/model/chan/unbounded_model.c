/* The unbounded channel, explored. A lap has 4 positions here, and 2 if the
 * parcels are large: then each send links a block. */
#define SUITE unbounded
#define OFFICE .capacity = UNBOUNDED, .size = SMALL
#define KEEPS true
#define LARGE_SEARCH BOUNDED(2)
#define SAYS(what) "unbounded: " what
#include "scenes.h"

#include <weft/base/alloc.h>

#include <stdlib.h>

#define LARGE_OFFICE .capacity = UNBOUNDED, .size = LARGE

/* Each send links a block, each receive passes one on. */
Test(unbounded, links_a_block_for_each_parcel)
{
    office_holds(SCENE(LARGE_OFFICE, .senders = {sends_and_leaves},
                       .receiver = takes_all),
                 .name = "unbounded, large: one parcel");
    office_holds(
        SCENE(LARGE_OFFICE, .senders = {sends, sends}, .receiver = takes_two),
        .name = "unbounded, large: 2 senders, two taken", BOUNDED(2));
}

/* Rows 1, 2 and 3, as above, with a block to be linked by each sender. */
Test(unbounded, blocks_are_linked_while_the_receiver_leaves)
{
    office_holds(SCENE(LARGE_OFFICE,
                       .senders = {sends_and_leaves, sends_and_leaves},
                       .receiver = rx_leaves),
                 .name = "unbounded, large: 2 senders, the receiver leaves");
    office_saw(SENT, REFUSED, DESTROYED);
    office_holds(SCENE(LARGE_OFFICE, .senders = {sends_two_and_leaves, sends},
                       .receiver = rx_leaves),
                 .name = "unbounded, large: 2 and 1, the receiver leaves",
                 BOUNDED(2));
}

Test(unbounded, blocks_are_linked_while_one_is_taken)
{
    office_holds(SCENE(LARGE_OFFICE,
                       .senders = {sends_and_leaves, sends_and_leaves},
                       .receiver = takes_one_and_leaves),
                 .name = "unbounded, large: 2 senders, one taken", BOUNDED(2));
    office_saw(SENT, REFUSED, RECEIVED, DESTROYED);
}

/* What the receiver has emptied is written again by the sender after next. */
Test(unbounded, an_emptied_block_is_used_again)
{
    office_holds(SCENE(LARGE_OFFICE, .waiting = 1,
                       .senders = {sends_two_and_leaves},
                       .receiver = takes_one),
                 .name = "unbounded, large: a block goes round");
    office_holds(SCENE(LARGE_OFFICE, .waiting = 1, .senders = {sends, sends},
                       .receiver = takes_one_and_leaves),
                 .name = "unbounded, large: a block goes round, 2 senders",
                 BOUNDED(2));
}

Test(unbounded, recv_try_does_not_deny_what_was_sent)
{
    office_holds(SCENE(OFFICE, .senders = {sends, sends_and_signals},
                       .receiver = does_not_deny_what_was_sent),
                 .name = "unbounded: no denial");
    office_holds(SCENE(LARGE_OFFICE, .senders = {sends, sends_and_signals},
                       .receiver = does_not_deny_what_was_sent),
                 .name = "unbounded, large: no denial");
}

/* ---------------------------------------------------------- out of memory */

static bool failing; /* the allocator may say no, in some executions */

static void *maybe_alloc(size_t size, size_t align, void *unused)
{
    (void)align;
    (void)unused;
    return failing && weft_model_choose(2) != 0 ? NULL : malloc(size);
}

static void free_it(void *memory, size_t size, size_t align, void *unused)
{
    (void)size;
    (void)align;
    (void)unused;
    free(memory);
}

static void sends_or_has_no_memory(uint32_t me)
{
    parcel p = next_parcel(me);
    weft_status s = weft_chan_send(&tx[me], &p);
    weft_model_assert(s == WEFT_OK || s == WEFT_CLOSED || s == WEFT_NO_MEMORY);
    (void)after_send(me, s, NO_ROOM);
}

static void office_short_of_memory(void *arg)
{
    weft_allocator short_of = {maybe_alloc, free_it, NULL};
    weft_set_allocator(&short_of);
    failing = false;
    now = *(const scene *)arg;
    office_open();
    failing = true;
    weft_model_thread a = weft_model_spawn(play_sender, (void *)0);
    weft_model_thread b = weft_model_spawn(play_sender, (void *)1);
    now.receiver();
    weft_model_join(a);
    weft_model_join(b);
    failing = false;
    weft_model_assert(send_try(0) == (rx.chan != NULL ? WEFT_OK : WEFT_CLOSED));
    office_close();
    weft_set_allocator(NULL);
}

static void tries_to_take(void)
{
    (void)recv_try();
}

/* Who gets no block has claimed nothing, and holds nobody up. */
Test(unbounded, a_send_that_finds_no_memory_changes_nothing)
{
    model_holds_with(
        office_short_of_memory,
        SCENE(LARGE_OFFICE,
              .senders = {sends_or_has_no_memory, sends_or_has_no_memory},
              .receiver = tries_to_take),
        .name = "unbounded, large: out of memory");
    office_saw(SENT, NO_ROOM, RECEIVED, NONE_YET);
    model_holds_with(
        office_short_of_memory,
        SCENE(LARGE_OFFICE,
              .senders = {sends_or_has_no_memory, sends_or_has_no_memory},
              .receiver = rx_leaves),
        .name = "unbounded, large: out of memory, the receiver leaves");
    office_saw(REFUSED, DESTROYED);
}
