/* Pools: their size, their visitors, and their ends. */
#include <weft/par/pool.h>
#include <weft/par/reduce.h>
#include <weft/par/task.h>
#include <weft/base/time.h>

#include "support/alloc_fail.h"
#include "support/gang.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

WEFT_TASK(uint64_t, fib, int, n)
{
    if (n < 2) {
        return (uint64_t)n;
    }
    weft_fork(fib, left, n - 1);
    uint64_t right = fib(n - 2);
    return weft_join(fib, left) + right;
}

#if !WEFT_TSAN
WEFT_PAR_SUM(uint64_t, sum_slowly, const uint32_t *, v, i)
{
    uint32_t x = v[i];
    for (int k = 0; k < 200; k++) {
        x = x * 1664525u + 1013904223u;
    }
    return x & 1;
}
#endif

static weft_pool *pool_of(size_t workers)
{
    weft_pool *pool;
    weft_pool_config config = {.workers = workers, .name = "test"};
    cr_assert_eq(weft_pool_create(&pool, &config), WEFT_OK);
    return pool;
}

static void fib_15(void *result)
{
    *(uint64_t *)result += fib(15);
}

static void count_workers(void *result)
{
    *(size_t *)result = weft_pool_workers(NULL);
}

Test(pool, knows_its_size_inside_and_outside)
{
    weft_pool *pool = pool_of(3);
    size_t inside = 0;
    cr_expect_eq(weft_pool_workers(pool), 3);
    cr_expect_eq(weft_pool_install(pool, count_workers, &inside), WEFT_OK);
    cr_expect_eq(inside, 3);
    weft_pool_free(pool);
    weft_pool_free(NULL);
}

Test(pool, default_size_is_what_the_environment_says)
{
    setenv("WEFT_NUM_WORKERS", "5", 1);
    cr_expect_eq(weft_pool_workers(NULL), 5);
}

Test(pool, default_size_ignores_an_environment_that_is_no_number)
{
    setenv("WEFT_NUM_WORKERS", "many", 1);
    cr_expect_geq(weft_pool_workers(NULL), 1);
}

/* Row 13 (rayon#592): installs that cross each other. */
typedef struct pair {
    weft_pool *here;
    weft_pool *there;
    int depth;
    uint64_t sum;
} pair;

static void back_and_forth(void *arg)
{
    pair *p = arg;
    fib_15(&p->sum);
    if (p->depth > 0) {
        pair next = {p->there, p->here, p->depth - 1, 0};
        weft_require(weft_pool_install(next.here, back_and_forth, &next) ==
                     WEFT_OK);
        p->sum += next.sum;
    }
}

static void visit(gang_member *me)
{
    pair *shared = me->arg;
    pair mine = *shared;
    if (me->index % 2 == 1) {
        mine.here = shared->there;
        mine.there = shared->here;
    }
    gang_check(me,
               weft_pool_install(mine.here, back_and_forth, &mine) == WEFT_OK);
    gang_check(me, mine.sum == 7 * 610);
}

Test(pool, installs_nest_back_and_forth_from_many_threads)
{
    pair p = {pool_of(2), pool_of(3), 6, 0};
    gang_run(6, visit, &p);
    weft_pool_free(p.here);
    weft_pool_free(p.there);
}

static void crowd(gang_member *me)
{
    uint64_t sum = 0;
    gang_check(me, weft_pool_install(me->arg, fib_15, &sum) == WEFT_OK);
    gang_check(me, sum == 610);
}

Test(pool, more_visitors_than_places_work_alone)
{
    weft_pool *pool = pool_of(2);
    gang_run(24, crowd, pool);
    weft_pool_free(pool);
}

static void panic_now(void *unused)
{
    (void)unused;
    weft_fork(fib, left, 5);
    weft_panic("in the pool");
}

static void free_in_use(void *pool)
{
    weft_pool_free(pool);
}

Test(pool, panic_ends_the_visit_and_not_the_pool)
{
    weft_pool *pool = pool_of(2);
    uint64_t sum = 0;
    cr_expect_eq(weft_pool_install(pool, panic_now, NULL), WEFT_PANICKED);
    cr_expect_eq(weft_pool_install(pool, free_in_use, pool), WEFT_PANICKED);
    cr_expect_eq(weft_pool_install(pool, fib_15, &sum), WEFT_OK);
    cr_expect_eq(sum, 610);
    weft_pool_free(pool);
}

