#include "support/gang.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <weft/base/atomic.h>

typedef struct member {
    gang_member me; /* constant while the gang runs */
    pthread_t thread;
    const char *where; /* guarded by the gang's mutex */
    bool ended;        /* guarded by the gang's mutex */
} member;

struct gang {
    gang_fn *fn;                  /* constant */
    size_t count;                 /* constant */
    WEFT_ATOMIC(size_t) meetings; /* how many have been held */
    pthread_mutex_t mutex;        /* guards all that follows */
    pthread_cond_t changed;       /* a member has ended */
    size_t waiting;               /* members in the present meeting */
    size_t ended;      /* members that will come to no meeting any more */
    char failure[512]; /* the first one; empty: none */
    member members[];
};

static struct gang *gang_of(gang_member *me)
{
    return me->gang;
}

static void hold_meeting_if_complete(struct gang *g)
{
    if (g->waiting > 0 && g->waiting + g->ended == g->count) {
        g->waiting = 0;
        wefti_add_release(&g->meetings, 1);
    }
}

/* A member goes on without taking the mutex: if it did, what one did after the
 * meeting would be ordered before the other's first step, and a race between
 * them would stay hidden from ThreadSanitizer. */
static void wait_for_meeting(struct gang *g, size_t before)
{
    const struct timespec nap = {0, 50000};
    for (size_t turns = 0; wefti_load_acquire(&g->meetings) == before;
         turns++) {
        if (turns < 200) {
            sched_yield();
        } else {
            nanosleep(&nap, NULL);
        }
    }
}

void gang_meet(gang_member *me)
{
    struct gang *g = gang_of(me);
    pthread_mutex_lock(&g->mutex);
    const size_t before = wefti_load_relaxed(&g->meetings);
    g->waiting++;
    hold_meeting_if_complete(g);
    pthread_mutex_unlock(&g->mutex);
    wait_for_meeting(g, before);
}

void gang_at(gang_member *me, const char *where)
{
    struct gang *g = gang_of(me);
    pthread_mutex_lock(&g->mutex);
    g->members[me->index].where = where;
    pthread_mutex_unlock(&g->mutex);
}

void gang_fail(gang_member *me, const char *file, int line, const char *what)
{
    struct gang *g = gang_of(me);
    pthread_mutex_lock(&g->mutex);
    if (!g->failure[0]) {
        snprintf(g->failure, sizeof g->failure, "%s:%d: member %zu: %s", file,
                 line, me->index, what);
    }
    pthread_mutex_unlock(&g->mutex);
    pthread_exit(NULL);
}

static void leave(void *arg)
{
    member *m = arg;
    struct gang *g = m->me.gang;
    pthread_mutex_lock(&g->mutex);
    m->ended = true;
    g->ended++;
    hold_meeting_if_complete(g);
    pthread_cond_broadcast(&g->changed);
    pthread_mutex_unlock(&g->mutex);
}

static void *enter(void *arg)
{
    member *m = arg;
    pthread_cleanup_push(leave, m);
    gang_meet(&m->me);
    m->me.gang->fn(&m->me);
    pthread_cleanup_pop(1);
    return NULL;
}

struct gang *gang_start(size_t count, gang_fn *fn, void *arg)
{
    struct gang *g = calloc(1, sizeof *g + count * sizeof g->members[0]);
    cr_assert(g, "out of memory for a gang of %zu", count);
    g->fn = fn;
    g->count = count;
    pthread_mutex_init(&g->mutex, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&g->changed, &attr);
    pthread_condattr_destroy(&attr);
    for (size_t i = 0; i < count; i++) {
        member *m = &g->members[i];
        m->me = (gang_member){g, arg, i, count};
        m->where = "before gang_at was called";
        if (pthread_create(&m->thread, NULL, enter, m) != 0) {
            fprintf(stderr, "gang: no thread %zu of %zu\n", i, count);
            abort();
        }
    }
    return g;
}

static void name_the_stuck(const struct gang *g)
{
    fprintf(stderr, "gang: %zu of %zu members have not ended after %d s\n",
            g->count - g->ended, g->count, GANG_PATIENCE_S);
    for (size_t i = 0; i < g->count; i++) {
        if (!g->members[i].ended) {
            fprintf(stderr, "gang:   member %zu: %s\n", i, g->members[i].where);
        }
    }
    if (g->failure[0]) {
        fprintf(stderr, "gang: before that: %s\n", g->failure);
    }
}

static void wait_for_all(struct gang *g)
{
    struct timespec deadline;
    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += GANG_PATIENCE_S;
    pthread_mutex_lock(&g->mutex);
    while (g->ended < g->count) {
        const int late =
            pthread_cond_timedwait(&g->changed, &g->mutex, &deadline);
        if (late && g->ended < g->count) {
            name_the_stuck(g);
            abort();
        }
    }
    pthread_mutex_unlock(&g->mutex);
}

void gang_join(struct gang *g)
{
    char failure[sizeof g->failure];
    wait_for_all(g);
    for (size_t i = 0; i < g->count; i++) {
        pthread_join(g->members[i].thread, NULL);
    }
    memcpy(failure, g->failure, sizeof failure);
    pthread_cond_destroy(&g->changed);
    pthread_mutex_destroy(&g->mutex);
    free(g);
    cr_assert(!failure[0], "%s", failure);
}

void gang_run(size_t count, gang_fn *fn, void *arg)
{
    gang_join(gang_start(count, fn, arg));
}

void gate_open(gate *g)
{
    pthread_mutex_lock(&g->mutex);
    g->open = true;
    pthread_cond_broadcast(&g->cond);
    pthread_mutex_unlock(&g->mutex);
}

void gate_wait(gate *g)
{
    pthread_mutex_lock(&g->mutex);
    while (!g->open) {
        pthread_cond_wait(&g->cond, &g->mutex);
    }
    pthread_mutex_unlock(&g->mutex);
}

bool gate_is_open(gate *g)
{
    pthread_mutex_lock(&g->mutex);
    const bool open = g->open;
    pthread_mutex_unlock(&g->mutex);
    return open;
}

/* The state letter of a thread of this process; 0 if it has ended. */
static char state_of(int tid)
{
    char path[64];
    char text[256] = "";
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", tid);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return 0;
    }
    const ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    /* The name, in parentheses, may itself contain anything. */
    const char *close_paren = n > 0 ? strrchr(text, ')') : NULL;
    return close_paren ? close_paren[2] : 0;
}

bool test_wait_until_asleep(int tid)
{
    const time_t patience = GANG_PATIENCE_S;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const time_t deadline = now.tv_sec + patience;
    while (now.tv_sec <= deadline) {
        const char state = state_of(tid);
        if (state == 'S' || state == 0) {
            return state == 'S';
        }
        sched_yield();
        clock_gettime(CLOCK_MONOTONIC, &now);
    }
    return false;
}
