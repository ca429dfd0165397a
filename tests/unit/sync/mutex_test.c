#include <weft/sync/mutex.h>

#include <weft/base/unwind.h>

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/alloc_fail.h"
#include "support/gang.h"

#ifdef __clang__
/* An assertion of Criterion hides the status it looks at from the analysis. */
#pragma clang diagnostic ignored "-Wthread-safety-analysis"
#endif

static void quiet(const weft_panic_info *info, const char *thread)
{
    (void)info;
    (void)thread;
}

static void be_quiet(void)
{
    (void)weft_panic_set_hook(quiet);
}

TestSuite(mutex, .init = be_quiet);

static weft_mutex m;

Test(mutex, is_four_bytes_and_open_when_zeroed)
{
    cr_assert_eq(sizeof(weft_mutex), 4);
    weft_mutex zeroed;
    memset(&zeroed, 0, sizeof zeroed);
    cr_assert_eq(weft_mutex_lock(&zeroed), WEFT_OK);
    weft_mutex_unlock(&zeroed);
}

Test(mutex, init_opens_any_bytes)
{
    weft_mutex any;
    memset(&any, 0xff, sizeof any);
    weft_mutex_init(&any);
    cr_assert_eq(weft_mutex_lock_try(&any), WEFT_OK);
    weft_mutex_unlock(&any);
}

static void count_up(gang_member *me)
{
    long *counter = me->arg;
    for (int i = 0; i < 20000; i++) {
        gang_check(me, weft_mutex_lock(&m) == WEFT_OK);
        ++*counter;
        weft_mutex_unlock(&m);
    }
}

Test(mutex, excludes)
{
    long counter = 0;
    gang_run(4, count_up, &counter);
    cr_assert_eq(counter, 80000);
}

Test(mutex, excludes_more_threads_than_cores)
{
    long counter = 0;
    gang_run(32, count_up, &counter);
    cr_assert_eq(counter, 640000);
}

/* ---- a thread that holds the mutex until told ---- */

typedef struct holder {
    pthread_t thread;
    gate locked;
    gate release;
    void (*leave)(void); /* NULL: unlock */
} holder;

static void *hold(void *arg)
{
    holder *h = arg;
    weft_require(weft_mutex_recover(&m) == WEFT_OK);
    gate_open(&h->locked);
    gate_wait(&h->release);
    if (h->leave == NULL) {
        weft_mutex_unlock(&m);
    }
    return NULL; /* otherwise the thread's end poisons */
}

static void holder_start(holder *h)
{
    cr_assert_eq(pthread_create(&h->thread, NULL, hold, h), 0);
    gate_wait(&h->locked);
}

static void holder_end(holder *h)
{
    gate_open(&h->release);
    cr_assert_eq(pthread_join(h->thread, NULL), 0);
}

static void fall(void)
{
}

#define HOLDER                                    \
    {                                             \
        .locked = GATE_INIT, .release = GATE_INIT \
    }
#define FALLING_HOLDER                                           \
    {                                                            \
        .locked = GATE_INIT, .release = GATE_INIT, .leave = fall \
    }

Test(mutex, try_does_not_wait)
{
    holder h = HOLDER;
    holder_start(&h);
    cr_assert_eq(weft_mutex_lock_try(&m), WEFT_BUSY);
    cr_assert_eq(weft_mutex_recover_try(&m), WEFT_BUSY);
    holder_end(&h);
    cr_assert_eq(weft_mutex_lock_try(&m), WEFT_OK);
    weft_mutex_unlock(&m);
}

Test(mutex, until_gives_up_at_the_deadline)
{
    holder h = HOLDER;
    holder_start(&h);
    uint64_t start = weft_now_ns();
    cr_assert_eq(weft_mutex_lock_until(&m, weft_deadline_after_ms(20)),
                 WEFT_TIMEOUT);
    cr_assert_geq(weft_now_ns() - start, 20000000);
    cr_assert_eq(weft_mutex_recover_until(&m, weft_deadline_after_ms(1)),
                 WEFT_TIMEOUT);
    holder_end(&h);
    cr_assert_eq(weft_mutex_lock(&m), WEFT_OK);
    weft_mutex_unlock(&m);
}

