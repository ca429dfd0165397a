#include <weft/thread/park.h>

#include "support/alloc_fail.h"
#include "support/gang.h"

#include <weft/base/unwind.h>

#include <criterion/criterion.h>

#include <signal.h>
#include <string.h>
#include <unistd.h>

#ifdef __clang__
/* An assertion of Criterion hides the status it looks at from the analysis. */
#pragma clang diagnostic ignored "-Wthread-safety-analysis"
#endif

Test(park, permission_given_before_is_kept_but_only_one)
{
    weft_thread_ref me;
    cr_assert_eq(weft_thread_current(&me), WEFT_OK);
    weft_thread_unpark(&me);
    weft_thread_unpark(&me);
    weft_thread_park();
    cr_assert_eq(weft_thread_park_until(weft_deadline_at_ns(0)), WEFT_TIMEOUT);
    weft_thread_ref_drop(&me);
}

Test(park, permission_wins_over_a_passed_deadline)
{
    weft_thread_ref me;
    cr_assert_eq(weft_thread_current(&me), WEFT_OK);
    weft_thread_unpark(&me);
    cr_assert_eq(weft_thread_park_until(weft_deadline_at_ns(0)), WEFT_OK);
    weft_thread_ref_drop(&me);
}

Test(park, refs_to_one_thread_are_equal_and_survive_each_other)
{
    weft_thread_ref a, b, c;
    cr_assert_eq(weft_thread_current(&a), WEFT_OK);
    cr_assert_eq(weft_thread_current(&b), WEFT_OK);
    weft_thread_ref_clone(&c, &a);
    cr_assert_eq(a.state, b.state);
    weft_thread_ref_drop(&a);
    weft_thread_ref_drop(&b);
    weft_thread_unpark(&c);
    weft_thread_park();
    weft_thread_ref_drop(&c);
}

typedef struct parked {
    gate ready;
    int tid;
    uint64_t rounds;
    weft_thread_ref other;
} parked;

static void *park_once(void *arg)
{
    parked *p = arg;
    p->tid = gettid();
    gate_open(&p->ready);
    weft_thread_park();
    return p;
}

Test(park, parked_thread_is_woken)
{
    parked p = {.ready = GATE_INIT};
    weft_thread t;
    weft_thread_ref ref;
    cr_assert_eq(weft_thread_spawn(&t, park_once, &p), WEFT_OK);
    weft_thread_ref_of(&ref, &t);
    gate_wait(&p.ready);
    cr_assert(test_wait_until_asleep(p.tid));
    cr_assert_not(weft_thread_is_finished(&t));
    weft_thread_unpark(&ref);
    cr_assert_eq(weft_thread_join(&t, NULL), WEFT_OK);
    weft_thread_ref_drop(&ref);
}

static void ignore_signal(int number)
{
    (void)number;
}

/* liburcu, June 2022: a spurious return of the futex was taken for a wake. A
 * handled signal makes it return so. */
Test(park, spurious_returns_do_not_end_a_park)
{
    parked p = {.ready = GATE_INIT};
    weft_thread t;
    weft_thread_ref ref;
    const struct sigaction action = {.sa_handler = ignore_signal};
    cr_assert_eq(sigaction(SIGUSR1, &action, NULL), 0);
    cr_assert_eq(weft_thread_spawn(&t, park_once, &p), WEFT_OK);
    weft_thread_ref_of(&ref, &t);
    gate_wait(&p.ready);
    for (int i = 0; i < 50; i++) {
        cr_assert(test_wait_until_asleep(p.tid));
        cr_assert_eq(tgkill(getpid(), p.tid, SIGUSR1), 0);
        weft_thread_yield();
    }
    cr_assert_not(weft_thread_is_finished(&t));
    weft_thread_unpark(&ref);
    cr_assert_eq(weft_thread_join(&t, NULL), WEFT_OK);
    weft_thread_ref_drop(&ref);
}

enum { ROUNDS = 2000 };

static void *take_turns(void *arg)
{
    parked *p = arg;
    for (int i = 0; i < ROUNDS; i++) {
        weft_thread_park();
        p->rounds++;
        weft_thread_unpark(&p->other);
    }
    return NULL;
}

