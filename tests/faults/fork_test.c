/* A fork of a program whose other threads are in the middle of things: the
 * child has all of weft, and of what was its parent's what the contracts say;
 * the rest is a panic, not a wait without end. Row 30 of the list of known
 * bugs (libuv#1269). Not under sanitizers, which do not survive such a fork. */
#ifdef __clang__
/* What is locked here is unlocked there, on purpose. */
#pragma clang diagnostic ignored "-Wthread-safety-analysis"
#endif

#include <weft/weft.h>

#include "support/gang.h"

#include <criterion/criterion.h>

#if !WEFT_TSAN && !WEFT_ASAN

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WELL = 7, PATIENCE_S = 20 };

static const weft_chan_type word = {.size = 8, .align = 8};
static weft_atomic_u32 dropped;

static void count_drop(void *message)
{
    (void)message;
    (void)wefti_add_relaxed(&dropped, 1);
}

static const weft_chan_type counted = {8, 8, count_drop};

/* Run fn(arg) in a child; it must return true there. */
static void in_child(bool (*fn)(void *arg), void *arg)
{
    const pid_t child = fork();
    int status = 0;
    cr_assert_geq(child, 0);
    if (child == 0) {
        (void)alarm(PATIENCE_S);
        exit(fn(arg) ? WELL : 1);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == WELL,
              "the child ended with status %#x", (unsigned)status);
}

static void silent(const weft_panic_info *info, const char *thread)
{
    (void)info;
    (void)thread;
}

/* Whether fn(arg) panics, and says this. */
static bool panics(void (*fn)(void *arg), void *arg, const char *words)
{
    weft_panic_info info;
    (void)weft_panic_set_hook(silent);
    return weft_catch_unwind(fn, arg, &info) == WEFT_PANICKED &&
           strstr(info.message, words) != NULL;
}

/* ----------------------------------------------------------- all things new */

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
    return v[i] + i;
}

static uint32_t numbers[200000];
static weft_mutex mutex;

static void *lock_once(void *arg)
{
    WEFT_LOCK(weft_mutex, g, arg) {
    }
    return arg;
}

static void lock_scoped(void *arg)
{
    (void)lock_once(arg);
}

static void *send_five(void *tx)
{
    for (uint64_t i = 0; i < 5; i++) {
        weft_require(weft_chan_send(tx, &i) == WEFT_OK);
    }
    weft_chan_tx_drop(tx);
    return NULL;
}

static bool channel_works(size_t capacity)
{
    weft_chan_tx tx;
    weft_chan_rx rx;
    weft_thread t;
    uint64_t got;
    uint64_t total = 0;
    weft_status s = capacity == SIZE_MAX
                        ? weft_chan_open_unbounded(&word, &tx, &rx)
                        : weft_chan_open(&word, capacity, &tx, &rx);
    if (s != WEFT_OK || weft_thread_spawn(&t, send_five, &tx) != WEFT_OK) {
        return false;
    }
    while (weft_chan_recv(&rx, &got) == WEFT_OK) {
        total += got;
    }
    weft_chan_rx_drop(&rx);
    return weft_thread_join(&t, NULL) == WEFT_OK && total == 10;
}

static bool everything_works(void *unused)
{
    (void)unused;
    weft_mutex fresh = WEFT_MUTEX_INIT;
    weft_pool *pool;
    weft_pool_config config = {.workers = 3};
    bool ok = fib(18) == 2584 && sum(numbers, 200000) == 19999900000u;
    ok = ok && channel_works(0) && channel_works(2) && channel_works(SIZE_MAX);
    WEFT_SCOPE(s) {
        ok = ok && weft_scope_spawn(&s, lock_scoped, &fresh) == WEFT_OK;
    }
    ok = ok && weft_pool_create(&pool, &config) == WEFT_OK;
    weft_pool_free(ok ? pool : NULL);
    return ok;
}

Test(forked, child_has_all_of_weft_anew)
{
    cr_assert(everything_works(NULL));
    in_child(everything_works, NULL);
}

/* ----------------------------------------- while others do everything at once
 */

static weft_atomic_u32 enough;

static void do_everything(gang_member *me)
{
    while (wefti_load_relaxed(&enough) == 0) {
        gang_check(me, everything_works(NULL));
        (void)lock_once(&mutex);
    }
}