Test(mutex, until_a_past_deadline_still_tries_once)
{
    weft_deadline past = weft_deadline_at_ns(0);
    cr_assert_eq(weft_mutex_lock_until(&m, past), WEFT_OK);
    weft_mutex_unlock(&m);
    holder h = HOLDER;
    holder_start(&h);
    cr_assert_eq(weft_mutex_lock_until(&m, past), WEFT_TIMEOUT);
    holder_end(&h);
}

typedef struct waiter {
    int tid;
    gate started;
    weft_deadline deadline;
    weft_status status;
} waiter;

static void *wait_for_lock(void *arg)
{
    waiter *w = arg;
    w->tid = (int)syscall(SYS_gettid);
    gate_open(&w->started);
    w->status = weft_mutex_lock_until(&m, w->deadline);
    if (w->status == WEFT_OK) {
        weft_mutex_unlock(&m);
    }
    return NULL;
}

static pthread_t waiter_start(waiter *w)
{
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, wait_for_lock, w), 0);
    gate_wait(&w->started);
    cr_assert(test_wait_until_asleep(w->tid));
    return thread;
}

Test(mutex, until_the_end_of_time_waits)
{
    /* Regressions: deadlines near the end of the clock used to overflow in
     * tinycthread (#4) and crossbeam (0.5.3, 0.5.7). */
    uint64_t ends[] = {UINT64_MAX, UINT64_MAX - 1, INT64_MAX};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        cr_assert_eq(weft_mutex_lock(&m), WEFT_OK);
        waiter w = {.started = GATE_INIT,
                    .deadline = weft_deadline_at_ns(ends[i])};
        pthread_t thread = waiter_start(&w);
        weft_mutex_unlock(&m);
        cr_assert_eq(pthread_join(thread, NULL), 0);
        cr_assert_eq(w.status, WEFT_OK);
    }
}

Test(mutex, unlock_wakes_a_sleeper_and_keeps_errno)
{
    /* Regression: GNOME/glib#3034, unlock clobbered errno. */
    cr_assert_eq(weft_mutex_lock(&m), WEFT_OK);
    waiter w = {.started = GATE_INIT, .deadline = WEFT_FOREVER};
    pthread_t thread = waiter_start(&w);
    errno = 1234;
    weft_mutex_unlock(&m);
    cr_assert_eq(errno, 1234);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    cr_assert_eq(w.status, WEFT_OK);
}

Test(mutex, poison_wakes_every_sleeper)
{
    enum { SLEEPERS = 4 };
    holder h = FALLING_HOLDER;
    holder_start(&h);
    waiter w[SLEEPERS];
    pthread_t thread[SLEEPERS];
    for (int i = 0; i < SLEEPERS; i++) {
        w[i] = (waiter){.started = GATE_INIT, .deadline = WEFT_FOREVER};
        thread[i] = waiter_start(&w[i]);
    }
    holder_end(&h);
    for (int i = 0; i < SLEEPERS; i++) {
        cr_assert_eq(pthread_join(thread[i], NULL), 0);
        cr_assert_eq(w[i].status, WEFT_POISONED);
    }
}

/* ---- poison ---- */

static void lock_and_panic(void *arg)
{
    weft_mutex *mutex = arg;
    weft_require(weft_mutex_lock(mutex) == WEFT_OK);
    weft_panic("inside");
}

static void poison(weft_mutex *mutex)
{
    cr_assert_eq(weft_catch_unwind(lock_and_panic, mutex, NULL), WEFT_PANICKED);
}

