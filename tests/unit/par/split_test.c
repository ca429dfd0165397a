/* How loops are cut. */
#include <weft/base/time.h>
#include <weft/par/for.h>
#include <weft/par/pool.h>

#include "support/alloc_fail.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
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

/* ---------------------------------------------------------- dear bodies */

static void nap_us(long us)
{
    struct timespec t = {.tv_nsec = us * 1000};
    (void)nanosleep(&t, NULL);
}

static WEFT_ATOMIC(uint32_t) inside;
static WEFT_ATOMIC(uint32_t) most_inside;
static WEFT_ATOMIC(uint32_t) waited_in_vain;

/* Waits until three are here, but for the first, which nobody can share. */
WEFT_PAR_FOR(meet, const int *, unused, i)
{
    (void)unused;
    weft_deadline end = weft_deadline_after_s(i == 0 ? 0 : 5);
    uint32_t now = wefti_add_relaxed(&inside, 1u) + 1;
    if (now > wefti_load_relaxed(&most_inside)) {
        wefti_store_relaxed(&most_inside, now);
    }
    do {
        nap_us(500);
    } while (wefti_load_relaxed(&most_inside) < 3 &&
             !weft_deadline_passed(end));
    if (i > 0 && wefti_load_relaxed(&most_inside) < 3) {
        wefti_store_relaxed(&waited_in_vain, 1u);
    }
    wefti_sub_relaxed(&inside, 1u);
}

static void meet_8(void *unused)
{
    (void)unused;
    meet(NULL, 8);
}

static void on_pool(size_t workers, void (*fn)(void *), void *arg)
{
    weft_pool *pool;
    weft_pool_config config = {.workers = workers};
    cr_assert_eq(weft_pool_create(&pool, &config), WEFT_OK);
    cr_expect_eq(weft_pool_install(pool, fn, arg), WEFT_OK);
    weft_pool_free(pool);
}

Test(split, few_dear_bodies_are_handed_on_before_any_more_is_done)
{
    on_pool(8, meet_8, NULL);
    cr_expect_eq(wefti_load_relaxed(&waited_in_vain), 0);
}

enum { CHEAP = 2000 };

WEFT_PAR_FOR(dear_end, wefti_worker **, who, i)
{
    if (i >= CHEAP) {
        nap_us(20);
    }
    who[i] = wefti_this_worker;
}

static void count_mine(void *count)
{
    static wefti_worker *who[2 * CHEAP];
    dear_end(who, 2 * CHEAP);
    for (size_t i = CHEAP; i < (size_t)2 * CHEAP; i++) {
        *(size_t *)count += who[i] == wefti_this_worker;
    }
}

Test(split, dear_bodies_behind_many_cheap_ones_are_shared_out)
{
    for (int round = 0; round < 5; round++) {
        size_t mine = 0;
        on_pool(2, count_mine, &mine);
        cr_expect_lt(mine, CHEAP);
    }
}
