#include <weft/sync/spinlock.h>

#include "unit/sync/spinlock_ways.h"

#include "support/alloc_fail.h"
#include "support/gang.h"

#include <weft/base/unwind.h>

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

enum { INLINE_LOCKS = 7, MANY = 40 };

static const spin_way spin_ways[SPIN_WAYS] = SPIN_WAYS_TABLE;

WEFT_UNCHECKED static bool is_free(weft_spinlock *s)
{
    if (!weft_spinlock_lock_try(s)) {
        return false;
    }
    weft_spinlock_unlock(s);
    return true;
}

static void hush(const weft_panic_info *info, const char *thread)
{
    (void)info;
    (void)thread;
}

Test(spinlock, all_zero_bytes_are_free)
{
    static weft_spinlock zero;
    static weft_spinlock initialised = WEFT_SPINLOCK_INIT;
    weft_spinlock reset;
    memset(&reset, 0xff, sizeof reset);
    weft_spinlock_init(&reset);
    cr_assert(is_free(&zero));
    cr_assert(is_free(&initialised));
    cr_assert(is_free(&reset));
    cr_assert_eq(sizeof(weft_spinlock), 4);
}

Test(spinlock, try_takes_it_only_if_it_is_free)
{
    weft_spinlock s = WEFT_SPINLOCK_INIT;
    cr_assert(is_free(&s));
    weft_spinlock_lock(&s);
    cr_assert_not(is_free(&s));
    weft_spinlock_unlock(&s);
    cr_assert(is_free(&s));
}

/* ---- guards ---- */

typedef struct leaving {
    const spin_way *way;
    weft_spinlock lock;
} leaving;

static void leave(void *arg)
{
    leaving *l = arg;
    l->way->leave(&l->lock);
}

static void every_way_out_releases(const spin_way *ways)
{
    (void)weft_panic_set_hook(hush);
    for (size_t i = 0; i < SPIN_WAYS; i++) {
        leaving l = {.way = &ways[i]};
        weft_status expected = ways[i].panics ? WEFT_PANICKED : WEFT_OK;
        weft_panic_info info = {.message = ""};
        cr_assert_eq(weft_catch_unwind(leave, &l, &info), expected, "%s: %s",
                     ways[i].name, info.message);
        cr_assert(is_free(&l.lock), "%s", ways[i].name);
        cr_assert_not(wefti_held_contains(&l.lock), "%s", ways[i].name);
    }
}

Test(spinlock, a_guard_releases_on_every_way_out)
{
    every_way_out_releases(spin_ways);
}

Test(spinlock, a_guard_releases_on_every_way_out_without_exceptions)
{
    every_way_out_releases(nofx_spin_ways);
}

static void *exit_inside(void *lock)
{
    WEFT_SPIN(g, lock) {
        pthread_exit(NULL);
    }
    return NULL;
}

Test(spinlock, a_guard_releases_when_its_thread_exits)
{
    weft_spinlock s = WEFT_SPINLOCK_INIT;
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, exit_inside, &s), 0);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    cr_assert(is_free(&s));
}

static int evaluations;

static weft_spinlock *evaluate(weft_spinlock *s)
{
    evaluations++;
    return s;
}

Test(spinlock, the_argument_of_a_guard_is_evaluated_once)
{
    weft_spinlock s = WEFT_SPINLOCK_INIT;
    WEFT_SPIN(g, evaluate(&s)) {
        cr_assert_not(is_free(&s));
    }
    cr_assert_eq(evaluations, 1);
}

static void nest(weft_spinlock *s, size_t depth)
{
    if (depth == 0) {
        return;
    }
    WEFT_SPIN(g, s) {
        nest(s + 1, depth - 1);
        weft_require(wefti_held_contains(s));
    }
}

typedef struct nesting {
    weft_spinlock locks[MANY];
    size_t depth;
} nesting;

static void nest_all(void *arg)
{
    nesting *n = arg;
    nest(n->locks, n->depth);
}

Test(spinlock, guards_nest_beyond_the_records_own_room)
{
    nesting n = {.depth = MANY};
    cr_assert_eq(weft_catch_unwind(nest_all, &n, NULL), WEFT_OK);
    for (size_t i = 0; i < MANY; i++) {
        cr_assert(is_free(&n.locks[i]));
    }
}

/* On a thread of its own, whose end gives everything back. */
static void *nest_without_memory(void *arg)
{
    nesting *n = arg;
    for (size_t k = 1;; k++) {
        weft_panic_info info = {.message = ""};
        test_alloc_fail_at(k);
        weft_status s = weft_catch_unwind(nest_all, n, &info);
        bool failed = test_alloc_has_failed();
        test_alloc_fail_at(0);
        if (!failed) {
            return s == WEFT_OK ? NULL : "it panicked though it had memory";
        }
        if (s != WEFT_PANICKED || strstr(info.message, "memory") == NULL) {
            return "it did not panic though it had no memory";
        }
        for (size_t i = 0; i < n->depth; i++) {
            if (!is_free(&n->locks[i])) {
                return "a lock stayed locked";
            }
        }
    }
}

