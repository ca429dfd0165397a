/* Fork and join. */
#include <weft/base/time.h>
#include <weft/base/unwind.h>
#include <weft/par/pool.h>
#include <weft/par/task.h>
#include <weft/sync/mutex.h>

#include "support/alloc_fail.h"
#include "support/gang.h"

#include <criterion/criterion.h>
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

TestSuite(task, .init = init);

WEFT_TASK(uint64_t, fib, int, n)
{
    if (n < 2) {
        return (uint64_t)n;
    }
    weft_fork(fib, left, n - 1);
    uint64_t right = fib(n - 2);
    return weft_join(fib, left) + right;
}

typedef struct wide {
    double x[9];
} wide;

WEFT_TASK(wide, make_wide, int, a, double, b, const char *, c, wide, d)
{
    wide w = d;
    w.x[0] = a;
    w.x[1] = b;
    w.x[2] = (double)strlen(c);
    return w;
}

WEFT_TASK(void, add_to, int *, to, int, what)
{
    *to += what;
}

static void on_pool(size_t workers, void (*fn)(void *), void *arg)
{
    weft_pool *pool;
    weft_pool_config config = {.workers = workers};
    cr_assert_eq(weft_pool_create(&pool, &config), WEFT_OK);
    cr_expect_eq(weft_pool_install(pool, fn, arg), WEFT_OK);
    weft_pool_free(pool);
}

static void fib_20(void *result)
{
    *(uint64_t *)result = fib(20);
}

Test(task, computes_the_same_with_1_2_and_8_workers)
{
    size_t workers[] = {1, 2, 8};
    for (int i = 0; i < 3; i++) {
        uint64_t result = 0;
        on_pool(workers[i], fib_20, &result);
        cr_expect_eq(result, 6765);
    }
}

Test(task, works_on_a_thread_outside_every_pool)
{
    weft_fork(fib, a, 18);
    cr_expect_eq(weft_join(fib, a), 2584);
    cr_expect_eq(fib(18), 2584);
}

WEFT_TASK(const void *, identity, const void *, p)
{
    return p;
}

WEFT_TASK(void *, writable, void *, p)
{
    return p;
}

Test(task, may_return_a_pointer_to_void)
{
    int x = 0;
    weft_fork(identity, a, &x);
    weft_fork(writable, b, &x);
    cr_expect_eq(weft_join(writable, b), &x);
    cr_expect_eq(weft_join(identity, a), &x);
}

Test(task, takes_any_types)
{
    wide d = {{0, 0, 0, 7}};
    int sum = 1;
    weft_fork(make_wide, w, 3, 2.5, "four", d);
    weft_fork(add_to, n, &sum, 4);
    weft_join(add_to, n);
    wide w = weft_join(make_wide, w);
    cr_expect(w.x[0] == 3 && w.x[1] == 2.5 && w.x[2] == 4 && w.x[3] == 7);
    cr_expect_eq(sum, 5);
}

Test(task, may_be_joined_in_any_order)
{
    for (int i = 0; i < 200; i++) {
        weft_fork(fib, a, 5);
        weft_fork(fib, b, 6);
        weft_fork(fib, c, 7);
        cr_assert_eq(weft_join(fib, a), 5);
        cr_assert_eq(weft_join(fib, c), 13);
        cr_assert_eq(weft_join(fib, b), 8);
    }
}

Test(task, left_without_a_join_is_joined_at_the_end_of_its_block)
{
    int sum = 0;
    {
        weft_fork(add_to, a, &sum, 1);
    }
    cr_expect_eq(sum, 1);
}

static void join_twice(void *unused)
{
    (void)unused;
    weft_fork(fib, a, 3);
    (void)weft_join(fib, a);
    (void)weft_join(fib, a);
}

Test(task, joined_twice_panics)
{
    weft_panic_info info;
    cr_expect_eq(weft_catch_unwind(join_twice, NULL, &info), WEFT_PANICKED);
    cr_expect_not_null(strstr(info.message, "already been joined"));
}

