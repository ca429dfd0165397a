/* Random trees of tasks and loops in random pools, with panics strewn in. */
#include <weft/base/unwind.h>
#include <weft/par/collect.h>
#include <weft/par/pool.h>
#include <weft/par/reduce.h>
#include <weft/par/task.h>

#include "support/gang.h"
#include "support/seed.h"

#include <criterion/criterion.h>

static void silent(const weft_panic_info *info, const char *thread)
{
    (void)info;
    (void)thread;
}

/* A number that any execution of the same tree must give. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

WEFT_PAR_SUM(uint64_t, loop, const uint64_t *, seed, i)
{
    uint64_t x = *seed + i;
    for (int k = 0; k < 20; k++) {
        x = mix(x);
    }
    return x;
}

WEFT_TASK(uint64_t, tree, uint64_t, seed, int, depth, int, panic_depth)
{
    if (depth == panic_depth && mix(seed) % 8 == 0) {
        weft_panic("strewn");
    }
    if (depth == 0) {
        return mix(seed) % 16 == 0 ? loop(&seed, 200 + seed % 400) : mix(seed);
    }
    weft_fork(tree, a, mix(seed + 1), depth - 1, panic_depth);
    weft_fork(tree, b, mix(seed + 2), depth - 1, panic_depth);
    uint64_t c = tree(mix(seed + 3), depth - 1, panic_depth);
    if (seed % 2 == 0) {
        c ^= weft_join(tree, a);
        return c + weft_join(tree, b);
    }
    uint64_t second = weft_join(tree, b);
    c ^= weft_join(tree, a);
    return c + second;
}

static uint64_t serial_loop(uint64_t seed)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < 200 + seed % 400; i++) {
        uint64_t x = seed + i;
        for (int k = 0; k < 20; k++) {
            x = mix(x);
        }
        sum += x;
    }
    return sum;
}

static uint64_t serial(uint64_t seed, int depth)
{
    if (depth == 0) {
        return mix(seed) % 16 == 0 ? serial_loop(seed) : mix(seed);
    }
    uint64_t a = serial(mix(seed + 1), depth - 1);
    uint64_t b = serial(mix(seed + 2), depth - 1);
    return (serial(mix(seed + 3), depth - 1) ^ a) + b;
}

typedef struct visit {
    uint64_t seed;
    uint64_t result;
    int panic_depth;
} visit;

static void run(void *arg)
{
    visit *v = arg;
    v->result = tree(v->seed, 6, v->panic_depth);
}

enum { ROUNDS = 25 };

static void visitor(gang_member *me)
{
    weft_pool **pools = me->arg;
    test_rng rng = test_rng_make(me->index);
    for (int round = 0; round < ROUNDS; round++) {
        visit v = {.seed = test_rng_next(&rng)};
        v.panic_depth = (int)test_rng_below(&rng, 12) - 6;
        bool ours = test_rng_below(&rng, 3) == 0;
        weft_status s =
            ours ? weft_catch_unwind(run, &v, NULL)
                 : weft_pool_install(pools[test_rng_below(&rng, 3)], run, &v);
        if (s == WEFT_OK) {
            gang_check(me, v.result == serial(v.seed, 6));
        } else {
            gang_check(me, v.panic_depth >= 0);
        }
    }
}

Test(par_stress, random_trees_in_random_pools)
{
    (void)weft_panic_set_hook(silent);
    (void)test_seed();
    weft_pool *pools[3];
    for (size_t i = 0; i < 3; i++) {
        weft_pool_config config = {.workers = 1 + 2 * i};
        cr_assert_eq(weft_pool_create(&pools[i], &config), WEFT_OK);
    }
    gang_run(4, visitor, pools);
    for (size_t i = 0; i < 3; i++) {
        weft_pool_free(pools[i]);
    }
}
