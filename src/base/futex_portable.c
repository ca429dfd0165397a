/* Sleeping on a word, over pthreads alone: for systems without a futex.
 *
 * A table of buckets, each a mutex and a list of sleepers. Every sleeper owns
 * its condition variable and its flag, so that a signal has one possible
 * receiver and none can be stolen, whatever the C library's condition variables
 * do with several (glibc bug 25847). The word is compared under the bucket's
 * mutex, which a waker takes too: a wake-up falls either before the
 * comparison, which then sees the new value, or after the sleeper is listed. */
#include "base/futex.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

enum { NS_PER_S = 1000000000, BUCKETS = 256 };

typedef struct sleeper {
    struct sleeper *next;
    const void *word; /* guarded by the bucket's mutex, as is `woken` */
    bool woken;
    pthread_cond_t cond;
} sleeper;

typedef struct WEFT_ALIGNED(WEFT_CACHE_LINE) bucket {
    pthread_mutex_t mutex;
    sleeper *first; /* guarded by mutex */
    sleeper **last; /* guarded by mutex; meaningless if first is NULL */
} bucket;

static bucket table[BUCKETS];
static pthread_once_t table_once = PTHREAD_ONCE_INIT;

static void empty_table(void)
{
    for (size_t i = 0; i < BUCKETS; i++) {
        (void)pthread_mutex_init(&table[i].mutex, NULL);
        table[i].first = NULL;
    }
}

/* A forked child has one thread, which is not in here: whoever slept or held a
 * bucket's mutex stayed with the parent, and must not be waited for or woken.
 */
static void table_init(void)
{
    empty_table();
    (void)pthread_atfork(NULL, NULL, empty_table);
}

static bucket *bucket_of(const void *word)
{
    (void)pthread_once(&table_once, table_init);
    /* Fibonacci hashing (Knuth): the top byte depends on every bit. */
    uint64_t hash = (uint64_t)(uintptr_t)word * UINT64_C(0x9E3779B97F4A7C15);
    return &table[hash >> 56];
}

static void enlist(bucket *b, sleeper *s)
{
    *(b->first == NULL ? &b->first : b->last) = s;
    b->last = &s->next;
}

/* Take *link off the list. */
static sleeper *delist(bucket *b, sleeper **link)
{
    sleeper *s = *link;
    *link = s->next;
    if (b->last == &s->next) {
        b->last = link;
    }
    return s;
}

static void leave(bucket *b, sleeper *s)
{
    for (sleeper **link = &b->first; *link != NULL; link = &(*link)->next) {
        if (*link == s) {
            (void)delist(b, link);
            return;
        }
    }
}

/* Wait for the sleeper's own signal; the bucket's mutex is held. */
static void sleep_until(bucket *b, sleeper *s, weft_deadline d)
{
    struct timespec until = {(time_t)(d.ns / NS_PER_S),
                             (long)(d.ns % NS_PER_S)};
    while (!s->woken) {
        int error = weft_deadline_is_forever(d)
                        ? pthread_cond_wait(&s->cond, &b->mutex)
                        : pthread_cond_timedwait(&s->cond, &b->mutex, &until);
        if (error == ETIMEDOUT) {
            return;
        }
    }
}

static bool wait_listed(bucket *b, const void *word, weft_deadline d)
{
    sleeper s = {.word = word};
    pthread_condattr_t monotonic;
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&s.cond, &monotonic);
    enlist(b, &s);
    sleep_until(b, &s, d);
    if (!s.woken) {
        leave(b, &s);
    }
    (void)pthread_cond_destroy(&s.cond);
    (void)pthread_condattr_destroy(&monotonic);
    return s.woken;
}

bool wefti_futex_wait_until(weft_atomic_u32 *word, uint32_t expected,
                            weft_deadline d)
{
    int saved = errno;
    int cancel;
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
    bucket *b = bucket_of(word);
    (void)pthread_mutex_lock(&b->mutex);
    /* relaxed: the caller's own operations on the word hand over the data. */
    bool asleep = wefti_load_relaxed(word) == expected;
    bool in_time = !asleep || wait_listed(b, word, d);
    (void)pthread_mutex_unlock(&b->mutex);
    (void)pthread_setcancelstate(cancel, NULL);
    errno = saved;
    return in_time;
}

void wefti_futex_wake(const weft_atomic_u32 *word, uint32_t count)
{
    int saved = errno;
    bucket *b = bucket_of(word);
    (void)pthread_mutex_lock(&b->mutex);
    sleeper **link = &b->first;
    while (count > 0 && *link != NULL) {
        if ((*link)->word != word) {
            link = &(*link)->next;
            continue;
        }
        sleeper *s = delist(b, link);
        s->woken = true;
        /* Signalled under the mutex: afterwards the sleeper may be gone. */
        (void)pthread_cond_signal(&s->cond);
        count--;
    }
    (void)pthread_mutex_unlock(&b->mutex);
    errno = saved;
}
