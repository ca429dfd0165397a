/* Threads, whose turn it is, and how an execution can end. */
#include "model/explorer.h"

#include "support/model.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static unsigned word;
static unsigned other;
static volatile unsigned value;

static unsigned load(unsigned *at)
{
    return __atomic_load_n(at, __ATOMIC_ACQUIRE);
}

static void store(unsigned *at, unsigned to)
{
    __atomic_store_n(at, to, __ATOMIC_RELEASE);
}

static long futex_wait(unsigned *at, unsigned expected)
{
    return syscall(SYS_futex, at, FUTEX_WAIT, expected, NULL, NULL, 0);
}

/* Seconds of the virtual clock, which begins at 1. */
static bool futex_wait_until(unsigned *at, unsigned expected, time_t deadline)
{
    struct timespec t = {deadline, 0};
    return syscall(SYS_futex, at, FUTEX_WAIT_BITSET, expected, &t, NULL, -1) ==
           0;
}

static void futex_wake(unsigned *at, unsigned count)
{
    (void)syscall(SYS_futex, at, FUTEX_WAKE, count, NULL, NULL, 0);
}

/* What was seen in any execution. Not put back, as nobody announces it. */
static unsigned seen;

__attribute__((no_sanitize("thread"))) static void see(unsigned what)
{
    seen |= 1u << what;
}

/* ----------------------------------------------------------------- threads */

static void add_one(void *unused)
{
    (void)unused;
    (void)__atomic_add_fetch(&word, 1, __ATOMIC_RELAXED);
}

static void eight_threads(void *unused)
{
    weft_model_thread t[WEFTI_MODEL_THREADS];
    for (unsigned i = 1; i < WEFTI_MODEL_THREADS; i++) {
        t[i] = weft_model_spawn(add_one, unused);
        weft_model_assert(t[i].number == i);
    }
    add_one(NULL);
    for (unsigned i = 1; i < WEFTI_MODEL_THREADS; i++) {
        weft_model_join(t[i]);
    }
    weft_model_assert(load(&word) == WEFTI_MODEL_THREADS);
    weft_model_assert(weft_model_self() == 0);
}

Test(explorer, runs_eight_threads)
{
    weft_model_result r = weft_model_explore(
        eight_threads, NULL,
        &(weft_model_options){.search = WEFT_MODEL_RANDOM, .seed = 1});
    cr_assert(!r.failed, "%s", r.message);
    cr_assert_eq(r.executions, 10000);
    cr_assert_not(r.complete);
}

static void nine_threads(void *unused)
{
    for (unsigned i = 1; i <= WEFTI_MODEL_THREADS; i++) {
        (void)weft_model_spawn(add_one, unused);
    }
}

Test(explorer, refuses_the_ninth_thread)
{
    model_breaks(nine_threads, "more than 8 threads", .name = "nine_threads");
}

static void not_joined(void *unused)
{
    (void)weft_model_spawn(add_one, unused);
}

Test(explorer, ends_with_the_last_thread)
{
    model_holds(not_joined, .name = "not_joined");
}

static void grandchild(void *unused)
{
    weft_model_thread t = weft_model_spawn(add_one, unused);
    weft_model_join(t);
}

static void spawn_in_a_thread(void *unused)
{
    weft_model_thread t = weft_model_spawn(grandchild, unused);
    weft_model_join(t);
    weft_model_assert(__atomic_load_n(&word, __ATOMIC_RELAXED) == 1);
}

Test(explorer, lets_threads_start_threads)
{
    model_holds(spawn_in_a_thread, .name = "spawn_in_a_thread");
}

/* --------------------------------------------------------------- deadlocks */

static void wait_for_other(void *unused)
{
    (void)unused;
    (void)futex_wait(&other, 0);
}

static void nobody_wakes(void *unused)
{
    weft_model_thread t = weft_model_spawn(wait_for_other, unused);
    weft_model_join(t);
}

Test(explorer, finds_a_deadlock)
{
    model_breaks(nobody_wakes,
                 "deadlock or lost wake-up: T0: join ; "
                 "T1: sleeps on other",
                 .name = "nobody_wakes");
}

/* The classical mistake: the flag is looked at, then the thread sleeps on a
 * word that no longer changes. */
