/* Both engines keep one contract, so both are built with this one file: see
 * WEFT_ENGINE. */
#include "base/futex.h"

#include "support/gang.h"
#include "support/seed.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SLEEPERS = 3, ODD_ERRNO = EXDEV };

/* What one sleeper does, and what came of it. */
typedef struct sleeper {
    weft_atomic_u32 *word; /* constant */
    weft_deadline until;   /* constant */
    weft_atomic_u32 tid;   /* 0: has not come yet */
    weft_atomic_u32 ended;
    bool in_time; /* the sleeper's, until it has ended */
    int error;    /* errno, the same */
} sleeper;

static void *sleep_once(void *arg)
{
    sleeper *s = arg;
    errno = ODD_ERRNO;
    wefti_store_release(&s->tid, (uint32_t)gettid());
    s->in_time = wefti_futex_wait_until(s->word, 0, s->until);
    s->error = errno;
    wefti_store_release(&s->ended, 1u);
    return NULL;
}

/* Start the thread and see it asleep in the kernel. */
static pthread_t put_to_sleep(sleeper *s)
{
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, sleep_once, s), 0);
    while (wefti_load_acquire(&s->tid) == 0) {
        (void)sched_yield();
    }
    int tid = (int)wefti_load_acquire(&s->tid);
    cr_assert(test_wait_until_asleep(tid), "the sleeper did not sleep");
    return thread;
}

static bool has_ended(const sleeper *s)
{
    return wefti_load_acquire(&s->ended) != 0;
}

static size_t count_ended(const sleeper *s, size_t n)
{
    size_t ended = 0;
    for (size_t i = 0; i < n; i++) {
        ended += has_ended(&s[i]);
    }
    return ended;
}

static void wait_until_ended(const sleeper *s, size_t n, size_t wanted)
{
    weft_deadline patience = weft_deadline_after_s(GANG_PATIENCE_S);
    while (count_ended(s, n) < wanted) {
        cr_assert_not(weft_deadline_passed(patience), "nobody was woken");
        (void)sched_yield();
    }
}

static void join(pthread_t thread)
{
    cr_assert_eq(pthread_join(thread, NULL), 0);
}

Test(futex, a_different_value_is_not_waited_for)
{
    weft_atomic_u32 word = {7};
    cr_assert(wefti_futex_wait_until(&word, 8, WEFT_FOREVER));
    cr_assert(wefti_futex_wait_until(&word, 8, weft_deadline_at_ns(0)));
    wefti_futex_wait(&word, 8);
}

Test(futex, a_past_deadline_ends_the_wait_at_once)
{
    weft_atomic_u32 word = {7};
    cr_assert_not(wefti_futex_wait_until(&word, 7, weft_deadline_at_ns(0)));
    cr_assert_not(wefti_futex_wait_until(&word, 7, weft_deadline_at_ns(1)));
    weft_deadline now = weft_deadline_at_ns(weft_now_ns());
    cr_assert_not(wefti_futex_wait_until(&word, 7, now));
}

Test(futex, a_wait_does_not_end_before_its_deadline)
{
    weft_atomic_u32 word = {0};
    for (uint64_t us = 1; us < 5000; us *= 3) {
        weft_deadline d = weft_deadline_after_us(us);
        while (wefti_futex_wait_until(&word, 0, d)) {
        }
        cr_assert(weft_deadline_passed(d));
    }
}

/* Regression 32: a deadline far beyond what the kernel can count is slept for,
 * and not refused, which would turn every wait into a spin. */
Test(futex, a_huge_deadline_is_slept_for)
{
    static const uint64_t huge[] = {
        UINT64_MAX,     UINT64_MAX - 1,    UINT64_MAX / 2 + 1,
        UINT64_MAX / 2, UINT64_C(1) << 62, UINT64_C(1000000000) << 32,
    };
    for (size_t i = 0; i < sizeof huge / sizeof huge[0]; i++) {
        weft_atomic_u32 word = {0};
        sleeper s = {.word = &word, .until = weft_deadline_at_ns(huge[i])};
        pthread_t thread = put_to_sleep(&s);
        wefti_futex_wake_one(&word);
        join(thread);
        cr_assert(s.in_time, "%zu", i);
    }
}

