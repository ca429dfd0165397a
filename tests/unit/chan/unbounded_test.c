#include "scenarios.h"

CHAN_SCENARIOS(unbounded, UNBOUNDED)

Test(unbounded, a_failed_send_leaves_message_and_channel_as_they_were)
{
    test_alloc_install();
    post_tx tx;
    post_rx rx;
    post_office(UNBOUNDED, &tx, &rx);
    uint32_t refused = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        test_alloc_fail_at(1);
        weft_status s = post_send(&tx, parcel_of(0, i));
        test_alloc_fail_at(0);
        if (s == WEFT_NO_MEMORY) {
            refused++;
            cr_assert_eq(post_tx_len(&tx), i);
            s = post_send(&tx, parcel_of(0, i));
        }
        cr_assert_eq(s, WEFT_OK);
    }
    cr_assert_geq(refused, 10);
    parcel p;
    for (uint32_t i = 0; i < 1000; i++) {
        cr_assert_eq(post_recv(&rx, &p), WEFT_OK);
        cr_assert_eq(p.number, i);
    }
    post_tx_drop(&tx);
    post_rx_drop(&rx);
    cr_assert_eq(test_alloc_live(), 0);
}

Test(unbounded, gives_back_what_a_burst_took)
{
    test_alloc_install();
    post_tx tx;
    post_rx rx;
    post_office(UNBOUNDED, &tx, &rx);
    enum { BURST = 100000 };
    size_t empty = test_alloc_live_bytes();
    for (uint32_t i = 0; i < BURST; i++) {
        cr_assert_eq(post_send(&tx, parcel_of(0, i)), WEFT_OK);
    }
    size_t full = test_alloc_live_bytes();
    cr_assert_leq(full, BURST * 95 / 10, "9.5 bytes a message of 8");
    parcel p;
    for (uint32_t i = 0; i < BURST; i++) {
        cr_assert_eq(post_recv(&rx, &p), WEFT_OK);
    }
    cr_assert_leq(test_alloc_live_bytes(), 2 * empty, "one spare block");
    post_tx_drop(&tx);
    post_rx_drop(&rx);
}

Test(unbounded, a_steady_flow_allocates_nothing)
{
    test_alloc_install();
    post_tx tx;
    post_rx rx;
    post_office(UNBOUNDED, &tx, &rx);
    parcel p;
    size_t calls = 0;
    for (uint32_t i = 0; i < 10000; i++) {
        calls = i == 200 ? test_alloc_calls() : calls;
        cr_assert_eq(post_send(&tx, parcel_of(0, i)), WEFT_OK);
        cr_assert_eq(post_recv(&rx, &p), WEFT_OK);
    }
    cr_assert_eq(test_alloc_calls(), calls);
    post_tx_drop(&tx);
    post_rx_drop(&rx);
}

/* Messages of a page and more: blocks of one slot, so that each send links a
 * block, and the position that stands for linking comes after every message. */
typedef struct page {
    uint32_t from;
    uint32_t number;
    char rest[5000];
} page;
WEFT_SEND(page);
static weft_atomic_u32 pages_destroyed;
static void page_destroy(page *p)
{
    (void)p;
    (void)wefti_add_relaxed(&pages_destroyed, 1); /* statistic */
}
WEFT_CHAN_DEFINE_DROP(pages, page, page_destroy);

typedef struct printer {
    pages_tx tx[3];
    pages_rx rx;
    uint32_t sent[3];
    uint32_t got[3];
} printer;

static void print_until_closed(gang_member *me)
{
    printer *s = me->arg;
    page p = {(uint32_t)me->index, 0, ""};
    if (me->index < 3) {
        while (pages_send_from(&s->tx[me->index], &p) == WEFT_OK) {
            p.number++;
        }
        s->sent[me->index] = p.number;
        pages_tx_drop(&s->tx[me->index]);
        return;
    }
    test_rng rng = test_rng_make(3);
    for (uint64_t i = test_rng_below(&rng, 40); i > 0; i--) {
        gang_check(me, pages_recv(&s->rx, &p) == WEFT_OK);
        gang_check(me, p.number == s->got[p.from]++);
    }
    pages_rx_drop(&s->rx);
}

Test(unbounded, blocks_of_one_slot_race_with_the_drop)
{
    test_alloc_install();
    for (int round = 0; round < 100; round++) {
        printer s = {0};
        uint32_t before = wefti_load_relaxed(&pages_destroyed); /* joined */
        cr_assert_eq(pages_open_unbounded(&s.tx[0], &s.rx), WEFT_OK);
        pages_tx_clone(&s.tx[1], &s.tx[0]);
        pages_tx_clone(&s.tx[2], &s.tx[0]);
        gang_run(4, print_until_closed, &s);
        uint32_t gone = wefti_load_relaxed(&pages_destroyed); /* joined */
        cr_assert_eq(s.sent[0] + s.sent[1] + s.sent[2],
                     s.got[0] + s.got[1] + s.got[2] + gone - before);
        cr_assert_eq(test_alloc_live(), 0);
    }
}
