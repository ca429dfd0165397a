/* A thread's record: what must happen when it ends, however it ends. */
#ifndef WEFT_SRC_BASE_RECORD_H
#define WEFT_SRC_BASE_RECORD_H

#include <weft/base/self.h>

/* Make sure that the running thread's end will be noticed. Allocates the first
 * time. false: out of memory or of the system's keys; nothing was changed. */
WEFT_NODISCARD bool wefti_record_attach(void);

/* Call fn(arg) on this thread when it ends, the latest registered first, after
 * the locks it still held were abandoned. Allocates. false: out of memory. */
WEFT_NODISCARD bool wefti_record_at_exit(void (*fn)(void *arg), void *arg);

/* Abandon (release and poison) the locks taken since the record had `from`
 * entries, the newest first. */
void wefti_held_abandon_from(size_t from);

/* Abandon the doomed ones of the locks that this thread has taken since it took
 * `after`, which it may hold no more. */
void wefti_held_abandon_doomed(const void *after);

/* As wefti_held_abandon_from, but only those taken in frames at or below stack
 * address `limit`, which is exclusive. */
void wefti_held_abandon_below(size_t from, uintptr_t limit);

/* How many locks this thread holds. */
WEFT_NODISCARD size_t wefti_held_count(void);

/* Mark the newest of the first `count` locks, so that its unlock takes the slow
 * path, where the counts of the catch points are kept right. */
void wefti_held_watch(size_t count);

/* Mark every lock held since `from` so that its release poisons it. */
void wefti_held_doom_from(size_t from);

#endif
