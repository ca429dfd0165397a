/* ConcurrencyKit. Its queues do not wait, so their users here yield the
 * processor while there is nothing to do; a user who spun instead would stand
 * still whenever threads outnumber processors. */
#include "peers/peers.h"
#include "peers/work.h"

/* One producer stops between taking a place and filling it, and all others
 * spin until it runs again: with more threads than processors, for ever. */
BENCH_MISSING(peer_ck_ring_mpsc, "ck_ring, mpsc",
              "livelocks when a producer is preempted");

#if BENCH_HAS_CK

#include <ck_fifo.h>
#include <ck_ring.h>
#include <ck_spinlock.h>
#include <sched.h>

BENCH_LOCK(, peer_ck_fas, "ck_spinlock_fas", BENCH_PEER, ck_spinlock_fas_t,
           ck_spinlock_fas_init, ck_spinlock_fas_lock, ck_spinlock_fas_unlock);

static void wait_a_little(unsigned *turns)
{
    if (++*turns % 64 == 0) {
        (void)sched_yield();
    } else {
        ck_pr_stall();
    }
}

/* ------------------------------------------------------------- ck_ring_spsc */

typedef struct ring {
    ck_ring_t ring;
    ck_ring_buffer_t *slots;
    _Alignas(BENCH_LINE) uint64_t sum; /* the receiver's */
} ring;

static void *ring_start(const bench_shape *shape)
{
    ring *r = bench_alloc(sizeof *r);
    r->slots = bench_alloc(shape->param * sizeof *r->slots);
    ck_ring_init(&r->ring, (unsigned)shape->param);
    return r;
}

/* The pointer is the message. */
static void ring_run(void *arg, const bench_share *share)
{
    ring *r = arg;
    unsigned turns = 0;
    const uint64_t n = share->shape->iterations;
    if (share->index != 0) {
        for (uintptr_t i = 1; i <= n; i++) {
            while (!ck_ring_enqueue_spsc(&r->ring, r->slots, (void *)i)) {
                wait_a_little(&turns);
            }
        }
        return;
    }
    uint64_t sum = 0;
    for (uint64_t i = 0; i < n; i++) {
        void *message = NULL;
        while (!ck_ring_dequeue_spsc(&r->ring, r->slots, &message)) {
            wait_a_little(&turns);
        }
        sum += (uintptr_t)message;
    }
    r->sum = sum;
}

static bool ring_finish(void *arg, const bench_shape *shape)
{
    ring *r = arg;
    const bool right = r->sum == bench_messages_sum(shape);
    free(r->slots);
    free(r);
    return right;
}

const bench_contender peer_ck_ring_spsc = {
    .name = "ck_ring, spsc, yielding",
    .kind = BENCH_PEER,
    .start = ring_start,
    .run = ring_run,
    .finish = ring_finish,
};

/* ------------------------------------------------------------- ck_fifo_spsc */

typedef struct fifo {
    ck_fifo_spsc_t fifo;
    _Alignas(BENCH_LINE) uint64_t sum; /* the receiver's */
} fifo;

static ck_fifo_spsc_entry_t *new_entry(void)
{
    ck_fifo_spsc_entry_t *entry = malloc(sizeof *entry);
    if (entry == NULL) {
        abort();
    }
    return entry;
}

static void *fifo_start(const bench_shape *shape)
{
    (void)shape;
    fifo *f = bench_alloc(sizeof *f);
    ck_fifo_spsc_init(&f->fifo, new_entry());
    return f;
}

static void fifo_run(void *arg, const bench_share *share)
{
    fifo *f = arg;
    unsigned turns = 0;
    const uint64_t n = share->shape->iterations;
    if (share->index != 0) {
        for (uintptr_t i = 1; i <= n; i++) {
            ck_fifo_spsc_entry_t *entry = ck_fifo_spsc_recycle(&f->fifo);
            entry = entry != NULL ? entry : new_entry();
            ck_fifo_spsc_enqueue(&f->fifo, entry, (void *)i);
        }
        return;
    }
    uint64_t sum = 0;
    for (uint64_t i = 0; i < n; i++) {
        void *message = NULL;
        while (!ck_fifo_spsc_dequeue(&f->fifo, &message)) {
            wait_a_little(&turns);
        }
        sum += (uintptr_t)message;
    }
    f->sum = sum;
}

static bool fifo_finish(void *arg, const bench_shape *shape)
{
    fifo *f = arg;
    const bool right = f->sum == bench_messages_sum(shape);
    ck_fifo_spsc_entry_t *entry = NULL;
    ck_fifo_spsc_deinit(&f->fifo, &entry);
    while (entry != NULL) {
        ck_fifo_spsc_entry_t *next = entry->next;
        free(entry);
        entry = next;
    }
    free(f);
    return right;
}

const bench_contender peer_ck_fifo_spsc = {
    .name = "ck_fifo, spsc, yielding",
    .kind = BENCH_PEER,
    .start = fifo_start,
    .run = fifo_run,
    .finish = fifo_finish,
};

#else

BENCH_MISSING(peer_ck_fas, "ck_spinlock_fas", "needs libck-dev");
BENCH_MISSING(peer_ck_ring_spsc, "ck_ring, spsc, yielding", "needs libck-dev");
BENCH_MISSING(peer_ck_fifo_spsc, "ck_fifo, spsc, yielding", "needs libck-dev");

#endif
