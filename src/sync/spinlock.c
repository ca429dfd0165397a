/* The contended side of the spinlock: spin, yield, nap. */
#include <weft/sync/spinlock.h>

#include "base/backoff.h"
#include "base/futex.h"

#include <weft/base/panic.h>

#include <sched.h>

enum { YIELDS = 8, NAP_FIRST_NS = 20000, NAP_LAST_NS = 1000000 };

static void abandon(void *lock)
{
    wefti_spinlock_unlock_slow(lock);
}

const wefti_lock_kind wefti_spinlock_kind = {"spinlock", abandon};

/* Read, without writing to the line, until the lock looks free. */
static bool looks_free(const weft_spinlock *s)
{
    /* relaxed: re-checked by the swap of lock_try. */
    return wefti_load_relaxed(&s->word) == 0;
}

WEFT_UNCHECKED static bool spin(weft_spinlock *s)
{
    wefti_backoff pause = WEFTI_BACKOFF_INIT;
    do {
        if (looks_free(s) && weft_spinlock_lock_try(s)) {
            return true;
        }
    } while (wefti_backoff_spin(&pause));
    return false;
}

WEFT_UNCHECKED static bool yield(weft_spinlock *s)
{
    for (int i = 0; i < YIELDS; i++) {
        (void)sched_yield();
        if (looks_free(s) && weft_spinlock_lock_try(s)) {
            return true;
        }
    }
    return false;
}

/* Only guards are written down: a plain lock held already is not noticed. */
static void check_relock(const weft_spinlock *s)
{
    if (wefti_held_contains(s)) {
        weft_panic("weft_spinlock_lock: this thread holds the spinlock "
                   "already; waiting for itself would never end");
    }
}

/* Nobody wakes a waiter: an unlock is a plain store, and a nap ends by its
 * deadline. The loop ends when the holder leaves. */
WEFT_UNCHECKED void wefti_spinlock_lock_slow(weft_spinlock *s)
{
    check_relock(s);
    uint64_t nap = NAP_FIRST_NS;
    while (!spin(s) && !yield(s)) {
        (void)wefti_futex_wait_until(&s->word, 1, weft_deadline_after_ns(nap));
        nap = nap * 2 < NAP_LAST_NS ? nap * 2 : NAP_LAST_NS;
    }
}

WEFT_UNCHECKED void wefti_spinlock_unlock_slow(weft_spinlock *s)
{
    if (wefti_held_remove(s, "WEFT_SPIN") != WEFTI_HELD_GONE) {
        weft_spinlock_unlock(s);
    }
}

void wefti_spinlock_no_room(void)
{
    weft_panic("WEFT_SPIN: out of memory for writing down that this thread "
               "holds the lock");
}
