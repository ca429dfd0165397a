/* The system refuses a thread or a key: by a call that is replaced, and for
 * real by a limit on the address space. Sanitizers need keys and address space
 * themselves, and are spared these. */
#ifdef __clang__
/* What is locked through a table is beyond the analysis. */
#pragma clang diagnostic ignored "-Wthread-safety-analysis"
#endif

#include <weft/weft.h>

#include "support/alloc_fail.h"
#include "support/fault_site.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* ------------------------------------------------------------ refused calls */

enum call { CREATE_THREAD, CREATE_KEY, SET_KEY, INIT_ATTR, CALLS };

typedef struct refusal {
    weft_atomic_u32 countdown; /* 1: the next call; 0: none */
    weft_atomic_u32 more;      /* how many after that one */
    weft_atomic_u32 error;
} refusal;

static refusal refusals[CALLS];

/* Refuse the k-th of these calls from now, and `more` after it. */
static void refuse(enum call call, uint32_t k, uint32_t more, int error)
{
    wefti_store_relaxed(&refusals[call].error, (uint32_t)error);
    wefti_store_relaxed(&refusals[call].more, more);
    wefti_store_relaxed(&refusals[call].countdown, k);
}

static void refuse_nothing(enum call call)
{
    refuse(call, 0, 0, 0);
}

static int verdict(enum call call)
{
    refusal *r = &refusals[call];
    const uint32_t count = wefti_load_relaxed(&r->countdown);
    if (count != 1) {
        wefti_store_relaxed(&r->countdown, count > 0 ? count - 1 : 0);
        return 0;
    }
    const uint32_t more = wefti_load_relaxed(&r->more);
    wefti_store_relaxed(&r->countdown, more > 0 ? 1u : 0u);
    wefti_store_relaxed(&r->more, more > 0 ? more - 1 : 0);
    test_fault_site();
    return (int)wefti_load_relaxed(&r->error);
}

typedef void *thread_main(void *arg);

int true_create(pthread_t *t, const pthread_attr_t *a, thread_main *fn,
                void *arg) __asm__("__real_pthread_create");
int our_create(pthread_t *t, const pthread_attr_t *a, thread_main *fn,
               void *arg) __asm__("__wrap_pthread_create");
int true_init(pthread_attr_t *a) __asm__("__real_pthread_attr_init");
int our_init(pthread_attr_t *a) __asm__("__wrap_pthread_attr_init");

int our_create(pthread_t *t, const pthread_attr_t *a, thread_main *fn,
               void *arg)
{
    const int error = verdict(CREATE_THREAD);
    return error != 0 ? error : true_create(t, a, fn, arg);
}

int our_init(pthread_attr_t *a)
{
    const int error = verdict(INIT_ATTR);
    return error != 0 ? error : true_init(a);
}

/* ---------------------------------------------------------------- threads */

static void *give_back(void *arg)
{
    return arg;
}

static weft_status spawn_and_join(void)
{
    weft_thread t;
    int x = 0;
    weft_status s = weft_thread_spawn(&t, give_back, &x);
    if (s != WEFT_OK) {
        cr_expect_null(t.state);
        return s;
    }
    weft_thread_result end;
    cr_expect_eq(weft_thread_join(&t, &end), WEFT_OK);
    cr_expect_eq(end.value, &x);
    return WEFT_OK;
}

Test(refuse, thread_that_is_refused_leaves_nothing)
{
    const struct {
        enum call call;
        int error;
        weft_status status;
    } rows[] = {
        {CREATE_THREAD, EAGAIN, WEFT_NO_RESOURCES},
        {CREATE_THREAD, EPERM, WEFT_NO_RESOURCES},
        {CREATE_THREAD, ENOMEM, WEFT_NO_MEMORY},
        {INIT_ATTR, ENOMEM, WEFT_NO_MEMORY},
    };
    test_alloc_install();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        refuse(rows[i].call, 1, 0, rows[i].error);
        cr_expect_eq(spawn_and_join(), rows[i].status);
        cr_expect_eq(test_alloc_live(), 0);
        cr_expect_eq(spawn_and_join(), WEFT_OK);
    }
}

