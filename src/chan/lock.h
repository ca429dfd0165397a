/* The lock of a rendezvous: held for a few list operations, never over a copy,
 * a wake-up or a caller's code. All-zero bytes are a free one.
 *
 * Three states, after "Futexes Are Tricky" (Ulrich Drepper). */
#ifndef WEFT_SRC_CHAN_LOCK_H
#define WEFT_SRC_CHAN_LOCK_H

#include "base/futex.h"

#include <weft/base/atomic.h>

#ifdef WEFT_MODEL
#include <pthread.h>

/* The lock is explored by itself. What is built on it is explored with the
 * explorer's own lock in its place, if a test says so: one step instead of
 * several that all contend. */
extern bool wefti_lock_is_plain;
#endif

typedef struct wefti_lock {
    weft_atomic_u32 word;
#ifdef WEFT_MODEL
    pthread_mutex_t plain;
#endif
} wefti_lock;

/*   FREE     FREE -> HELD              lock
 *   HELD     nobody sleeps             HELD, CROWDED -> FREE     unlock
 *   CROWDED  somebody may sleep        any -> CROWDED            lock_slow */
enum { WEFTI_LOCK_FREE = 0, WEFTI_LOCK_HELD = 1, WEFTI_LOCK_CROWDED = 2 };

WEFT_COLD void wefti_lock_slow(wefti_lock *l);

static inline bool wefti_lock_take(wefti_lock *l)
{
    uint32_t seen = WEFTI_LOCK_FREE;
    /* acquire [lock.held]: what the holder before did. */
    return wefti_cas_acquire(&l->word, &seen, WEFTI_LOCK_HELD);
}

static inline void wefti_lock_lock(wefti_lock *l)
{
#ifdef WEFT_MODEL
    if (wefti_lock_is_plain) {
        (void)pthread_mutex_lock(&l->plain);
        return;
    }
#endif
    if (WEFT_UNLIKELY(!wefti_lock_take(l))) {
        wefti_lock_slow(l);
    }
}

static inline void wefti_lock_unlock(wefti_lock *l)
{
#ifdef WEFT_MODEL
    if (wefti_lock_is_plain) {
        (void)pthread_mutex_unlock(&l->plain);
        return;
    }
#endif
    /* release [lock.held]: for the next holder. */
    if (WEFT_UNLIKELY(wefti_swap_release(&l->word, WEFTI_LOCK_FREE) ==
                      WEFTI_LOCK_CROWDED)) {
        wefti_futex_wake_one(&l->word);
    }
}

#endif
