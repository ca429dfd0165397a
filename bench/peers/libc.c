/* The peers that come with the C library: POSIX and C11. */
#include "peers/peers.h"
#include "peers/work.h"

#include <pthread.h>
#include <stdatomic.h>
#include <threads.h>

/* ------------------------------------------------------------------ locks */

#define MUTEX_INIT(m) ((void)pthread_mutex_init((m), NULL))
BENCH_LOCK(, peer_pthread_mutex, "pthread_mutex", BENCH_PEER, pthread_mutex_t,
           MUTEX_INIT, (void)pthread_mutex_lock, (void)pthread_mutex_unlock);

#define SPIN_INIT(s) ((void)pthread_spin_init((s), PTHREAD_PROCESS_PRIVATE))
BENCH_LOCK(, peer_pthread_spin, "pthread_spinlock", BENCH_PEER,
           pthread_spinlock_t, SPIN_INIT, (void)pthread_spin_lock,
           (void)pthread_spin_unlock);

#define MTX_INIT(m) ((void)mtx_init((m), mtx_plain))
BENCH_LOCK(, peer_c11_mutex, "C11 mtx", BENCH_PEER, mtx_t, MTX_INIT,
           (void)mtx_lock, (void)mtx_unlock);

/* ----------------------------------------------------------------- floors
 * Not locks: nothing waits. They are what one must at least pay the hardware
 * for; the first one is meant for several threads, too. */

static void *counter_start(const bench_shape *shape)
{
    (void)shape;
    return bench_alloc(sizeof(atomic_uint_fast64_t));
}

static void fetch_add_run(void *arg, const bench_share *share)
{
    atomic_uint_fast64_t *count = arg;
    for (uint64_t i = 0; i < share->iterations; i++) {
        (void)atomic_fetch_add_explicit(count, 1, memory_order_relaxed);
    }
}

static bool counter_finish(void *arg, const bench_shape *shape)
{
    atomic_uint_fast64_t *count = arg;
    const bool right = atomic_load(count) == shape->iterations;
    free(count);
    return right;
}

const bench_contender floor_fetch_add = {
    .name = "floor: fetch-add",
    .kind = BENCH_FLOOR,
    .start = counter_start,
    .run = fetch_add_run,
    .finish = counter_finish,
};

#define SWAP(w) ((void)atomic_exchange_explicit((w), 1, memory_order_acquire))
#define STORE(w) atomic_store_explicit((w), 0, memory_order_release)
BENCH_LOCK(, floor_swap_store, "floor: swap, store", BENCH_FLOOR, atomic_uint,
           BENCH_ZERO_INIT, SWAP, STORE);

static inline void cas(atomic_uint *word)
{
    unsigned idle = 0;
    (void)atomic_compare_exchange_strong_explicit(
        word, &idle, 1, memory_order_acquire, memory_order_relaxed);
}

#define SWAP_BACK(w) \
    ((void)atomic_exchange_explicit((w), 0, memory_order_release))
BENCH_LOCK(, floor_cas_swap, "floor: compare-and-swap, swap", BENCH_FLOOR,
           atomic_uint, BENCH_ZERO_INIT, cas, SWAP_BACK);

/* ------------------------------------------------------- reference counts */

typedef struct counted {
    atomic_uint_fast64_t owners;
    bool freed;
} counted;

static void *counted_start(const bench_shape *shape)
{
    (void)shape;
    counted *c = bench_alloc(sizeof *c);
    atomic_init(&c->owners, 1);
    return c;
}

static void counted_run(void *arg, const bench_share *share)
{
    counted *c = arg;
    for (uint64_t i = 0; i < share->iterations; i++) {
        (void)atomic_fetch_add_explicit(&c->owners, 1, memory_order_relaxed);
        counted *mine = c;
        bench_keep(mine);
        if (atomic_fetch_sub_explicit(&mine->owners, 1, memory_order_release) ==
            1) {
            atomic_thread_fence(memory_order_acquire);
            mine->freed = true;
        }
    }
}

static bool counted_finish(void *arg, const bench_shape *shape)
{
    (void)shape;
    counted *c = arg;
    const bool right = atomic_load(&c->owners) == 1 && !c->freed;
    free(c);
    return right;
}

const bench_contender peer_c11_count = {
    .name = "C11 atomic, by hand",
    .kind = BENCH_PEER,
    .start = counted_start,
    .run = counted_run,
    .finish = counted_finish,
};

/* ---------------------------------------------------------------- threads */

static void *thread_main(void *arg)
{
    return arg;
}

static void spawn_run(void *arg, const bench_share *share)
{
    (void)arg;
    for (uint64_t i = 0; i < share->iterations; i++) {
        pthread_t t;
        if (pthread_create(&t, NULL, thread_main, NULL) == 0) {
            (void)pthread_join(t, NULL);
        }
    }
}

const bench_contender peer_pthread_spawn = {
    .name = "pthread_create, join", .kind = BENCH_PEER, .run = spawn_run};

static void pair_run(void *arg, const bench_share *share)
{
    (void)arg;
    for (uint64_t i = 0; i < share->iterations; i++) {
        pthread_t t[2];
        const bool first = pthread_create(&t[0], NULL, thread_main, NULL) == 0;
        const bool second = pthread_create(&t[1], NULL, thread_main, NULL) == 0;
        if (first) {
            (void)pthread_join(t[0], NULL);
        }
        if (second) {
            (void)pthread_join(t[1], NULL);
        }
    }
}

const bench_contender peer_pthread_pair = {
    .name = "pthread_create, join", .kind = BENCH_PEER, .run = pair_run};
