/* Lock, add one to a counter beside the lock, unlock: what a mutex costs when
 * nobody else wants it, and what it lets through when everybody does. */
#include "peers/peers.h"
#include "peers/work.h"

#include <weft/sync/guarded.h>
#include <weft/sync/mutex.h>

/* ------------------------------------------------------- as plain as it gets
 */

static inline void lock(weft_mutex *m) WEFT_ACQUIRES(*m);
WEFT_UNCHECKED static inline void lock(weft_mutex *m)
{
    if (weft_mutex_lock(m) != WEFT_OK) {
        abort();
    }
}

BENCH_LOCK(static, weft_plain, "weft_mutex_lock, unlock", BENCH_WEFT,
           weft_mutex, weft_mutex_init, lock, weft_mutex_unlock);

/* ---------------------------------------------- with a guard, owning its data
 */

WEFT_MUTEX_DEFINE(counter, uint64_t);

static void *counter_start(const bench_shape *shape)
{
    (void)shape;
    counter *c = bench_alloc(sizeof *c);
    counter_init(c, 0);
    return c;
}

static bool counter_finish(void *arg, const bench_shape *shape)
{
    counter *c = arg;
    const bool right = *counter_get_unshared(c) == shape->iterations;
    free(c);
    return right;
}

static void block_run(void *arg, const bench_share *share)
{
    counter *c = arg;
    for (uint64_t i = 0; i < share->iterations; i++) {
        WEFT_LOCK(counter, g, c) {
            ++*counter_get(&g);
        }
    }
}

static const bench_contender weft_block = {
    .name = "WEFT_LOCK block, typed",
    .kind = BENCH_WEFT,
    .start = counter_start,
    .run = block_run,
    .finish = counter_finish,
};

static void guard_run(void *arg, const bench_share *share)
{
    counter *c = arg;
    for (uint64_t i = 0; i < share->iterations; i++) {
        counter_guard g;
        if (counter_lock(c, &g) != WEFT_OK) {
            abort();
        }
        ++*counter_get(&g);
        counter_unlock(&g);
    }
}

static const bench_contender weft_guard = {
    .name = "NAME_lock, NAME_unlock, typed",
    .kind = BENCH_WEFT,
    .start = counter_start,
    .run = guard_run,
    .finish = counter_finish,
};

/* ------------------------------------------------------------------- groups */

static const bench_contender *const alone[] = {
    &weft_plain,       &weft_block,         &weft_guard,       &peer_rust_mutex,
    &peer_parking_lot, &peer_pthread_mutex, &peer_c11_mutex,   &peer_glib_mutex,
    &peer_ck_fas,      &floor_fetch_add,    &floor_swap_store, &floor_cas_swap,
};

static const bench_contender *const crowd[] = {
    &weft_plain,      &weft_block,       &weft_guard,
    &peer_rust_mutex, &peer_parking_lot, &peer_pthread_mutex,
    &peer_c11_mutex,  &peer_glib_mutex,  &peer_ck_fas,
};

#define WORKLOAD "Lock, add one to a counter beside the lock, unlock"
#define CONTENDED(name_, threads_)                                    \
    {                                                                 \
        .name = (name_), .workload = WORKLOAD, .threads = (threads_), \
        .unit = BENCH_RATE, .peer = &peer_rust_mutex,                 \
        .fallback = &peer_pthread_mutex, BENCH_CONTENDERS(crowd),     \
    }

static const bench_group groups[] = {
    {
        .name = "mutex, uncontended",
        .workload = WORKLOAD,
        .threads = 1,
        .unit = BENCH_TIME,
        .peer = &peer_rust_mutex,
        .fallback = &peer_pthread_mutex,
        BENCH_CONTENDERS(alone),
    },
    CONTENDED("mutex, 2 threads", 2),
    CONTENDED("mutex, 4 threads", 4),
};

int main(int argc, char **argv)
{
    const bench_file file = {"sync/mutex", groups, BENCH_COUNT(groups)};
    return bench_main(argc, argv, &file);
}
