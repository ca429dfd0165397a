/* The state word of a job. */
#include "par/latch.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static weft_pool *pool;

static void init(void)
{
    weft_pool_config config = {.workers = 2};
    cr_assert_eq(weft_pool_create(&pool, &config), WEFT_OK);
}

static void fini(void)
{
    weft_pool_free(pool);
}

TestSuite(latch, .init = init, .fini = fini);

static bool await(wefti_job *job, const wefti_member *m)
{
    return wefti_latch_await(job, m, wefti_latch_read(job));
}

Test(latch, remembers_thief_and_waiter_in_any_order)
{
    wefti_member *thief = &pool->members[1];
    wefti_member *waiter = &pool->members[2];
    for (int order = 0; order < 2; order++) {
        wefti_job job = {0};
        if (order == 0) {
            wefti_latch_sign(&job, thief);
        }
        cr_expect(await(&job, waiter));
        cr_expect(await(&job, waiter));
        if (order == 1) {
            wefti_latch_sign(&job, thief);
        }
        uint64_t state = wefti_latch_read(&job);
        cr_expect_eq(wefti_latch_thief(pool, state), thief);
        cr_expect_eq(wefti_latch_phase(state), WEFTI_RUNNING);
        cr_expect_not(wefti_latch_is_open(state));
    }
}

/* Rows 11 (rayon#739): the opener uses nothing of the job after the swap; here
 * the job's memory is given back as soon as the waiter can tell. */
Test(latch, opening_wakes_the_waiter_and_is_final)
{
    wefti_member *waiter = &pool->members[2];
    wefti_job *job = calloc(1, sizeof *job);
    cr_assert(await(job, waiter));
    wefti_latch_open(pool, job, WEFTI_DONE);
    cr_expect(wefti_latch_is_open(wefti_latch_read(job)));
    free(job);
    cr_expect(
        wefti_parker_park_until(&waiter->parker, weft_deadline_after_ms(5000)));
}

Test(latch, without_a_waiter_wakes_nobody)
{
    wefti_job job = {0};
    wefti_latch_open(pool, &job, WEFTI_RETURNED);
    cr_expect(wefti_latch_is_open(wefti_latch_read(&job)));
    cr_expect_not(wefti_parker_park_until(&pool->members[2].parker,
                                          weft_deadline_after_ms(1)));
}
