/* Waiting for another thread's permission to go on, and nothing else. */
#ifndef WEFT_THREAD_PARK_H
#define WEFT_THREAD_PARK_H

#include <weft/thread/thread.h>

WEFT_BEGIN_DECLS

/* A weft_thread_ref names a thread, so that others can unpark it.
 * Storage   the caller's; each one must be dropped. The thread may end first:
 *           to unpark it is then without effect.
 * Threads   a ref may be used by many threads at once, and be sent on. It has
 *           no capability of clang's: it is made to be kept in shared data. */
typedef struct weft_thread_ref {
    struct wefti_thread *state; /* private */
} weft_thread_ref;
WEFT_SEND(weft_thread_ref);

/* Name the running thread, be it weft's or not. Allocates the first time in a
 * thread that is not weft's.  WEFT_NO_MEMORY: *ref is empty. */
WEFT_API WEFT_NODISCARD weft_status weft_thread_current(weft_thread_ref *ref);

/* Name the thread of a live handle. Never fails. */
WEFT_API void weft_thread_ref_of(weft_thread_ref *ref, const weft_thread *t)
    WEFT_REQUIRES(*t) WEFT_UNCHECKED;

/* Make *copy another ref to the same thread. Never fails. */
WEFT_API void weft_thread_ref_clone(weft_thread_ref *copy,
                                    const weft_thread_ref *ref);

/* Give the ref back; empties it. An empty one panics. */
WEFT_API void weft_thread_ref_drop(weft_thread_ref *ref);

/* Wait until somebody unparks this thread, or has done so since it last
 * parked: the permission is kept, but only one. Returns for no other reason:
 * neither a signal nor a stray futex wake ends it. Blocks; allocates nothing;
 * not a cancellation point. What came before the unpark is visible after.
 * To park without a deadline in a thread to which no ref was ever made panics,
 * since nobody could end it.
 * _until: WEFT_TIMEOUT: d came first, and no permission was taken. */
WEFT_API void weft_thread_park(void);
WEFT_API WEFT_NODISCARD weft_status weft_thread_park_until(weft_deadline d);

/* Give the thread its permission to go on. Never waits. */
WEFT_API void weft_thread_unpark(const weft_thread_ref *ref);

WEFT_END_DECLS

#endif
