#include "harness/gang.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct member {
    _Alignas(BENCH_LINE) bench_gang *gang;
    unsigned index;
    pthread_t thread;
    uint64_t went; /* ns; owner's until `busy` is counted down */
    uint64_t came;
} member;

struct bench_gang {
    pthread_mutex_t lock;
    pthread_cond_t called; /* a new job, or the end */
    pthread_cond_t done;   /* busy has become 0 */
    const bench_job *job;  /* guarded by lock, as all down to `over` */
    uint64_t calls;
    unsigned busy;
    bool over;
    cpu_set_t allowed; /* constant */
    unsigned size;     /* constant */
    member *members;   /* constant */
    _Alignas(BENCH_LINE) atomic_uint ready;
};

static _Noreturn void die(const char *what)
{
    (void)fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

void *bench_alloc(size_t size)
{
    const size_t whole = (size + BENCH_LINE - 1) / BENCH_LINE * BENCH_LINE;
    void *memory = aligned_alloc(BENCH_LINE, whole);
    if (memory == NULL) {
        die("out of memory");
    }
    return memset(memory, 0, whole);
}

static uint64_t now_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

uint64_t bench_reference_ns(void)
{
    uint64_t x = 1;
    const uint64_t start = now_ns();
    for (int i = 0; i < 200000; i++) {
        x = x * 6364136223846793005U + 1;
        bench_keep(x);
    }
    return now_ns() - start;
}

/* The cpus from the last to the first: interrupts tend to land on the first. */
static void place(const bench_gang *gang, unsigned index, bool pinned)
{
    cpu_set_t set = gang->allowed;
    if (pinned) {
        unsigned skip = index % (unsigned)CPU_COUNT(&gang->allowed);
        size_t cpu = CPU_SETSIZE - 1;
        while (!CPU_ISSET(cpu, &gang->allowed) || skip-- > 0) {
            cpu--;
        }
        CPU_ZERO(&set);
        CPU_SET(cpu, &set);
    }
    if (pthread_setaffinity_np(pthread_self(), sizeof set, &set) != 0) {
        die("cannot pin a thread");
    }
}

/* Threads may outnumber processors, so those that wait must yield. */
static void line_up(bench_gang *gang, unsigned threads)
{
    atomic_fetch_add(&gang->ready, 1);
    while (atomic_load(&gang->ready) < threads) {
        (void)sched_yield();
    }
}

static void take_part(member *m, const bench_job *job)
{
    const unsigned threads = job->shape.threads;
    const bench_share share = {
        .shape = &job->shape,
        .index = m->index,
        .iterations = bench_part(job->shape.iterations, m->index, threads),
    };
    place(m->gang, m->index, job->pinned);
    line_up(m->gang, threads);
    m->went = now_ns();
    job->contender->run(job->state, &share);
    m->came = now_ns();
}

static void *member_main(void *arg)
{
    member *m = arg;
    bench_gang *gang = m->gang;
    uint64_t seen = 0;
    (void)pthread_mutex_lock(&gang->lock);
    for (;;) {
        while (gang->calls == seen && !gang->over) {
            (void)pthread_cond_wait(&gang->called, &gang->lock);
        }
        if (gang->over) {
            break;
        }
        seen = gang->calls;
        const bench_job *job = gang->job;
        if (job == NULL || m->index >= job->shape.threads) {
            continue;
        }
        (void)pthread_mutex_unlock(&gang->lock);
        take_part(m, job);
        (void)pthread_mutex_lock(&gang->lock);
        if (--gang->busy == 0) {
            (void)pthread_cond_signal(&gang->done);
        }
    }
    (void)pthread_mutex_unlock(&gang->lock);
    return NULL;
}

static bench_gang *new_gang(unsigned threads)
{
    bench_gang *gang = bench_alloc(sizeof *gang);
    (void)pthread_mutex_init(&gang->lock, NULL);
    (void)pthread_cond_init(&gang->called, NULL);
    (void)pthread_cond_init(&gang->done, NULL);
    if (sched_getaffinity(0, sizeof gang->allowed, &gang->allowed) != 0) {
        die("cannot read the affinity mask");
    }
    gang->size = threads;
    gang->members = bench_alloc(threads * sizeof *gang->members);
    return gang;
}

bench_gang *bench_gang_create(unsigned threads)
{
    bench_gang *gang = new_gang(threads);
    for (unsigned i = 0; i < threads; i++) {
        member *m = &gang->members[i];
        m->gang = gang;
        m->index = i;
        if (pthread_create(&m->thread, NULL, member_main, m) != 0) {
            die("cannot start a thread");
        }
    }
    return gang;
}

void bench_gang_free(bench_gang *gang)
{
    (void)pthread_mutex_lock(&gang->lock);
    gang->over = true;
    (void)pthread_cond_broadcast(&gang->called);
    (void)pthread_mutex_unlock(&gang->lock);
    for (unsigned i = 0; i < gang->size; i++) {
        (void)pthread_join(gang->members[i].thread, NULL);
    }
    free(gang->members);
    free(gang);
}

static uint64_t elapsed(const bench_gang *gang, unsigned threads)
{
    uint64_t first = UINT64_MAX;
    uint64_t last = 0;
    for (unsigned i = 0; i < threads; i++) {
        const member *m = &gang->members[i];
        first = m->went < first ? m->went : first;
        last = m->came > last ? m->came : last;
    }
    return last - first;
}

uint64_t bench_gang_run(bench_gang *gang, const bench_job *job)
{
    (void)pthread_mutex_lock(&gang->lock);
    atomic_store(&gang->ready, 0);
    gang->job = job;
    gang->busy = job->shape.threads;
    gang->calls++;
    (void)pthread_cond_broadcast(&gang->called);
    while (gang->busy != 0) {
        (void)pthread_cond_wait(&gang->done, &gang->lock);
    }
    gang->job = NULL;
    (void)pthread_mutex_unlock(&gang->lock);
    return elapsed(gang, job->shape.threads);
}

unsigned bench_cpu_count(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) {
        return 1;
    }
    return (unsigned)CPU_COUNT(&set);
}