Test(futex, errno_is_preserved) /* regression 31, GNOME/glib#3034 */
{
    weft_atomic_u32 word = {0};
    errno = ODD_ERRNO;
    (void)wefti_futex_wait_until(&word, 1, WEFT_FOREVER);
    cr_assert_eq(errno, ODD_ERRNO);
    (void)wefti_futex_wait_until(&word, 0, weft_deadline_at_ns(0));
    cr_assert_eq(errno, ODD_ERRNO);
    wefti_futex_wake_one(&word);
    cr_assert_eq(errno, ODD_ERRNO);
    wefti_futex_wake_one((const weft_atomic_u32 *)(UINTPTR_MAX - 3));
    cr_assert_eq(errno, ODD_ERRNO);
    sleeper s = {.word = &word, .until = WEFT_FOREVER};
    pthread_t thread = put_to_sleep(&s);
    wefti_futex_wake_one(&word);
    join(thread);
    cr_assert_eq(s.error, ODD_ERRNO);
}

/* Wake `count` of three sleepers; see that exactly `expected` get up. */
static void wake_some(uint32_t count, size_t expected)
{
    weft_atomic_u32 word = {0};
    sleeper s[SLEEPERS];
    pthread_t threads[SLEEPERS];
    for (size_t i = 0; i < SLEEPERS; i++) {
        s[i] = (sleeper){.word = &word, .until = WEFT_FOREVER};
        threads[i] = put_to_sleep(&s[i]);
    }
    wefti_futex_wake(&word, count);
    wait_until_ended(s, SLEEPERS, expected);
    for (size_t i = 0; i < SLEEPERS; i++) {
        int tid = (int)wefti_load_acquire(&s[i].tid);
        cr_assert(has_ended(&s[i]) || test_wait_until_asleep(tid));
    }
    cr_assert_eq(count_ended(s, SLEEPERS), expected, "woke %zu, not %zu",
                 count_ended(s, SLEEPERS), expected);
    wefti_store_relaxed(&word, 1u); /* relaxed: a sign, no data */
    wefti_futex_wake_all(&word);
    for (size_t i = 0; i < SLEEPERS; i++) {
        join(threads[i]);
        cr_assert(s[i].in_time);
    }
}

Test(futex, wake_one_wakes_one)
{
    wake_some(1, 1);
}

Test(futex, wake_respects_its_count)
{
    wake_some(2, 2);
    wake_some(3, 3);
    wake_some(4, 3);
}

/* The system call takes a signed count, and treats 0 and less as 1. */
Test(futex, waking_none_wakes_none)
{
    wake_some(0, 0);
}

Test(futex, a_count_beyond_the_kernels_wakes_all)
{
    wake_some(UINT32_MAX, 3);
    wake_some((uint32_t)INT32_MAX + 1, 3);
}

Test(futex, a_wake_is_not_remembered)
{
    weft_atomic_u32 word = {0};
    wefti_futex_wake_all(&word);
    cr_assert_not(wefti_futex_wait_until(&word, 0, weft_deadline_after_ms(1)));
}

/* Regressions 19 and 11: the waker's last step touches no memory. */
Test(futex, a_word_that_is_gone_may_be_woken)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    weft_atomic_u32 *word = mmap(NULL, page, PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq((void *)word, MAP_FAILED);
    cr_assert_eq(munmap(word, page), 0);
    wefti_futex_wake_one(word);
    wefti_futex_wake_all(word);
}

/* ---- words that share a bucket of the portable engine ---- */

enum { WORDS = 4096 };
static weft_atomic_u32 words[WORDS];

static uint64_t bucket_of(const weft_atomic_u32 *word)
{
    return ((uint64_t)(uintptr_t)word * UINT64_C(0x9E3779B97F4A7C15)) >> 56;
}