Test(spinlock, a_guard_that_cannot_be_written_down_holds_nothing)
{
    (void)weft_panic_set_hook(hush);
    test_alloc_install();
    for (size_t depth = 1; depth < MANY; depth += INLINE_LOCKS) {
        nesting n = {.depth = depth};
        pthread_t thread;
        void *wrong = NULL;
        cr_assert_eq(pthread_create(&thread, NULL, nest_without_memory, &n), 0);
        cr_assert_eq(pthread_join(thread, &wrong), 0);
        cr_assert_null(wrong, "depth %zu: %s", depth, (char *)wrong);
        cr_assert_eq(test_alloc_live(), 0);
    }
}

/* ---- misuse ---- */

WEFT_UNCHECKED static void lock_under_guard(void *lock)
{
    WEFT_SPIN(outer, lock) {
        weft_spinlock_lock(lock);
    }
}

static void guard_under_guard(void *lock)
{
    WEFT_SPIN(outer, lock) {
        WEFT_SPIN(inner, lock) {
            weft_panic("entered twice");
        }
    }
}

static void panics_for_relock(void (*misuse)(void *))
{
    weft_spinlock s = WEFT_SPINLOCK_INIT;
    weft_panic_info info = {.message = ""};
    (void)weft_panic_set_hook(hush);
    cr_assert_eq(weft_catch_unwind(misuse, &s, &info), WEFT_PANICKED);
    cr_assert_not_null(strstr(info.message, "holds the spinlock already"), "%s",
                       info.message);
    cr_assert(is_free(&s));
}

Test(spinlock, locking_again_under_a_guard_panics)
{
    panics_for_relock(lock_under_guard);
    panics_for_relock(guard_under_guard);
}

/* ---- between threads ---- */

/* Two plain words that agree whenever the lock is free. */
typedef struct shared {
    weft_spinlock lock;
    uint64_t one;
    uint64_t two;
    int turns;
} shared;

static void enter_plainly(gang_member *me, shared *s)
{
    weft_spinlock_lock(&s->lock);
    bool agree = s->one == s->two;
    s->one++;
    s->two++;
    weft_spinlock_unlock(&s->lock);
    gang_check(me, agree);
}

static void enter_by_guard(gang_member *me, shared *s)
{
    bool agree = false;
    WEFT_SPIN(g, &s->lock) {
        agree = s->one == s->two;
        s->one++;
        s->two++;
    }
    gang_check(me, agree);
}

WEFT_UNCHECKED static void enter_by_trying(gang_member *me, shared *s)
{
    while (!weft_spinlock_lock_try(&s->lock)) {
        (void)sched_yield();
    }
    bool agree = s->one == s->two;
    s->one++;
    s->two++;
    weft_spinlock_unlock(&s->lock);
    gang_check(me, agree);
}

static void enter_often(gang_member *me)
{
    static void (*const ways[])(gang_member *, shared *) = {
        enter_plainly, enter_by_guard, enter_by_trying};
    shared *s = me->arg;
    for (int i = 0; i < s->turns; i++) {
        ways[((size_t)i + me->index) % 3](me, s);
    }
}

/* More threads than cores, so that holders are preempted: a lock that only
 * spins would take minutes. */
static void exclude(size_t threads_a_core)
{
    size_t threads = threads_a_core * (size_t)sysconf(_SC_NPROCESSORS_ONLN);
    threads = threads < 64 ? threads : 64;
    shared s = {.turns = (int)(60000 / threads)};
    gang_run(threads, enter_often, &s);
    cr_assert_eq(s.one, threads * (size_t)s.turns);
    cr_assert_eq(s.two, s.one);
    cr_assert(is_free(&s.lock));
}

Test(spinlock, excludes_with_a_thread_on_each_core)
{
    exclude(1);
}

Test(spinlock, excludes_with_twice_as_many_threads_as_cores)
{
    exclude(2);
}

Test(spinlock, excludes_with_eight_times_as_many_threads_as_cores)
{
    exclude(8);
}

typedef struct waiting {
    weft_spinlock lock;
    int error;
    int tid;
    gate started;
} waiting;

static void *wait_for_lock(void *arg)
{
    waiting *w = arg;
    w->tid = gettid();
    gate_open(&w->started);
    errno = EXDEV;
    weft_spinlock_lock(&w->lock);
    w->error = errno;
    weft_spinlock_unlock(&w->lock);
    return NULL;
}

Test(spinlock, who_waits_long_goes_to_sleep_and_keeps_errno)
{
    waiting w = {.started = GATE_INIT};
    pthread_t thread;
    weft_spinlock_lock(&w.lock);
    cr_assert_eq(pthread_create(&thread, NULL, wait_for_lock, &w), 0);
    gate_wait(&w.started);
    cr_assert(test_wait_until_asleep(w.tid));
    cr_assert(test_wait_until_asleep(w.tid)); /* and again, after a nap */
    errno = EXDEV;
    weft_spinlock_unlock(&w.lock);
    cr_assert_eq(errno, EXDEV);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    cr_assert_eq(w.error, EXDEV);
}