Test(mutex, poisoned_refuses_lock_and_is_not_held)
{
    poison(&m);
    cr_assert(weft_mutex_is_poisoned(&m));
    cr_assert_eq(weft_mutex_lock(&m), WEFT_POISONED);
    cr_assert_eq(weft_mutex_lock_try(&m), WEFT_POISONED);
    cr_assert_eq(weft_mutex_lock_until(&m, WEFT_FOREVER), WEFT_POISONED);
    cr_assert_eq(weft_mutex_recover_try(&m), WEFT_OK);
    weft_mutex_unlock(&m);
}

Test(mutex, recovered_stays_poisoned_until_cleared)
{
    poison(&m);
    cr_assert_eq(weft_mutex_recover(&m), WEFT_OK);
    cr_assert(weft_mutex_is_poisoned(&m));
    weft_mutex_unlock(&m);
    cr_assert_eq(weft_mutex_lock(&m), WEFT_POISONED);
    cr_assert_eq(weft_mutex_recover(&m), WEFT_OK);
    weft_mutex_clear_poison(&m);
    weft_mutex_unlock(&m);
    cr_assert_eq(weft_mutex_lock(&m), WEFT_OK);
    weft_mutex_unlock(&m);
}

Test(mutex, cleared_without_the_lock_opens)
{
    poison(&m);
    weft_mutex_clear_poison(&m);
    cr_assert_not(weft_mutex_is_poisoned(&m));
    cr_assert_eq(weft_mutex_lock(&m), WEFT_OK);
    weft_mutex_clear_poison(&m);
    weft_mutex_unlock(&m);
    cr_assert_eq(weft_mutex_lock_try(&m), WEFT_OK);
    weft_mutex_unlock(&m);
}

static void recover_and_panic(void *arg)
{
    weft_mutex *mutex = arg;
    weft_require(weft_mutex_recover(mutex) == WEFT_OK);
    weft_mutex_clear_poison(mutex);
    weft_panic("again");
}

Test(mutex, panic_of_a_repairer_poisons_again)
{
    poison(&m);
    cr_assert_eq(weft_catch_unwind(recover_and_panic, &m, NULL), WEFT_PANICKED);
    cr_assert_eq(weft_mutex_lock(&m), WEFT_POISONED);
}

Test(mutex, recover_of_a_sound_mutex_is_a_lock)
{
    cr_assert_eq(weft_mutex_recover(&m), WEFT_OK);
    weft_mutex_unlock(&m);
    cr_assert_eq(weft_mutex_lock(&m), WEFT_OK);
    weft_mutex_unlock(&m);
}

Test(mutex, hardy_is_released_but_never_poisoned)
{
    weft_mutex hardy = WEFT_MUTEX_INIT_HARDY;
    for (int i = 0; i < 3; i++) {
        poison(&hardy);
        cr_assert_not(weft_mutex_is_poisoned(&hardy));
        cr_assert_eq(weft_mutex_lock(&hardy), WEFT_OK);
        weft_mutex_unlock(&hardy);
    }
}

static void unlock_in_cleanup(weft_mutex **mutex)
{
    weft_mutex_unlock(*mutex);
}

static void unlocks_by_hand(void *arg)
{
    weft_mutex *mutex WEFT_CLEANUP(unlock_in_cleanup) = arg;
    weft_require(weft_mutex_lock(mutex) == WEFT_OK);
    weft_panic("inside");
}

Test(mutex, unlock_in_a_cleanup_by_panic_poisons)
{
    cr_assert_eq(weft_catch_unwind(unlocks_by_hand, &m, NULL), WEFT_PANICKED);
    cr_assert_eq(weft_mutex_lock(&m), WEFT_POISONED);
}

static void locks_in_cleanup(weft_mutex **mutex)
{
    WEFT_LOCK(weft_mutex, g, *mutex) {
    }
}