/* More forks than a deque has room for. */
WEFT_TASK(int, chain, int, n)
{
    if (n == 0) {
        return 0;
    }
    weft_fork(chain, next, 0);
    int below = chain(n - 1);
    return weft_join(chain, next) + below + 1;
}

Test(task, deeper_than_the_deque_still_runs)
{
    cr_expect_eq(chain(3000), 3000);
}

/* ------------------------------------------------------------------ panics */

typedef struct where {
    int depth;
    int fork_at; /* the parent panics there, between fork and join */
    int leaf;    /* the child panics there */
} where;

static WEFT_ATOMIC(uint32_t) alive; /* frames entered and not left */

static void frame_left(int *unused)
{
    (void)unused;
    wefti_sub_relaxed(&alive, 1u);
}

WEFT_TASK(int, fragile, where *, at, int, depth)
{
    int here WEFT_CLEANUP(frame_left) = 0;
    wefti_add_relaxed(&alive, 1u);
    if (depth == at->depth) {
        if (at->leaf) {
            weft_panic("leaf");
        }
        return here + 1;
    }
    weft_fork(fragile, left, at, depth + 1);
    if (depth == at->fork_at) {
        weft_panic("between");
    }
    int right = fragile(at, depth + 1);
    return weft_join(fragile, left) + right;
}

static void run_fragile(void *at)
{
    (void)fragile(at, 0);
}

static void panic_everywhere(void *unused)
{
    (void)unused;
    for (int i = 0; i < 300; i++) {
        where at = {.depth = 8, .fork_at = i % 10, .leaf = i % 3 == 0};
        weft_panic_info info;
        weft_status s = weft_catch_unwind(run_fragile, &at, &info);
        bool panics = at.leaf || at.fork_at < at.depth;
        if ((s == WEFT_PANICKED) != panics || wefti_load_relaxed(&alive) != 0) {
            weft_panic("round %d: status %d, %u frames alive", i, (int)s,
                       wefti_load_relaxed(&alive));
        }
    }
}

Test(task, panics_of_child_and_parent_leave_no_task_behind)
{
    on_pool(1, panic_everywhere, NULL);
    on_pool(2, panic_everywhere, NULL);
    on_pool(8, panic_everywhere, NULL);
}

Test(task, panics_from_a_thread_outside_leave_it_outside)
{
    panic_everywhere(NULL);
    cr_expect_null(wefti_this_worker);
    cr_expect_eq(fib(10), 55);
}

/* The child is certainly on another thread when its parent panics. */
static gate child_runs;
static gate child_may_end;
static WEFT_ATOMIC(uint32_t) child_ended;

WEFT_TASK(void, child, bool, panics)
{
    gate_open(&child_runs);
    if (panics) {
        weft_panic("stolen child");
    }
    gate_wait(&child_may_end);
    wefti_store_relaxed(&child_ended, 1u);
}

static void open_late(int *unused)
{
    (void)unused;
    gate_open(&child_may_end);
}

static void parent_panics(void *unused)
{
    (void)unused;
    weft_fork(child, c, false);
    gate_wait(&child_runs);
    int late WEFT_CLEANUP(open_late) WEFT_UNUSED = 0;
    weft_panic("parent");
}

static void parent_joins(void *unused)
{
    (void)unused;
    weft_fork(child, c, true);
    gate_wait(&child_runs);
    weft_join(child, c);
}

static void stolen_child(void *unused)
{
    (void)unused;
    gate fresh = GATE_INIT;
    weft_panic_info info;
    child_runs = child_may_end = fresh;
    weft_status s = weft_catch_unwind(parent_panics, NULL, &info);
    weft_require(s == WEFT_PANICKED && strcmp(info.message, "parent") == 0);
    weft_require(wefti_load_relaxed(&child_ended) == 1);
    child_runs = fresh;
    s = weft_catch_unwind(parent_joins, NULL, &info);
    weft_require(s == WEFT_PANICKED);
    weft_require(strcmp(info.message, "stolen child") == 0);
}

