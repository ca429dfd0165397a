/* Pools as wholes, explored: start, work, sleep, visits, stop. */
#include "par/pool.h"

#include "support/model.h"

#include <weft/base/unwind.h>
#include <weft/par/for.h>
#include <weft/par/task.h>

#include <criterion/criterion.h>
#include <stdlib.h>

static int runs[4];

static struct {
    int by_worker, by_guest, alone;
} seen;

__attribute__((no_sanitize("thread"))) static void count(int *what)
{
    ++*what;
}

static weft_pool *pool_of(size_t workers)
{
    weft_pool *pool;
    weft_pool_config config = {.workers = workers};
    weft_model_assert(weft_pool_create(&pool, &config) == WEFT_OK);
    for (size_t i = 0; i < pool->size; i++) {
        static const char *const names[] = {"m0", "m1", "m2"};
        weft_model_name(&pool->members[i], sizeof pool->members[i], names[i]);
    }
    return pool;
}

/* ----------------------------------------------------------- start and stop
 * Row 16 (tensorflow#932): the end finds its worker anywhere between its
 * start and its sleep. */

static void start_and_stop(void *unused)
{
    (void)unused;
    weft_pool_free(pool_of(2));
}

Test(pool, stops_its_worker_wherever_it_is)
{
    model_holds(start_and_stop, .name = "pool, stop", .spurious = 1);
}

static void start_and_stop_two(void *unused)
{
    (void)unused;
    weft_pool_free(pool_of(3));
}

Test(pool, stops_both_workers)
{
    model_holds(start_and_stop_two, .name = "pool, stop two",
                .search = WEFT_MODEL_BOUNDED, .preemptions = 1);
    model_holds(start_and_stop_two, .name = "pool, stop two, PCT",
                .search = WEFT_MODEL_PCT, .seed = 1);
}

/* --------------------------------------------------------------------- work
 */

WEFT_TASK(int, leaf, int, n)
{
    if (wefti_this_worker == NULL) {
        count(&seen.alone);
    } else {
        count(weft_model_self() == 0 ? &seen.by_guest : &seen.by_worker);
    }
    runs[n]++;
    return n;
}

static void fork_two(void *unused)
{
    (void)unused;
    weft_fork(leaf, f, 1);
    weft_fork(leaf, g, 2);
    weft_model_assert(weft_join(leaf, g) == 2);
    weft_model_assert(weft_join(leaf, f) == 1);
}

static void install_and_fork(void *unused)
{
    (void)unused;
    weft_pool *pool = pool_of(2);
    weft_model_assert(weft_pool_install(pool, fork_two, NULL) == WEFT_OK);
    weft_pool_free(pool);
    weft_model_assert(runs[1] == 1 && runs[2] == 1);
}

Test(pool, shares_forks_with_its_worker)
{
    model_holds(install_and_fork, .name = "pool, forks",
                .search = WEFT_MODEL_BOUNDED, .preemptions = 2);
    model_holds(install_and_fork, .name = "pool, forks, PCT",
                .search = WEFT_MODEL_PCT, .seed = 1);
    cr_expect(seen.by_worker > 0 && seen.by_guest > 0);
}

WEFT_PAR_FOR(mark, int *, v, i)
{
    count(weft_model_self() == 0 ? &seen.by_guest : &seen.by_worker);
    v[i]++;
}

static void loop(void *unused)
{
    (void)unused;
    mark(runs, 4);
}

static void install_and_loop(void *unused)
{
    (void)unused;
    weft_pool *pool = pool_of(2);
    weft_model_assert(weft_pool_install(pool, loop, NULL) == WEFT_OK);
    weft_pool_free(pool);
    for (int i = 0; i < 4; i++) {
        weft_model_assert(runs[i] == 1);
    }
}

Test(pool, splits_a_loop_when_its_worker_wants_it)
{
    model_holds(install_and_loop, .name = "pool, loop",
                .search = WEFT_MODEL_BOUNDED, .preemptions = 2);
    model_holds(install_and_loop, .name = "pool, loop, PCT",
                .search = WEFT_MODEL_PCT, .seed = 1);
    cr_expect(seen.by_worker > 0 && seen.by_guest > 0);
}

/* ------------------------------------------------------------------- visits
 * Two threads, one place for a guest, no worker: one of them may have to work
 * alone, and the place passes from one to the other with its deque. */

static weft_pool *shared;

static void fork_one(void *n)
{
    weft_fork(leaf, f, *(int *)n);
    if (wefti_this_worker != &shared->members[0].worker) {
        count(&seen.alone);
    }
    weft_model_assert(weft_join(leaf, f) == *(int *)n);
}

static void visit(void *n)
{
    weft_model_assert(weft_pool_install(shared, fork_one, n) == WEFT_OK);
}

