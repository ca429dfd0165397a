/* Fork and join with thieves, explored: every job runs once, and what it did
 * is visible after the join. */
#include "par/job.h"

#include "team.h"

#include <weft/base/unwind.h>
#include <weft/par/task.h>

#include <criterion/criterion.h>
#include <string.h>

static int runs[4];

static struct {
    int stolen, helped;
} seen;

/* One look at member 0, and what it has run to its end. */
static void thief(void *number)
{
    uint32_t self = *(const uint32_t *)number;
    wefti_member *m = team_join(self);
    wefti_job *job = wefti_job_steal(team_member(0));
    if (job != NULL) {
        team_count(&seen.stolen);
        wefti_job_run_stolen(m, job);
    }
}

static uint32_t numbers[TEAM_MOST] = {0, 1, 2};

static weft_model_thread start(void (*run)(void *), uint32_t number)
{
    return weft_model_spawn(run, &numbers[number]);
}

/* ---------------------------------------------------------- one job, or two */

WEFT_TASK(int, twice, int, n)
{
    runs[n]++;
    return 2 * n;
}

static __attribute__((noinline)) void fork_one(void)
{
    weft_fork(twice, f, 1);
    runs[0]++;
    weft_model_assert(weft_join(twice, f) == 2);
}

static __attribute__((noinline)) void fork_two(void)
{
    weft_fork(twice, f, 1);
    weft_fork(twice, g, 2);
    weft_model_assert(weft_join(twice, g) == 4);
    weft_model_assert(weft_join(twice, f) == 2);
}

/* The older first: the newer is taken out of the deque, and kept. */
static __attribute__((noinline)) void fork_two_join_older(void)
{
    weft_fork(twice, f, 1);
    weft_fork(twice, g, 2);
    weft_model_assert(weft_join(twice, f) == 2);
    weft_model_assert(weft_join(twice, g) == 4);
}

/* More than the deque holds. */
static __attribute__((noinline)) void fork_three(void)
{
    weft_fork(twice, f, 1);
    weft_fork(twice, g, 2);
    weft_fork(twice, h, 3);
    weft_model_assert(weft_join(twice, h) == 6);
    weft_model_assert(weft_join(twice, g) == 4);
    weft_model_assert(weft_join(twice, f) == 2);
}

typedef struct scene {
    const char *name;
    void (*fork)(void);
    uint32_t jobs;
    uint32_t thieves;
    bool asym;
} scene;

static void play(void *arg)
{
    const scene *s = arg;
    weft_model_thread t[TEAM_MOST];
    team_init(1 + s->thieves);
    if (s->asym) {
        wefti_deque_prepare();
    }
    for (uint32_t i = 1; i <= s->thieves; i++) {
        t[i] = start(thief, i);
    }
    s->fork();
    for (uint32_t i = 1; i <= s->thieves; i++) {
        weft_model_join(t[i]);
    }
    for (uint32_t i = 1; i <= s->jobs; i++) {
        weft_model_assert(runs[i] == 1);
    }
}

static void explore(scene s)
{
    seen.stolen = 0;
    model_holds_with(play, &s, .name = s.name);
    cr_expect_gt(seen.stolen, 0);
}

Test(job, one_and_a_thief)
{
    explore((scene){"job, one", fork_one, 1, 1, false});
    explore((scene){"job, one, membarrier", fork_one, 1, 1, true});
}

Test(job, one_and_two_thieves)
{
    explore((scene){"job, one, two thieves", fork_one, 1, 2, false});
}

Test(job, two_and_a_thief)
{
    explore((scene){"job, two", fork_two, 2, 1, false});
}

Test(job, two_joined_in_the_order_of_their_forks)
{
    explore((scene){"job, two, older first", fork_two_join_older, 2, 1, false});
}

Test(job, more_than_the_deque_holds)
{
    explore((scene){"job, three", fork_three, 3, 1, false});
}

/* ------------------------------------------------------------ leapfrogging */

static bool at_outer; /* thread 0 waits for it, if another thread is at it */

WEFT_TASK(int, inner, int, n)
{
    if (at_outer && weft_model_self() == 0) {
        team_count(&seen.helped);
    }
    runs[n]++;
    return n;
}

WEFT_TASK(int, outer, int, n)
{
    at_outer = weft_model_self() != 0;
    weft_fork(inner, f, n + 1);
    runs[n]++;
    int sum = weft_join(inner, f) + n;
    at_outer = false;
    return sum;
}

/* Thread 1 has stolen the job of member `victim` before it starts: what follows
 * is explored, not the theft. */