static void panics_with_a_locking_cleanup(void *arg)
{
    weft_mutex *mutex WEFT_CLEANUP(locks_in_cleanup) WEFT_UNUSED = arg;
    weft_panic("before the lock");
}

Test(mutex, lock_taken_by_a_cleanup_during_a_panic_does_not_poison)
{
    cr_assert_eq(weft_catch_unwind(panics_with_a_locking_cleanup, &m, NULL),
                 WEFT_PANICKED);
    cr_assert_eq(weft_mutex_lock(&m), WEFT_OK);
    weft_mutex_unlock(&m);
}

/* ---- misuse ---- */

static void check_panics(void (*fn)(void *arg), const char *part)
{
    weft_panic_info info;
    cr_assert_eq(weft_catch_unwind(fn, NULL, &info), WEFT_PANICKED);
    cr_assert_not_null(strstr(info.message, part), "%s", info.message);
}

static void lock_twice(void *arg)
{
    (void)arg;
    weft_require(weft_mutex_lock(&m) == WEFT_OK);
    (void)!weft_mutex_lock(&m);
}

Test(mutex, lock_by_its_holder_panics_instead_of_waiting_for_ever)
{
    check_panics(lock_twice, "holds the mutex already");
    cr_assert_eq(weft_mutex_lock(&m), WEFT_POISONED);
}

static void lock_block_twice(void *arg)
{
    (void)arg;
    WEFT_LOCK(weft_mutex, outer, &m) {
        WEFT_LOCK(weft_mutex, inner, &m) {
        }
    }
}

WEFT_UNCHECKED static void lock_scope_twice(void *arg)
{
    (void)arg;
    WEFT_LOCK_SCOPE(weft_mutex, outer, &m);
    WEFT_LOCK_SCOPE(weft_mutex, inner, &m);
}

Test(mutex, guard_that_never_locked_unlocks_nothing)
{
    check_panics(lock_block_twice, "holds the mutex already");
    cr_assert_eq(weft_mutex_lock(&m), WEFT_POISONED);
    weft_mutex_clear_poison(&m);
    check_panics(lock_scope_twice, "holds the mutex already");
    cr_assert_eq(weft_mutex_lock(&m), WEFT_POISONED);
}

Test(mutex, try_by_its_holder_is_busy)
{
    cr_assert_eq(weft_mutex_lock(&m), WEFT_OK);
    cr_assert_eq(weft_mutex_lock_try(&m), WEFT_BUSY);
    weft_mutex_unlock(&m);
}

static void unlock_open(void *arg)
{
    (void)arg;
    weft_mutex_unlock(&m);
}

Test(mutex, unlock_of_an_open_mutex_panics)
{
    check_panics(unlock_open, "does not hold the lock");
}

Test(mutex, unlock_by_a_stranger_panics_and_leaves_the_holder_alone)
{
    holder h = HOLDER;
    holder_start(&h);
    check_panics(unlock_open, "does not hold the lock");
    cr_assert_eq(weft_mutex_lock_try(&m), WEFT_BUSY);
    holder_end(&h);
    cr_assert_eq(weft_mutex_lock(&m), WEFT_OK);
    weft_mutex_unlock(&m);
}

static void block_on_poisoned(void *arg)
{
    (void)arg;
    WEFT_LOCK(weft_mutex, g, &m) {
        abort();
    }
}

Test(mutex, block_panics_on_a_poisoned_mutex)
{
    poison(&m);
    check_panics(block_on_poisoned, "the mutex is poisoned");
}

/* ---- memory ---- */

static void *lock_ten(void *arg)
{
    weft_mutex *ten = arg;
    intptr_t held = 0;
    while (held < 10 && weft_mutex_lock(&ten[held]) == WEFT_OK) {
        held++;
    }
    bool refused = held < 10 && weft_mutex_lock_try(&ten[held]) ==
                                    WEFT_OK; /* only one call fails */
    intptr_t total = held + refused;
    for (intptr_t i = total; i > 0; i--) {
        weft_mutex_unlock(&ten[i - 1]);
    }
    return (void *)held;
}