static void sleeper(void *unused)
{
    (void)unused;
    if (load(&word) == 0) {
        (void)futex_wait(&other, 0);
    }
}

static void waker(void *unused)
{
    (void)unused;
    store(&word, 1);
    futex_wake(&other, 1);
}

static void lost_wake_up(void *unused)
{
    weft_model_thread t = weft_model_spawn(sleeper, unused);
    waker(NULL);
    weft_model_join(t);
}

Test(explorer, finds_a_lost_wake_up)
{
    model_breaks(lost_wake_up, "lost wake-up", .name = "lost_wake_up");
}

static void sleep_on_the_word(void *unused)
{
    (void)unused;
    while (load(&word) == 0) {
        see(futex_wait(&word, 0) == 0 ? 1 : 2);
    }
}

static void kept_wake_up(void *unused)
{
    weft_model_thread t = weft_model_spawn(sleep_on_the_word, unused);
    store(&word, 1);
    futex_wake(&word, 1);
    weft_model_join(t);
}

Test(explorer, knows_a_kept_wake_up)
{
    model_holds(kept_wake_up, .name = "kept_wake_up");
    cr_assert_eq(seen, 1u << 1 | 1u << 2, "it must have slept, and not");
}

/* A spurious wake-up must not hide that one is missing. */
Test(explorer, wakes_a_sleeper_for_no_reason)
{
    seen = 0;
    model_breaks(lost_wake_up, "lost wake-up", .name = "lost wake-up",
                 .spurious = 1);
    model_holds(kept_wake_up, .name = "kept wake-up", .spurious = 3);
}

static void if_instead_of_while(void *unused)
{
    (void)unused;
    if (load(&word) == 0) {
        (void)futex_wait(&word, 0);
    }
    weft_model_assert(load(&word) == 1);
}

static void waits_once(void *unused)
{
    weft_model_thread t = weft_model_spawn(if_instead_of_while, unused);
    store(&word, 1);
    futex_wake(&word, 1);
    weft_model_join(t);
}

Test(explorer, finds_a_wait_without_a_loop)
{
    model_breaks(waits_once, "not true: load(&word) == 1", .name = "waits once",
                 .spurious = 1);
}

/* A futex orders nothing: the load after a wake-up may be stale. */
Test(explorer, gives_no_order_to_the_woken)
{
    model_breaks(waits_once, "not true: load(&word) == 1",
                 .name = "waits once");
}

/* Two sleepers, one wake-up: either may get it. */
static void note_who_wakes(void *unused)
{
    (void)unused;
    unsigned me = weft_model_self();
    if (futex_wait_until(&word, 0, 5)) {
        see(me);
    }
}

static void one_of_two(void *unused)
{
    weft_model_thread a = weft_model_spawn(note_who_wakes, unused);
    weft_model_thread b = weft_model_spawn(note_who_wakes, unused);
    futex_wake(&word, 1);
    weft_model_join(a);
    weft_model_join(b);
}

Test(explorer, wakes_any_sleeper)
{
    seen = 0;
    model_holds(one_of_two, .name = "one_of_two");
    cr_assert_eq(seen, 1u << 1 | 1u << 2);
}

/* ---------------------------------------------------------------- timeouts */

static void timed(void *unused)
{
    (void)unused;
    errno = 0;
    bool woken = futex_wait_until(&word, 0, 5);
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    see(woken ? 1 : errno == ETIMEDOUT ? 2 : errno == EAGAIN ? 3 : 4);
    weft_model_assert(woken || errno != ETIMEDOUT || now.tv_sec >= 5);
}

static void timeout_or_wake(void *unused)
{
    weft_model_thread t = weft_model_spawn(timed, unused);
    store(&word, 1);
    futex_wake(&word, 1);
    weft_model_join(t);
}

Test(explorer, lets_deadlines_pass_at_any_moment)
{
    seen = 0;
    model_holds(timeout_or_wake, .name = "timeout_or_wake");
    cr_assert_eq(seen, 1u << 1 | 1u << 2 | 1u << 3);
}

static void sleep_awhile(void *unused)
{
    (void)unused;
    struct timespec second = {1, 0};
    struct timespec before;
    struct timespec after;
    (void)clock_gettime(CLOCK_MONOTONIC, &before);
    (void)nanosleep(&second, NULL);
    (void)clock_gettime(CLOCK_MONOTONIC, &after);
    weft_model_assert(after.tv_sec == before.tv_sec + 1);
}

