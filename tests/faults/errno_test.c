/* errno is the program's: no call of weft changes it, whatever it asks of the
 * system on the way. Row 31 of the list of known bugs (GNOME/glib#3034): an
 * unlock clobbered it. */
#ifdef __clang__
/* What a macro of the test locks is beyond the analysis. */
#pragma clang diagnostic ignored "-Wthread-safety-analysis"
#endif

#include "faults/waits.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ODD = 4711 };

static const char *spoiled; /* the first call that changed errno */

/* On any thread, one at a time. */
#define KEEPS(call)             \
    do {                        \
        errno = ODD;            \
        (void)(call);           \
        if (errno != ODD) {     \
            note(#call, errno); \
        }                       \
    } while (0)

static void note(const char *call, int error)
{
    static char text[256];
    if (spoiled == NULL) {
        (void)snprintf(text, sizeof text, "%s leaves errno at %d", call, error);
        spoiled = text;
    }
}

/* For results that must not be ignored. */
static void ignore(uint64_t result)
{
    (void)result;
}

WEFT_TASK(uint64_t, fib, int, n)
{
    if (n < 2) {
        return (uint64_t)n;
    }
    weft_fork(fib, left, n - 1);
    uint64_t right = fib(n - 2);
    return weft_join(fib, left) + right;
}

WEFT_PAR_SUM(uint64_t, sum, const uint32_t *, v, i)
{
    return v[i];
}

static void *give_back(void *arg)
{
    return arg;
}

static void nothing(void *arg)
{
    (void)arg;
}

static void panic(void *arg)
{
    weft_panic("%s", (const char *)arg);
}

/* All of these in a thread that is new to weft. */
static void locks(void)
{
    weft_mutex m = WEFT_MUTEX_INIT;
    weft_spinlock s = WEFT_SPINLOCK_INIT;
    KEEPS(ignore(weft_mutex_lock(&m)));
    KEEPS(ignore(weft_mutex_lock_try(&m)));
    KEEPS(weft_mutex_unlock(&m));
    KEEPS(ignore(weft_mutex_recover(&m)));
    KEEPS(weft_mutex_unlock(&m));
    KEEPS(weft_spinlock_lock(&s));
    KEEPS(weft_spinlock_unlock(&s));
    KEEPS(ignore(weft_now_ns()));
    KEEPS(ignore(weft_deadline_passed(weft_deadline_after_ms(1))));
}

static void run_scope(void)
{
    WEFT_SCOPE(s) {
        ignore(weft_scope_spawn(&s, nothing, NULL));
    }
}

static void threads(void)
{
    weft_thread t;
    weft_thread_ref me;
    KEEPS(ignore(weft_thread_spawn(&t, give_back, NULL)));
    KEEPS(ignore(weft_thread_join(&t, NULL)));
    KEEPS(ignore(weft_thread_spawn(&t, give_back, NULL)));
    KEEPS(weft_thread_detach(&t));
    KEEPS(ignore(weft_thread_current(&me)));
    KEEPS(weft_thread_unpark(&me));
    KEEPS(weft_thread_park());
    KEEPS(ignore(weft_thread_park_until(weft_deadline_after_us(100))));
    KEEPS(weft_thread_ref_drop(&me));
    KEEPS(weft_thread_sleep_until(weft_deadline_after_us(100)));
    KEEPS(weft_thread_yield());
    KEEPS(ignore(weft_cpu_parallelism()));
    KEEPS(ignore(weft_cpu_count_online()));
    KEEPS(run_scope());
}

static void channels(void)
{
    const weft_chan_type type = {.size = 8, .align = 8};
    const size_t capacities[] = {0, 2, SIZE_MAX};
    uint64_t x = 1;
    for (size_t i = 0; i < 3; i++) {
        const weft_deadline soon = weft_deadline_after_us(100);
        weft_chan_tx tx;
        weft_chan_rx rx;
        KEEPS(ignore(capacities[i] == SIZE_MAX
                         ? weft_chan_open_unbounded(&type, &tx, &rx)
                         : weft_chan_open(&type, capacities[i], &tx, &rx)));
        for (int k = 0; k < 200; k++) {
            KEEPS(ignore(weft_chan_send_try(&tx, &x)));
        }
        KEEPS(ignore(weft_chan_send_until(&tx, &x, soon)));
        for (int k = 0; k < 201; k++) {
            KEEPS(ignore(weft_chan_recv_try(&rx, &x)));
        }
        KEEPS(ignore(weft_chan_recv_until(&rx, &x, soon)));
        KEEPS(weft_chan_tx_drop(&tx));
        KEEPS(ignore(weft_chan_recv(&rx, &x)));
        KEEPS(weft_chan_rx_drop(&rx));
    }
}

/* The first use of the default pool reads the environment and /proc. */
static void pools(void)
{
    static const uint32_t v[300000];
    weft_pool *pool = NULL;
    const weft_pool_config config = {.workers = 3};
    (void)setenv("WEFT_NUM_WORKERS", "99999999999999999999999", 1);
    KEEPS(ignore(fib(15)));
    KEEPS(ignore(sum(v, 300000)));
    KEEPS(ignore(weft_pool_workers(NULL)));
    KEEPS(ignore(weft_pool_create(&pool, &config)));
    KEEPS(ignore(weft_pool_install(pool, nothing, NULL)));
    KEEPS(weft_pool_free(pool));
    KEEPS(ignore(weft_pool_create(&pool, NULL)));
    KEEPS(weft_pool_free(pool));
}

/* The report goes to a closed file: even so. */
static void panics(void)
{
    const int saved = dup(STDERR_FILENO);
    (void)close(STDERR_FILENO);
    char words[] = "nobody hears this";
    KEEPS(ignore(weft_catch_unwind(panic, words, NULL)));
    (void)dup2(saved, STDERR_FILENO);
    (void)close(saved);
}

typedef void calls(void);

static void *make_calls(void *arg)
{
    (*(calls **)arg)();
    return NULL;
}

static void expect_kept(calls *fn)
{
    pthread_t thread;
    spoiled = NULL;
    cr_assert_eq(pthread_create(&thread, NULL, make_calls, &fn), 0);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    cr_expect(spoiled == NULL, "%s", spoiled);
}

Test(error_number, is_kept_by_locks)
{
    expect_kept(locks);
}

Test(error_number, is_kept_by_threads)
{
    expect_kept(threads);
}

Test(error_number, is_kept_by_channels)
{
    expect_kept(channels);
}

Test(error_number, is_kept_by_pools)
{
    expect_kept(pools);
}

Test(error_number, is_kept_by_panics)
{
    expect_kept(panics);
}

/* Of these, waits.c sees to it. */
Test(error_number, is_kept_by_waits_and_by_who_ends_them)
{
    for (size_t i = 0; i < wait_case_count; i++) {
        const wait_case *c = &wait_cases[i];
        const weft_deadline soon = weft_deadline_after_ms(1);
        cr_expect_eq(waits_fulfilled(c, WEFT_FOREVER, NULL), c->fulfilled);
        cr_expect_eq(waits_in_vain(c, soon, NULL), WEFT_TIMEOUT);
    }
}
