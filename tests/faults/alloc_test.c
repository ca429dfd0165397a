/* Each public call that allocates: failed at every allocation, it says so,
 * leaves everything as it was, and gets through when asked again. */
#ifdef __clang__
/* What is locked through a table is beyond the analysis. */
#pragma clang diagnostic ignored "-Wthread-safety-analysis"
#endif

#include <weft/weft.h>

#include "support/alloc_fail.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { HELD_AT_FIRST = 7, BLOCK_LESS_ONE = 62 };

static weft_mutex mutexes[HELD_AT_FIRST + 1];
static weft_chan_tx tx;
static weft_chan_rx rx;
static const weft_chan_type word = {.size = 8, .align = 8};
static uint64_t message;

/* ------------------------------------------------------------------ locks */

static weft_status unlock_if(weft_status s)
{
    if (s == WEFT_OK) {
        weft_mutex_unlock(&mutexes[0]);
    }
    return s;
}

static weft_status lock(void)
{
    return unlock_if(weft_mutex_lock(&mutexes[0]));
}

static weft_status lock_try(void)
{
    return unlock_if(weft_mutex_lock_try(&mutexes[0]));
}

static weft_status lock_until(void)
{
    return unlock_if(weft_mutex_lock_until(&mutexes[0], WEFT_FOREVER));
}

static weft_status recover(void)
{
    return unlock_if(weft_mutex_recover(&mutexes[0]));
}

static weft_status hold_many(size_t more)
{
    if (more == 0) {
        return lock();
    }
    weft_status s = weft_mutex_lock(&mutexes[more]);
    if (s == WEFT_OK) {
        s = hold_many(more - 1);
        weft_mutex_unlock(&mutexes[more]);
    }
    return s;
}

static weft_status lock_eight(void)
{
    return hold_many(HELD_AT_FIRST);
}

static void guard_mutex(void *unused)
{
    (void)unused;
    WEFT_LOCK(weft_mutex, g, &mutexes[0]) {
    }
}

static void guard_spinlock(void *unused)
{
    static weft_spinlock spinlock;
    (void)unused;
    WEFT_SPIN(g, &spinlock) {
    }
}

/* A block form says by a panic what its plain form says by a status. */
static weft_status guarded(void (*fn)(void *unused))
{
    weft_panic_info info;
    if (weft_catch_unwind(fn, NULL, &info) == WEFT_OK) {
        return WEFT_OK;
    }
    return strstr(info.message, "memory") != NULL ? WEFT_NO_MEMORY
                                                  : WEFT_PANICKED;
}

static weft_status lock_block(void)
{
    return guarded(guard_mutex);
}

static weft_status spin_block(void)
{
    return guarded(guard_spinlock);
}

/* ---------------------------------------------------------------- threads */

static void *give_back(void *arg)
{
    return arg;
}

