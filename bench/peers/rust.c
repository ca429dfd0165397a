/* The C half of the Rust peers: rust/src holds the loops. */
#include "peers/peers.h"
#include "peers/work.h"

#define STD_MUTEX "Rust std Mutex"
#define PARKING_LOT "parking_lot Mutex"
#define ARC "Rust std Arc"
#define MPSC "Rust std mpsc"
#define CROSSBEAM "crossbeam-channel"
#define RAYON_SUM "rayon par_iter, from outside"
#define RAYON_INSIDE "rayon par_iter, inside the pool"
#define RAYON_FIB "rayon join"
#define SPAWN "Rust std thread::spawn, join"
#define SCOPE "Rust std thread::scope"

#if BENCH_HAS_RUST

/* ------------------------------------------------------- locks and counts */

/* `right` is what finish must return: the sum, or the owners left. */
#define SHARED(object, title, prefix, right)                         \
    void *prefix##_start(void);                                      \
    void prefix##_run(void *state, uint64_t n);                      \
    uint64_t prefix##_finish(void *state);                           \
    static void *object##_begin(const bench_shape *shape)            \
    {                                                                \
        (void)shape;                                                 \
        return prefix##_start();                                     \
    }                                                                \
    static void object##_loop(void *state, const bench_share *share) \
    {                                                                \
        prefix##_run(state, share->iterations);                      \
    }                                                                \
    static bool object##_end(void *state, const bench_shape *shape)  \
    {                                                                \
        (void)shape;                                                 \
        return prefix##_finish(state) == (right);                    \
    }                                                                \
    const bench_contender object = {                                 \
        .name = title,                                               \
        .kind = BENCH_PEER,                                          \
        .start = object##_begin,                                     \
        .run = object##_loop,                                        \
        .finish = object##_end,                                      \
    }

SHARED(peer_rust_mutex, STD_MUTEX, peer_rust_std_mutex, shape->iterations);
SHARED(peer_parking_lot, PARKING_LOT, peer_parking_lot_mutex,
       shape->iterations);
SHARED(peer_rust_arc, ARC, peer_rust_arc, 1);

/* --------------------------------------------------------------- channels */

#define CHANNEL(object, title, prefix)                                        \
    void *prefix##_start(uint64_t capacity, uint64_t senders);                \
    void prefix##_receive(void *state);                                       \
    void prefix##_send(void *state, uint64_t n);                              \
    uint64_t prefix##_finish(void *state);                                    \
    static void *object##_begin(const bench_shape *shape)                     \
    {                                                                         \
        return prefix##_start(shape->param, shape->threads - 1);              \
    }                                                                         \
    static void object##_loop(void *state, const bench_share *share)          \
    {                                                                         \
        if (share->index == 0) {                                              \
            prefix##_receive(state);                                          \
        } else {                                                              \
            prefix##_send(state, bench_messages(share->shape, share->index)); \
        }                                                                     \
    }                                                                         \
    static bool object##_end(void *state, const bench_shape *shape)           \
    {                                                                         \
        return prefix##_finish(state) == bench_messages_sum(shape);           \
    }                                                                         \
    const bench_contender object = {                                          \
        .name = title,                                                        \
        .kind = BENCH_PEER,                                                   \
        .start = object##_begin,                                              \
        .run = object##_loop,                                                 \
        .finish = object##_end,                                               \
    }

CHANNEL(peer_rust_mpsc, MPSC, peer_rust_mpsc);
CHANNEL(peer_crossbeam, CROSSBEAM, peer_crossbeam);

/* --------------------------------------------------------------- parallel */

int64_t peer_rayon_sum_of(const int32_t *values, size_t n);
int64_t peer_rayon_sum_of_inside(const int32_t *values, size_t n,
                                 uint64_t rounds);
uint64_t peer_rayon_fib_of(uint32_t n);

static void sum_run(void *arg, const bench_share *share)
{
    bench_sum *s = arg;
    for (uint64_t round = 0; round < share->iterations; round++) {
        s->sum = peer_rayon_sum_of(s->values, s->n);
    }
}

const bench_contender peer_rayon_sum = {
    .name = RAYON_SUM,
    .kind = BENCH_PEER,
    .start = bench_sum_start,
    .run = sum_run,
    .finish = bench_sum_finish,
};

static void sum_inside_run(void *arg, const bench_share *share)
{
    bench_sum *s = arg;
    s->sum = peer_rayon_sum_of_inside(s->values, s->n, share->iterations);
}

const bench_contender peer_rayon_sum_inside = {
    .name = RAYON_INSIDE,
    .kind = BENCH_PEER,
    .start = bench_sum_start,
    .run = sum_inside_run,
    .finish = bench_sum_finish,
};

static void fib_run(void *arg, const bench_share *share)
{
    bench_fib *f = arg;
    for (uint64_t round = 0; round < share->iterations; round++) {
        f->result = peer_rayon_fib_of((uint32_t)f->n);
    }
}

const bench_contender peer_rayon_fib = {
    .name = RAYON_FIB,
    .kind = BENCH_PEER,
    .start = bench_fib_start,
    .run = fib_run,
    .finish = bench_fib_finish,
};

/* ---------------------------------------------------------------- threads */

uint64_t peer_rust_spawn_run(uint64_t n);
uint64_t peer_rust_scope_run(uint64_t n);

static void spawn_run(void *state, const bench_share *share)
{
    (void)state;
    (void)peer_rust_spawn_run(share->iterations);
}

static void scope_run(void *state, const bench_share *share)
{
    (void)state;
    (void)peer_rust_scope_run(share->iterations);
}

const bench_contender peer_rust_spawn = {
    .name = SPAWN, .kind = BENCH_PEER, .run = spawn_run};
const bench_contender peer_rust_scope = {
    .name = SCOPE, .kind = BENCH_PEER, .run = scope_run};

#else

/* BENCH_RUST_MISSING is the build's reason. */
BENCH_MISSING(peer_rust_mutex, STD_MUTEX, BENCH_RUST_MISSING);
BENCH_MISSING(peer_parking_lot, PARKING_LOT, BENCH_RUST_MISSING);
BENCH_MISSING(peer_rust_arc, ARC, BENCH_RUST_MISSING);
BENCH_MISSING(peer_rust_mpsc, MPSC, BENCH_RUST_MISSING);
BENCH_MISSING(peer_crossbeam, CROSSBEAM, BENCH_RUST_MISSING);
BENCH_MISSING(peer_rayon_sum, RAYON_SUM, BENCH_RUST_MISSING);
BENCH_MISSING(peer_rayon_sum_inside, RAYON_INSIDE, BENCH_RUST_MISSING);
BENCH_MISSING(peer_rayon_fib, RAYON_FIB, BENCH_RUST_MISSING);
BENCH_MISSING(peer_rust_spawn, SPAWN, BENCH_RUST_MISSING);
BENCH_MISSING(peer_rust_scope, SCOPE, BENCH_RUST_MISSING);

#endif