static void count_up(void *count)
{
    (void)wefti_add_relaxed((weft_atomic_u32 *)count, 1);
}

Test(refuse, scope_goes_on_without_the_thread_that_was_refused)
{
    test_alloc_install();
    for (uint32_t k = 1; k <= 3; k++) {
        weft_atomic_u32 count = {0};
        refuse(CREATE_THREAD, k, 0, EAGAIN);
        WEFT_SCOPE(s) {
            for (uint32_t i = 1; i <= 3; i++) {
                cr_expect_eq(weft_scope_spawn(&s, count_up, &count),
                             i == k ? WEFT_NO_RESOURCES : WEFT_OK);
            }
            cr_expect_eq(weft_scope_spawn(&s, count_up, &count), WEFT_OK);
        }
        cr_expect_eq(wefti_load_relaxed(&count), 3);
    }
}

/* ------------------------------------------------------------------ pools */

WEFT_TASK(uint64_t, fib, int, n)
{
    if (n < 2) {
        return (uint64_t)n;
    }
    weft_fork(fib, left, n - 1);
    uint64_t right = fib(n - 2);
    return weft_join(fib, left) + right;
}

static void fib_18(void *result)
{
    *(uint64_t *)result = fib(18);
}

static void expect_to_work(weft_pool *pool)
{
    uint64_t result = 0;
    cr_expect_eq(weft_pool_install(pool, fib_18, &result), WEFT_OK);
    cr_expect_eq(result, 2584);
}

Test(refuse, pool_works_with_the_threads_it_gets)
{
    const enum call calls[] = {CREATE_THREAD, INIT_ATTR};
    test_alloc_install();
    for (size_t i = 0; i < 2; i++) {
        for (uint32_t k = 1; k <= 4; k++) {
            for (uint32_t more = 0; k + more <= 4; more++) {
                weft_pool *pool;
                weft_pool_config config = {.workers = 5};
                refuse(calls[i], k, more, EAGAIN);
                cr_assert_eq(weft_pool_create(&pool, &config), WEFT_OK);
                refuse_nothing(calls[i]);
                expect_to_work(pool);
                weft_pool_free(pool);
            }
        }
    }
}

Test(refuse, default_pool_works_with_the_caller_alone)
{
    setenv("WEFT_NUM_WORKERS", "4", 1);
    refuse(CREATE_THREAD, 1, 2, EAGAIN);
    cr_expect_eq(fib(18), 2584);
    cr_expect_eq(fib(18), 2584);
}

/* ------------------------------------------------------------------- keys */

#if !WEFT_ASAN && !WEFT_TSAN
typedef void key_end(void *value);

int true_key(pthread_key_t *key,
             key_end *end) __asm__("__real_pthread_key_create");
int our_key(pthread_key_t *key,
            key_end *end) __asm__("__wrap_pthread_key_create");
int true_set(pthread_key_t key,
             const void *value) __asm__("__real_pthread_setspecific");
int our_set(pthread_key_t key,
            const void *value) __asm__("__wrap_pthread_setspecific");

int our_key(pthread_key_t *key, key_end *end)
{
    const int error = verdict(CREATE_KEY);
    return error != 0 ? error : true_key(key, end);
}

int our_set(pthread_key_t key, const void *value)
{
    const int error = verdict(SET_KEY);
    return error != 0 ? error : true_set(key, value);
}

static weft_mutex mutex;

static weft_status lock(void)
{
    weft_status s = weft_mutex_lock(&mutex);
    if (s == WEFT_OK) {
        weft_mutex_unlock(&mutex);
    }
    return s;
}

static weft_status name_oneself(void)
{
    weft_thread_ref ref;
    weft_status s = weft_thread_current(&ref);
    if (s == WEFT_OK) {
        weft_thread_ref_drop(&ref);
    }
    return s;
}