static weft_status spawn(void)
{
    weft_thread t;
    const weft_thread_options named = {.name = "a thread with a name"};
    weft_status s = weft_thread_spawn_with(&t, &named, give_back, NULL);
    return s == WEFT_OK ? weft_thread_join(&t, NULL) : s;
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

static void do_nothing(void *arg)
{
    (void)arg;
}

static void spawn_three(weft_scope *scope, void *status)
{
    weft_status *s = status;
    *s = WEFT_OK;
    for (int i = 0; i < 3 && *s == WEFT_OK; i++) {
        *s = weft_scope_spawn(scope, do_nothing, NULL);
    }
}

static weft_status scope(void)
{
    weft_status inside;
    weft_status s = weft_scope_run(spawn_three, &inside, NULL);
    return s == WEFT_OK ? inside : s;
}

/* --------------------------------------------------------------- channels */

static weft_status open_and_drop(size_t capacity)
{
    weft_status s = capacity == SIZE_MAX
                        ? weft_chan_open_unbounded(&word, &tx, &rx)
                        : weft_chan_open(&word, capacity, &tx, &rx);
    if (s == WEFT_OK) {
        weft_chan_tx_drop(&tx);
        weft_chan_rx_drop(&rx);
    }
    return s;
}

static weft_status open_bounded(void)
{
    return open_and_drop(3);
}

static weft_status open_rendezvous(void)
{
    return open_and_drop(0);
}

static weft_status open_unbounded(void)
{
    return open_and_drop(SIZE_MAX);
}

static void fill_a_block(void)
{
    weft_require(weft_chan_open_unbounded(&word, &tx, &rx) == WEFT_OK);
    for (int i = 0; i < BLOCK_LESS_ONE; i++) {
        weft_require(weft_chan_send(&tx, &message) == WEFT_OK);
    }
}

static weft_status send_into_the_next_block(void)
{
    const size_t before = weft_chan_rx_len(&rx);
    weft_status s = weft_chan_send(&tx, &message);
    weft_require(weft_chan_rx_len(&rx) == before + (s == WEFT_OK));
    return s;
}

static void drop_ends(void)
{
    weft_chan_tx_drop(&tx);
    weft_chan_rx_drop(&rx);
}

/* ---------------------------------------------------------- arcs and pools */

WEFT_ARC_DEFINE(shared_int, int);
WEFT_RC_DEFINE(common_int, int);

static weft_status create_arc(void)
{
    WEFT_AUTO(shared_int, a);
    return shared_int_create(&a, 7);
}

static weft_status create_rc(void)
{
    WEFT_AUTO(common_int, a);
    return common_int_create(&a, 7);
}

static weft_status create_pool(void)
{
    weft_pool *pool;
    const weft_pool_config config = {.workers = 2};
    weft_status s = weft_pool_create(&pool, &config);
    weft_require((s == WEFT_OK) == (pool != NULL));
    weft_pool_free(pool);
    return s;
}

WEFT_PAR_COLLECT(int32_t, copies, const int32_t *, v, i)
{
    weft_emit(v[i]);
}

static weft_status collect(void)
{
    static const int32_t v[500];
    copies_list list;
    weft_status s = copies(v, 500, &list);
    weft_require(list.count == (s == WEFT_OK ? 500u : 0u));
    copies_free(&list);
    return s;
}

/* ------------------------------------------------------------------ table */

typedef struct row {
    const char *name;
    weft_status (*act)(void);
    void (*begin)(void); /* NULL: nothing to do */
    void (*end)(void);
    bool copes; /* at times; a loop that gets no help is done alone */
} row;

static const row rows[] = {
    {"lock", lock, NULL, NULL, false},
    {"lock_try", lock_try, NULL, NULL, false},
    {"lock_until", lock_until, NULL, NULL, false},
    {"recover", recover, NULL, NULL, false},
    {"eight locks", lock_eight, NULL, NULL, false},
    {"WEFT_LOCK", lock_block, NULL, NULL, false},
    {"WEFT_SPIN", spin_block, NULL, NULL, false},
    {"spawn", spawn, NULL, NULL, false},
    {"thread_current", name_oneself, NULL, NULL, false},
    {"scope", scope, NULL, NULL, false},
    {"open bounded", open_bounded, NULL, NULL, false},
    {"open rendezvous", open_rendezvous, NULL, NULL, false},
    {"open unbounded", open_unbounded, NULL, NULL, false},
    {"send", send_into_the_next_block, fill_a_block, drop_ends, false},
    {"arc", create_arc, NULL, NULL, false},
    {"rc", create_rc, NULL, NULL, false},
    {"pool", create_pool, NULL, NULL, false},
    {"collect", collect, NULL, NULL, true},
};

typedef struct attempt {
    const row *row;
    size_t k;
    bool failed;
    weft_status first;
    weft_status second;
    size_t changed; /* live allocations, by the attempt that failed */
} attempt;

/* A new thread for each attempt: its first lock must allocate. What it keeps
 * for itself until it ends (for its locks) is not a leak. */
static void *try_with_failure(void *arg)
{
    attempt *a = arg;
    if (a->row->begin != NULL) {
        a->row->begin();
    }
    const size_t before = test_alloc_live();
    test_alloc_fail_at(a->k);
    a->first = a->row->act();
    a->failed = test_alloc_has_failed();
    test_alloc_fail_at(0);
    a->changed = test_alloc_live() - before;
    a->second = a->row->act();
    if (a->row->end != NULL) {
        a->row->end();
    }
    return NULL;
}

static void silent(const weft_panic_info *info, const char *thread)
{
    (void)info;
    (void)thread;
}

static size_t resident; /* the default pool */

static bool fail_once(const row *r, size_t k)
{
    attempt a = {.row = r, .k = k};
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, try_with_failure, &a), 0);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    cr_expect_eq(test_alloc_live(), resident, "%s, %zu: leaks", r->name, k);
    const weft_status expected = a.failed ? WEFT_NO_MEMORY : WEFT_OK;
    cr_expect(a.first == expected || (r->copes && a.first == WEFT_OK),
              "%s, %zu: %s", r->name, k, weft_status_str(a.first));
    cr_expect_eq(a.second, WEFT_OK, "%s, %zu: then %s", r->name, k,
                 weft_status_str(a.second));
    /* Only the thread's own record may stay, and its larger list of locks. */
    cr_expect(!a.failed || a.changed <= 2, "%s, %zu: leaves %zu", r->name, k,
              a.changed);
    return a.failed;
}

