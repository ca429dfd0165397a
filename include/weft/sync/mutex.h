/* A mutex that remembers when a holder left its data half-changed. */
#ifndef WEFT_SYNC_MUTEX_H
#define WEFT_SYNC_MUTEX_H

#include <weft/base/atomic.h>
#include <weft/base/checked.h>
#include <weft/base/own.h>
#include <weft/base/panic.h>
#include <weft/base/self.h>
#include <weft/base/status.h>
#include <weft/base/time.h>

WEFT_BEGIN_DECLS

/* A weft_mutex is a door that one thread at a time may pass, and that stays
 * marked once somebody has fallen behind it.
 * Storage   the caller's, 4 bytes; all-zero bytes are an open mutex, and none
 *           needs to be destroyed. It may be freed as soon as an unlock that
 *           nobody waits behind has been seen to happen by the freeing thread.
 * Threads   any; the thread that locked it is the one to unlock it.
 * Ordering  what came before an unlock is visible after the next lock.
 * Poison    a thread that panics, returns from its start function, or leaves by
 *           pthread_exit or cancellation while it holds the mutex releases and
 *           poisons it. A poisoned mutex refuses lock until it is repaired with
 *           recover and declared sound with clear_poison.
 *           A panic takes the function that locked for the one that unlocks. If
 *           that has returned, and its caller's guard or cleanup is to unlock,
 *           the release may come before other cleanups of that caller; the
 *           unlock that follows is then without effect. A C++ exception is no
 *           fall: guards that it passes release, and do not poison.
 * Memory    a thread writes down what it holds. For that it allocates at its
 *           first lock, and again when it holds more than seven at once; that
 *           can fail, and then nothing is held.
 * Example   protect one invariant, such as "the sum of all balances is zero":
 *
 *     if (weft_mutex_lock(&m) != WEFT_OK) return;
 *     from->balance -= x;
 *     to->balance += x;
 *     weft_mutex_unlock(&m);
 *
 * Prefer the typed form below: there the data cannot be named without a lock.
 * Source    U. Drepper, "Futexes Are Tricky" (2011), with the mark of poison in
 *           the same word. */
typedef struct WEFT_CAPABILITY("mutex") weft_mutex {
    weft_atomic_u32 word; /* private; states in src/sync/mutex.c */
} weft_mutex;

/* clang-format off */
#define WEFT_MUTEX_INIT {{0}}
/* A mutex that never poisons: holders that fall just release it. */
#define WEFT_MUTEX_INIT_HARDY {{WEFTI_MUTEX_HARDY}}
/* clang-format on */

enum {
    WEFTI_MUTEX_LOCKED = 1,
    WEFTI_MUTEX_CROWDED = 2,
    WEFTI_MUTEX_POISONED = 4,
    WEFTI_MUTEX_HARDY = 8,
};

/* Make the mutex open and sound, whatever its bytes were. */
WEFT_API void weft_mutex_init(weft_mutex *m);

/* Whether a holder fell and nobody has cleared it since: a hint, unless the
 * caller holds the mutex. */
WEFT_API WEFT_NODISCARD bool weft_mutex_is_poisoned(const weft_mutex *m);

/* Declare the data sound again. Meant for a holder that came by recover, but
 * any thread may. */
WEFT_API void weft_mutex_clear_poison(weft_mutex *m);

/* Lock the mutex, waiting as long as it takes; until the deadline; not at all.
 * One attempt is always made. The waiting forms panic if this thread holds the
 * mutex already, since that wait would not end.
 * WEFT_OK: held.  All else is not held:  WEFT_POISONED: a holder fell.
 * WEFT_TIMEOUT: the deadline came first.  WEFT_BUSY: somebody holds it.
 * WEFT_NO_MEMORY: there was no room to write the lock down. */
WEFT_NODISCARD WEFT_ALWAYS_INLINE weft_status weft_mutex_lock(weft_mutex *m)
    WEFT_ACQUIRES_IF(0, *m);
WEFT_NODISCARD WEFT_ALWAYS_INLINE weft_status
weft_mutex_lock_until(weft_mutex *m, weft_deadline d) WEFT_ACQUIRES_IF(0, *m);
WEFT_NODISCARD WEFT_ALWAYS_INLINE weft_status weft_mutex_lock_try(weft_mutex *m)
    WEFT_ACQUIRES_IF(0, *m);

/* Lock the mutex though it may be poisoned, in order to repair the data: until
 * clear_poison it stays poisoned for everybody else. Waits, and ends, like the
 * three forms of lock, but for WEFT_POISONED. */
