/* Sleeping and waking. */
#include "par/pool.h"

#include <weft/base/time.h>
#include <weft/par/task.h>

#include "support/gang.h"

#include <criterion/criterion.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
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

static uint64_t cpu_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Row 35 (taskflow#244). The promise is 1 ms; the bound leaves room for a
 * sanitizer's background threads. */
Test(sleep, idle_pool_uses_no_cpu)
{
    setenv("WEFT_NUM_WORKERS", "4", 1);
    cr_expect_eq(fib(18), 2584);
    usleep(100000);
    uint64_t before = cpu_ns();
    sleep(1);
    uint64_t used = cpu_ns() - before;
    (void)fprintf(stderr, "idle pool: %.3f ms of CPU in a second\n",
                  (double)used / 1e6);
    cr_expect_lt(used, 50000000u);
}

/* Rows 12, 15, 16: work that comes while the workers fall asleep. */
Test(sleep, pool_wakes_up_for_work_again_and_again)
{
    weft_pool *pool = pool_of(4);
    for (int round = 0; round < 200; round++) {
        uint64_t sum = 0;
        cr_assert_eq(weft_pool_install(pool, fib_15, &sum), WEFT_OK);
        cr_assert_eq(sum, 610);
        usleep((useconds_t)(round % 100)); /* around the end of the search */
    }
    weft_pool_free(pool);
}

/* The place's last thief-to-be has long stopped waiting: its name must not be
 * taken for somebody who will come, while an idle thread sleeps on. */
static gate taken;

WEFT_TASK(void, take_me, int, unused)
{
    (void)unused;
    gate_open(&taken);
}

static void offer_once(void *pool)
{
    weft_pool *p = pool;
    wefti_member *me = wefti_this_member();
    while (wefti_load_relaxed(&p->members[0].parker.state) != 1 ||
           wefti_load_relaxed(&p->members[0].asleep) == 0) {
        (void)sched_yield();
    }
    wefti_store_relaxed(&me->follower, (uint32_t)p->size);
    weft_fork(take_me, offer, 0);
    weft_deadline end = weft_deadline_after_s(5);
    while (!gate_is_open(&taken) && !weft_deadline_passed(end)) {
        (void)sched_yield();
    }
    weft_require(gate_is_open(&taken));
    weft_join(take_me, offer);
}

Test(sleep, offer_wakes_an_idle_thread_though_a_follower_has_gone)
{
    gate fresh = GATE_INIT;
    taken = fresh;
    weft_pool *pool = pool_of(2);
    cr_expect_eq(weft_pool_install(pool, offer_once, pool), WEFT_OK);
    weft_pool_free(pool);
}