Test(alloc, failure_changes_nothing_and_passes)
{
    test_alloc_install();
    (void)weft_panic_set_hook(silent);
    (void)!weft_pool_workers(NULL);
    resident = test_alloc_live();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t k = 1;
        while (fail_once(&rows[i], k)) {
            k++;
        }
        cr_expect_gt(k, 1, "%s does not allocate", rows[i].name);
    }
}

/* ------------------------------------------- what can do without the memory */

WEFT_TASK(int, panic_elsewhere, pthread_t, home)
{
    if (!pthread_equal(home, pthread_self())) {
        test_alloc_fail_at(1);
        weft_panic("words that will be lost");
    }
    return 0;
}

static void offer_a_panic(void *unused)
{
    (void)unused;
    for (;;) {
        weft_fork(panic_elsewhere, offer, pthread_self());
        const weft_deadline d = weft_deadline_after_ms(1);
        while (!weft_deadline_passed(d)) {
        }
        (void)weft_join(panic_elsewhere, offer);
    }
}

static void catch_a_panic(void *info)
{
    weft_require(weft_catch_unwind(offer_a_panic, NULL, info) == WEFT_PANICKED);
}

Test(alloc, panic_of_a_stolen_task_arrives_without_its_words)
{
    weft_pool *pool;
    const weft_pool_config config = {.workers = 2};
    weft_panic_info info;
    test_alloc_install();
    (void)weft_panic_set_hook(silent);
    cr_assert_eq(weft_pool_create(&pool, &config), WEFT_OK);
    cr_assert_eq(weft_pool_install(pool, catch_a_panic, &info), WEFT_OK);
    cr_expect(test_alloc_has_failed());
    test_alloc_fail_at(0);
    cr_expect_str_eq(info.message, "a forked task panicked; there was no "
                                   "memory to keep its message");
    weft_pool_free(pool);
    cr_expect_eq(test_alloc_live(), 0);
}

WEFT_PAR_SUM(uint64_t, sum, const uint32_t *, v, i)
{
    uint32_t x = v[i];
    for (int k = 0; k < 100; k++) {
        x = x * 1664525u + 1013904223u;
    }
    return x & 1;
}

static void *sum_without_memory(void *expected)
{
    static const uint32_t v[100000];
    for (size_t k = 1; k < 4; k++) {
        test_alloc_fail_at(k);
        weft_require(sum(v, 100000) == *(const uint64_t *)expected);
        test_alloc_fail_at(0);
    }
    return NULL;
}

Test(alloc, loop_is_done_alone_without_memory_for_a_pool)
{
    uint64_t expected = 100000 * (uint64_t)sum((const uint32_t[]){0}, 1);
    pthread_t thread;
    setenv("WEFT_NUM_WORKERS", "3", 1);
    test_alloc_install();
    cr_assert_eq(pthread_create(&thread, NULL, sum_without_memory, &expected),
                 0);
    cr_assert_eq(pthread_join(thread, NULL), 0);
}