static wefti_job *loot[2];

static void steal_for_thread_1(uint32_t i, uint32_t victim)
{
    loot[i] = wefti_job_steal(team_member(victim));
    weft_model_assert(loot[i] != NULL);
}

static void run_loot(void *unused)
{
    (void)unused;
    wefti_member *m = team_join(1);
    for (int i = 0; i < 2 && loot[i] != NULL; i++) {
        wefti_job_run_stolen(m, loot[i]);
    }
}

static void wait_for_outer(void *unused)
{
    (void)unused;
    team_init(2);
    weft_fork(outer, f, 1);
    steal_for_thread_1(0, 0);
    weft_model_thread t = weft_model_spawn(run_loot, NULL);
    weft_model_assert(weft_join(outer, f) == 3);
    weft_model_join(t);
    weft_model_assert(runs[1] == 1 && runs[2] == 1);
}

Test(job, waiter_helps_the_thief_of_its_job)
{
    model_holds(wait_for_outer, .name = "job, helps",
                .search = WEFT_MODEL_BOUNDED, .preemptions = 2);
    cr_expect_gt(seen.helped, 0);
}

/* ---------------------------------------------------------------- strangers
 * Row 13 (rayon#592, #446): thread 0 holds a lock across a join, and the
 * thief of its job goes on to a stranger's, which forks one that takes the
 * lock. Member 2 is the stranger's maker. */

static bool locked; /* by thread 0, and its own */

WEFT_TASK(int, locks, int, n)
{
    weft_model_assert(weft_model_self() != 0 || !locked);
    runs[n]++;
    return n;
}

WEFT_TASK(int, stranger, int, n)
{
    weft_fork(locks, f, n + 1);
    runs[n]++;
    return weft_join(locks, f);
}

static __attribute__((noinline)) void join_with_lock(void)
{
    locked = true;
    weft_fork(twice, f, 1);
    steal_for_thread_1(0, 0);
    weft_model_thread t = weft_model_spawn(run_loot, NULL);
    weft_model_assert(weft_join(twice, f) == 2);
    locked = false;
    weft_model_join(t);
}

static void hold_across_join(void *unused)
{
    (void)unused;
    team_init(3);
    (void)team_join(2);
    weft_fork(stranger, s, 2);
    steal_for_thread_1(1, 2);
    (void)team_join(0);
    join_with_lock();
    (void)team_join(2);
    weft_model_assert(weft_join(stranger, s) == 3);
    weft_model_assert(runs[1] == 1 && runs[2] == 1 && runs[3] == 1);
}

Test(job, waiter_runs_no_strangers_job)
{
    model_holds(hold_across_join, .name = "job, stranger");
}

/* ------------------------------------------------------------------- panics
 */

static void silent(const weft_panic_info *info, const char *thread)
{
    (void)info;
    (void)thread;
}

WEFT_TASK(int, panics, int, n)
{
    runs[n]++;
    weft_panic("number %d", n);
}

static void join_panics(void *unused)
{
    (void)unused;
    weft_fork(panics, f, 1);
    (void)weft_join(panics, f);
}

/* In the maker, after the fork; the thief may be at the job. */
static void panic_before_join(void *unused)
{
    (void)unused;
    weft_fork(twice, f, 1);
    runs[2]++;
    weft_panic("number %d", runs[2]);
}

typedef struct panic_scene {
    const char *name;
    void (*fork)(void *);
    int runs; /* of the job; -1: at most one */
} panic_scene;

static void play_panic(void *arg)
{
    const panic_scene *s = arg;
    weft_panic_info info;
    team_init(2);
    weft_model_thread t = start(thief, 1);
    weft_status status = weft_catch_unwind(s->fork, NULL, &info);
    weft_model_assert(status == WEFT_PANICKED);
    weft_model_assert(strcmp(info.message, "number 1") == 0);
    weft_model_join(t);
    weft_model_assert(s->runs < 0 ? runs[1] <= 1 : runs[1] == s->runs);
}

static void explore_panic(panic_scene s)
{
    (void)weft_panic_set_hook(silent);
    seen.stolen = 0;
    model_holds_with(play_panic, &s, .name = s.name);
    cr_expect_gt(seen.stolen, 0);
}

Test(job, panic_of_a_stolen_job_comes_out_of_its_join)
{
    explore_panic((panic_scene){"job, panics", join_panics, 1});
}

Test(job, panic_between_fork_and_join_waits_for_the_thief)
{
    explore_panic(
        (panic_scene){"job, panic before join", panic_before_join, -1});
}