Test(pool, without_memory_is_not_created)
{
    test_alloc_install();
    weft_pool *pool;
    test_alloc_fail_at(1);
    cr_expect_eq(weft_pool_create(&pool, NULL), WEFT_NO_MEMORY);
    test_alloc_fail_at(0);
    cr_expect_null(pool);
    cr_expect_eq(test_alloc_live(), 0);
}

Test(pool, without_memory_for_the_default_pool_the_caller_works_alone)
{
    test_alloc_install();
    for (size_t k = 1; k < 5; k++) {
        test_alloc_fail_at(k);
        cr_expect_eq(fib(15), 610);
        test_alloc_fail_at(0);
    }
}

Test(pool, whose_threads_are_refused_works_with_the_caller_alone)
{
    weft_pool *pool;
    weft_pool_config config = {.workers = 4, .stack_size = (size_t)1 << 50};
    uint64_t sum = 0;
    cr_assert_eq(weft_pool_create(&pool, &config), WEFT_OK);
    cr_expect_eq(weft_pool_install(pool, fib_15, &sum), WEFT_OK);
    cr_expect_eq(sum, 610);
    weft_pool_free(pool);
}

static weft_atomic_u32 strangers;

WEFT_TASK(int, count_stranger, pthread_t, home)
{
    if (!pthread_equal(home, pthread_self())) {
        (void)wefti_add_relaxed(&strangers, 1);
    }
    return 0;
}

static void offer_until_taken(void *unused)
{
    (void)unused;
    while (wefti_load_relaxed(&strangers) == 0) {
        weft_fork(count_stranger, offer, pthread_self());
        weft_deadline d = weft_deadline_after_ms(1);
        while (!weft_deadline_passed(d)) {
        }
        (void)weft_join(count_stranger, offer);
    }
}

Test(pool, stack_that_is_too_small_for_the_system_is_made_larger)
{
    weft_pool *pool;
    weft_pool_config config = {.workers = 2, .stack_size = 1};
    cr_assert_eq(weft_pool_create(&pool, &config), WEFT_OK);
    cr_expect_eq(weft_pool_install(pool, offer_until_taken, NULL), WEFT_OK);
    weft_pool_free(pool);
}

#if !WEFT_TSAN /* the watchdog is a thread; it follows none into a fork */
static int exit_code_of(pid_t child)
{
    int status = 0;
    return waitpid(child, &status, 0) == child && WIFEXITED(status)
               ? WEXITSTATUS(status)
               : -1;
}

/* What another thread had locked in AddressSanitizer's allocator stays locked
 * in the child. */
#if !WEFT_ASAN
/* Row 30 (libuv#1269), and gomp and rayon hang here. */
Test(pool, works_in_the_child_after_fork)
{
    weft_pool *own = pool_of(3);
    uint64_t sum = 0;
    cr_expect_eq(fib(18), 2584);
    cr_expect_eq(weft_pool_install(own, fib_15, &sum), WEFT_OK);
    for (int round = 0; round < 5; round++) {
        pid_t child = fork();
        if (child == 0) {
            sum = 0;
            bool ok = fib(18) == 2584 &&
                      weft_pool_install(own, fib_15, &sum) == WEFT_OK &&
                      sum == 610;
            weft_pool_free(own);
            exit(ok ? 7 : 8);
        }
        cr_assert_eq(exit_code_of(child), 7);
    }
    weft_pool_free(own);
}
#endif

static gate busy_now;

static void *keep_busy(void *v)
{
    gate_open(&busy_now);
    for (;;) {
        (void)sum_slowly(v, 1000000);
    }
    return NULL;
}

/* Row 33 (oneTBB#977). */
Test(pool, that_is_busy_does_not_keep_the_process_from_its_exit)
{
    pid_t child = fork();
    if (child == 0) {
        gate fresh = GATE_INIT;
        busy_now = fresh;
        static uint32_t v[1000000];
        pthread_t thread;
        setenv("WEFT_NUM_WORKERS", "3", 1);
        (void)pthread_create(&thread, NULL, keep_busy, v);
        gate_wait(&busy_now);
        (void)sum_slowly(v, 1000000);
        exit(9);
    }
    cr_expect_eq(exit_code_of(child), 9);
}
#endif

Test(pool, can_be_created_and_freed_at_once)
{
    for (size_t round = 0; round < 100; round++) {
        weft_pool_free(pool_of(1 + round % 8));
    }
}
