#include "par/sleep.h"

#include "base/asym.h"
#include "par/latch.h"

static bool something_to_steal(weft_pool *pool)
{
    for (size_t i = 0; i < pool->size; i++) {
        if (!wefti_deque_is_empty(&pool->members[i].worker.deque)) {
            return true;
        }
    }
    return false;
}

void wefti_sleep_idle(wefti_member *m)
{
    weft_pool *pool = m->pool;
    /* relaxed: precedes the wishes, and who hears one of them finds us. */
    wefti_store_relaxed(&m->asleep, 1u);
    for (size_t i = 0; i < pool->size; i++) {
        wefti_deque_want(&pool->members[i].worker.deque);
    }
    wefti_fence_heavy();
    /* relaxed: the stopper stores it, then leaves a permission. */
    if (!something_to_steal(pool) && !wefti_load_relaxed(&pool->stopping)) {
        (void)wefti_parker_park_until(&m->parker, WEFT_FOREVER);
    }
    /* relaxed: awake; if a waker claimed us in between, its permission stays
     * and ends the next sleep at once. */
    wefti_store_relaxed(&m->asleep, 0u);
}

void wefti_sleep_on(wefti_member *m, wefti_job *job)
{
    uint64_t seen = wefti_latch_read(job);
    wefti_member *thief = wefti_latch_thief(m->pool, seen);
    if (thief != NULL && !weft_panicking()) {
        /* relaxed: precedes the wish, and who hears that finds us. */
        wefti_store_relaxed(&thief->follower, m->index + 1);
        wefti_deque_want(&thief->worker.deque);
        wefti_fence_heavy();
        if (!wefti_deque_is_empty(&thief->worker.deque)) {
            return;
        }
    }
    if (!wefti_latch_is_open(seen) && wefti_latch_await(job, m, seen)) {
        (void)wefti_parker_park_until(&m->parker, WEFT_FOREVER);
    }
}

/* Wake one idle thread. true: there are more. */
static bool wake_one_idle(weft_pool *pool)
{
    bool woke = false;
    for (size_t i = 0; i < pool->threads; i++) {
        wefti_member *m = &pool->members[i];
        /* relaxed: the caller has heard the wish; the swap decides. */
        if (wefti_load_relaxed(&m->asleep) == 0) {
            continue;
        }
        if (woke) {
            return true;
        }
        /* relaxed: one claim a sleeper, and nothing else is handed over. */
        if (wefti_swap_relaxed(&m->asleep, 0u) == 1) {
            wefti_parker_unpark(&m->parker);
            woke = true;
        }
    }
    return false;
}

void wefti_worker_feed(wefti_worker *w)
{
    wefti_member *m = (wefti_member *)(void *)w;
    /* acquire [deque.wish]: finds all who wished before; no side of the duel,
     * for what is pushed next is followed by a look of its own. */
    (void)wefti_swap_acquire(&w->deque.wanted, 0u);
    /* relaxed: the follower announced itself before it wished. */
    uint32_t follower = wefti_swap_relaxed(&m->follower, 0u);
    if (follower != 0) {
        wefti_parker_unpark(&m->pool->members[follower - 1].parker);
    }
    /* The follower may have stopped waiting long ago: it does not count. */
    if (wake_one_idle(m->pool)) {
        wefti_deque_want(&w->deque);
    }
}
