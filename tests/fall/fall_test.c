/* A thread that falls while it holds a lock leaves it released and poisoned,
 * however it held it and however it fell.
 *
 * This file is built four times: at -O0 and -O2, with and without -fexceptions;
 * and again by every compiler and sanitizer that the suite runs under. Each
 * test is one way to fall, and tries every way to hold. */
#include <weft/weft.h>

#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <unistd.h>

#ifdef __clang__
/* These tests leave locks held, and leave blocks, on purpose. */
#pragma clang diagnostic ignored "-Wthread-safety-analysis"
#endif

typedef struct account {
    int balance;
} account;
WEFT_MUTEX_DEFINE(bank, account);

/* What the threads hold; sentinels of every kind of lock. */
typedef struct vault {
    weft_mutex mutex;
    weft_mutex outer;
    weft_mutex hardy;
    weft_spinlock spin;
    bank bank;
    sem_t inside; /* posted once everything is held */
} vault;

typedef void end_fn(vault *v); /* a way to end; may return */

typedef struct fall {
    vault *vault;
    void (*hold)(vault *v, end_fn *end);
    end_fn *end;
} fall;

/* ---- ways to hold ---- */

static void hold_raw(vault *v, end_fn *end)
{
    weft_require(weft_mutex_lock(&v->outer) == WEFT_OK);
    weft_require(weft_mutex_lock(&v->mutex) == WEFT_OK);
    weft_require(weft_mutex_lock(&v->hardy) == WEFT_OK);
    bank_guard g;
    weft_require(bank_lock(&v->bank, &g) == WEFT_OK);
    bank_get(&g)->balance++;
    end(v);
}

static void hold_until(vault *v, end_fn *end)
{
    weft_deadline d = weft_deadline_after_s(10);
    weft_require(weft_mutex_lock_until(&v->outer, d) == WEFT_OK);
    weft_require(weft_mutex_lock_try(&v->mutex) == WEFT_OK);
    weft_require(weft_mutex_recover(&v->hardy) == WEFT_OK);
    bank_guard g;
    weft_require(bank_lock_until(&v->bank, &g, d) == WEFT_OK);
    bank_get(&g)->balance++;
    end(v);
}

static void hold_block(vault *v, end_fn *end)
{
    WEFT_LOCK(weft_mutex, outer, &v->outer) {
        WEFT_LOCK(weft_mutex, inner, &v->mutex) {
            WEFT_LOCK(weft_mutex, hardy, &v->hardy) {
                WEFT_SPIN(spinning, &v->spin) {
                    WEFT_LOCK(bank, g, &v->bank) {
                        bank_get(&g)->balance++;
                        end(v);
                        /* the same as falling off the thread's function */
                        bank_guard keep = g;
                        g.mutex = NULL;
                        spinning.lock = NULL;
                        hardy.mutex = inner.mutex = outer.mutex = NULL;
                        (void)keep;
                    }
                }
            }
        }
    }
}

static void hold_scope(vault *v, end_fn *end)
{
    WEFT_LOCK_SCOPE(weft_mutex, outer, &v->outer);
    WEFT_LOCK_SCOPE(weft_mutex, inner, &v->mutex);
    WEFT_LOCK_SCOPE(weft_mutex, hardy, &v->hardy);
    WEFT_LOCK_SCOPE(bank, g, &v->bank);
    bank_get(&g)->balance++;
    end(v);
    g.mutex = NULL;
    hardy.mutex = inner.mutex = outer.mutex = NULL;
}

/* Deeper than the record's inline room, unlocked out of order in between. */
static void hold_many(vault *v, end_fn *end)
{
    static weft_mutex many[40];
    for (int i = 0; i < 40; i++) {
        many[i] = (weft_mutex)WEFT_MUTEX_INIT;
        weft_require(weft_mutex_lock(&many[i]) == WEFT_OK);
    }
    weft_mutex_unlock(&many[3]);
    weft_mutex_unlock(&many[39]);
    weft_mutex_unlock(&many[20]);
    hold_raw(v, end);
}

/* ---- ways to end ---- */

static void end_by_panic(vault *v)
{
    (void)v;
    weft_panic("fell");
}

static void end_by_return(vault *v)
{
    (void)v;
}

static void end_by_exit(vault *v)
{
    (void)v;
    pthread_exit(NULL);
}

static void end_by_cancel(vault *v)
{
    sem_post(&v->inside);
    for (;;) {
        pause();
    }
}

static void end_by_async_cancel(vault *v)
{
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    sem_post(&v->inside);
    for (;;) {
    }
}

/* ---- the checks ---- */

static bool released(weft_mutex *m)
{
    if (weft_mutex_recover_try(m) != WEFT_OK) {
        return false;
    }
    weft_mutex_unlock(m);
    return true;
}