Test(forked, child_has_all_of_weft_whatever_others_were_doing)
{
    struct gang *gang = gang_start(3, do_everything, NULL);
    for (int round = 0; round < 40; round++) {
        in_child(everything_works, NULL);
    }
    wefti_store_relaxed(&enough, 1u);
    gang_join(gang);
}

/* ------------------------------------------------- what belongs to the parent
 */

typedef struct parents {
    gate leave;
    weft_thread thread;
    weft_chan_tx tx;
    weft_chan_rx rx;
    weft_mutex held;
    weft_atomic_u32 tid;
} parents;

static void say_tid(parents *p)
{
    wefti_store_release(&p->tid, (uint32_t)gettid());
}

static void wait_asleep(parents *p)
{
    while (wefti_load_acquire(&p->tid) == 0) {
        (void)sched_yield();
    }
    cr_assert(test_wait_until_asleep((int)wefti_load_relaxed(&p->tid)));
}

static void *hold_and_wait(void *arg)
{
    parents *p = arg;
    WEFT_LOCK(weft_mutex, g, &p->held) {
        say_tid(p);
        gate_wait(&p->leave);
    }
    return NULL;
}

static void join(void *arg)
{
    (void)!weft_thread_join(&((parents *)arg)->thread, NULL);
}

static bool leave_thread_alone(void *arg)
{
    parents *p = arg;
    const weft_deadline soon = weft_deadline_after_ms(1);
    bool ok = panics(join, p, "stayed behind");
    ok = ok && !weft_thread_is_finished(&p->thread);
    ok = ok && weft_mutex_lock_until(&p->held, soon) == WEFT_TIMEOUT;
    weft_thread_detach(&p->thread);
    return ok && everything_works(NULL);
}

Test(forked, child_cannot_join_but_detach_a_thread_of_its_parent)
{
    parents p = {.leave = GATE_INIT};
    cr_assert_eq(weft_thread_spawn(&p.thread, hold_and_wait, &p), WEFT_OK);
    wait_asleep(&p);
    in_child(leave_thread_alone, &p);
    gate_open(&p.leave);
    cr_assert_eq(weft_thread_join(&p.thread, NULL), WEFT_OK);
}

static bool leave_finished_thread_alone(void *arg)
{
    parents *p = arg;
    bool ok = panics(join, p, "stayed behind");
    weft_thread_detach(&p->thread);
    return ok && everything_works(NULL);
}

Test(forked, child_cannot_join_a_thread_that_had_ended)
{
    parents p = {.leave = GATE_INIT};
    gate_open(&p.leave);
    cr_assert_eq(weft_thread_spawn(&p.thread, hold_and_wait, &p), WEFT_OK);
    while (!weft_thread_is_finished(&p.thread)) {
        weft_thread_yield();
    }
    in_child(leave_finished_thread_alone, &p);
    cr_assert_eq(weft_thread_join(&p.thread, NULL), WEFT_OK);
}

/* A scope is left in both processes. */
typedef struct split {
    parents p;
    pid_t child;
} split;

static void wait_in_scope(void *arg)
{
    parents *p = arg;
    say_tid(p);
    gate_wait(&p->leave);
}

static void fork_in_scope(weft_scope *scope, void *arg)
{
    split *s = arg;
    weft_require(weft_scope_spawn(scope, wait_in_scope, &s->p) == WEFT_OK);
    while (wefti_load_acquire(&s->p.tid) == 0) {
        (void)sched_yield();
    }
    s->child = fork();
    if (s->child == 0) {
        (void)alarm(PATIENCE_S);
        weft_require(weft_scope_spawn(scope, lock_scoped, &s->p.held) ==
                     WEFT_OK);
    } else {
        gate_open(&s->p.leave);
    }
}

Test(forked, scope_ends_in_the_child_too_and_tells)
{
    split s = {.p = {.leave = GATE_INIT}};
    weft_panic_info info;
    int status = 0;
    const weft_status ended = weft_scope_run(fork_in_scope, &s, &info);
    if (s.child == 0) {
        const bool told = strstr(info.message, "scoped thread 1 stayed behind");
        _exit(told && ended == WEFT_EXITED && everything_works(NULL) ? WELL
                                                                     : 1);
    }
    cr_expect_eq(ended, WEFT_OK);
    cr_assert_eq(waitpid(s.child, &status, 0), s.child);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == WELL);
}