static weft_status scope(void)
{
    weft_status s = WEFT_OK;
    weft_atomic_u32 count = {0};
    WEFT_SCOPE(here) {
        s = weft_scope_spawn(&here, count_up, &count);
    }
    return s;
}

static void guard_with_spinlock(void *unused)
{
    static weft_spinlock spinlock;
    (void)unused;
    WEFT_SPIN(g, &spinlock) {
    }
}

static weft_status spin(void)
{
    weft_panic_info info;
    weft_status s = weft_catch_unwind(guard_with_spinlock, NULL, &info);
    cr_expect(s == WEFT_OK || strstr(info.message, "out of memory") != NULL);
    return s == WEFT_OK ? WEFT_OK : WEFT_NO_MEMORY;
}

static weft_status fork_and_join(void)
{
    return fib(10) == 55 ? WEFT_OK : WEFT_PANICKED;
}

typedef struct attempt {
    weft_status (*act)(void);
    weft_status first;
    weft_status second;
} attempt;

/* A thread that is new to weft. */
static void *try_twice(void *arg)
{
    attempt *a = arg;
    a->first = a->act();
    a->second = a->act();
    return NULL;
}

static void silent(const weft_panic_info *info, const char *thread)
{
    (void)info;
    (void)thread;
}

/* Without the key a thread's end would go unnoticed, so it may hold no lock.
 * When the system has keys again, all is well again. */
static void expect_second_success(enum call call, int error)
{
    const struct {
        weft_status (*act)(void);
        weft_status refused;
    } rows[] = {
        {lock, WEFT_NO_MEMORY},   {name_oneself, WEFT_NO_MEMORY},
        {scope, WEFT_NO_MEMORY},  {spin, WEFT_NO_MEMORY},
        {fork_and_join, WEFT_OK},
    };
    (void)weft_panic_set_hook(silent);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        attempt a = {.act = rows[i].act};
        pthread_t thread;
        refuse(call, 1, 0, error);
        cr_assert_eq(true_create(&thread, NULL, try_twice, &a), 0);
        cr_assert_eq(pthread_join(thread, NULL), 0);
        if (i == 0 || call == SET_KEY) { /* the key is made once */
            cr_expect_eq(a.first, rows[i].refused, "row %zu: %s", i,
                         weft_status_str(a.first));
        }
        cr_expect_eq(a.second, WEFT_OK, "row %zu", i);
    }
}

Test(refuse, key_that_is_refused_can_be_had_later)
{
    expect_second_success(CREATE_KEY, EAGAIN);
}

Test(refuse, thread_without_room_for_keys_locks_nothing)
{
    expect_second_success(SET_KEY, ENOMEM);
}

/* -------------------------------------------------------------- for real */

static size_t address_space(void)
{
    size_t pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f == NULL || fscanf(f, "%zu", &pages) != 1) {
        cr_skip_test("nobody knows how much memory this process has");
    }
    fclose(f);
    return pages * 4096;
}

Test(refuse, address_space_that_ends_refuses_threads)
{
    weft_thread t;
    weft_pool *pool;
    const weft_thread_options large = {.stack_size = (size_t)1 << 30};
    const weft_thread_options small = {.stack_size = (size_t)1 << 16};
    const weft_pool_config config = {.workers = 3,
                                     .stack_size = (size_t)1 << 30};
    const size_t room = (size_t)1 << 27;
    const struct rlimit limit = {address_space() + room, RLIM_INFINITY};
    cr_assert_eq(setrlimit(RLIMIT_AS, &limit), 0);
    cr_expect_eq(weft_thread_spawn_with(&t, &large, give_back, NULL),
                 WEFT_NO_RESOURCES);
    cr_expect_null(t.state);
    cr_assert_eq(weft_thread_spawn_with(&t, &small, give_back, NULL), WEFT_OK);
    cr_expect_eq(weft_thread_join(&t, NULL), WEFT_OK);
    cr_assert_eq(weft_pool_create(&pool, &config), WEFT_OK);
    expect_to_work(pool);
    weft_pool_free(pool);
}
#endif