WEFT_NODISCARD WEFT_ALWAYS_INLINE weft_status weft_mutex_recover(weft_mutex *m)
    WEFT_ACQUIRES_IF(0, *m);
WEFT_NODISCARD WEFT_ALWAYS_INLINE weft_status weft_mutex_recover_until(
    weft_mutex *m, weft_deadline d) WEFT_ACQUIRES_IF(0, *m);
WEFT_NODISCARD WEFT_ALWAYS_INLINE weft_status
weft_mutex_recover_try(weft_mutex *m) WEFT_ACQUIRES_IF(0, *m);

/* Unlock the mutex and wake one waiter, if any. Panics if this thread does not
 * hold it. Never waits; errno is preserved. */
WEFT_ALWAYS_INLINE void weft_mutex_unlock(weft_mutex *m) WEFT_RELEASES(*m);

WEFT_API extern const wefti_lock_kind wefti_mutex_kind;
enum { WEFTI_MUTEX_WAIT = 0, WEFTI_MUTEX_TRY = 1, WEFTI_MUTEX_RECOVER = 2 };
WEFT_API WEFT_COLD weft_status wefti_mutex_lock_slow(weft_mutex *m,
                                                     unsigned manner,
                                                     weft_deadline d,
                                                     uintptr_t depth);
WEFT_API WEFT_COLD void wefti_mutex_unlock_slow(weft_mutex *m);
WEFT_API WEFT_COLD void wefti_mutex_wake_one(const weft_mutex *m);
WEFT_API WEFT_NORETURN WEFT_COLD void
wefti_mutex_refused(weft_status why, const char *file, int line);

/* The uncontended case: free, unpoisoned, and room to write it down. In the
 * checked build no case is. */
WEFT_UNCHECKED WEFT_ALWAYS_INLINE bool wefti_mutex_lock_fast(weft_mutex *m,
                                                             uintptr_t depth)
{
    wefti_self *self = wefti_get_self();
    uint32_t seen = 0;
    /* acquire [mutex.data]: receives what the last holder wrote. */
    if (!WEFT_CHECKED && WEFT_LIKELY(self->top != self->end) &&
        WEFT_LIKELY(
            wefti_cas_acquire(&m->word, &seen, (uint32_t)WEFTI_MUTEX_LOCKED))) {
        wefti_held_push(m, 0, &wefti_mutex_kind, (const void *)depth);
        return true;
    }
    return false;
}

/* The address of a local tells in which frame the lock was taken; so these are
 * inlined even where nothing else is. */
#define WEFTI_MUTEX_BODY(NAME, PARAMS, MANNER, D)                \
    WEFT_UNCHECKED WEFT_ALWAYS_INLINE weft_status NAME PARAMS    \
    {                                                            \
        char here;                                               \
        uintptr_t depth = (uintptr_t)WEFTI_DEPTH(here);          \
        return wefti_mutex_lock_fast(m, depth)                   \
                   ? WEFT_OK                                     \
                   : wefti_mutex_lock_slow(m, MANNER, D, depth); \
    }
WEFTI_MUTEX_BODY(weft_mutex_lock, (weft_mutex * m), WEFTI_MUTEX_WAIT,
                 WEFT_FOREVER)
WEFTI_MUTEX_BODY(weft_mutex_lock_until, (weft_mutex * m, weft_deadline d),
                 WEFTI_MUTEX_WAIT, d)
WEFTI_MUTEX_BODY(weft_mutex_lock_try, (weft_mutex * m), WEFTI_MUTEX_TRY,
                 WEFT_FOREVER)
WEFTI_MUTEX_BODY(weft_mutex_recover, (weft_mutex * m), WEFTI_MUTEX_RECOVER,
                 WEFT_FOREVER)
WEFTI_MUTEX_BODY(weft_mutex_recover_until, (weft_mutex * m, weft_deadline d),
                 WEFTI_MUTEX_RECOVER, d)
WEFTI_MUTEX_BODY(weft_mutex_recover_try, (weft_mutex * m),
                 WEFTI_MUTEX_RECOVER | WEFTI_MUTEX_TRY, WEFT_FOREVER)

WEFT_UNCHECKED WEFT_ALWAYS_INLINE void weft_mutex_unlock(weft_mutex *m)
{
    if (WEFT_CHECKED || WEFT_UNLIKELY(!wefti_held_pop(m))) {
        wefti_mutex_unlock_slow(m);
        return;
    }
    /* release [mutex.data]: hands over what this holder wrote. After it the
     * mutex may be gone: the wake-up below uses the address only. */
    if (WEFT_UNLIKELY(wefti_swap_release(&m->word, 0u) != WEFTI_MUTEX_LOCKED)) {
        wefti_mutex_wake_one(m);
    }
}

