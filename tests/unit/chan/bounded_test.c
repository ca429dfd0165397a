#include "scenarios.h"

CHAN_SCENARIOS(bounded_1, 1)
CHAN_SCENARIOS(bounded_2, 2)
CHAN_SCENARIOS(bounded_3, 3)
CHAN_SCENARIOS(bounded_1024, 1024)

Test(bounded, refuses_a_capacity_that_no_memory_can_hold)
{
    post_tx tx;
    post_rx rx;
    cr_assert_eq(post_open(SIZE_MAX / 2, &tx, &rx), WEFT_NO_MEMORY);
    cr_assert_eq(post_open(SIZE_MAX, &tx, &rx), WEFT_NO_MEMORY);
    cr_assert_null(tx.raw.chan);
    cr_assert_null(rx.raw.chan);
}

Test(bounded, sends_allocate_nothing)
{
    test_alloc_install();
    post_tx tx;
    post_rx rx;
    post_office(3, &tx, &rx);
    size_t calls = test_alloc_calls();
    parcel p;
    for (uint32_t i = 0; i < 100; i++) {
        fill(&tx, 3);
        for (int k = 0; k < 3; k++) {
            cr_assert_eq(post_recv(&rx, &p), WEFT_OK);
        }
    }
    cr_assert_eq(test_alloc_calls(), calls);
    post_tx_drop(&tx);
    post_rx_drop(&rx);
}

Test(bounded, costs_eight_bytes_a_message_and_a_fixed_sum)
{
    test_alloc_install();
    post_tx tx;
    post_rx rx;
    post_office(1000, &tx, &rx);
    cr_assert_leq(test_alloc_live_bytes(), 1000 * (sizeof(parcel) + 8) + 512);
    post_tx_drop(&tx);
    post_rx_drop(&rx);
}
