/* Falling asleep and being woken, explored. In all of these nobody but the
 * sleeper can do the job, so that a job that is slept past is a deadlock. */
#include "par/sleep.h"

#include "base/futex.h"
#include "par/job.h"
#include "par/latch.h"
#include "team.h"

#include <weft/par/task.h>

#include <criterion/criterion.h>

static weft_atomic_u32 ran; /* jobs begun */

static struct {
    int at_once, later;
} seen;

/* Wait for a job without doing it. */
static void wait_until_run(uint32_t jobs)
{
    uint32_t count;
    while ((count = wefti_load_acquire(&ran)) < jobs) {
        wefti_futex_wait(&ran, count);
    }
}

static void begin(void)
{
    (void)wefti_add_acq_rel(&ran, 1u);
    wefti_futex_wake_all(&ran);
}

WEFT_TASK(int, leaf, int, n)
{
    return n;
}

WEFT_TASK(int, simple, int, n)
{
    begin();
    return n;
}

/* A worker, as worker.c has it, until it has run one job. */
static void sleeper(void *number)
{
    wefti_member *m = team_join(*(uint32_t *)number);
    wefti_job *job = wefti_job_steal(team_member(0));
    team_count(job != NULL ? &seen.at_once : &seen.later);
    while (job == NULL) {
        wefti_sleep_idle(m);
        job = wefti_job_steal(team_member(0));
    }
    wefti_job_run_stolen(m, job);
}

static uint32_t numbers[TEAM_MOST] = {0, 1, 2};

static void one_job(void *asym)
{
    team_init(2);
    if (*(bool *)asym) {
        wefti_deque_prepare();
    }
    weft_model_thread t = weft_model_spawn(sleeper, &numbers[1]);
    weft_fork(simple, f, 1);
    wait_until_run(1);
    weft_model_assert(weft_join(simple, f) == 1);
    weft_model_join(t);
}

/* Row 12 (rayon be12615b). */
Test(sleep, idle_worker_does_not_sleep_past_a_push)
{
    for (int i = 0; i < 2; i++) {
        bool asym = i == 1;
        seen.at_once = seen.later = 0;
        model_holds_with(one_job, &asym,
                         .name = asym ? "sleep, one job, membarrier"
                                      : "sleep, one job",
                         .spurious = !asym);
        cr_expect(seen.at_once > 0 && seen.later > 0);
    }
}

/* ------------------------------------------------------- two sleepers, row 15
 * Each job waits until both have begun, so both sleepers have to come: the
 * second wish is not lost with the first (tokio#8056). */

WEFT_TASK(int, meets, int, n)
{
    begin();
    wait_until_run(2);
    return n;
}

static void two_jobs(void *unused)
{
    (void)unused;
    team_init(3);
    weft_model_thread a = weft_model_spawn(sleeper, &numbers[1]);
    weft_model_thread b = weft_model_spawn(sleeper, &numbers[2]);
    weft_fork(meets, f, 1);
    weft_fork(meets, g, 2);
    wait_until_run(2);
    weft_model_assert(weft_join(meets, g) == 2);
    weft_model_assert(weft_join(meets, f) == 1);
    weft_model_join(a);
    weft_model_join(b);
}

/* Thread 1 wishes and takes a job without sleeping; its wish is cleared
 * together with that of the sleeper, who must be seen all the same. */
static void passer_by(void *unused)
{
    (void)unused;
    wefti_member *m = team_join(1);
    wefti_deque_want(&team_member(0)->worker.deque);
    wefti_job *job = wefti_job_steal(team_member(0));
    if (job != NULL) {
        wefti_job_run_stolen(m, job);
    }
}

static void two_wishes(void *unused)
{
    (void)unused;
    team_init(3);
    weft_model_thread a = weft_model_spawn(passer_by, NULL);
    weft_model_thread b = weft_model_spawn(sleeper, &numbers[2]);
    weft_fork(leaf, f, 1);
    weft_fork(leaf, g, 2);
    weft_model_join(a);
    weft_model_join(b);
    weft_model_assert(weft_join(leaf, g) == 2);
    weft_model_assert(weft_join(leaf, f) == 1);
}

Test(sleep, wish_is_not_cleared_unseen)
{
    model_holds(two_wishes, .name = "sleep, two wishes",
                .search = WEFT_MODEL_BOUNDED, .preemptions = 2);
}

Test(sleep, two_jobs_wake_two_sleepers)
{
    model_holds(two_jobs, .name = "sleep, two jobs",
                .search = WEFT_MODEL_BOUNDED, .preemptions = 1);
    model_holds(two_jobs, .name = "sleep, two jobs, PCT",
                .search = WEFT_MODEL_PCT, .seed = 1, .executions = 20000);
}

/* ------------------------------------------------------------------ follower
 * Thread 1 is at the job that thread 0 waits for, and forks one that only
 * thread 0 can do. */

static wefti_job *loot;

WEFT_TASK(int, leads, int, n)
{
    weft_fork(simple, f, n + 1);
    wait_until_run(1);
    return weft_join(simple, f);
}

static void leader(void *unused)
{
    (void)unused;
    wefti_job_run_stolen(team_join(1), loot);
}

static void follow(void *asym)
{
    team_init(2);
    if (*(bool *)asym) {
        wefti_deque_prepare();
    }
    weft_fork(leads, f, 1);
    loot = wefti_job_steal(team_member(0));
    weft_model_thread t = weft_model_spawn(leader, NULL);
    weft_model_assert(weft_join(leads, f) == 2);
    weft_model_join(t);
}

Test(sleep, waiter_does_not_sleep_past_a_push_of_its_thief)
{
    bool asym = false;
    model_holds_with(follow, &asym, .name = "sleep, follower",
                     .search = WEFT_MODEL_BOUNDED, .preemptions = 2);
    model_holds_with(follow, &asym, .name = "sleep, follower, PCT",
                     .search = WEFT_MODEL_PCT, .seed = 1, .spurious = 1);
    asym = true;
    model_holds_with(follow, &asym, .name = "sleep, follower, membarrier",
                     .search = WEFT_MODEL_BOUNDED, .preemptions = 2);
}