/* tokio#459, #1788: a wake-up was lost when it came between the look at the
 * state and the sleep. Here each turn depends on the one before: one that is
 * lost ends in the watchdog. */
Test(park, no_wake_up_is_lost, .timeout = 60)
{
    parked p = {.ready = GATE_INIT};
    weft_thread t;
    weft_thread_ref ref;
    cr_assert_eq(weft_thread_current(&p.other), WEFT_OK);
    cr_assert_eq(weft_thread_spawn(&t, take_turns, &p), WEFT_OK);
    weft_thread_ref_of(&ref, &t);
    for (uint64_t i = 0; i < ROUNDS; i++) {
        weft_thread_unpark(&ref);
        weft_thread_park();
        cr_assert_eq(p.rounds, i + 1, "what came before unpark is visible");
    }
    cr_assert_eq(weft_thread_join(&t, NULL), WEFT_OK);
    weft_thread_ref_drop(&ref);
    weft_thread_ref_drop(&p.other);
}

/* glibc 12674: the one who wakes touched memory that the woken had freed. */
Test(park, ref_may_outlive_its_thread)
{
    parked p = {.ready = GATE_INIT};
    for (int i = 0; i < 100; i++) {
        weft_thread t;
        weft_thread_ref ref;
        cr_assert_eq(weft_thread_spawn(&t, park_once, &p), WEFT_OK);
        weft_thread_ref_of(&ref, &t);
        weft_thread_unpark(&ref);
        cr_assert_eq(weft_thread_join(&t, NULL), WEFT_OK);
        weft_thread_unpark(&ref);
        weft_thread_ref_drop(&ref);
    }
}

/* ---------------------------------------------- threads weft did not start */

static void name_self_and_park(gang_member *me)
{
    weft_thread_ref *refs = me->arg;
    gang_check(me, weft_thread_current(&refs[me->index]) == WEFT_OK);
    gang_meet(me);
    weft_thread_unpark(&refs[(me->index + 1) % me->count]);
    weft_thread_park();
}

Test(park, foreign_threads_park_and_their_state_is_freed)
{
    test_alloc_install();
    weft_thread_ref refs[4];
    gang_run(4, name_self_and_park, refs);
    for (int i = 0; i < 4; i++) {
        weft_thread_unpark(&refs[i]);
        weft_thread_ref_drop(&refs[i]);
    }
    cr_assert_eq(test_alloc_live(), 0);
}

Test(park, naming_oneself_without_memory_changes_nothing)
{
    test_alloc_install();
    weft_thread_ref me;
    size_t live = 0;
    for (size_t k = 1;; k++) {
        cr_assert_leq(k, 10);
        test_alloc_fail_at(k);
        const weft_status s = weft_thread_current(&me);
        test_alloc_fail_at(0);
        if (s == WEFT_OK) {
            break;
        }
        cr_assert_eq(s, WEFT_NO_MEMORY);
        cr_assert_null(me.state);
        /* The thread's record, once made, stays until its end. */
        cr_assert_leq(test_alloc_live(), 1);
        cr_assert_geq(test_alloc_live(), live);
        live = test_alloc_live();
    }
    weft_thread_ref_drop(&me);
}

static void park_here(void *arg)
{
    (void)arg;
    weft_thread_park();
}

static void unpark_it(void *arg)
{
    weft_thread_unpark(arg);
}

static void quiet(const weft_panic_info *info, const char *thread)
{
    (void)info;
    (void)thread;
}

Test(park, park_that_nobody_can_end_panics)
{
    (void)weft_panic_set_hook(quiet);
    weft_panic_info info;
    cr_assert_eq(weft_catch_unwind(park_here, NULL, &info), WEFT_PANICKED);
    cr_assert_not_null(strstr(info.message, "nobody can unpark"));
    const weft_deadline d = weft_deadline_after_ms(2);
    cr_assert_eq(weft_thread_park_until(d), WEFT_TIMEOUT);
    cr_assert(weft_deadline_passed(d));
}

Test(park, use_of_an_empty_ref_panics)
{
    (void)weft_panic_set_hook(quiet);
    weft_thread_ref none = {0};
    weft_panic_info info;
    cr_assert_eq(weft_catch_unwind(unpark_it, &none, &info), WEFT_PANICKED);
    cr_assert_not_null(strstr(info.message, "the ref is empty"));
}
