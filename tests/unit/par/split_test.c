/* How loops are cut. */
#include <weft/par/for.h>
#include <weft/par/pool.h>

#include "support/alloc_fail.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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

static bool short_loop_starts_the_pool(void)
{
    static char v[1000];
    memset(v, 0, sizeof v); /* its pages are there */
    pid_t child = fork();
    if (child == 0) {
        test_alloc_install();
        touch(v, 1000);
        _exit(test_alloc_calls() == 0 && wefti_this_worker == NULL ? 0 : 1);
    }
    int status = -1;
    return waitpid(child, &status, 0) != child || status != 0;
}

/* Whoever is preempted in the middle takes the loop for a long one, so one of
 * many fresh processes is enough. */
Test(split, short_loop_does_not_even_start_the_default_pool)
{
    int tries = 1;
    while (tries < 50 && short_loop_starts_the_pool()) {
        tries++;
    }
    cr_expect_lt(tries, 50);
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
