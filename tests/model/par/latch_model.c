/* The latch of a job, explored: its maker waits, and the job's frame is gone
 * the moment the wait is over. */
#include "par/latch.h"

#include "team.h"

#include <criterion/criterion.h>

static int result;
static struct {
    int saw_open, announced;
} seen;

static void finish(void *arg)
{
    wefti_job *job = arg;
    wefti_latch_sign(job, team_member(1));
    result = 42;
    wefti_latch_open(team_pool(), job, WEFTI_DONE);
}

/* As sleep.c does it. */
static void await(wefti_job *job)
{
    uint64_t state;
    while (!wefti_latch_is_open(state = wefti_latch_read(job))) {
        if (wefti_latch_await(job, team_member(0), state)) {
            team_count(&seen.announced);
            (void)wefti_parker_park_until(&team_member(0)->parker,
                                          WEFT_FOREVER);
        } else {
            team_count(&seen.saw_open);
        }
    }
}

static __attribute__((noinline)) weft_model_thread frame(void)
{
    wefti_job job = {0};
    weft_model_name(&job, sizeof job, "job");
    weft_model_thread thief = weft_model_spawn(finish, &job);
    await(&job);
    weft_model_assert(result == 42);
    weft_model_assert(wefti_latch_phase(wefti_latch_read(&job)) == WEFTI_DONE);
    return thief;
}

static void wait_and_leave(void *unused)
{
    (void)unused;
    team_init(2);
    weft_model_join(frame());
}

/* Rows 11 (rayon#739, #913: who opens touches the job afterwards) and 14 (the
 * job is finished between the waiter's look and its announcement). */
Test(latch, waiter_is_woken_and_its_frame_is_not_touched_again)
{
    model_holds(wait_and_leave, .name = "latch", .spurious = 1);
    cr_expect(seen.saw_open > 0 && seen.announced > 0);
}