/* Three words of one bucket: there are 16 words to a bucket. */
static void find_neighbours(weft_atomic_u32 *found[3])
{
    size_t n = 0;
    for (size_t i = 0; i < WORDS && n < 3; i++) {
        if (bucket_of(&words[i]) == bucket_of(&words[0])) {
            found[n++] = &words[i];
        }
    }
    cr_assert_eq(n, 3);
}

Test(futex, neighbours_in_a_bucket_sleep_on)
{
    weft_atomic_u32 *w[3];
    find_neighbours(w);
    sleeper s[5] = {
        {.word = w[0], .until = WEFT_FOREVER},
        {.word = w[1], .until = WEFT_FOREVER},
        {.word = w[0], .until = WEFT_FOREVER},
        {.word = w[2], .until = weft_deadline_after_ms(20)},
        {.word = w[1], .until = WEFT_FOREVER},
    };
    pthread_t threads[5];
    for (size_t i = 0; i < 5; i++) {
        threads[i] = put_to_sleep(&s[i]);
    }
    join(threads[3]); /* leaves the middle of the list by itself */
    cr_assert_not(s[3].in_time);
    wefti_futex_wake_all(w[2]);
    cr_assert_eq(count_ended(s, 5), 1);
    wefti_futex_wake(w[1], 1); /* from the middle, the older first */
    wait_until_ended(s, 5, 2);
    cr_assert_eq(count_ended(s, 5), 2);
    wefti_futex_wake_all(w[0]);
    join(threads[0]);
    join(threads[2]);
    cr_assert_eq(count_ended(s, 5), 4);
    wefti_futex_wake_all(w[1]);
    join(threads[1]);
    join(threads[4]);
}

/* ---- no wake-up is lost between those that come, leave and time out ---- */

enum { PERMITS = 4000, TAKERS = 4, POSTERS = 2 };

/* A semaphore of nothing but a word: a lost wake-up strands a taker. */
typedef struct permits {
    weft_atomic_u32 *word;
    weft_atomic_u32 taken;
} permits;

static bool take_until(permits *p, weft_deadline d)
{
    uint32_t seen = 0;
    for (;;) {
        while (seen != 0) {
            /* acquire [test.permits]: nothing else is handed over. */
            if (wefti_cas_acquire(p->word, &seen, seen - 1)) {
                return true;
            }
        }
        if (!wefti_futex_wait_until(p->word, 0, d)) {
            return false;
        }
        seen = wefti_load_relaxed(p->word);
    }
}

static void post(permits *p)
{
    /* release [test.permits]: as above. */
    (void)wefti_add_release(p->word, 1u);
    wefti_futex_wake_one(p->word);
}

/* Takers with patience, takers without, and posters. */
static void take_or_post(gang_member *me)
{
    permits *both = me->arg;
    permits *p = &both[me->index % 2];
    test_rng rng = test_rng_make(me->index);
    if (me->index < POSTERS) {
        for (int i = 0; i < PERMITS; i++) {
            post(p);
        }
        return;
    }
    bool patient = me->index < POSTERS + TAKERS;
    for (int i = 0; i < PERMITS / TAKERS; i++) {
        weft_deadline d =
            patient ? WEFT_FOREVER
                    : weft_deadline_after_us(test_rng_below(&rng, 60));
        /* relaxed: a count, read after the join. */
        wefti_add_relaxed(&p->taken, take_until(p, d) ? 1u : 0u);
    }
}

Test(futex, no_wake_up_is_lost_to_a_sleeper_that_times_out)
{
    weft_atomic_u32 *w[3];
    find_neighbours(w);
    permits p[2] = {{.word = w[0]}, {.word = w[1]}};
    gang_run(POSTERS + 2 * TAKERS, take_or_post, p);
    for (size_t i = 0; i < 2; i++) {
        uint32_t left = wefti_load_relaxed(p[i].word);
        cr_assert_eq(wefti_load_relaxed(&p[i].taken) + left, PERMITS);
        cr_assert_geq(wefti_load_relaxed(&p[i].taken), PERMITS / 2);
    }
}

/* ---- signals ---- */

static void ignore(int signal)
{
    (void)signal;
}

