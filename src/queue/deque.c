#include <weft/queue/deque.h>

#include "base/asym.h"

void wefti_deque_prepare(void)
{
    wefti_asym_init();
}

bool wefti_deque_is_full(wefti_deque *d)
{
    uint64_t b = wefti_load_relaxed(&d->bottom); /* relaxed: own store */
    /* acquire [deque.reuse]: the thieves up to here are done with their
     * slots. */
    d->top_seen = wefti_load_acquire(&d->top);
    return b - d->top_seen >= WEFTI_DEQUE_CAPACITY;
}

/* The item at b is the last one (t == b), or was stolen (t == b + 1). Either
 * way the deque is empty afterwards, with bottom == top == b + 1. */
static bool win_last(wefti_deque *d, uint64_t b, uint64_t t)
{
    /* release [deque.last]: one of owner and thieves moves top on; who sees
     * that it was us sees the bottom we claimed. */
    bool won = t == b && wefti_cas_release(&d->top, &t, b + 1);
    /* relaxed: shows no item that was not shown before. */
    wefti_store_relaxed(&d->bottom, b + 1);
    return won;
}

void *wefti_deque_pop(wefti_deque *d)
{
    /* relaxed: own store. Signed differences, never "b - 1 < t": an empty
     * deque at index 0 must not wrap. */
    uint64_t b = wefti_load_relaxed(&d->bottom) - 1;
    /* light side of [deque.last]: claims the slot before looking at top. */
    wefti_store_light(&d->bottom, b);
    /* seq_cst [deque.last]: reads after bottom was stored. */
    uint64_t t = wefti_load_seq_cst(&d->top);
    /* relaxed: own store. */
    void *item = wefti_load_relaxed(&d->slots[b % WEFTI_DEQUE_CAPACITY]);
    bool ours = (int64_t)(b - t) > 0 || win_last(d, b, t);
    return ours ? item : NULL;
}

bool wefti_deque_is_empty(wefti_deque *d)
{
    /* relaxed: top only grows; an old one makes the answer "no". */
    uint64_t t = wefti_load_relaxed(&d->top);
    /* seq_cst [deque.wish]: reads after the wish was stored. */
    return (int64_t)(wefti_load_seq_cst(&d->bottom) - t) <= 0;
}

void wefti_deque_want(wefti_deque *d)
{
    /* seq_cst [deque.wish]: a read-modify-write, so that the owner who clears
     * the wish hears all who wished, not only the last. */
    (void)wefti_swap_seq_cst(&d->wanted, 1u);
}

void *wefti_deque_steal(wefti_deque *d)
{
    /* seq_cst [deque.last]: read before bottom; also acquire, so that bottom
     * is not older than this top. */
    uint64_t t = wefti_load_seq_cst(&d->top);
    /* relaxed: a look, so that an empty deque costs no heavy fence. */
    if ((int64_t)(wefti_load_relaxed(&d->bottom) - t) <= 0) {
        return NULL;
    }
    wefti_fence_heavy();
    /* seq_cst [deque.last]; acquire [deque.publish]: receives the item. */
    if ((int64_t)(wefti_load_seq_cst(&d->bottom) - t) <= 0) {
        return NULL;
    }
    /* relaxed: valid only if top has not moved, which the next line asks.
     * Reading after it would be too late: the owner may reuse the slot. */
    void *item = wefti_load_relaxed(&d->slots[t % WEFTI_DEQUE_CAPACITY]);
    /* seq_cst [deque.last]; release [deque.reuse]: done with the slot. */
    return wefti_cas_seq_cst(&d->top, &t, t + 1) ? item : NULL;
}