/* Guards: a lock that is bound to a block of code.
 *
 * WEFT_LOCK(name, g, &m) { ... } holds the mutex for the block, and releases it
 * on every way out: the end, break, continue, return, goto, panic. It panics
 * where weft_mutex_lock would fail. `name` is weft_mutex, or one made by
 * WEFT_MUTEX_DEFINE; `g` is the guard's name. `&m` is evaluated once.
 *
 * WEFT_LOCK_SCOPE(name, g, &m); does the same to the end of the block around
 * it. What must not happen under a lock can refuse to compile inside of either:
 * WEFT_NO_LOCK_HERE in <weft/base/own.h>. */
#define WEFT_LOCK(NAME, g, m) WEFTI_LOCK_LOOP(NAME, g, m) WEFTI_LOCK_BLOCK

#define WEFT_LOCK_SCOPE(NAME, g, m)                                      \
    WEFTI_LOCK_SCOPE;                                                    \
    NAME##_guard g WEFT_CLEANUP(NAME##_guard_drop) = NAME##_guard_of(m); \
    NAME##_guard_take(&g, __FILE__, __LINE__)

/* Once, with the guard from before the block until the loop's own end. */
#define WEFTI_LOCK_LOOP(NAME, g, m)                                      \
    for (NAME##_guard g                                                  \
             WEFT_CLEANUP(NAME##_guard_drop) = NAME##_guard_of(m),       \
             *g##_weft_once = NAME##_guard_take(&g, __FILE__, __LINE__); \
         g##_weft_once != NULL; g##_weft_once = NAME##_guard_done(&g))

/* What both forms stand on. */
#define WEFTI_GUARD_DEFINE(NAME, RAW)                                         \
    typedef struct WEFT_CAPABILITY("lock guard") NAME##_guard {               \
        NAME *mutex; /* NULL: this guard holds nothing (any more) */          \
    } NAME##_guard;                                                           \
    WEFT_ALWAYS_INLINE NAME##_guard NAME##_guard_of(NAME *m)                  \
    {                                                                         \
        NAME##_guard g = {m};                                                 \
        return g;                                                             \
    }                                                                         \
    WEFT_ALWAYS_INLINE NAME##_guard *NAME##_guard_take(                       \
        NAME##_guard *g, const char *file, int line) WEFT_SCOPE_ACQUIRES(*g); \
    WEFT_UNCHECKED WEFT_ALWAYS_INLINE NAME##_guard *NAME##_guard_take(        \
        NAME##_guard *g, const char *file, int line)                          \
    {                                                                         \
        NAME *m = g->mutex;                                                   \
        g->mutex = NULL; /* until it is held: the lock may panic itself */    \
        WEFTI_CHECKED(wefti_checked_name(RAW(m), #NAME));                     \
        weft_status status = weft_mutex_lock(RAW(m));                         \
        if (WEFT_UNLIKELY(status != WEFT_OK)) {                               \
            wefti_mutex_refused(status, file, line);                          \
        }                                                                     \
        g->mutex = m;                                                         \
        return g;                                                             \
    }                                                                         \
    WEFT_ALWAYS_INLINE NAME##_guard *NAME##_guard_done(NAME##_guard *g)       \
        WEFT_ASSERTS(*g);                                                     \
    WEFT_ALWAYS_INLINE NAME##_guard *NAME##_guard_done(NAME##_guard *g)       \
    {                                                                         \
        (void)g; /* the analysis is to see a loop that begins as it began */  \
        return NULL;                                                          \
    }                                                                         \
    WEFT_ALWAYS_INLINE void NAME##_guard_drop(NAME##_guard *g)                \
        WEFT_SCOPE_RELEASES(*g);                                              \
    WEFT_UNCHECKED WEFT_ALWAYS_INLINE void NAME##_guard_drop(NAME##_guard *g) \
    {                                                                         \
        NAME *m = g->mutex;                                                   \
        if (m != NULL) {                                                      \
            g->mutex = NULL;                                                  \
            weft_mutex_unlock(RAW(m));                                        \
        }                                                                     \
    }

#define WEFTI_MUTEX_ITSELF(m) (m)
WEFTI_GUARD_DEFINE(weft_mutex, WEFTI_MUTEX_ITSELF)

WEFT_END_DECLS

#endif
