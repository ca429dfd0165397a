/* How loops are cut. */
#include <weft/par/for.h>
#include <weft/par/pool.h>

#include "support/alloc_fail.h"

#include <criterion/criterion.h>
#include <string.h>

static WEFT_ATOMIC(size_t) ran;

WEFT_PAR_FOR(count, const int *, unused, i)
{
    (void)i;
    (void)unused;
    wefti_add_relaxed(&ran, (size_t)1);
}

WEFT_PAR_FOR(touch, char *, v, i)
{
    v[i] = 1;
}

Test(split, short_loop_does_not_even_start_the_default_pool)
{
    static char v[1000];
    memset(v, 0, sizeof v); /* its pages are there */
    test_alloc_install();
    touch(v, 1000);
    cr_expect_eq(test_alloc_calls(), 0);
    cr_expect_null(wefti_this_worker);
}

static void count_all(void *n)
{
    count(NULL, *(size_t *)n);
}

Test(split, pieces_cover_the_range_whatever_is_wanted)
{
    weft_pool *pool;
    weft_pool_config config = {.workers = 8};
    cr_assert_eq(weft_pool_create(&pool, &config), WEFT_OK);
    size_t n = 300007;
    for (int round = 0; round < 20; round++) {
        wefti_store_relaxed(&ran, (size_t)0);
        cr_assert_eq(weft_pool_install(pool, count_all, &n), WEFT_OK);
        cr_assert_eq(wefti_load_relaxed(&ran), n);
    }
    weft_pool_free(pool);
}
