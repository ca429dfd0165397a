/* Guests of a pool. */
#include "par/pool.h"

#include <criterion/criterion.h>

Test(worker, guest_has_a_place_until_it_leaves)
{
    weft_pool *pool;
    weft_pool_config config = {.workers = 1};
    cr_assert_eq(weft_pool_create(&pool, &config), WEFT_OK);
    wefti_member *all[WEFTI_POOL_GUESTS];
    for (int i = 0; i < WEFTI_POOL_GUESTS; i++) {
        all[i] = wefti_guest_enter(pool);
        cr_assert_eq(wefti_this_worker, &all[i]->worker);
    }
    cr_expect_null(wefti_guest_enter(pool));
    for (int i = WEFTI_POOL_GUESTS; i > 0; i--) {
        wefti_guest_leave(all[i - 1]);
    }
    cr_expect_null(wefti_this_worker);
    weft_pool_free(pool);
}

Test(worker, no_pool_means_no_place)
{
    cr_expect_null(wefti_guest_enter(NULL));
}
