/* The channel that a C programmer writes by hand: a ring, a mutex and two
 * condition variables. Unbounded, it doubles; of capacity 0, the sender waits
 * until its message was taken. */
#include "peers/peers.h"
#include "peers/work.h"

#include <pthread.h>

typedef struct ring {
    pthread_mutex_t lock;
    pthread_cond_t not_empty;
    pthread_cond_t not_full; /* and, of capacity 0, taken */
    uint64_t *slots;         /* guarded by lock, like all that follow */
    uint64_t size;
    uint64_t sent;
    uint64_t taken;
    unsigned senders_wait;
    bool receiver_waits;
    uint64_t capacity; /* constant */
    uint64_t sum;      /* the receiver's */
} ring;

static void *ring_start(const bench_shape *shape)
{
    ring *r = bench_alloc(sizeof *r);
    r->capacity = shape->param;
    r->size = r->capacity == BENCH_UNBOUNDED ? 64 : r->capacity + 1;
    r->slots = bench_alloc(r->size * sizeof *r->slots);
    (void)pthread_mutex_init(&r->lock, NULL);
    (void)pthread_cond_init(&r->not_empty, NULL);
    (void)pthread_cond_init(&r->not_full, NULL);
    return r;
}

static void grow(ring *r)
{
    uint64_t *slots = bench_alloc(2 * r->size * sizeof *slots);
    for (uint64_t i = r->taken; i < r->sent; i++) {
        slots[i % (2 * r->size)] = r->slots[i % r->size];
    }
    free(r->slots);
    r->slots = slots;
    r->size *= 2;
}

static void wait_for_receiver(ring *r)
{
    r->senders_wait++;
    (void)pthread_cond_wait(&r->not_full, &r->lock);
    r->senders_wait--;
}

static void ring_send(ring *r, uint64_t message)
{
    const uint64_t room = r->capacity > 0 ? r->capacity : 1;
    (void)pthread_mutex_lock(&r->lock);
    while (r->sent - r->taken >= room) {
        wait_for_receiver(r);
    }
    if (r->sent - r->taken == r->size) {
        grow(r);
    }
    const uint64_t ticket = r->sent++;
    r->slots[ticket % r->size] = message;
    if (r->receiver_waits) {
        (void)pthread_cond_signal(&r->not_empty);
    }
    while (r->capacity == 0 && r->taken <= ticket) {
        wait_for_receiver(r);
    }
    (void)pthread_mutex_unlock(&r->lock);
}

static uint64_t ring_receive(ring *r)
{
    (void)pthread_mutex_lock(&r->lock);
    while (r->sent == r->taken) {
        r->receiver_waits = true;
        (void)pthread_cond_wait(&r->not_empty, &r->lock);
        r->receiver_waits = false;
    }
    const uint64_t message = r->slots[r->taken++ % r->size];
    if (r->capacity == 0) {
        (void)pthread_cond_broadcast(&r->not_full);
    } else if (r->senders_wait > 0) {
        (void)pthread_cond_signal(&r->not_full);
    }
    (void)pthread_mutex_unlock(&r->lock);
    return message;
}

static void ring_run(void *arg, const bench_share *share)
{
    ring *r = arg;
    if (share->index == 0) {
        uint64_t sum = 0;
        for (uint64_t i = 0; i < share->shape->iterations; i++) {
            sum += ring_receive(r);
        }
        r->sum = sum;
        return;
    }
    const uint64_t n = bench_messages(share->shape, share->index);
    for (uint64_t i = 1; i <= n; i++) {
        ring_send(r, i);
    }
}

static bool ring_finish(void *arg, const bench_shape *shape)
{
    ring *r = arg;
    const bool right = r->sum == bench_messages_sum(shape);
    (void)pthread_cond_destroy(&r->not_full);
    (void)pthread_cond_destroy(&r->not_empty);
    (void)pthread_mutex_destroy(&r->lock);
    free(r->slots);
    free(r);
    return right;
}

const bench_contender peer_cond_ring = {
    .name = "pthread mutex, cond, ring",
    .kind = BENCH_PEER,
    .start = ring_start,
    .run = ring_run,
    .finish = ring_finish,
};
