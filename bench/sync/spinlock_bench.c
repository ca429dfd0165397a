/* The same as the mutex's, for a spinlock; with four threads on two cores the
 * holder is preempted now and then, and the others had better notice. */
#include "peers/peers.h"
#include "peers/work.h"

#include <weft/sync/spinlock.h>

BENCH_LOCK(static, weft_plain, "weft_spinlock_lock, unlock", BENCH_WEFT,
           weft_spinlock, weft_spinlock_init, weft_spinlock_lock,
           weft_spinlock_unlock);

typedef struct guarded {
    weft_spinlock lock;
    uint64_t count; /* guarded by lock */
} guarded;

static void *guarded_start(const bench_shape *shape)
{
    (void)shape;
    return bench_alloc(sizeof(guarded));
}

static void block_run(void *arg, const bench_share *share)
{
    guarded *s = arg;
    for (uint64_t i = 0; i < share->iterations; i++) {
        WEFT_SPIN(g, &s->lock) {
            s->count++;
        }
    }
}

static bool guarded_finish(void *arg, const bench_shape *shape)
{
    guarded *s = arg;
    const bool right = s->count == shape->iterations;
    free(s);
    return right;
}

static const bench_contender weft_block = {
    .name = "WEFT_SPIN block",
    .kind = BENCH_WEFT,
    .start = guarded_start,
    .run = block_run,
    .finish = guarded_finish,
};

static const bench_contender *const all[] = {
    &weft_plain,        &weft_block,      &peer_ck_fas,
    &peer_pthread_spin, &peer_rust_mutex, &floor_swap_store,
};

static const bench_contender *const crowd[] = {
    &weft_plain,        &weft_block,      &peer_ck_fas,
    &peer_pthread_spin, &peer_rust_mutex,
};

#define WORKLOAD "Lock, add one to a counter beside the lock, unlock"
#define CONTENDED(name_, threads_)                                    \
    {                                                                 \
        .name = (name_), .workload = WORKLOAD, .threads = (threads_), \
        .unit = BENCH_RATE, .peer = &peer_ck_fas,                     \
        .fallback = &peer_pthread_spin, BENCH_CONTENDERS(crowd),      \
    }

static const bench_group groups[] = {
    {
        .name = "spinlock, uncontended",
        .workload = WORKLOAD,
        .threads = 1,
        .unit = BENCH_TIME,
        .peer = &peer_ck_fas,
        .fallback = &peer_pthread_spin,
        BENCH_CONTENDERS(all),
    },
    CONTENDED("spinlock, 2 threads", 2),
    CONTENDED("spinlock, 4 threads", 4),
};

int main(int argc, char **argv)
{
    const bench_file file = {"sync/spinlock", groups, BENCH_COUNT(groups)};
    return bench_main(argc, argv, &file);
}
