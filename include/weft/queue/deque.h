/* A work-stealing deque: its owner's stack, and everybody else's queue.
 * Private by its names; public as a file because fork and join are inlined.
 *
 * One thread, the owner, pushes and takes back at the newest end; thieves take
 * at the oldest. The algorithm is Chase and Lev's (Dynamic Circular
 * Work-Stealing Deque, SPAA 2005) with the orderings of Le, Pop, Cohen and
 * Zappa Nardelli (PPoPP 2013), a ring of fixed size, and the owner's fence
 * replaced by the light side of an asymmetric one: src/queue/README.md.
 *
 * Storage   the caller's; all-zero bytes are an empty deque. It holds pointers
 *           and owns nothing. It never allocates: a full deque refuses, and
 *           the owner then does the work itself.
 * Threads   push, take, pop: the owner. steal, is_empty, want: any thread.
 *           Ownership may move between threads that synchronise by themselves.
 * Ordering  what came before push is visible to the thief that got the item.
 * Indices only grow, and wrap after 2^64 pushes. */
#ifndef WEFT_QUEUE_DEQUE_H
#define WEFT_QUEUE_DEQUE_H

#include <weft/base/asym.h>

WEFT_BEGIN_DECLS

/* A power of two; small under the explorer, so that slots are used again. */
#ifndef WEFTI_DEQUE_CAPACITY
#ifdef WEFT_MODEL
#define WEFTI_DEQUE_CAPACITY 2
#else
#define WEFTI_DEQUE_CAPACITY 1024
#endif
#endif

typedef struct wefti_deque {
    /* The owner's line. */
    WEFT_ATOMIC(uint64_t) bottom WEFT_ALIGNED(WEFT_CACHE_LINE);
    uint64_t top_seen;      /* owner only: a lower bound of top */
    weft_atomic_u32 wanted; /* set by thieves, cleared by the owner */
    /* The thieves' line. */
    WEFT_ATOMIC(uint64_t) top WEFT_ALIGNED(WEFT_CACHE_LINE);
    WEFT_ATOMIC(void *)
    slots[WEFTI_DEQUE_CAPACITY] WEFT_ALIGNED(WEFT_CACHE_LINE);
} wefti_deque;

/* Call before the first deque is used; again does no harm. */
void wefti_deque_prepare(void);

/* Slow path of push. */
WEFT_API WEFT_NODISCARD WEFT_COLD bool wefti_deque_is_full(wefti_deque *d);

/* Take back the newest item, whatever it is. NULL: there is none. */
WEFT_NODISCARD void *wefti_deque_pop(wefti_deque *d);

/* Take the oldest item. Looks before it pays for a heavy fence. NULL: the
 * deque is empty, or another thread was faster. */
WEFT_NODISCARD void *wefti_deque_steal(wefti_deque *d);

/* Whether there is nothing to steal. "yes" holds for pushes from before a wish
 * whose heavy fence is done; "no" is a hint. */
WEFT_NODISCARD bool wefti_deque_is_empty(wefti_deque *d);

/* Ask the owner to look up at its next push. A would-be sleeper then calls
 * wefti_fence_heavy and looks at the deque once more: either it finds the
 * item, or the owner finds the wish. */
void wefti_deque_want(wefti_deque *d);

/* Push an item for the owner's own later take, or for a thief. false: full. */
WEFT_ALWAYS_INLINE bool wefti_deque_push(wefti_deque *d, void *item)
{
    uint64_t b = wefti_load_relaxed(&d->bottom); /* relaxed: own store */
    if (WEFT_UNLIKELY(b - d->top_seen >= WEFTI_DEQUE_CAPACITY) &&
        wefti_deque_is_full(d)) {
        return false;
    }
    /* relaxed: published by the store of bottom. */
    wefti_store_relaxed(&d->slots[b % WEFTI_DEQUE_CAPACITY], item);
    /* release [deque.publish]: hands the item's contents to its thief;
     * light side of [deque.wish]. */
    wefti_store_light(&d->bottom, b + 1);
    return true;
}

/* Whether a thief asked since the wish was last cleared. After push. */
WEFT_ALWAYS_INLINE bool wefti_deque_wanted(wefti_deque *d)
{
    /* seq_cst [deque.wish]: reads after bottom was stored. */
    return wefti_load_seq_cst(&d->wanted) != 0;
}

/* Take back `item` if it is the newest and not the last: the common case.
 * false: use wefti_deque_pop, which contends for it. */
WEFT_ALWAYS_INLINE bool wefti_deque_take(wefti_deque *d, const void *item)
{
    uint64_t b = wefti_load_relaxed(&d->bottom) - 1; /* relaxed: own store */
    /* relaxed: own store; one that is stale is at or below top. */
    if (WEFT_UNLIKELY(wefti_load_relaxed(&d->slots[b % WEFTI_DEQUE_CAPACITY]) !=
                      item)) {
        return false;
    }
    /* light side of [deque.last]: claims the slot before looking at top. */
    wefti_store_light(&d->bottom, b);
    /* seq_cst [deque.last]: reads after bottom was stored. */
    if (WEFT_LIKELY((int64_t)(b - wefti_load_seq_cst(&d->top)) > 0)) {
        return true;
    }
    /* release [deque.publish]: as it was. */
    wefti_store_release(&d->bottom, b + 1);
    return false;
}

WEFT_END_DECLS

#endif
