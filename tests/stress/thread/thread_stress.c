/* Random programs of spawn, join, detach and park, from a printed seed. */
#include <weft/thread/park.h>
#include <weft/thread/thread.h>

#include "support/seed.h"

#include <weft/base/panic.h>
#include <weft/sync/mutex.h>

#include <criterion/criterion.h>

#include <pthread.h>

#ifdef __clang__
/* Handles in arrays are beyond the analysis. */
#pragma clang diagnostic ignored "-Wthread-safety-analysis"
#endif

static void quiet(const weft_panic_info *info, const char *thread)
{
    (void)info;
    (void)thread;
}

typedef enum fate { RETURNS, PANICS, EXITS, FATES } fate;

typedef struct plan {
    fate fate;
    bool waits; /* parks until the test unparks it */
    uint64_t pause_ns;
    uint64_t work; /* handed over by join */
    weft_mutex mutex;
} plan;

static void *follow(void *arg)
{
    plan *p = arg;
    weft_thread_sleep_until(weft_deadline_after_ns(p->pause_ns));
    if (p->waits) {
        weft_thread_park();
    }
    p->work = p->pause_ns + 1;
    if (p->fate == RETURNS) {
        return p;
    }
    weft_require(weft_mutex_lock(&p->mutex) == WEFT_OK);
    if (p->fate == EXITS) {
        pthread_exit(NULL);
    }
    weft_panic("as planned");
}

static weft_status join_somehow(weft_thread *t, test_rng *rng)
{
    weft_status s;
    switch (test_rng_below(rng, 3)) {
    case 0:
        return weft_thread_join(t, NULL);
    case 1:
        while ((s = weft_thread_join_try(t, NULL)) == WEFT_BUSY) {
            weft_thread_yield();
        }
        return s;
    default:
        do {
            const weft_deadline d =
                weft_deadline_after_ns(test_rng_below(rng, 20000));
            s = weft_thread_join_until(t, NULL, d);
        } while (s == WEFT_TIMEOUT);
        return s;
    }
}

enum { THREADS = 8 };

static void one_program(test_rng *rng)
{
    static const weft_status told[FATES] = {WEFT_OK, WEFT_PANICKED,
                                            WEFT_EXITED};
    plan plans[THREADS] = {0};
    weft_thread threads[THREADS];
    weft_thread_ref refs[THREADS];
    for (int i = 0; i < THREADS; i++) {
        plans[i].fate = (fate)test_rng_below(rng, FATES);
        plans[i].waits = test_rng_below(rng, 2) == 0;
        plans[i].pause_ns = test_rng_below(rng, 30000);
        cr_assert_eq(weft_thread_spawn(&threads[i], follow, &plans[i]),
                     WEFT_OK);
        weft_thread_ref_of(&refs[i], &threads[i]);
    }
    for (int n = 0; n < THREADS; n++) {
        const int i = plans[0].waits ? n : THREADS - 1 - n;
        weft_thread_unpark(&refs[i]);
        cr_assert_eq(join_somehow(&threads[i], rng), told[plans[i].fate]);
        cr_assert_eq(plans[i].work, plans[i].pause_ns + 1);
        cr_assert_eq(weft_mutex_is_poisoned(&plans[i].mutex),
                     plans[i].fate != RETURNS);
        weft_thread_unpark(&refs[i]);
        weft_thread_ref_drop(&refs[i]);
    }
}

Test(thread_stress, random_ends_are_told_by_random_joins)
{
    (void)weft_panic_set_hook(quiet);
    test_rng rng = test_rng_make(0);
    for (int i = 0; i < 150; i++) {
        one_program(&rng);
    }
}

static void *come_and_go(void *arg)
{
    weft_thread_ref waker = *(weft_thread_ref *)arg; /* gone after unpark */
    weft_thread_unpark(&waker);
    weft_thread_ref_drop(&waker);
    return NULL;
}

/* The state of a detached thread is freed while refs to it come and go. */
Test(thread_stress, detached_threads_wake_and_vanish)
{
    enum { ROUNDS = 1000 };
    for (int i = 0; i < ROUNDS; i++) {
        weft_thread t;
        weft_thread_ref me, it;
        cr_assert_eq(weft_thread_current(&me), WEFT_OK);
        cr_assert_eq(weft_thread_spawn(&t, come_and_go, &me), WEFT_OK);
        weft_thread_ref_of(&it, &t);
        weft_thread_detach(&t);
        weft_thread_park();
        weft_thread_unpark(&it);
        weft_thread_ref_drop(&it);
    }
}
