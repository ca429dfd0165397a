/* A spinlock that knows when to stop spinning. */
#ifndef WEFT_SYNC_SPINLOCK_H
#define WEFT_SYNC_SPINLOCK_H

#include <weft/base/atomic.h>
#include <weft/base/checked.h>
#include <weft/base/own.h>
#include <weft/base/self.h>
#include <weft/base/status.h>

WEFT_BEGIN_DECLS

/* A weft_spinlock is a turnstile: quick to pass, with nowhere to sit.
 * Storage   the caller's, 4 bytes; all-zero bytes are free; never destroyed.
 * Threads   any; whoever locked it unlocks it. Not fair.
 * Ordering  what came before an unlock is visible after the next lock.
 * Waiting   some microseconds of spinning on a copy of the line, then the
 *           processor is yielded, then ever longer naps of at most 1 ms: when
 *           threads outnumber cores, waiters leave the core to the holder.
 * Poison    none: whoever falls inside just releases it (see WEFT_SPIN).
 * Use       for a handful of instructions that cannot block, call out or
 *           panic. For anything else a weft_mutex is as fast and wiser.
 * Source    test-and-test-and-set with backoff: T. E. Anderson, "The
 *           Performance of Spin Lock Alternatives" (1990). */
typedef struct WEFT_CAPABILITY("spinlock") weft_spinlock {
    weft_atomic_u32 word; /* private: 0 free, 1 locked; upper bits: checks */
} weft_spinlock;

/* clang-format off */
#define WEFT_SPINLOCK_INIT {{0}}
/* clang-format on */

WEFT_API WEFT_COLD void wefti_spinlock_lock_slow(weft_spinlock *s);
WEFT_API extern const wefti_lock_kind wefti_spinlock_kind;
#if WEFT_CHECKED
WEFT_API bool wefti_spinlock_lock_checked(weft_spinlock *s, bool waits);
WEFT_API void wefti_spinlock_unlock_checked(weft_spinlock *s);
#endif

WEFT_INLINE void weft_spinlock_init(weft_spinlock *s)
{
    /* relaxed: nobody else may use the lock yet. */
    wefti_store_relaxed(&s->word, 0u);
}

/* Lock without waiting. false: somebody holds it. */
WEFT_NODISCARD WEFT_INLINE bool weft_spinlock_lock_try(weft_spinlock *s)
    WEFT_ACQUIRES_IF(true, *s);
WEFT_UNCHECKED WEFT_INLINE bool weft_spinlock_lock_try(weft_spinlock *s)
{
#if WEFT_CHECKED
    return wefti_spinlock_lock_checked(s, false);
#else
    /* acquire [spinlock.data]: receives what the last holder wrote. */
    return wefti_swap_acquire(&s->word, 1u) == 0;
#endif
}

/* Lock, waiting as long as it takes. Panics if this thread is inside WEFT_SPIN
 * on the same lock; a second plain lock by the holder never returns. */
WEFT_INLINE void weft_spinlock_lock(weft_spinlock *s) WEFT_ACQUIRES(*s);
WEFT_UNCHECKED WEFT_INLINE void weft_spinlock_lock(weft_spinlock *s)
{
#if WEFT_CHECKED
    (void)wefti_spinlock_lock_checked(s, true);
#else
    if (WEFT_UNLIKELY(!weft_spinlock_lock_try(s))) {
        wefti_spinlock_lock_slow(s);
    }
#endif
}

/* Unlock; only for the holder. The lock may be gone right after. */
WEFT_INLINE void weft_spinlock_unlock(weft_spinlock *s) WEFT_RELEASES(*s);
WEFT_UNCHECKED WEFT_INLINE void weft_spinlock_unlock(weft_spinlock *s)
{
#if WEFT_CHECKED
    wefti_spinlock_unlock_checked(s);
#else
    /* release [spinlock.data]: hands over what this holder wrote. */
    wefti_store_release(&s->word, 0u);
#endif
}

/* WEFT_SPIN(g, &s) { ... } holds the lock for the block and releases it on
 * every way out: the end, break, continue, return, goto, panic, the thread's
 * end. Its first lock, and its eighth at once, make a thread allocate room to
 * write them down; WEFT_SPIN panics if that fails, and then holds nothing. It
 * panics too if this thread is inside WEFT_SPIN on the same lock. */
#define WEFT_SPIN(g, s)                                                       \
    for (weft_spinlock_guard g WEFT_CLEANUP(weft_spinlock_guard_drop) =       \
             weft_spinlock_guard_of(s),                                       \
                               *g##_weft_once = weft_spinlock_guard_take(&g); \
         g##_weft_once != NULL; g##_weft_once = NULL)                         \
    WEFTI_LOCK_BLOCK

typedef struct WEFT_CAPABILITY("lock guard") weft_spinlock_guard {
    weft_spinlock *lock; /* NULL: this guard holds nothing */
} weft_spinlock_guard;

WEFT_API WEFT_NORETURN WEFT_COLD void wefti_spinlock_no_room(void);
WEFT_API WEFT_COLD void wefti_spinlock_unlock_slow(weft_spinlock *s);

WEFT_ALWAYS_INLINE weft_spinlock_guard weft_spinlock_guard_of(weft_spinlock *s)
{
    weft_spinlock_guard g = {s};
    return g;
}

WEFT_ALWAYS_INLINE weft_spinlock_guard *
weft_spinlock_guard_take(weft_spinlock_guard *g) WEFT_SCOPE_ACQUIRES(*g);
WEFT_UNCHECKED WEFT_ALWAYS_INLINE weft_spinlock_guard *
weft_spinlock_guard_take(weft_spinlock_guard *g)
{
    char here;
    weft_spinlock *s = g->lock;
    g->lock = NULL;
    if (WEFT_UNLIKELY(!wefti_held_has_room())) {
        wefti_spinlock_no_room();
    }
    weft_spinlock_lock(s);
    g->lock = s;
    wefti_held_push(s, 0, &wefti_spinlock_kind,
                    (const void *)(uintptr_t)WEFTI_DEPTH(here));
    return g;
}

WEFT_ALWAYS_INLINE void weft_spinlock_guard_drop(weft_spinlock_guard *g)
    WEFT_SCOPE_RELEASES(*g);
WEFT_UNCHECKED WEFT_ALWAYS_INLINE void
weft_spinlock_guard_drop(weft_spinlock_guard *g)
{
    weft_spinlock *s = g->lock;
    if (s == NULL) {
        return;
    }
    g->lock = NULL;
    if (WEFT_LIKELY(wefti_held_pop(s))) {
        weft_spinlock_unlock(s);
    } else {
        wefti_spinlock_unlock_slow(s);
    }
}

WEFT_END_DECLS

#endif