Test(explorer, has_a_clock_of_its_own)
{
    model_holds(sleep_awhile, .name = "sleep_awhile");
}

/* -------------------------------------------------------------- spin loops */

static void spin_until_set(void *unused)
{
    (void)unused;
    while (load(&word) == 0) {
        weft_model_yield();
    }
}

static void spin_and_set(void *unused)
{
    weft_model_thread t = weft_model_spawn(spin_until_set, unused);
    store(&word, 1);
    weft_model_join(t);
}

Test(explorer, runs_a_spin_loop_when_something_changes)
{
    model_holds(spin_and_set, .name = "spin_and_set", .steps = 20);
}

/* A spinlock that is taken by exchange: the loop writes what is there. */
static void take_and_count(void *unused)
{
    (void)unused;
    while (__atomic_exchange_n(&word, 1, __ATOMIC_ACQUIRE) == 1) {
        weft_model_yield();
    }
    value++;
    store(&word, 0);
}

static void three_take(void *unused)
{
    weft_model_thread a = weft_model_spawn(take_and_count, unused);
    weft_model_thread b = weft_model_spawn(take_and_count, unused);
    take_and_count(unused);
    weft_model_join(a);
    weft_model_join(b);
    weft_model_assert(value == 3);
}

Test(explorer, knows_a_loop_that_writes_what_is_there)
{
    model_holds(three_take, .name = "exchange", .steps = 100);
}

static void spin_alone(void *unused)
{
    spin_until_set(unused);
}

Test(explorer, finds_a_loop_that_nothing_ends)
{
    model_breaks(spin_alone, "a loop that nothing ends", .name = "spin_alone",
                 .steps = 100);
}

static void endless(void *unused)
{
    (void)unused;
    for (;;) {
        (void)__atomic_add_fetch(&word, 1, __ATOMIC_RELAXED);
    }
}

Test(explorer, stops_at_the_limit_of_steps)
{
    model_breaks(endless, "no end after 1000 steps", .name = "endless");
    model_breaks(endless, "no end after 4095 steps", .name = "endless",
                 .steps = 1u << 20);
}

/* Each gives way to the other for ever. */
static void polite(void *arg)
{
    unsigned *mine = arg == &word ? &word : &other;
    unsigned *theirs = arg == &word ? &other : &word;
    for (;;) {
        store(mine, 1);
        if (load(theirs) == 0) {
            break;
        }
        store(mine, 0);
        weft_model_yield();
    }
    store(mine, 0);
}

static void livelock(void *unused)
{
    (void)unused;
    weft_model_thread t = weft_model_spawn(polite, &word);
    polite(&other);
    weft_model_join(t);
}

Test(explorer, finds_a_livelock)
{
    model_breaks(livelock, "a loop that nothing ends", .name = "livelock",
                 .steps = 200);
}

static void give_up(void *arg)
{
    for (int turn = arg != NULL ? 2 : 0; turn < 4; turn++) {
        if (load(&word) != 0) {
            see(1);
            return;
        }
        weft_model_yield();
    }
    see(2);
    if (arg != NULL) {
        store(&word, 1);
    }
}

static void two_give_up(void *unused)
{
    (void)unused;
    weft_model_thread t = weft_model_spawn(give_up, &word);
    give_up(NULL);
    weft_model_join(t);
}

Test(explorer, lets_loops_give_up)
{
    seen = 0;
    model_holds(two_give_up, .name = "two_give_up");
    cr_assert_eq(seen, 1u << 1 | 1u << 2);
}

/* ------------------------------------------------------------------ crashes */

static void crash(void *unused)
{
    (void)unused;
    static unsigned *volatile nowhere = (unsigned *)16;
    value = *nowhere;
}

Test(explorer, reports_a_crash)
{
    model_breaks(crash, "crashes: Segmentation fault at address 0x10",
                 .name = "crash");
}

static void trap(void *unused)
{
    (void)unused;
    __builtin_trap();
}

Test(explorer, reports_a_trap)
{
    model_breaks(trap, "crashes: Illegal instruction", .name = "trap");
}
