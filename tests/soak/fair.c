/* A fair: a channel of any kind, a few senders who may fall or give up, and a
 * receiver who may leave early. Every message is received once, or destroyed
 * once, or stays with its sender; those of one sender arrive in order. */
#include "soak.h"

enum { STALLS = 3, EACH = 60 };

typedef struct good {
    uint32_t from;
    uint32_t number;
    weft_atomic_u32 *ends; /* how often this one met its end */
} good;
WEFT_SEND(good);

static void meet_end(good *g)
{
    (void)weft_atomic_u32_add_relaxed(g->ends, 1);
}

WEFT_CHAN_DEFINE_DROP(goods, good, meet_end);

typedef struct fair {
    goods_rx rx;
    struct stall {
        goods_tx tx;
        struct fair *fair;
        soak_self me; /* of the thread */
        uint32_t index;
        uint32_t offered; /* the thread's, until the scope has ended */
        bool falls;
    } stalls[STALLS];
    weft_atomic_u32 ends[STALLS][EACH];
} fair;

static weft_status send_somehow(soak_self *me, goods_tx *tx, good g)
{
    switch (soak_below(me, 4)) {
    case 0:
        return goods_send_try(tx, g);
    case 1:
        return goods_send(tx, g);
    default:
        return goods_send_until(tx, g, soak_deadline(me));
    }
}

/* Falls, if it does, with the channel's end in a frame that drops it. */
static void sell(void *arg)
{
    struct stall *s = arg;
    WEFT_AUTO(goods_tx, tx);
    tx = goods_tx_move(&s->tx);
    while (s->offered < EACH) {
        good g = {s->index, s->offered, &s->fair->ends[s->index][s->offered]};
        if (s->falls && soak_chance(&s->me, EACH)) {
            soak_panic();
        }
        s->offered++;
        const weft_status status = send_somehow(&s->me, &tx, g);
        soak_note_status(&s->me, status);
        if (status != WEFT_OK) {
            meet_end(&g); /* it is still ours */
        }
    }
}

static weft_status recv_somehow(soak_self *me, goods_rx *rx, good *g)
{
    switch (soak_below(me, 4)) {
    case 0:
        return goods_recv_try(rx, g);
    case 1:
        return goods_recv(rx, g);
    default:
        return goods_recv_until(rx, g, soak_deadline(me));
    }
}

static void buy(soak_self *me, fair *f)
{
    uint32_t next[STALLS] = {0};
    uint64_t patience = soak_below(me, 3 * STALLS * EACH);
    weft_status status = WEFT_OK;
    while (status != WEFT_CLOSED && patience-- > 0) {
        good g;
        status = recv_somehow(me, &f->rx, &g);
        soak_note_status(me, status);
        if (status == WEFT_OK) {
            soak_check(g.number >= next[g.from]);
            next[g.from] = g.number + 1;
            meet_end(&g);
        }
    }
    goods_rx_drop(&f->rx);
}

typedef struct visit {
    soak_self *me;
    fair *fair;
} visit;

static void hold(weft_scope *scope, void *arg)
{
    const visit *v = arg;
    fair *f = v->fair;
    for (uint32_t i = 0; i < STALLS; i++) {
        if (weft_scope_spawn(scope, sell, &f->stalls[i]) != WEFT_OK) {
            goods_tx_drop(&f->stalls[i].tx);
            soak_note(v->me, SOAK_REFUSED);
        }
    }
    buy(v->me, f);
}

static weft_status open_somehow(soak_self *me, goods_tx *tx, goods_rx *rx)
{
    const size_t capacity = (size_t)soak_below(me, 5);
    return soak_chance(me, 3) ? goods_open_unbounded(tx, rx)
                              : goods_open(capacity * capacity, tx, rx);
}

static bool prepare(soak_self *me, fair *f)
{
    goods_tx tx;
    const weft_status s = open_somehow(me, &tx, &f->rx);
    soak_note_status(me, s);
    if (s != WEFT_OK) {
        return false;
    }
    for (uint32_t i = 0; i < STALLS; i++) {
        struct stall *stall = &f->stalls[i];
        goods_tx_clone(&stall->tx, &tx);
        stall->fair = f;
        stall->index = i;
        stall->me.rng = test_rng_make(soak_below(me, UINT64_MAX));
        stall->falls = soak_chance(me, 8);
    }
    goods_tx_drop(&tx);
    return true;
}

static void act(soak_self *me)
{
    fair f = {0};
    if (!prepare(me, &f)) {
        return;
    }
    visit v = {me, &f};
    weft_panic_info info;
    if (weft_scope_run(hold, &v, &info) != WEFT_OK) {
        soak_note(me, SOAK_PANICKED);
    }
    for (uint32_t i = 0; i < STALLS; i++) {
        for (size_t k = 0; k < SOAK_OUTCOMES; k++) {
            me->outcomes[k] += f.stalls[i].me.outcomes[k];
        }
        for (uint32_t n = 0; n < EACH; n++) {
            soak_check(weft_atomic_u32_load_relaxed(&f.ends[i][n]) ==
                       (n < f.stalls[i].offered));
        }
    }
}

const soak_actor soak_fair = {"fair", 2, NULL, act, NULL, NULL};