Test(task, stolen_child_is_waited_for_and_its_panic_is_carried)
{
    on_pool(2, stolen_child, NULL);
}

/* ---------------------------------------------- no stranger under a lock */

static weft_mutex lock;

WEFT_TASK(int, under_lock, int, depth)
{
    if (depth > 0) {
        weft_fork(under_lock, a, depth - 1);
        int b = under_lock(depth - 1);
        return weft_join(under_lock, a) + b;
    }
    weft_require(weft_mutex_lock(&lock) == WEFT_OK);
    weft_fork(fib, left, 8);
    int right = (int)fib(7);
    int sum = (int)weft_join(fib, left) + right;
    weft_mutex_unlock(&lock);
    return sum;
}

static void lock_and_fork(void *result)
{
    *(int *)result = under_lock(8);
}

/* Row 13 (rayon#592): tasks that take a mutex, and fork and join while they
 * hold it. A waiter that ran anybody's task would ask for it again. */
Test(task, waiting_runs_no_stranger_that_wants_the_lock)
{
    int result = 0;
    on_pool(4, lock_and_fork, &result);
    cr_expect_eq(result, 256 * 34);
}

/* Joined out of order: `older` is with the other worker when it is joined, and
 * `newer` is still in the deque. Who waits for a child of `older` steals from
 * this thread, which helps with that child: it must not get `newer`. */
static gate older_runs;
static gate older_may_fork;
static gate inner_runs;
static WEFT_ATOMIC(uint32_t) newer_began;
static WEFT_ATOMIC(uint32_t) strangers;
static __thread bool holds_lock;

WEFT_TASK(void, newer, int, unused)
{
    (void)unused;
    if (holds_lock) {
        wefti_add_relaxed(&strangers, 1u);
    }
    wefti_store_relaxed(&newer_began, 1u);
}

/* Gives its waiter 100 ms to do what is forbidden. */
WEFT_TASK(void, inner, int, unused)
{
    (void)unused;
    gate_open(&inner_runs);
    weft_deadline end = weft_deadline_after_ms(100);
    while (wefti_load_relaxed(&newer_began) == 0 &&
           !weft_deadline_passed(end)) {
        wefti_spin_hint();
    }
}

WEFT_TASK(void, older, int, unused)
{
    (void)unused;
    gate_open(&older_runs);
    gate_wait(&older_may_fork);
    holds_lock = true;
    weft_fork(inner, child, 0);
    gate_wait(&inner_runs);
    weft_join(inner, child);
    holds_lock = false;
}

static void older_first(void *unused)
{
    (void)unused;
    weft_fork(older, first, 0);
    gate_wait(&older_runs);
    weft_fork(newer, second, 0);
    gate_open(&older_may_fork);
    weft_join(older, first);
    weft_join(newer, second);
}

Test(task, joined_out_of_order_is_not_run_under_a_strangers_lock)
{
    on_pool(2, older_first, NULL);
    cr_expect_eq(wefti_load_relaxed(&strangers), 0);
}

/* ----------------------------------------------------------------- memory */

Test(task, needs_no_memory)
{
    test_alloc_install();
    for (size_t k = 1; k < 6; k++) {
        test_alloc_fail_at(k);
        cr_assert_eq(fib(12), 144);
        test_alloc_fail_at(0);
    }
}

static void set_one(void *x)
{
    *(int *)x += 1;
}

Test(task, par_join_calls_both)
{
    int a = 0;
    int b = 0;
    for (int i = 0; i < 1000; i++) {
        weft_par_join(set_one, &a, set_one, &b);
    }
    cr_expect(a == 1000 && b == 1000);
}