Test(mutex, lock_without_memory_for_its_record_is_refused)
{
    weft_mutex ten[10] = {0};
    cr_assert_eq(weft_mutex_lock(&m), WEFT_OK); /* this thread's own record */
    weft_mutex_unlock(&m);
    test_alloc_install();
    for (size_t k = 1;; k++) {
        pthread_t thread;
        void *held;
        test_alloc_fail_at(k);
        cr_assert_eq(pthread_create(&thread, NULL, lock_ten, ten), 0);
        cr_assert_eq(pthread_join(thread, &held), 0);
        bool failed = test_alloc_has_failed();
        test_alloc_fail_at(0);
        cr_assert_eq(test_alloc_live(), 0);
        for (int i = 0; i < 10; i++) {
            cr_assert_eq(weft_mutex_lock_try(&ten[i]), WEFT_OK);
            weft_mutex_unlock(&ten[i]);
        }
        if (!failed) {
            cr_assert_eq((intptr_t)held, 10);
            return;
        }
    }
}

/* Regression: glibc bug 12674's kind. The thread that locks last frees the
 * mutex while the one before may still be inside unlock. */
typedef struct shared {
    weft_mutex mutex;
    int users;
} shared;

static void use_and_leave(gang_member *me)
{
    shared *s = *(shared **)me->arg;
    gang_check(me, weft_mutex_lock(&s->mutex) == WEFT_OK);
    bool last = --s->users == 0;
    weft_mutex_unlock(&s->mutex);
    if (last) {
        memset(s, 0xa5, sizeof *s);
        free(s);
    }
}

Test(mutex, may_be_freed_by_the_last_user_right_after_its_unlock)
{
    for (int i = 0; i < 200; i++) {
        shared *s = calloc(1, sizeof *s);
        s->users = 3;
        gang_run(3, use_and_leave, &s);
    }
}

/* ---- blocks ---- */

static int leave_by_return(void)
{
    WEFT_LOCK(weft_mutex, g, &m) {
        return 1;
    }
    return 0;
}

static bool is_open(void)
{
    if (weft_mutex_lock_try(&m) != WEFT_OK) {
        return false;
    }
    weft_mutex_unlock(&m);
    return true;
}

Test(mutex, block_unlocks_on_every_way_out)
{
    int entered = 0;
    WEFT_LOCK(weft_mutex, g, &m) {
        entered++;
        cr_assert_eq(weft_mutex_lock_try(&m), WEFT_BUSY);
    }
    cr_assert(is_open());
    WEFT_LOCK(weft_mutex, g, &m) {
        entered++;
        if (entered == 2) {
            break;
        }
    }
    cr_assert(is_open());
    WEFT_LOCK(weft_mutex, g, &m) {
        entered++;
        if (entered == 3) {
            continue;
        }
        cr_assert_fail("continue leaves the block");
    }
    cr_assert(is_open());
    WEFT_LOCK(weft_mutex, g, &m) {
        entered++;
        goto out;
    }
out:
    cr_assert(is_open());
    cr_assert_eq(leave_by_return(), 1);
    cr_assert(is_open());
    cr_assert_eq(entered, 4);
}

static weft_mutex *evaluated_once(int *times)
{
    ++*times;
    return &m;
}

Test(mutex, block_evaluates_its_argument_once)
{
    int times = 0;
    WEFT_LOCK(weft_mutex, g, evaluated_once(&times)) {
    }
    cr_assert_eq(times, 1);
    {
        WEFT_LOCK_SCOPE(weft_mutex, g, evaluated_once(&times));
        cr_assert_eq(weft_mutex_lock_try(&m), WEFT_BUSY);
    }
    cr_assert_eq(times, 2);
    cr_assert(is_open());
}
