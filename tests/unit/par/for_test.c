/* Parallel loops without a result. */
#include <weft/base/unwind.h>
#include <weft/par/for.h>
#include <weft/par/pool.h>
#include <weft/sync/mutex.h>

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void silent(const weft_panic_info *info, const char *thread)
{
    (void)info;
    (void)thread;
}

static void init(void)
{
    (void)weft_panic_set_hook(silent);
}

/* The suite's name is not `for`: that is a word of C. */
TestSuite(par_for, .init = init);

WEFT_PAR_FOR(increment, uint32_t *, v, i)
{
    v[i]++;
}

static bool once_each(size_t n)
{
    uint32_t *v = calloc(n + 1, sizeof *v);
    increment(v, n);
    bool ok = v[n] == 0;
    for (size_t i = 0; i < n; i++) {
        ok = ok && v[i] == 1;
    }
    free(v);
    return ok;
}

Test(par_for, runs_each_index_once)
{
    size_t sizes[] = {0, 1, 2, 31, 33, 34, 1000, 65537, 3000001};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        cr_expect(once_each(sizes[i]), "n = %zu", sizes[i]);
    }
}

/* Bodies that take long, so that even few indices are shared out. */
static uint32_t burn(uint32_t x, unsigned turns)
{
    for (unsigned k = 0; k < turns; k++) {
        x = x * 1664525u + 1013904223u;
    }
    return x;
}

WEFT_PAR_FOR(slow_rows, uint32_t *, v, i)
{
    v[i] = burn((uint32_t)i, 100000) | 1;
}

WEFT_PAR_FOR(nested, uint32_t *, v, i)
{
    uint32_t *row = v + i * 2000;
    memset(row, 0, 2000 * sizeof *row);
    slow_rows(row, 3);
    increment(row + 3, 1997);
}

static void run_nested(void *v)
{
    nested(v, 40);
}

static void on_pool(size_t workers, void (*fn)(void *), void *arg)
{
    weft_pool *pool;
    weft_pool_config config = {.workers = workers};
    cr_assert_eq(weft_pool_create(&pool, &config), WEFT_OK);
    cr_expect_eq(weft_pool_install(pool, fn, arg), WEFT_OK);
    weft_pool_free(pool);
}

Test(par_for, nests_in_pools_of_1_2_and_8)
{
    uint32_t *v = malloc(80000 * sizeof *v);
    size_t workers[] = {1, 2, 8};
    for (int k = 0; k < 3; k++) {
        memset(v, 0, 80000 * sizeof *v);
        on_pool(workers[k], run_nested, v);
        for (size_t i = 0; i < 80000; i++) {
            bool slow = i % 2000 < 3;
            cr_assert(slow ? (v[i] & 1) == 1 : v[i] == 1, "index %zu", i);
        }
    }
    free(v);
}

static weft_mutex lock;

WEFT_PAR_FOR(locked_rows, uint32_t *, v, i)
{
    weft_require(weft_mutex_lock(&lock) == WEFT_OK);
    slow_rows(v + 2 * i, 2);
    weft_mutex_unlock(&lock);
}

static void run_locked(void *v)
{
    locked_rows(v, 100);
}

/* Row 13: rayon and TBB deadlock here. */
Test(par_for, inside_a_mutex_inside_a_loop_does_not_deadlock)
{
    uint32_t v[200];
    on_pool(4, run_locked, v);
}

typedef struct trap {
    size_t at;
    WEFT_ATOMIC(uint32_t) ran;
} trap;

WEFT_PAR_FOR(trapped, trap *, t, i)
{
    wefti_add_relaxed(&t->ran, (burn((uint32_t)i, 2000) & 0u) | 1u);
    if (i == t->at) {
        weft_panic("index %zu", i);
    }
}

static void run_trapped(void *t)
{
    trapped(t, 5000);
}

static void panic_at_each(void *unused)
{
    (void)unused;
    size_t at[] = {0, 1, 2500, 4998, 4999};
    for (int round = 0; round < 10; round++) {
        trap t = {.at = at[round % 5]};
        weft_panic_info info;
        char expected[32];
        (void)snprintf(expected, sizeof expected, "index %zu", t.at);
        weft_status s = weft_catch_unwind(run_trapped, &t, &info);
        weft_require(s == WEFT_PANICKED);
        weft_require(strcmp(info.message, expected) == 0);
    }
}

Test(par_for, panic_in_a_body_comes_out_of_the_call)
{
    on_pool(1, panic_at_each, NULL);
    on_pool(4, panic_at_each, NULL);
    panic_at_each(NULL);
}

Test(par_for, panic_stops_the_others_early)
{
    trap t = {.at = 0};
    cr_expect_eq(weft_catch_unwind(run_trapped, &t, NULL), WEFT_PANICKED);
    cr_expect_lt(wefti_load_relaxed(&t.ran), 5000);
}
