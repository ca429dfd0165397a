/* The contended side of the spinlock: spin, yield, nap. */
#include <weft/sync/spinlock.h>

#include "base/backoff.h"
#include "base/futex.h"
#include "base/sanitizer.h"
#include "sync/joins.h"
#include "sync/lockdep.h"

#include <weft/base/panic.h>

#include <sched.h>

enum { YIELDS = 8, NAP_FIRST_NS = 20000, NAP_LAST_NS = 1000000 };

static void abandon(void *lock)
{
    wefti_spinlock_unlock_slow(lock);
}

const wefti_lock_kind wefti_spinlock_kind = {"spinlock", abandon};

/* One attempt. In the checked build the word has bits to keep. */
WEFT_UNCHECKED static bool take(weft_spinlock *s)
{
#if WEFT_CHECKED
    /* acquire [spinlock.data]: receives what the last holder wrote. */
    return (wefti_or_acquire(&s->word, 1u) & 1) == 0;
#else
    return weft_spinlock_lock_try(s);
#endif
}

/* Read, without writing to the line, until the lock looks free. */
static bool looks_free(const weft_spinlock *s)
{
    /* relaxed: re-checked by take. */
    return (wefti_load_relaxed(&s->word) & ~WEFTI_LOCKDEP_BITS) == 0;
}

WEFT_UNCHECKED static bool spin(weft_spinlock *s)
{
    wefti_backoff pause = WEFTI_BACKOFF_INIT;
    do {
        if (looks_free(s) && take(s)) {
            return true;
        }
    } while (wefti_backoff_spin(&pause));
    return false;
}

WEFT_UNCHECKED static bool yield(weft_spinlock *s)
{
    for (int i = 0; i < YIELDS; i++) {
        (void)sched_yield();
        if (looks_free(s) && take(s)) {
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
        uint32_t locked = 1;
        /* relaxed: only how the word looks while it is locked. */
        WEFTI_CHECKED(locked |= wefti_load_relaxed(&s->word));
        (void)wefti_futex_wait_until(&s->word, locked,
                                     weft_deadline_after_ns(nap));
        WEFTI_CHECKED(wefti_join_check(&s->word, "weft_spinlock_lock"));
        nap = nap * 2 < NAP_LAST_NS ? nap * 2 : NAP_LAST_NS;
    }
    wefti_tsan_acquire(&s->word); /* [spinlock.data] */
}

WEFT_UNCHECKED void wefti_spinlock_unlock_slow(weft_spinlock *s)
{
    if (wefti_held_remove(s, "WEFT_SPIN") != WEFTI_HELD_GONE) {
        wefti_tsan_release(&s->word); /* [spinlock.data] */
        weft_spinlock_unlock(s);
    }
}

void wefti_spinlock_no_room(void)
{
    weft_panic("WEFT_SPIN: out of memory for writing down that this thread "
               "holds the lock");
}

#if WEFT_CHECKED
WEFT_UNCHECKED bool wefti_spinlock_lock_checked(weft_spinlock *s, bool waits)
{
    static const char call[] = "weft_spinlock_lock";
    wefti_lockdep_alive(&s->word, &wefti_spinlock_kind, call);
    wefti_join_wants(WEFTI_HERE);
    if (waits) {
        wefti_lockdep_wait(&s->word, &wefti_spinlock_kind, call, WEFTI_HERE);
    }
    bool taken = take(s);
    if (!taken && waits) {
        wefti_spinlock_lock_slow(s);
        taken = true;
    }
    if (taken) {
        wefti_lockdep_taken(&s->word, &wefti_spinlock_kind, WEFTI_HERE);
    }
    return taken;
}

WEFT_UNCHECKED void wefti_spinlock_unlock_checked(weft_spinlock *s)
{
    static const char call[] = "weft_spinlock_unlock";
    wefti_lockdep_alive(&s->word, &wefti_spinlock_kind, call);
    if (!wefti_lockdep_may_hold(&s->word) && !weft_panicking()) {
        wefti_lockdep_stranger(&s->word, &wefti_spinlock_kind, call);
    }
    wefti_lockdep_given_back(&s->word);
    /* release [spinlock.data]: hands over what this holder wrote. */
    (void)wefti_and_release(&s->word, WEFTI_LOCKDEP_BITS);
}
#endif
