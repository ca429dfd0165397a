/* Messages of 8 bytes from one or four senders to one receiver, through every
 * kind of channel. All threads are pinned: with two processors and 4x1, the
 * receiver shares its processor with two senders. */
#include "peers/peers.h"
#include "peers/work.h"

#include <weft/chan/chan.h>

WEFT_CHAN_DEFINE(numbers, uint64_t);

/* Thread 0 takes the receiver; each other one the sender made for it. */
typedef struct conduit {
    numbers_rx rx;
    numbers_tx *tx;                    /* by index - 1 */
    _Alignas(BENCH_LINE) uint64_t sum; /* the receiver's */
} conduit;

/* Handles in an array are beyond clang's analysis. */
WEFT_UNCHECKED static void *pipe_start(const bench_shape *shape)
{
    conduit *p = bench_alloc(sizeof *p);
    const unsigned senders = shape->threads - 1;
    p->tx = bench_alloc(senders * sizeof *p->tx);
    const weft_status s =
        shape->param == BENCH_UNBOUNDED
            ? numbers_open_unbounded(&p->tx[0], &p->rx)
            : numbers_open((size_t)shape->param, &p->tx[0], &p->rx);
    if (s != WEFT_OK) {
        abort();
    }
    for (unsigned i = 1; i < senders; i++) {
        numbers_tx_clone(&p->tx[i], &p->tx[0]);
    }
    return p;
}

WEFT_UNCHECKED static void pipe_run(void *arg, const bench_share *share)
{
    conduit *p = arg;
    if (share->index == 0) {
        uint64_t sum = 0;
        WEFT_CHAN_EACH(numbers, message, &p->rx) {
            sum += message;
        }
        p->sum = sum;
        return;
    }
    numbers_tx tx = numbers_tx_move(&p->tx[share->index - 1]);
    const uint64_t n = bench_messages(share->shape, share->index);
    for (uint64_t i = 1; i <= n; i++) {
        if (numbers_send(&tx, i) != WEFT_OK) {
            abort();
        }
    }
    numbers_tx_drop(&tx);
}

WEFT_UNCHECKED static bool pipe_finish(void *arg, const bench_shape *shape)
{
    conduit *p = arg;
    const bool right = p->sum == bench_messages_sum(shape);
    numbers_rx_drop(&p->rx);
    free(p->tx);
    free(p);
    return right;
}

static const bench_contender weft_chan = {
    .name = "weft channel",
    .kind = BENCH_WEFT,
    .start = pipe_start,
    .run = pipe_run,
    .finish = pipe_finish,
};

static const bench_contender *const unbounded_1[] = {
    &weft_chan,      &peer_crossbeam,    &peer_rust_mpsc,
    &peer_cond_ring, &peer_ck_fifo_spsc,
};
static const bench_contender *const ring_1[] = {
    &weft_chan,      &peer_crossbeam,    &peer_rust_mpsc,
    &peer_cond_ring, &peer_ck_ring_spsc,
};
static const bench_contender *const ring_4[] = {
    &weft_chan,      &peer_crossbeam,    &peer_rust_mpsc,
    &peer_cond_ring, &peer_ck_ring_mpsc,
};
static const bench_contender *const others[] = {
    &weft_chan,
    &peer_crossbeam,
    &peer_rust_mpsc,
    &peer_cond_ring,
};

#define GROUP(name_, senders_, capacity_, contenders_)                         \
    {                                                                          \
        .name = (name_), .workload = "Send and receive one number of 8 bytes", \
        .threads = (senders_) + 1, .unit = BENCH_RATE, .param = (capacity_),   \
        .peer = &peer_crossbeam, .fallback = &peer_cond_ring,                  \
        BENCH_CONTENDERS(contenders_),                                         \
    }

static const bench_group groups[] = {
    GROUP("channel, unbounded, 1x1", 1, BENCH_UNBOUNDED, unbounded_1),
    GROUP("channel, unbounded, 4x1", 4, BENCH_UNBOUNDED, others),
    GROUP("channel, capacity 1024, 1x1", 1, 1024, ring_1),
    GROUP("channel, capacity 1024, 4x1", 4, 1024, ring_4),
    GROUP("channel, capacity 1, 1x1", 1, 1, others),
    GROUP("channel, capacity 1, 4x1", 4, 1, others),
    GROUP("channel, rendezvous, 1x1", 1, 0, others),
    GROUP("channel, rendezvous, 4x1", 4, 0, others),
};

int main(int argc, char **argv)
{
    const bench_file file = {"chan/chan", groups, BENCH_COUNT(groups)};
    return bench_main(argc, argv, &file);
}
