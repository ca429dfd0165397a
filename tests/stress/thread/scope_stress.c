/* Random trees of scopes, from a printed seed: every thread writes into a frame
 * of the one that spawned it, and adds up what its own threads wrote. */
#include <weft/thread/scope.h>

#include "support/seed.h"

#include <weft/base/atomic.h>
#include <weft/base/panic.h>

#include <criterion/criterion.h>

static void quiet(const weft_panic_info *info, const char *thread)
{
    (void)info;
    (void)thread;
}

typedef struct node {
    uint64_t seed;
    int depth;
    bool may_panic;
    uint64_t leaves; /* written by its thread, read after the scope */
} node;

enum { FANOUT = 3, DEPTH = 3 };

static void grow(void *arg)
{
    node *n = arg;
    test_rng rng = {n->seed};
    const uint64_t children =
        n->depth == 0 ? 0 : test_rng_below(&rng, FANOUT + 1);
    if (children == 0) {
        if (n->may_panic && test_rng_below(&rng, 8) == 0) {
            weft_panic("leaf %d", n->depth);
        }
        n->leaves = 1;
        return;
    }
    node below[FANOUT] = {0};
    WEFT_SCOPE(s) {
        for (uint64_t i = 0; i < children; i++) {
            below[i] =
                (node){test_rng_next(&rng), n->depth - 1, n->may_panic, 0};
            weft_require(weft_scope_spawn(&s, grow, &below[i]) == WEFT_OK);
        }
    }
    uint64_t leaves = 0;
    for (uint64_t i = 0; i < children; i++) {
        leaves += below[i].leaves;
    }
    n->leaves = leaves;
}

/* The same tree, without threads. SIZE_MAX: it panics. */
static uint64_t count(uint64_t seed, int depth, bool may_panic)
{
    test_rng rng = {seed};
    const uint64_t children = depth == 0 ? 0 : test_rng_below(&rng, FANOUT + 1);
    if (children == 0) {
        return may_panic && test_rng_below(&rng, 8) == 0 ? SIZE_MAX : 1;
    }
    uint64_t sum = 0;
    for (uint64_t i = 0; i < children; i++) {
        const uint64_t one = count(test_rng_next(&rng), depth - 1, may_panic);
        sum = one == SIZE_MAX || sum == SIZE_MAX ? SIZE_MAX : sum + one;
    }
    return sum;
}

static void grow_root(weft_scope *s, void *arg)
{
    (void)s;
    grow(arg);
}

static void grow_trees(uint64_t stream, bool may_panic)
{
    (void)weft_panic_set_hook(quiet);
    test_rng rng = test_rng_make(stream);
    for (int i = 0; i < 60; i++) {
        node root = {test_rng_next(&rng), DEPTH, may_panic, 0};
        const uint64_t expected = count(root.seed, DEPTH, may_panic);
        const weft_status s = weft_scope_run(grow_root, &root, NULL);
        if (expected == SIZE_MAX) {
            cr_assert_eq(s, WEFT_PANICKED);
        } else {
            cr_assert_eq(s, WEFT_OK);
            cr_assert_eq(root.leaves, expected);
        }
    }
}

Test(scope_stress, trees_add_up)
{
    grow_trees(0, false);
}

Test(scope_stress, trees_with_panics_report_them)
{
    grow_trees(1, true);
}

typedef struct swarm {
    weft_scope *scope;
    weft_atomic_u32 born;
} swarm;

enum { SWARM = 60 };

static void breed(void *arg)
{
    swarm *w = arg;
    for (int i = 0; i < 3; i++) {
        /* relaxed: a statistic. */
        if (wefti_add_relaxed(&w->born, 1) >= SWARM) {
            return;
        }
        weft_require(weft_scope_spawn(w->scope, breed, w) == WEFT_OK);
    }
}

/* Many threads push into one scope while its end takes what is there. */
Test(scope_stress, threads_that_spawn_into_their_scope_are_all_joined)
{
    for (int i = 0; i < 20; i++) {
        swarm w = {0};
        WEFT_SCOPE(s) {
            w.scope = &s;
            weft_require(weft_scope_spawn(&s, breed, &w) == WEFT_OK);
        }
        cr_assert_geq(wefti_load_relaxed(&w.born), SWARM);
    }
}
