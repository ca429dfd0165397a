/* What contenders of the same workload share: the data, and the check. */
#ifndef BENCH_PEERS_WORK_H
#define BENCH_PEERS_WORK_H

#include "harness/harness.h"

#include <stdlib.h>

/* Define the contender `object` for a lock T that stands on its own cache line
 * with the counter it guards. LOCK and UNLOCK are functions or macros of a
 * T *; INIT makes one of zeroed memory. */
#define BENCH_LOCK(linkage, object, title, sort, T, INIT, LOCK, UNLOCK) \
    typedef struct object##_state {                                     \
        T lock;                                                         \
        uint64_t count;                                                 \
    } object##_state;                                                   \
    static void *object##_start(const bench_shape *shape)               \
    {                                                                   \
        (void)shape;                                                    \
        object##_state *state = bench_alloc(sizeof *state);             \
        INIT(&state->lock);                                             \
        return state;                                                   \
    }                                                                   \
    static void object##_run(void *arg, const bench_share *share)       \
    {                                                                   \
        object##_state *state = arg;                                    \
        for (uint64_t i = 0; i < share->iterations; i++) {              \
            LOCK(&state->lock);                                         \
            state->count++;                                             \
            UNLOCK(&state->lock);                                       \
        }                                                               \
    }                                                                   \
    static bool object##_finish(void *arg, const bench_shape *shape)    \
    {                                                                   \
        object##_state *state = arg;                                    \
        const bool right = state->count == shape->iterations;           \
        free(state);                                                    \
        return right;                                                   \
    }                                                                   \
    linkage const bench_contender object = {                            \
        .name = title,                                                  \
        .kind = sort,                                                   \
        .start = object##_start,                                        \
        .run = object##_run,                                            \
        .finish = object##_finish,                                      \
    }

/* For a lock that is ready when its bytes are zero. */
#define BENCH_ZERO_INIT(lock) ((void)(lock))

/* A contender that cannot run here. */
#define BENCH_MISSING(object, title, why) \
    const bench_contender object = {      \
        .name = title, .kind = BENCH_PEER, .missing = why}

/* Channels: how many messages sender `index` (1 and up) sends; it sends the
 * numbers from 1 to that. And what all of them add up to. */
uint64_t bench_messages(const bench_shape *shape, unsigned index);
uint64_t bench_messages_sum(const bench_shape *shape);

/* `n` pseudo-random values, the same in every run; made once, kept, shared. */
const int32_t *bench_values(uint64_t n);

/* One run of a contender that sums them. */
typedef struct bench_sum {
    const int32_t *values;
    size_t n;
    int64_t sum; /* what the contender found */
} bench_sum;
void *bench_sum_start(const bench_shape *shape);
bool bench_sum_finish(void *sum, const bench_shape *shape);

/* One run of a contender that computes fib(n). */
typedef struct bench_fib {
    int n;
    uint64_t result; /* what the contender found */
} bench_fib;
void *bench_fib_start(const bench_shape *shape);
bool bench_fib_finish(void *fib, const bench_shape *shape);

#endif
