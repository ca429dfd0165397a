/* Who holds which lock, and in which orders locks are taken. Checked build.
 *
 * A lock is known by a word of its own, whose upper 28 bits belong to lockdep
 * in the checked build and are 0 in a new lock: there it keeps the lock's
 * number in the graph. So the memory of a lock that is gone, made into another
 * lock, is another lock. How orders become panics: src/sync/README.md. */
#ifndef WEFT_SRC_SYNC_LOCKDEP_H
#define WEFT_SRC_SYNC_LOCKDEP_H

#include "base/checked.h"

#include <weft/base/atomic.h>
#include <weft/base/self.h>

/* The bits of a lock's word that its own code must leave alone. */
#if WEFT_CHECKED
#define WEFTI_LOCKDEP_BITS 0xfffffff0u
#else
#define WEFTI_LOCKDEP_BITS 0u
#endif

#if WEFT_CHECKED

/* Before any wait, also a bounded one, and before a try: panics if the lock
 * lies in memory that was given back. */
void wefti_lockdep_alive(const weft_atomic_u32 *word,
                         const wefti_lock_kind *kind, const char *call);

/* Before a wait without end: panics if this thread holds the lock, or if locks
 * have ever been taken in an order that contradicts this one. */
void wefti_lockdep_wait(weft_atomic_u32 *word, const wefti_lock_kind *kind,
                        const char *call, const void *place);

/* The lock was taken at `place`, by whatever call; it is given back. */
void wefti_lockdep_taken(weft_atomic_u32 *word, const wefti_lock_kind *kind,
                         const void *place);
void wefti_lockdep_given_back(const weft_atomic_u32 *word);

/* Whether this thread may hold the lock: false is certain. */
WEFT_NODISCARD bool wefti_lockdep_may_hold(const weft_atomic_u32 *word);

/* Who holds the lock: a hint, out of date as soon as told. false: nobody that
 * is known. */
typedef struct wefti_holder {
    const void *self;  /* the thread's wefti_self */
    const char *name;  /* of the lock */
    const void *place; /* where it was taken */
    uint32_t tid;
} wefti_holder;
WEFT_NODISCARD bool wefti_lockdep_holder(const weft_atomic_u32 *word,
                                         wefti_holder *holder);

/* This thread does not hold the lock that it unlocks: panic, saying who does.
 */
WEFT_NORETURN void wefti_lockdep_stranger(const weft_atomic_u32 *word,
                                          const wefti_lock_kind *kind,
                                          const char *call);

/* Before this thread waits for another's end: panics if it holds a lock. */
void wefti_lockdep_join(const char *call);

#endif

#endif