static void *fork_and_return(void *arg)
{
    *(pid_t *)arg = fork();
    return NULL;
}

/* The thread that forks is the child's only one: its end is the child's. */
Test(forked, child_of_a_thread_ends_with_it)
{
    pid_t child = -1;
    int status = -1;
    weft_thread t;
    cr_assert_eq(weft_thread_spawn(&t, fork_and_return, &child), WEFT_OK);
    cr_assert_eq(weft_thread_join(&t, NULL), WEFT_OK);
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* --------------------------------------------------------------- channels */

static void *receive(void *arg)
{
    parents *p = arg;
    uint64_t message;
    say_tid(p);
    while (weft_chan_recv(&p->rx, &message) == WEFT_OK) {
    }
    return NULL;
}

static void *send_until_closed(void *arg)
{
    parents *p = arg;
    uint64_t message = 1;
    say_tid(p);
    while (weft_chan_send(&p->tx, &message) == WEFT_OK) {
    }
    return NULL;
}

static void call_recv(void *arg)
{
    uint64_t message;
    while (weft_chan_recv(&((parents *)arg)->rx, &message) == WEFT_OK) {
    }
}

static void call_send(void *arg)
{
    uint64_t message = 1;
    while (weft_chan_send(&((parents *)arg)->tx, &message) == WEFT_OK) {
    }
}

static bool recv_panics(void *arg)
{
    return panics(call_recv, arg, "opened before the process forked");
}

static bool send_panics(void *arg)
{
    return panics(call_send, arg, "opened before the process forked");
}

static bool drop_both(void *arg)
{
    parents *p = arg;
    weft_chan_rx_drop(&p->rx);
    weft_chan_tx_drop(&p->tx);
    return wefti_load_relaxed(&dropped) == 0 && everything_works(NULL);
}

static void open_chan(parents *p, size_t capacity)
{
    cr_assert_eq(capacity == SIZE_MAX
                     ? weft_chan_open_unbounded(&counted, &p->tx, &p->rx)
                     : weft_chan_open(&counted, capacity, &p->tx, &p->rx),
                 WEFT_OK);
}

static const size_t capacities[] = {0, 2, SIZE_MAX};

Test(forked, child_cannot_wait_at_a_channel_of_its_parent)
{
    for (size_t i = 0; i < 3; i++) {
        parents p = {.leave = GATE_INIT};
        open_chan(&p, capacities[i]);
        cr_assert_eq(weft_thread_spawn(&p.thread, receive, &p), WEFT_OK);
        wait_asleep(&p);
        if (capacities[i] != SIZE_MAX) {
            in_child(send_panics, &p);
        }
        in_child(drop_both, &p);
        weft_chan_tx_drop(&p.tx);
        cr_assert_eq(weft_thread_join(&p.thread, NULL), WEFT_OK);
        weft_chan_rx_drop(&p.rx);
    }
}

Test(forked, child_cannot_receive_for_ever_from_its_parent)
{
    for (size_t i = 0; i < 2; i++) {
        parents p = {.leave = GATE_INIT};
        open_chan(&p, capacities[i]);
        cr_assert_eq(weft_thread_spawn(&p.thread, send_until_closed, &p),
                     WEFT_OK);
        wait_asleep(&p);
        in_child(recv_panics, &p);
        in_child(drop_both, &p);
        weft_chan_rx_drop(&p.rx);
        cr_assert_eq(weft_thread_join(&p.thread, NULL), WEFT_OK);
        weft_chan_tx_drop(&p.tx);
        wefti_store_relaxed(&dropped, 0u);
    }
    parents p = {.leave = GATE_INIT};
    open_chan(&p, SIZE_MAX);
    in_child(recv_panics, &p);
    weft_chan_rx_drop(&p.rx);
    weft_chan_tx_drop(&p.tx);
}

/* ----------------------------------------------------------------- locks */

static bool unlock_own(void *arg)
{
    weft_mutex_unlock(arg);
    return weft_mutex_lock_try(arg) == WEFT_OK;
}

Test(forked, child_holds_what_its_thread_held)
{
    weft_mutex m = WEFT_MUTEX_INIT;
    cr_assert(weft_mutex_lock(&m) == WEFT_OK);
    in_child(unlock_own, &m);
    weft_mutex_unlock(&m);
}

#endif