static void check_fallen(vault *v)
{
    cr_assert(weft_mutex_is_poisoned(&v->mutex));
    cr_assert(weft_mutex_is_poisoned(&v->outer));
    cr_assert(bank_is_poisoned(&v->bank));
    cr_assert_not(weft_mutex_is_poisoned(&v->hardy));
    cr_assert(released(&v->mutex));
    cr_assert(released(&v->outer));
    cr_assert(released(&v->hardy));
    cr_assert_eq(weft_mutex_lock(&v->mutex), WEFT_POISONED);
    bank_guard g;
    cr_assert_eq(bank_lock(&v->bank, &g), WEFT_POISONED);
    cr_assert_eq(bank_recover(&v->bank, &g), WEFT_OK);
    cr_assert_eq(bank_get(&g)->balance, 1);
    bank_clear_poison(&v->bank);
    bank_unlock(&g);
    WEFT_LOCK(bank, again, &v->bank) {
        cr_assert_eq(bank_get(&again)->balance, 1);
    }
    cr_assert(weft_spinlock_lock_try(&v->spin));
    weft_spinlock_unlock(&v->spin);
}

static void vault_init(vault *v)
{
    *v = (vault){.hardy = WEFT_MUTEX_INIT_HARDY};
    sem_init(&v->inside, 0, 0);
}

static void fall_now(void *arg)
{
    fall *f = arg;
    f->hold(f->vault, f->end);
}

static void *fall_in_thread(void *arg)
{
    fall_now(arg);
    return NULL;
}

static void (*const holds[])(vault *, end_fn *) = {
    hold_raw, hold_until, hold_block, hold_scope, hold_many,
};
enum { HOLDS = sizeof holds / sizeof holds[0] };

static void quiet(const weft_panic_info *info, const char *thread)
{
    (void)info;
    (void)thread;
}

static void each_hold_on_a_thread(end_fn *end, bool cancel)
{
    for (size_t i = 0; i < HOLDS; i++) {
        vault v;
        vault_init(&v);
        fall f = {&v, holds[i], end};
        pthread_t thread;
        cr_assert_eq(pthread_create(&thread, NULL, fall_in_thread, &f), 0);
        if (cancel) {
            while (sem_wait(&v.inside) != 0) {
            }
            cr_assert_eq(pthread_cancel(thread), 0);
        }
        cr_assert_eq(pthread_join(thread, NULL), 0);
        check_fallen(&v);
    }
}

Test(fall, by_panic_to_a_catch_point)
{
    weft_panic_set_hook(quiet);
    for (size_t i = 0; i < HOLDS; i++) {
        vault v;
        vault_init(&v);
        fall f = {&v, holds[i], end_by_panic};
        weft_panic_info info;
        cr_assert_eq(weft_catch_unwind(fall_now, &f, &info), WEFT_PANICKED);
        cr_assert_str_eq(info.message, "fell");
        check_fallen(&v);
    }
}

Test(fall, by_return_from_a_thread)
{
    each_hold_on_a_thread(end_by_return, false);
}

Test(fall, by_pthread_exit)
{
    each_hold_on_a_thread(end_by_exit, false);
}

Test(fall, by_cancellation)
{
    each_hold_on_a_thread(end_by_cancel, true);
}

Test(fall, by_asynchronous_cancellation)
{
    each_hold_on_a_thread(end_by_async_cancel, true);
}

/* A thread that waits for the lock while its holder falls sees what it wrote:
 * the release by an exit is a release for ThreadSanitizer too. */
static void *repair(void *arg)
{
    vault *v = arg;
    bank_guard g;
    weft_require(bank_recover(&v->bank, &g) == WEFT_OK);
    bank_get(&g)->balance *= 10;
    bank_clear_poison(&v->bank);
    bank_unlock(&g);
    return NULL;
}

static void hand_over(end_fn *end, bool cancel)
{
    for (size_t i = 0; i < HOLDS; i++) {
        vault v;
        vault_init(&v);
        fall f = {&v, holds[i], end};
        pthread_t falling;
        pthread_t repairing;
        cr_assert_eq(pthread_create(&falling, NULL, fall_in_thread, &f), 0);
        if (cancel) {
            while (sem_wait(&v.inside) != 0) {
            }
        } else {
            while (!bank_is_poisoned(&v.bank)) {
                sched_yield();
            }
        }
        cr_assert_eq(pthread_create(&repairing, NULL, repair, &v), 0);
        if (cancel) {
            cr_assert_eq(pthread_cancel(falling), 0);
        }
        cr_assert_eq(pthread_join(repairing, NULL), 0);
        WEFT_LOCK(bank, g, &v.bank) {
            cr_assert_eq(bank_get(&g)->balance, 10);
        }
        cr_assert_eq(pthread_join(falling, NULL), 0);
    }
}

Test(fall, by_return_hands_over_the_data)
{
    hand_over(end_by_return, false);
}

Test(fall, by_pthread_exit_hands_over_the_data)
{
    hand_over(end_by_exit, false);
}

Test(fall, by_cancellation_hands_over_the_data)
{
    hand_over(end_by_cancel, true);
}