static void *sleep_on(void *arg)
{
    sleeper *s = arg;
    wefti_store_release(&s->tid, (uint32_t)gettid());
    while (wefti_load_acquire(s->word) == 0) {
        s->in_time = wefti_futex_wait_until(s->word, 0, s->until);
        if (!s->in_time) {
            break;
        }
    }
    wefti_store_release(&s->ended, 1u);
    return NULL;
}

/* Signals may end a wait (look again), but never as if time had run out. */
static void storm(weft_deadline d, int flags)
{
    struct sigaction action = {.sa_handler = ignore, .sa_flags = flags};
    cr_assert_eq(sigaction(SIGUSR1, &action, NULL), 0);
    weft_atomic_u32 word = {0};
    sleeper s = {.word = &word, .until = d};
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, sleep_on, &s), 0);
    while (wefti_load_acquire(&s.tid) == 0) {
        (void)sched_yield();
    }
    for (int i = 0; i < 500; i++) {
        cr_assert(test_wait_until_asleep((int)wefti_load_relaxed(&s.tid)));
        cr_assert_eq(pthread_kill(thread, SIGUSR1), 0);
    }
    cr_assert_not(has_ended(&s));
    wefti_store_release(&word, 1u);
    wefti_futex_wake_one(&word);
    join(thread);
    cr_assert(s.in_time);
}

Test(futex, a_storm_of_signals_is_no_timeout)
{
    storm(WEFT_FOREVER, 0);
    storm(weft_deadline_after_s(3600), 0);
    storm(WEFT_FOREVER, SA_RESTART);
    storm(weft_deadline_after_s(3600), SA_RESTART);
}

/* ---- cancellation ---- */

Test(futex, a_wait_is_not_a_cancellation_point)
{
    weft_atomic_u32 word = {0};
    sleeper s = {.word = &word, .until = WEFT_FOREVER};
    pthread_t thread = put_to_sleep(&s);
    cr_assert_eq(pthread_cancel(thread), 0);
    (void)test_wait_until_asleep((int)wefti_load_relaxed(&s.tid));
    cr_assert_not(has_ended(&s));
    while (!has_ended(&s)) {
        wefti_store_relaxed(&word, 1u); /* relaxed: a sign, no data */
        wefti_futex_wake_one(&word);
    }
    void *result = PTHREAD_CANCELED;
    cr_assert_eq(pthread_join(thread, &result), 0);
    cr_assert_null(result);
}

/* ---- fork ---- */

#if !WEFT_TSAN /* it lets no child of a threaded process start a thread */

/* The child has none of its parent's sleepers, and a wake-up meant for its own
 * must not go to their ghosts. */
static void wake_own_sleeper(weft_atomic_u32 *word)
{
    sleeper s = {.word = word, .until = WEFT_FOREVER};
    pthread_t thread;
    pthread_attr_t attr; /* a stack of another size is not a ghost's */
    (void)alarm(5);
    if (pthread_attr_init(&attr) != 0 ||
        pthread_attr_setstacksize(&attr, 64 << 20) != 0 ||
        pthread_create(&thread, &attr, sleep_once, &s) != 0) {
        _exit(2);
    }
    while (wefti_load_acquire(&s.tid) == 0) {
        (void)sched_yield();
    }
    if (!test_wait_until_asleep((int)wefti_load_relaxed(&s.tid))) {
        _exit(3);
    }
    wefti_futex_wake_one(word);
    (void)pthread_join(thread, NULL);
    _exit(s.in_time ? 0 : 4);
}

Test(futex, a_forked_child_wakes_its_own_sleepers)
{
    weft_atomic_u32 word = {0};
    sleeper s = {.word = &word, .until = WEFT_FOREVER};
    pthread_t thread = put_to_sleep(&s);
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        wake_own_sleeper(&word);
    }
    int status = -1;
    cr_assert_eq(waitpid(child, &status, 0), child);
    wefti_futex_wake_one(&word);
    join(thread);
    cr_assert(WIFEXITED(status), "the child was killed by signal %d",
              WTERMSIG(status));
    cr_assert_eq(WEXITSTATUS(status), 0);
}

#endif