static void two_visits(void *unused)
{
    (void)unused;
    static int one = 1;
    static int two = 2;
    shared = pool_of(1);
    weft_model_thread t = weft_model_spawn(visit, &two);
    visit(&one);
    weft_model_join(t);
    weft_pool_free(shared);
    weft_model_assert(runs[1] == 1 && runs[2] == 1);
}

Test(pool, place_passes_from_guest_to_guest)
{
    model_holds(two_visits, .name = "pool, two guests");
    cr_expect_gt(seen.alone, 0);
}

/* Freed by who knows only that the guest has been there. */
static weft_atomic_u32 inside;

static void enter(void *unused)
{
    (void)unused;
    wefti_store_release(&inside, 1u);
}

static void visit_briefly(void *unused)
{
    (void)unused;
    weft_model_assert(weft_pool_install(shared, enter, NULL) == WEFT_OK);
}

static void free_shared(void *unused)
{
    (void)unused;
    weft_pool_free(shared);
}

static void free_after_visit(void *unused)
{
    (void)unused;
    shared = pool_of(1);
    weft_model_thread t = weft_model_spawn(visit_briefly, NULL);
    while (wefti_load_acquire(&inside) == 0) {
        weft_model_yield();
    }
    weft_status s = weft_catch_unwind(free_shared, NULL, NULL);
    count(s == WEFT_OK ? &seen.alone : &seen.by_guest);
    weft_model_join(t);
    if (s != WEFT_OK) {
        weft_pool_free(shared);
    }
}

static void silent(const weft_panic_info *info, const char *thread)
{
    (void)info;
    (void)thread;
}

Test(pool, free_panics_while_a_guest_is_inside)
{
    (void)weft_panic_set_hook(silent);
    model_holds(free_after_visit, .name = "pool, free");
    cr_expect(seen.alone > 0 && seen.by_guest > 0);
}

/* Row 13 (rayon#446, #1174): two threads install into two pools, each in the
 * other order. */

static weft_pool *both[2];

static void leaf_of(void *n)
{
    runs[*(int *)n]++;
}

static void install_second(void *n)
{
    weft_pool *second = both[1 - *(int *)n];
    weft_model_assert(weft_pool_install(second, leaf_of, n) == WEFT_OK);
}

static void install_first(void *n)
{
    weft_pool *first = both[*(int *)n];
    weft_model_assert(weft_pool_install(first, install_second, n) == WEFT_OK);
}

static void cross(void *unused)
{
    (void)unused;
    static int zero = 0;
    static int one = 1;
    both[0] = pool_of(1);
    both[1] = pool_of(1);
    weft_model_thread t = weft_model_spawn(install_first, &one);
    install_first(&zero);
    weft_model_join(t);
    weft_pool_free(both[0]);
    weft_pool_free(both[1]);
    weft_model_assert(runs[0] == 1 && runs[1] == 1);
}

Test(pool, two_pools_install_into_each_other)
{
    model_holds(cross, .name = "pool, cross");
}

/* --------------------------------------------------------- the default pool
 * Row 33: two threads create it at once; the exit stops it, while its worker
 * is asleep or busy, and frees what nobody uses any more. */

static void outside(void *n)
{
    weft_fork(leaf, f, *(int *)n);
    weft_model_assert(weft_join(leaf, f) == *(int *)n);
}

static void use_and_exit(void *unused)
{
    (void)unused;
    static int one = 1;
    outside(&one);
    wefti_pool_stop_default();
    outside(&one); /* a late destructor */
    weft_model_assert(runs[1] == 2);
}

static void default_of_two(void)
{
    (void)setenv("WEFT_NUM_WORKERS", "2", 1);
}

Test(pool, default_pool_ends_with_the_process, .init = default_of_two)
{
    /* A worker that is not gone in time keeps the pool. */
    model_holds(use_and_exit, .name = "pool, exit", .leaks_allowed = true,
                .search = WEFT_MODEL_BOUNDED, .preemptions = 2);
    model_holds(use_and_exit, .name = "pool, exit, PCT", .leaks_allowed = true,
                .search = WEFT_MODEL_PCT, .seed = 1);
    cr_expect(seen.by_worker > 0 && seen.by_guest > 0 && seen.alone > 0);
}

static void default_of_one(void)
{
    (void)setenv("WEFT_NUM_WORKERS", "1", 1);
}

static void two_outside(void *unused)
{
    (void)unused;
    static int one = 1;
    static int two = 2;
    weft_model_thread t = weft_model_spawn(outside, &two);
    outside(&one);
    weft_model_join(t);
    wefti_pool_stop_default();
    weft_model_assert(runs[1] == 1 && runs[2] == 1);
}

Test(pool, two_threads_create_the_default_pool, .init = default_of_one)
{
    model_holds(two_outside, .name = "pool, default");
}
