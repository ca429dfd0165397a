/* A mill: pools that are built and torn down, trees of tasks and loops in them
 * or in the default pool, some of which fall. What comes out is what one thread
 * alone would have made. */
#include "soak.h"

enum { DEPTH = 5, FALL_ONE_IN = 64 };

static uint64_t grind(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

WEFT_PAR_SUM(uint64_t, sum_of_grains, const uint64_t *, seed, i)
{
    uint64_t x = *seed + i;
    for (int k = 0; k < 10; k++) {
        x = grind(x);
    }
    return x;
}

static uint64_t sum_alone(uint64_t seed, size_t n)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t x = seed + i;
        for (int k = 0; k < 10; k++) {
            x = grind(x);
        }
        sum += x;
    }
    return sum;
}

static size_t length_of(uint64_t seed)
{
    return (size_t)(seed % 3000);
}

/* `falls`: a leaf in some is to panic. */
WEFT_TASK(uint64_t, tree, uint64_t, seed, int, depth, bool, falls)
{
    if (depth == 0) {
        if (falls && seed % FALL_ONE_IN == 0) {
            soak_panic();
        }
        return seed % 8 == 0 ? sum_of_grains(&seed, length_of(seed))
                             : grind(seed);
    }
    weft_fork(tree, left, grind(seed + 1), depth - 1, falls);
    weft_fork(tree, middle, grind(seed + 2), depth - 1, falls);
    uint64_t right = tree(grind(seed + 3), depth - 1, falls);
    if (seed % 2 == 0) {
        right ^= weft_join(tree, left);
        return right + weft_join(tree, middle);
    }
    const uint64_t middle_result = weft_join(tree, middle);
    right ^= weft_join(tree, left);
    return right + middle_result;
}

static uint64_t tree_alone(uint64_t seed, int depth)
{
    if (depth == 0) {
        return seed % 8 == 0 ? sum_alone(seed, length_of(seed)) : grind(seed);
    }
    const uint64_t left = tree_alone(grind(seed + 1), depth - 1);
    const uint64_t middle = tree_alone(grind(seed + 2), depth - 1);
    return (tree_alone(grind(seed + 3), depth - 1) ^ left) + middle;
}

typedef struct order {
    uint64_t seed;
    uint64_t result;
    bool falls;
} order;

static void grow(void *arg)
{
    order *o = arg;
    o->result = tree(o->seed, DEPTH, o->falls);
}

/* In `pool`, or if it is NULL in the default one. */
static void grow_in(soak_self *me, weft_pool *pool)
{
    order o = {.seed = soak_below(me, UINT64_MAX), .falls = soak_chance(me, 4)};
    const weft_status s = pool != NULL ? weft_pool_install(pool, grow, &o)
                                       : weft_catch_unwind(grow, &o, NULL);
    soak_check(s == WEFT_OK || (s == WEFT_PANICKED && o.falls));
    soak_check(s != WEFT_OK || o.result == tree_alone(o.seed, DEPTH));
    soak_note(me, s == WEFT_OK ? SOAK_DONE : SOAK_PANICKED);
}

static void build_and_tear_down(soak_self *me)
{
    weft_pool *pool;
    const weft_pool_config config = {.workers = 1 + soak_below(me, 4),
                                     .name = "mill"};
    const weft_status s = weft_pool_create(&pool, &config);
    soak_note_status(me, s);
    for (uint64_t i = soak_below(me, 3); s == WEFT_OK && i > 0; i--) {
        grow_in(me, pool);
    }
    weft_pool_free(pool);
}

/* ------------------------------------------------------------------- sieve */

WEFT_PAR_COLLECT(uint64_t, sieve, const uint64_t *, seed, i)
{
    const uint64_t x = grind(*seed + i);
    if (x % 3 == 0) {
        weft_emit(x);
    }
}

static void sift(soak_self *me)
{
    const uint64_t seed = soak_below(me, UINT64_MAX);
    const size_t n = (size_t)soak_below(me, 20000);
    sieve_list list;
    const weft_status s = sieve(&seed, n, &list);
    soak_note_status(me, s);
    if (s != WEFT_OK) {
        soak_check(s == WEFT_NO_MEMORY && list.count == 0);
        return;
    }
    size_t k = 0;
    for (uint64_t i = 0; i < n; i++) {
        const uint64_t x = grind(seed + i);
        if (x % 3 == 0) {
            soak_check(k < list.count && list.items[k] == x);
            k++;
        }
    }
    soak_check(k == list.count);
    sieve_free(&list);
}

static void act(soak_self *me)
{
    switch (soak_below(me, 3)) {
    case 0:
        build_and_tear_down(me);
        break;
    case 1:
        sift(me);
        break;
    default:
        grow_in(me, NULL);
    }
}

const soak_actor soak_mill = {"mill", 2, NULL, act, NULL, NULL};
